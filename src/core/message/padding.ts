/**
 * Padding of content: zeros that hide the true length behind a coarser one.
 * What it does not promise: `none` hides nothing, `padme` hides all but the leading bits of the length (at most 12 % more bytes),
 * `class` hides all but the power of two (up to twice the bytes). Spec: docs/PROTOCOL.md, Padding; PURBs (PoPETs 2019/4) for padme.
 */
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

export const paddings = ['none', 'padme', 'class'] as const;
export type Padding = (typeof paddings)[number];

/** The smallest number from `length` up whose binary form ends in enough zeros: log2(log2(length)) bits of it stay visible. */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = exponentOf(length);
  const visibleBits = exponentOf(exponent) + 1;
  const step = 2 ** Math.max(0, exponent - visibleBits);
  return Math.ceil(length / step) * step;
}

/** floor(log2(n)) for an integer of at least 1, exact up to 2^53; 0 for 0. Math.log2 rounds just below a power of two. */
function exponentOf(n: number): number {
  let exponent = 0;
  for (let rest = n; rest >= 2; rest = Math.floor(rest / 2)) exponent++;
  return exponent;
}

/**
 * Length of the padded content. One byte less than a padme or class length, so that it is never an exact multiple of a chunk,
 * which would cost a chunk of its own. Throws E_TOO_MANY over `limits.contentBytesMax`.
 */
export function paddedBytes(padding: Padding, bytes: number): number {
  const padded = padding === 'none' ? bytes : padding === 'padme' ? padme(bytes + 1) - 1 : classBytes(bytes + 1) - 1;
  if (padded > limits.contentBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of content', count: bytes, max: limits.contentBytesMax });
  return padded;
}

/** The smallest class that holds `bytes`: powers of two from `limits.paddingClassBytesMin`. */
function classBytes(bytes: number): number {
  let size: number = limits.paddingClassBytesMin;
  while (size < bytes) size *= 2;
  return size;
}
