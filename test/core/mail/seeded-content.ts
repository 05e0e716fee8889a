/** Bytes that every process of a test can make again. */
import { createHash } from 'node:crypto';

export function seededContent(length: number): Uint8Array {
  const content = new Uint8Array(length);
  let block = new Uint8Array(32);
  for (let at = 0; at < length; at += 32) {
    block = new Uint8Array(createHash('sha256').update(block).digest());
    content.set(block.subarray(0, Math.min(32, length - at)), at);
  }
  return content;
}
