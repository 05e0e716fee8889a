/**
 * The port behind which all cryptography stands. Two providers fill it whole: `native` (OpenSSL through node:crypto)
 * and `noble` (audited JavaScript, for platforms without OpenSSL 3.5). They are interchangeable, byte for byte.
 * Private keys are made from seeds, and seeds are what is stored; a `PrivateKey` is a handle that a provider may
 * fill with cached key objects, so import is paid once.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Rng } from '../base/rng.ts';

export type ProviderName = 'native' | 'noble';

export type KemName = 'x-wing' | 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024';
export type SignatureName = 'ed25519' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' | 'slh-dsa-sha2-128f';

/** A private key in use. Only the provider that made it accepts it. */
export interface PrivateKey<Name extends string = string> {
  readonly algorithm: Name;
  readonly publicKey: Bytes;
}

export interface Kem {
  readonly name: KemName;
  readonly seedBytes: number;
  readonly publicKeyBytes: number;
  readonly ciphertextBytes: number;
  readonly secretBytes: 32;
  /** Throws RangeError on a seed of another length. */
  fromSeed(seed: Bytes): PrivateKey<KemName>;
  /** Hostile input: the public key. Throws E_KEY_INVALID. `randomness` is for known-answer tests only: native refuses it (E_NOT_SUPPORTED), since OpenSSL takes none. */
  encapsulate(publicKey: Bytes, randomness?: Bytes): { ciphertext: Bytes; secret: Bytes };
  /** Hostile input: the ciphertext. Throws E_KEY_INVALID on a wrong length; a wrong ciphertext yields another secret (implicit rejection). */
  decapsulate(key: PrivateKey, ciphertext: Bytes): Bytes;
}

export interface SignatureScheme {
  readonly name: SignatureName;
  readonly seedBytes: number;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
  fromSeed(seed: Bytes): PrivateKey<SignatureName>;
  /** `context` is ML-DSA's and SLH-DSA's context string (at most 255 bytes); Ed25519 has none and refuses one. */
  sign(key: PrivateKey, message: Bytes, context?: Bytes): Bytes;
  /** Hostile input, all of it. Never throws on bad input: answers false. Ed25519 has one verifier under every provider. */
  verify(publicKey: Bytes, message: Bytes, signature: Bytes, context?: Bytes): boolean;
}

export interface X25519 {
  publicKey(secret: Bytes): Bytes;
  /** Throws E_KEY_INVALID when the result is all zero (a low-order peer key). */
  sharedSecret(secret: Bytes, peer: Bytes): Bytes;
}

/** An AEAD with a 32-byte key, a 12-byte nonce and a 16-byte tag. RangeError on a key or nonce of another length. */
export interface Aead {
  /** ciphertext || tag. */
  seal(key: Bytes, nonce: Bytes, plaintext: Bytes, aad?: Bytes): Bytes;
  /** Hostile input. Answers undefined when the tag does not hold or the input is shorter than a tag; never releases unauthenticated bytes. */
  open(key: Bytes, nonce: Bytes, sealed: Bytes, aad?: Bytes): Bytes | undefined;
}

/** A key imported once for many calls, which writes into buffers of the caller: the bulk path. No associated data. */
export interface AeadInUse {
  /** Writes ciphertext || tag to the first plaintext.length + 16 bytes of `out`. The buffers may not overlap. */
  sealInto(nonce: Bytes, plaintext: Bytes, out: Bytes): void;
  /** Hostile input. Writes sealed.length - 16 bytes to `out` and answers true; writes nothing and answers false when the tag does not hold. */
  openInto(nonce: Bytes, sealed: Bytes, out: Bytes): boolean;
}

/** AES-256-GCM. */
export interface AesGcm extends Aead {
  inUse(key: Bytes): AeadInUse;
}

export interface Argon2Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface CryptoProvider {
  readonly name: ProviderName;
  readonly rng: Rng;
  readonly aesGcm: AesGcm;
  readonly chaCha20Poly1305: Aead;
  readonly x25519: X25519;
  kem(name: KemName): Kem;
  signature(name: SignatureName): SignatureScheme;
  hmacSha256(key: Bytes, ...parts: readonly Bytes[]): Bytes;
  hkdfSha256(secret: Bytes, salt: Bytes, info: Bytes, length: number): Bytes;
  hkdfSha512(secret: Bytes, salt: Bytes, info: Bytes, length: number): Bytes;
  /** The two halves of hkdfSha512: several keys of one secret and salt need only one extraction. */
  hkdfExtractSha512(secret: Bytes, salt: Bytes): Bytes;
  hkdfExpandSha512(pseudorandomKey: Bytes, info: Bytes, length: number): Bytes;
  /** RFC 9106, version 0x13. Runs off the main thread where the provider can. */
  argon2id(passphrase: Bytes, salt: Bytes, parameters: Argon2Parameters, length: number): Promise<Bytes>;
  /** Batches leave room for an offload provider; the built-in ones loop. Order is kept; one bad key fails that item alone. */
  encapsulateMany(kem: KemName, publicKeys: readonly Bytes[]): Promise<ReadonlyArray<{ ciphertext: Bytes; secret: Bytes } | Error>>;
  verifyMany(checks: ReadonlyArray<{ scheme: SignatureName; publicKey: Bytes; message: Bytes; signature: Bytes; context?: Bytes }>): Promise<readonly boolean[]>;
}
