/**
 * KEMs and signatures of the native provider: OpenSSL 3.5 through node:crypto, with KeyObjects kept in the private key handle,
 * since importing one costs as much as half an operation. Node refuses expanded ML-KEM keys: seeds are what goes in.
 * What it does not promise: that wiping a seed wipes the copy inside a KeyObject. See docs/SECURITY.md.
 */
import { createHash, createPrivateKey, createPublicKey, decapsulate, diffieHellman, encapsulate, hash, sign, verify, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import { verifyEd25519 } from './ed25519-verify.ts';
import { assertBytes, assertContext, checkBytes, invalidKey, kemParameters, plausible, signatureParameters } from './parameters.ts';
import type { Kem, KemName, PrivateKey, SignatureName, SignatureScheme } from './provider.ts';
import { xWing, type Agreement } from './x-wing.ts';

/** The same memory as a plain Uint8Array, so that no caller meets a Buffer. */
export const plain = (buffer: Uint8Array): Bytes => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

const nodeView = (bytes: Bytes): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

type RawPrivate = 'raw-seed' | 'raw-private';

const importPrivate = (algorithm: string, bytes: Bytes, format: RawPrivate): KeyObject =>
  createPrivateKey({ key: nodeView(bytes), format, asymmetricKeyType: algorithm as 'x25519' });

const importPublic = (algorithm: string, bytes: Bytes): KeyObject =>
  createPublicKey({ key: nodeView(bytes), format: 'raw-public', asymmetricKeyType: algorithm as 'x25519' });

const exportPublic = (key: KeyObject): Bytes => plain(createPublicKey(key).export({ format: 'raw-public' }));

class NativeKey<Name extends string> implements PrivateKey<Name> {
  readonly algorithm: Name;
  readonly publicKey: Bytes;
  readonly #object: KeyObject;

  constructor(algorithm: Name, object: KeyObject) {
    this.algorithm = algorithm;
    this.publicKey = exportPublic(object);
    this.#object = object;
  }

  static object(key: PrivateKey, algorithm: string): KeyObject {
    if (!(key instanceof NativeKey) || key.algorithm !== algorithm) throw new TypeError('a private key of another provider or algorithm');
    return key.#object;
  }
}

/** Imported public keys, least recently used first out: mail in bulk goes to few recipients. Public keys only. */
class RecentKeys {
  readonly #algorithm: string;
  readonly #keys = new Map<string, KeyObject>();

  constructor(algorithm: string) {
    this.#algorithm = algorithm;
  }

  /** Throws what OpenSSL throws on a malformed key. */
  import(publicKey: Bytes): KeyObject {
    const name = nodeView(publicKey).toString('latin1');
    const known = this.#keys.get(name);
    const key = known ?? importPublic(this.#algorithm, publicKey);
    if (known !== undefined) this.#keys.delete(name);
    else if (this.#keys.size >= limits.publicKeysCachedMax) this.#keys.delete(this.#keys.keys().next().value as string);
    this.#keys.set(name, key);
    return key;
  }
}

export function nativeKem(name: KemName, rng: Rng): Kem {
  return name === 'x-wing' ? xWing({ rng, mlKem768: mlKem('ml-kem-768'), agreement, sha3_256, shake256 }) : mlKem(name);
}

const sha3_256 = (input: Bytes): Bytes => plain(hash('sha3-256', input, 'buffer'));

const shake256 = (input: Bytes, length: number): Bytes => plain(createHash('shake256', { outputLength: length }).update(input).digest());

function mlKem(name: Exclude<KemName, 'x-wing'>): Kem {
  const { seedBytes, publicKeyBytes, ciphertextBytes } = kemParameters[name];
  const recent = new RecentKeys(name);
  return {
    name,
    ...kemParameters[name],
    secretBytes: 32,

    fromSeed(seed) {
      assertBytes(`a seed of ${name}`, seed, seedBytes);
      return new NativeKey(name, importPrivate(name, seed, 'raw-seed'));
    },

    encapsulate(publicKey, randomness) {
      if (randomness !== undefined) throw fail('E_NOT_SUPPORTED', { what: 'encapsulation from given randomness', backend: 'the native provider' });
      checkBytes(name, publicKey, publicKeyBytes);
      let key: KeyObject;
      try {
        key = recent.import(publicKey);
      } catch (cause) {
        throw invalidKey(name, 'not a reduced encoding', cause);
      }
      const { ciphertext, sharedKey } = encapsulate(key);
      return { ciphertext: plain(ciphertext), secret: plain(sharedKey) };
    },

    decapsulate(key, ciphertext) {
      const object = NativeKey.object(key, name);
      checkBytes(`${name} ciphertext`, ciphertext, ciphertextBytes);
      return plain(decapsulate(object, ciphertext));
    },
  };
}

/** An X25519 secret in use. */
export function agreement(secret: Bytes): Agreement {
  const privateKey = importPrivate('x25519', secret, 'raw-private');
  return {
    publicKey: exportPublic(privateKey),
    agree(peer) {
      checkBytes('x25519', peer, 32);
      try {
        return plain(diffieHellman({ privateKey, publicKey: importPublic('x25519', peer) }));
      } catch (cause) {
        throw invalidKey('x25519', 'a point of low order', cause);
      }
    },
  };
}

export function nativeSignature(name: SignatureName): SignatureScheme {
  const scheme = { name, ...signatureParameters[name] };
  const withContext = (key: KeyObject, context: Bytes | undefined) => (context === undefined ? key : { key, context });
  return {
    ...scheme,

    fromSeed(seed) {
      assertBytes(`a seed of ${name}`, seed, scheme.seedBytes);
      if (name === 'slh-dsa-sha2-128f') return new NativeKey(name, importPrivate(name, expandSlhDsa(seed), 'raw-private'));
      return new NativeKey(name, importPrivate(name, seed, name === 'ed25519' ? 'raw-private' : 'raw-seed'));
    },

    sign(key, message, context) {
      assertContext(name, context);
      return plain(sign(null, message, withContext(NativeKey.object(key, name), context)));
    },

    verify(publicKey, message, signature, context) {
      if (!plausible(scheme, publicKey, signature, context)) return false;
      if (name === 'ed25519') return verifyEd25519(publicKey, message, signature);
      try {
        return verify(null, message, withContext(importPublic(name, publicKey), context), signature);
      } catch {
        return false;
      }
    },
  };
}

/**
 * OpenSSL imports an SLH-DSA private key only with the root of its tree, and Node offers no way to compute that from a seed.
 * The audited library does; it is loaded when such a key is first made, which only the benchmarks do today.
 */
function expandSlhDsa(seed: Bytes): Bytes {
  const { slh_dsa_sha2_128f } = createRequire(import.meta.url)('@noble/post-quantum/slh-dsa.js') as typeof import('@noble/post-quantum/slh-dsa.js');
  return slh_dsa_sha2_128f.keygen(seed as Uint8Array<ArrayBuffer>).secretKey;
}
