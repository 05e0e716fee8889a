/**
 * Bytes: the few operations on Uint8Array that every room needs.
 * Comparison here is constant-time for equal lengths; lengths are never secret.
 */
import { timingSafeEqual } from 'node:crypto';

export type Bytes = Uint8Array<ArrayBufferLike>;

export const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of well-formed UTF-8; throws TypeError on any other bytes. */
export const textOf = (bytes: Bytes): string => strictUtf8.decode(bytes);

export const bytesOf = (text: string): Bytes => utf8.encode(text);

export function concat(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Constant-time for inputs of equal length; false at once when lengths differ. */
export const equalBytes = (a: Bytes, b: Bytes): boolean => a.length === b.length && timingSafeEqual(a, b);

export const hexOf = (bytes: Bytes): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** Bytes of an even-length hexadecimal string; throws TypeError on anything else. */
export function bytesOfHex(hex: string): Bytes {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) throw new TypeError('not hexadecimal');
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** Overwrites a buffer that held a secret. Copies that the runtime made are out of reach: see SECURITY.md. */
export const wipe = (...buffers: readonly Bytes[]): void => {
  for (const buffer of buffers) buffer.fill(0);
};

/** Not constant-time. Bytes that equal their right-hand neighbours equal the first: one comparison in native code. */
export const isZero = (bytes: Bytes): boolean => bytes.length === 0 || (bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0);
