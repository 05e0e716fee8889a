/**
 * The noble provider: audited JavaScript (@noble/*), for platforms whose node:crypto lacks OpenSSL 3.5, and for simulations:
 * all its randomness comes from the given Rng, so that one seed replays everything.
 * Loaded lazily by loadProvider: these modules cost tens of milliseconds.
 * What it does not promise: constant time. JavaScript cannot. Ed25519 is verified by the one verifier, not by noble.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 as curve25519 } from '@noble/curves/ed25519.js';
import { argon2idAsync } from '@noble/hashes/argon2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { slh_dsa_sha2_128f } from '@noble/post-quantum/slh-dsa.js';
import { wipe, type Bytes } from '../base/bytes.ts';
import type { Rng } from '../base/rng.ts';
import { verifyEd25519 } from './ed25519-verify.ts';
import { hkdf, hkdfExpand, type Hmac } from './hkdf.ts';
import {
  assertBytes, assertContext, checkBytes, invalidKey, kemParameters, KEY_BYTES, NONCE_BYTES, once, oneByOne, plausible, signatureParameters, TAG_BYTES,
} from './parameters.ts';
import type { Aead, AesGcm, CryptoProvider, Kem, KemName, PrivateKey, SignatureName, SignatureScheme, X25519 } from './provider.ts';
import { xWing, type Agreement } from './x-wing.ts';

/** The libraries' types ask for ArrayBuffer-backed arrays; none of them keeps or shares what it is given. */
type Owned = Uint8Array<ArrayBuffer>;
const owned = (bytes: Bytes): Owned => bytes as Owned;

class NobleKey<Name extends string> implements PrivateKey<Name> {
  readonly algorithm: Name;
  readonly publicKey: Bytes;
  readonly #secretKey: Owned;

  constructor(algorithm: Name, keys: { publicKey: Owned; secretKey: Owned }) {
    this.algorithm = algorithm;
    this.publicKey = keys.publicKey;
    this.#secretKey = keys.secretKey;
  }

  static secret(key: PrivateKey, algorithm: string): Owned {
    if (!(key instanceof NobleKey) || key.algorithm !== algorithm) throw new TypeError('a private key of another provider or algorithm');
    return key.#secretKey;
  }
}

const aead = (cipher: typeof gcm | typeof chacha20poly1305): Aead => {
  const make = (key: Bytes, nonce: Bytes, aad: Bytes | undefined) => {
    assertBytes('an AEAD key', key, KEY_BYTES);
    assertBytes('an AEAD nonce', nonce, NONCE_BYTES);
    return cipher(owned(key), owned(nonce), aad === undefined ? undefined : owned(aad));
  };
  return {
    seal: (key, nonce, plaintext, aad) => make(key, nonce, aad).encrypt(owned(plaintext)),
    open(key, nonce, sealed, aad) {
      const opener = make(key, nonce, aad);
      if (sealed.length < TAG_BYTES) return undefined;
      try {
        return opener.decrypt(owned(sealed));
      } catch {
        return undefined;
      }
    },
  };
};

const gcmOneShot = aead(gcm);

const aesGcm: AesGcm = {
  ...gcmOneShot,
  inUse(bytes) {
    assertBytes('an AEAD key', bytes, KEY_BYTES);
    const key = Uint8Array.from(bytes);
    return {
      sealInto: (nonce, plaintext, out) => out.set(gcmOneShot.seal(key, nonce, plaintext)),
      openInto(nonce, sealed, out) {
        const plaintext = gcmOneShot.open(key, nonce, sealed);
        if (plaintext === undefined) return false;
        out.set(plaintext);
        return true;
      },
    };
  },
};

function agreement(secret: Bytes): Agreement {
  const kept = Uint8Array.from(secret);
  return {
    publicKey: curve25519.getPublicKey(kept),
    agree(peer) {
      checkBytes('x25519', peer, 32);
      try {
        return curve25519.getSharedSecret(kept, owned(peer));
      } catch (cause) {
        throw invalidKey('x25519', 'a point of low order', cause);
      }
    },
  };
}

const x25519: X25519 = {
  publicKey(secret) {
    assertBytes('an X25519 secret', secret, KEY_BYTES);
    return curve25519.getPublicKey(owned(secret));
  },
  sharedSecret(secret, peer) {
    assertBytes('an X25519 secret', secret, KEY_BYTES);
    return agreement(secret).agree(peer);
  },
};

const mlKems = { 'ml-kem-512': ml_kem512, 'ml-kem-768': ml_kem768, 'ml-kem-1024': ml_kem1024 } as const;

function mlKem(name: keyof typeof mlKems, rng: Rng): Kem {
  const library = mlKems[name];
  const { seedBytes, publicKeyBytes, ciphertextBytes } = kemParameters[name];
  return {
    name,
    ...kemParameters[name],
    secretBytes: 32,

    fromSeed(seed) {
      assertBytes(`a seed of ${name}`, seed, seedBytes);
      return new NobleKey(name, library.keygen(Uint8Array.from(seed)));
    },

    encapsulate(publicKey, randomness) {
      if (randomness !== undefined) assertBytes(`randomness of ${name}`, randomness, 32);
      checkBytes(name, publicKey, publicKeyBytes);
      const message = Uint8Array.from(randomness ?? rng.bytes(32));
      try {
        const { cipherText, sharedSecret } = library.encapsulate(owned(publicKey), message);
        return { ciphertext: cipherText, secret: sharedSecret };
      } catch (cause) {
        throw invalidKey(name, 'not a reduced encoding', cause);
      } finally {
        wipe(message);
      }
    },

    decapsulate(key, ciphertext) {
      const secretKey = NobleKey.secret(key, name);
      checkBytes(`${name} ciphertext`, ciphertext, ciphertextBytes);
      return library.decapsulate(owned(ciphertext), secretKey);
    },
  };
}

const kemOf = (name: KemName, rng: Rng): Kem =>
  name === 'x-wing'
    ? xWing({
        rng,
        mlKem768: mlKem('ml-kem-768', rng),
        agreement,
        sha3_256: (input) => sha3_256(owned(input)),
        shake256: (input, length) => shake256(owned(input), { dkLen: length }),
      })
    : mlKem(name, rng);

const postQuantum = { 'ml-dsa-44': ml_dsa44, 'ml-dsa-65': ml_dsa65, 'ml-dsa-87': ml_dsa87, 'slh-dsa-sha2-128f': slh_dsa_sha2_128f } as const;

/** FIPS 204, 3.4 and FIPS 205, 9.2: signing is hedged with this much fresh randomness. */
const HEDGE_BYTES = { 'ml-dsa-44': 32, 'ml-dsa-65': 32, 'ml-dsa-87': 32, 'slh-dsa-sha2-128f': 16 } as const;

function signatureOf(name: SignatureName, rng: Rng): SignatureScheme {
  const scheme = { name, ...signatureParameters[name] };
  if (name === 'ed25519') return ed25519Scheme();
  const library = postQuantum[name];
  const withContext = (context: Bytes | undefined) => (context === undefined ? {} : { context: owned(context) });
  return {
    ...scheme,

    fromSeed(seed) {
      assertBytes(`a seed of ${name}`, seed, scheme.seedBytes);
      return new NobleKey(name, library.keygen(Uint8Array.from(seed)));
    },

    sign(key, message, context) {
      assertContext(name, context);
      return library.sign(owned(message), NobleKey.secret(key, name), { ...withContext(context), extraEntropy: owned(rng.bytes(HEDGE_BYTES[name])) });
    },

    verify(publicKey, message, signature, context) {
      if (!plausible(scheme, publicKey, signature, context)) return false;
      try {
        return library.verify(owned(signature), owned(message), owned(publicKey), withContext(context));
      } catch {
        return false;
      }
    },
  };
}

function ed25519Scheme(): SignatureScheme {
  const scheme = { name: 'ed25519', ...signatureParameters.ed25519 } as const;
  return {
    ...scheme,

    fromSeed(seed) {
      assertBytes('a seed of ed25519', seed, scheme.seedBytes);
      const secretKey = Uint8Array.from(seed);
      return new NobleKey('ed25519', { publicKey: ed25519.getPublicKey(secretKey), secretKey });
    },

    sign(key, message, context) {
      assertContext('ed25519', context);
      return ed25519.sign(owned(message), NobleKey.secret(key, 'ed25519'));
    },

    verify: (publicKey, message, signature, context) => plausible(scheme, publicKey, signature, context) && verifyEd25519(publicKey, message, signature),
  };
}

const hmacOf = (hash: typeof sha256 | typeof sha512): Hmac => ({
  hashBytes: hash === sha256 ? 32 : 64,
  mac(key, ...parts) {
    const running = hmac.create(hash, owned(key));
    for (const part of parts) running.update(owned(part));
    return running.digest();
  },
});

const hmacSha256 = hmacOf(sha256);
const hmacSha512 = hmacOf(sha512);

export function nobleProvider(rng: Rng): CryptoProvider {
  const kem = once((name: KemName) => kemOf(name, rng));
  const signature = once((name: SignatureName) => signatureOf(name, rng));
  return {
    name: 'noble',
    rng,
    aesGcm,
    chaCha20Poly1305: aead(chacha20poly1305),
    x25519,
    kem,
    signature,
    hmacSha256: hmacSha256.mac,
    hkdfSha256: (secret, salt, info, length) => hkdf(hmacSha256, secret, salt, info, length),
    hkdfSha512: (secret, salt, info, length) => hkdf(hmacSha512, secret, salt, info, length),
    hkdfExtractSha512: (secret, salt) => hmacSha512.mac(salt, secret),
    hkdfExpandSha512: (pseudorandomKey, info, length) => hkdfExpand(hmacSha512, pseudorandomKey, info, length),
    argon2id: (passphrase, salt, { memoryKib, passes, lanes }, length) =>
      argon2idAsync(owned(passphrase), owned(salt), { m: memoryKib, t: passes, p: lanes, dkLen: length, version: 0x13 }),
    ...oneByOne(kem, signature),
  };
}
