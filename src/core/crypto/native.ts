/**
 * The native provider: OpenSSL 3.5 through node:crypto. Fast, constant-time where OpenSSL is, no JavaScript in the primitives.
 * What it does not promise: determinism under a seeded Rng (OpenSSL draws its own randomness for ML-KEM and ML-DSA).
 */
import { argon2, createCipheriv, createDecipheriv, createHmac, createPrivateKey, createSecretKey, encapsulate } from 'node:crypto';
import { concat, wipe } from '../base/bytes.ts';
import type { Rng } from '../base/rng.ts';
import { hkdf, hkdfExpand, type Hmac } from './hkdf.ts';
import { agreement, nativeKem, nativeSignature, plain } from './native-keys.ts';
import { assertBytes, KEY_BYTES, NONCE_BYTES, once, oneByOne, TAG_BYTES } from './parameters.ts';
import type { Aead, AesGcm, CryptoProvider, KemName, SignatureName, X25519 } from './provider.ts';

/** Tried, not guessed from a version: a Node may be built against another OpenSSL. */
export function nativeIsCapable(): boolean {
  if (typeof encapsulate !== 'function' || typeof argon2 !== 'function') return false;
  try {
    for (const [asymmetricKeyType, bytes] of [['ml-kem-768', 64], ['ml-dsa-65', 32]] as const) {
      createPrivateKey({ key: Buffer.alloc(bytes), format: 'raw-seed', asymmetricKeyType });
    }
    return true;
  } catch {
    return false;
  }
}

type AeadName = 'aes-256-gcm' | 'chacha20-poly1305';

function aead(name: AeadName): Aead {
  return {
    seal(key, nonce, plaintext, aad) {
      assertBytes('an AEAD key', key, KEY_BYTES);
      assertBytes('an AEAD nonce', nonce, NONCE_BYTES);
      const cipher = createCipheriv(name as 'aes-256-gcm', key, nonce, { authTagLength: 16 });
      if (aad !== undefined) cipher.setAAD(aad);
      const ciphertext = cipher.update(plaintext);
      cipher.final();
      return concat(ciphertext, cipher.getAuthTag());
    },

    open(key, nonce, sealed, aad) {
      assertBytes('an AEAD key', key, KEY_BYTES);
      assertBytes('an AEAD nonce', nonce, NONCE_BYTES);
      const length = sealed.length - TAG_BYTES;
      if (length < 0) return undefined;
      const decipher = createDecipheriv(name as 'aes-256-gcm', key, nonce, { authTagLength: 16 });
      if (aad !== undefined) decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(length));
      const plaintext = plain(decipher.update(sealed.subarray(0, length)));
      try {
        decipher.final();
      } catch {
        wipe(plaintext);
        return undefined;
      }
      return plaintext;
    },
  };
}

const aesGcm: AesGcm = {
  ...aead('aes-256-gcm'),

  inUse(bytes) {
    assertBytes('an AEAD key', bytes, KEY_BYTES);
    const key = createSecretKey(bytes);
    return {
      sealInto(nonce, plaintext, out) {
        assertBytes('an AEAD nonce', nonce, NONCE_BYTES);
        const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
        // `out` may be shared memory, where `set` takes half as long again
        cipher.update(plaintext).copy(out);
        cipher.final();
        out.set(cipher.getAuthTag(), plaintext.length);
      },

      openInto(nonce, sealed, out) {
        assertBytes('an AEAD nonce', nonce, NONCE_BYTES);
        const length = sealed.length - TAG_BYTES;
        if (length < 0) return false;
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
        decipher.setAuthTag(sealed.subarray(length));
        const plaintext = decipher.update(sealed.subarray(0, length));
        try {
          decipher.final();
        } catch {
          wipe(plaintext);
          return false;
        }
        out.set(plaintext);
        return true;
      },
    };
  },
};

const x25519: X25519 = {
  publicKey(secret) {
    assertBytes('an X25519 secret', secret, KEY_BYTES);
    return agreement(secret).publicKey;
  },
  sharedSecret(secret, peer) {
    assertBytes('an X25519 secret', secret, KEY_BYTES);
    return agreement(secret).agree(peer);
  },
};

const hmacOf = (hash: 'sha256' | 'sha512'): Hmac => ({
  hashBytes: hash === 'sha256' ? 32 : 64,
  mac(key, ...parts) {
    const running = createHmac(hash, key);
    for (const part of parts) running.update(part);
    return plain(running.digest());
  },
});

const hmacSha256 = hmacOf('sha256');
const hmacSha512 = hmacOf('sha512');

export function nativeProvider(rng: Rng): CryptoProvider {
  const kem = once((name: KemName) => nativeKem(name, rng));
  const signature = once((name: SignatureName) => nativeSignature(name));
  return {
    name: 'native',
    rng,
    aesGcm,
    chaCha20Poly1305: aead('chacha20-poly1305'),
    x25519,
    kem,
    signature,
    hmacSha256: hmacSha256.mac,
    hkdfSha256: (secret, salt, info, length) => hkdf(hmacSha256, secret, salt, info, length),
    hkdfSha512: (secret, salt, info, length) => hkdf(hmacSha512, secret, salt, info, length),
    hkdfExtractSha512: (secret, salt) => hmacSha512.mac(salt, secret),
    hkdfExpandSha512: (pseudorandomKey, info, length) => hkdfExpand(hmacSha512, pseudorandomKey, info, length),
    argon2id: (passphrase, salt, { memoryKib, passes, lanes }, length) =>
      new Promise((resolve, reject) => {
        const parameters = { message: passphrase, nonce: salt, memory: memoryKib, passes, parallelism: lanes, tagLength: length };
        argon2('argon2id', parameters, (error, key) => (error === null ? resolve(plain(key)) : reject(error)));
      }),
    ...oneByOne(kem, signature),
  };
}
