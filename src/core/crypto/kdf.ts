/**
 * Domain separation and the one way a key is derived from a secret.
 * Every signature, KDF label, MAC, HPKE info and AEAD context begins `omniplex/v1/<kind>` + NUL, and no two uses share a kind.
 * Spec: docs/PROTOCOL.md, Conventions; RFC 5869.
 */
import { bytesOf, wipe, type Bytes } from '../base/bytes.ts';
import type { CryptoProvider } from './provider.ts';

const KIND = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** `omniplex/v1/<kind>` NUL. Kinds are lower-case words joined by hyphens: nothing in them can end a label early. */
export function label(kind: string): Bytes {
  if (!KIND.test(kind)) throw new RangeError(`"${kind}" is not a kind`);
  return bytesOf(`omniplex/v1/${kind}\0`);
}

/** HKDF-SHA-512(salt, secret, label(kind), length). Kinds of one secret and salt give unrelated keys. */
export function deriveKey(provider: CryptoProvider, secret: Bytes, salt: Bytes, kind: string, length = 32): Bytes {
  return provider.hkdfSha512(secret, salt, label(kind), length);
}

/**
 * The keys of several kinds, each the same bytes as `deriveKey` gives, for one extraction between them.
 * `labels` come from `label`, made once: this is on the path of every small message.
 */
export function deriveKeys(provider: CryptoProvider, secret: Bytes, salt: Bytes, labels: readonly Bytes[]): readonly Bytes[] {
  const pseudorandomKey = provider.hkdfExtractSha512(secret, salt);
  const keys = labels.map((info) => provider.hkdfExpandSha512(pseudorandomKey, info, 32));
  wipe(pseudorandomKey);
  return keys;
}
