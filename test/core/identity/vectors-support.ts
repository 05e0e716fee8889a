/** What the makers of the golden vectors of this room share. */
import type { Bytes } from '../../../src/core/base/bytes.ts';
import type { Value } from '../../../src/core/base/codec.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Fields = Record<string, Value>;

export const NOW = Date.UTC(2026, 10, 23, 10);

/** One bit flipped in the byte at `at`, counted from the end where it is negative. */
export const bitOf = (bytes: Bytes, at = 5): Bytes => bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));
