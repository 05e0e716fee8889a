/**
 * Ranges as monitoring plugins take them: the value is in order inside the range, and an alert outside of it.
 * `10` is 0 to 10, `10:` 10 and more, `~:10` 10 and less, `10:20` between, `@10:20` an alert inside. A length of time (`7d`) may stand
 * for its seconds.
 * Source: Monitoring Plugins Development Guidelines, "Threshold and Ranges".
 */
import { parseDuration } from '../base/duration.ts';
import { fail, isError } from '../base/errors.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
  /** `@`: alert inside instead of outside. */
  readonly inside: boolean;
  /** In the notation of the guidelines, numbers only. */
  readonly text: string;
}

const refuse = () => fail('E_USAGE', { why: 'expects a Nagios range such as 10, 10:, ~:10, 10:20 or @10:20; 7d stands for its seconds' });

function parseBound(text: string): number {
  if (/^-?\d{1,15}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  try {
    return parseDuration(text) / 1000;
  } catch (error) {
    throw isError(error, 'E_USAGE') ? refuse() : error;
  }
}

/** Throws E_USAGE, which does not repeat the input. */
export function parseHealthRange(typed: string): Range {
  const match = /^(@?)(?:([^:]*):)?([^:]*)$/.exec(typed);
  const [, at, start, end] = match ?? [];
  if (match === null || (start === undefined && end === '') || (start === '' && end === '')) throw refuse();
  const from = start === undefined || start === '' ? 0 : start === '~' ? -Infinity : parseBound(start);
  const to = end === '' ? Infinity : parseBound(end as string);
  if (from > to) throw refuse();
  return rangeOf(from, to, at === '@');
}

/** From `from` on up to `to`, both in order. */
export function rangeOf(from: number, to: number, inside = false): Range {
  const start = from === 0 && to !== Infinity ? '' : `${from === -Infinity ? '~' : from}:`;
  return { from, to, inside, text: `${inside ? '@' : ''}${start}${to === Infinity ? '' : to}` };
}

export const atLeast = (from: number): Range => rangeOf(from, Infinity);
export const atMost = (to: number): Range => rangeOf(0, to);

export const alerts = ({ from, to, inside }: Range, value: number): boolean => (value >= from && value <= to) === inside;
