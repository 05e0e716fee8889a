/**
 * HPKE base mode, one message per encapsulation, in one suite: X-Wing (0x647a), HKDF-SHA256 (0x0001), ChaCha20-Poly1305 (0x0003).
 * What it does not promise: who sealed it (base mode authenticates no sender), and more than one message per `enc`.
 * Spec: RFC 9180, sections 4, 5.1 and 6.1; KEM identifier and shared secret from draft-ietf-hpke-pq.
 */
import { bytesOf, concat, wipe, type Bytes } from '../base/bytes.ts';
import { isError } from '../base/errors.ts';
import { KEY_BYTES, NONCE_BYTES } from './parameters.ts';
import type { CryptoProvider, PrivateKey } from './provider.ts';

const VERSION = bytesOf('HPKE-v1');
/** "HPKE" || KEM || KDF || AEAD, two bytes each. */
const SUITE = concat(bytesOf('HPKE'), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03));
const MODE_BASE = Uint8Array.of(0x00);
const EMPTY = new Uint8Array(0);

export interface HpkeSealed {
  readonly enc: Bytes;
  readonly ciphertext: Bytes;
}

const labeledExtract = (provider: CryptoProvider, salt: Bytes, label: string, input: Bytes): Bytes =>
  provider.hmacSha256(salt, VERSION, SUITE, bytesOf(label), input);

/** HKDF-Expand for at most one block: T(1) = HMAC(prk, labeled info || 0x01). */
const labeledExpand = (provider: CryptoProvider, secret: Bytes, label: string, info: Bytes, length: number): Bytes =>
  provider.hmacSha256(secret, Uint8Array.of(0, length), VERSION, SUITE, bytesOf(label), info, Uint8Array.of(1)).subarray(0, length);

function keySchedule(provider: CryptoProvider, sharedSecret: Bytes, info: Bytes): { key: Bytes; nonce: Bytes } {
  const context = concat(MODE_BASE, labeledExtract(provider, EMPTY, 'psk_id_hash', EMPTY), labeledExtract(provider, EMPTY, 'info_hash', info));
  const secret = labeledExtract(provider, sharedSecret, 'secret', EMPTY);
  const key = labeledExpand(provider, secret, 'key', context, KEY_BYTES);
  const nonce = labeledExpand(provider, secret, 'base_nonce', context, NONCE_BYTES);
  wipe(secret, sharedSecret);
  return { key, nonce };
}

/** Hostile input: the public key. Throws E_KEY_INVALID. `randomness` is for known-answer tests only. */
export function hpkeSeal(provider: CryptoProvider, publicKey: Bytes, info: Bytes, plaintext: Bytes, aad?: Bytes, randomness?: Bytes): HpkeSealed {
  const { ciphertext: enc, secret } = provider.kem('x-wing').encapsulate(publicKey, randomness);
  const { key, nonce } = keySchedule(provider, secret, info);
  const ciphertext = provider.chaCha20Poly1305.seal(key, nonce, plaintext, aad);
  wipe(key, nonce);
  return { enc, ciphertext };
}

/** Hostile input: `enc`, `ciphertext` and `aad`. Answers undefined when they are not for this key, or not as they were sealed. */
export function hpkeOpen(provider: CryptoProvider, privateKey: PrivateKey, enc: Bytes, info: Bytes, ciphertext: Bytes, aad?: Bytes): Bytes | undefined {
  let secret: Bytes;
  try {
    secret = provider.kem('x-wing').decapsulate(privateKey, enc);
  } catch (error) {
    if (isError(error, 'E_KEY_INVALID')) return undefined;
    throw error;
  }
  const { key, nonce } = keySchedule(provider, secret, info);
  const plaintext = provider.chaCha20Poly1305.open(key, nonce, ciphertext, aad);
  wipe(key, nonce);
  return plaintext;
}
