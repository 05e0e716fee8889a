/**
 * HKDF over a provider's HMAC. Ours, because Node has HKDF only whole and for info up to 1,024 bytes, and noble's
 * expand refuses keys shorter than the hash, which Cobblestone-256 uses.
 * Spec: RFC 5869, sections 2.2 and 2.3.
 */
import { wipe, type Bytes } from '../base/bytes.ts';

export interface Hmac {
  readonly hashBytes: 32 | 64;
  mac(key: Bytes, ...parts: readonly Bytes[]): Bytes;
}

/** Throws RangeError on a length that HKDF cannot give. */
export function hkdfExpand({ hashBytes, mac }: Hmac, pseudorandomKey: Bytes, info: Bytes, length: number): Bytes {
  if (!Number.isInteger(length) || length < 0 || length > 255 * hashBytes) throw new RangeError(`HKDF gives at most ${255 * hashBytes} bytes, not ${length}`);
  const out = new Uint8Array(Math.ceil(length / hashBytes) * hashBytes);
  let previous: Bytes = new Uint8Array(0);
  for (let counter = 1, at = 0; at < length; counter++, at += hashBytes) {
    previous = mac(pseudorandomKey, previous, info, Uint8Array.of(counter));
    out.set(previous, at);
  }
  return out.length === length ? out : out.slice(0, length);
}

/** An empty salt means a salt of zeros, which is what an empty HMAC key is. */
export function hkdf(hmac: Hmac, secret: Bytes, salt: Bytes, info: Bytes, length: number): Bytes {
  const pseudorandomKey = hmac.mac(salt, secret);
  const out = hkdfExpand(hmac, pseudorandomKey, info, length);
  wipe(pseudorandomKey);
  return out;
}
