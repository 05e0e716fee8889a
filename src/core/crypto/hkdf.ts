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

/** The counters, made once: V8 moves an array this small out of its heap, slowly, each time that native code is given a fresh one. */
const COUNTERS = Array.from({ length: 255 }, (_, i) => Uint8Array.of(i + 1));

/** Throws RangeError on a length that HKDF cannot give. */
export function hkdfExpand({ hashBytes, mac }: Hmac, pseudorandomKey: Bytes, info: Bytes, length: number): Bytes {
  if (!Number.isInteger(length) || length < 0 || length > 255 * hashBytes) throw new RangeError(`HKDF gives at most ${255 * hashBytes} bytes, not ${length}`);
  let block = mac(pseudorandomKey, info, COUNTERS[0] as Bytes);
  if (length <= hashBytes) return cut(block, length);
  const out = new Uint8Array(Math.ceil(length / hashBytes) * hashBytes);
  out.set(block);
  for (let at = hashBytes; at < length; at += hashBytes) {
    block = mac(pseudorandomKey, block, info, COUNTERS[at / hashBytes] as Bytes);
    out.set(block, at);
  }
  return cut(out, length);
}

/** What is not asked for is wiped, since nobody else will. */
function cut(bytes: Bytes, length: number): Bytes {
  if (length === bytes.length) return bytes;
  bytes.fill(0, length);
  return bytes.subarray(0, length);
}

/** An empty salt means a salt of zeros, which is what an empty HMAC key is. */
export function hkdf(hmac: Hmac, secret: Bytes, salt: Bytes, info: Bytes, length: number): Bytes {
  const pseudorandomKey = hmac.mac(salt, secret);
  const out = hkdfExpand(hmac, pseudorandomKey, info, length);
  wipe(pseudorandomKey);
  return out;
}
