/** Every way to damage a few bytes: what must be refused with a code. */
import type { Bytes } from '../../src/core/base/bytes.ts';
import { isError } from '../../src/core/base/errors.ts';

function flipped(bytes: Bytes, bit: number): Bytes {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return copy;
}

/** Every `stride`th bit flipped, one at a time. */
export function* flips(bytes: Bytes, stride = 1): Generator<{ readonly what: string; readonly bytes: Bytes }> {
  for (let bit = 0; bit < bytes.length * 8; bit += stride) yield { what: `bit ${bit}`, bytes: flipped(bytes, bit) };
}

/** Every shorter length, and one byte too many. */
export function* cuts(bytes: Bytes, stride = 1): Generator<{ readonly what: string; readonly bytes: Bytes }> {
  for (let length = 0; length < bytes.length; length += stride) yield { what: `cut at ${length}`, bytes: bytes.subarray(0, length) };
  yield { what: 'one byte more', bytes: Uint8Array.of(...bytes, 0) };
}

/** What was let through, or refused without a code. Empty is what a test wants. */
export async function letThrough(damaged: Iterable<{ readonly what: string; readonly bytes: Bytes }>, read: (bytes: Bytes) => unknown): Promise<string[]> {
  const bad: string[] = [];
  for (const { what, bytes } of damaged) {
    try {
      await read(bytes);
      bad.push(`${what}: taken`);
    } catch (error) {
      if (!isError(error)) bad.push(`${what}: ${String(error)}`);
    }
  }
  return bad;
}
