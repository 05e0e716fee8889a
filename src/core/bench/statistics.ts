/**
 * The few statistics that a benchmark report needs. All are robust: one stray sample moves none of them far.
 * Nothing here assumes a distribution; the interval is one of order statistics.
 */
import { limits } from '../base/limits.ts';
import { timesOf, type Basis, type Series } from './measure.ts';

/** Quantile by linear interpolation between closest ranks (Hyndman and Fan 1996, type 7). Asserts at least one value and 0 <= q <= 1. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0 || !(q >= 0 && q <= 1)) throw new RangeError(`no quantile ${q} of ${values.length} values`);
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below === above ? below : below + (above - below) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Interval that holds the true median in about 95 % of runs, whatever the distribution: order statistics at
 * n/2 -+ 1.96 sqrt(n)/2 (Conover 1999, 3.2). Below six values it is all of them, and holds it less often.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  if (n === 0) throw new RangeError('no interval of no values');
  const half = 0.98 * Math.sqrt(n);
  const low = Math.max(0, Math.floor(n / 2 - half) - 1);
  const high = Math.min(n - 1, Math.ceil(n / 2 + half));
  return { low: sorted[low] as number, high: sorted[high] as number };
}

/** Width of the middle half over the median; 0 when all values are equal. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  const width = quantile(values, 0.75) - quantile(values, 0.25);
  return middle === 0 ? (width === 0 ? 0 : Number.POSITIVE_INFINITY) : width / middle;
}

export interface Summary {
  readonly samples: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly spread: number;
}

export const summarise = (values: readonly number[]): Summary => ({
  samples: values.length,
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
  spread: spread(values),
});

export interface PairedRatio extends Interval {
  readonly ratio: number;
}

/** Median, with its interval, of a[i] / b[i]. Asserts equal lengths. A pair whose divisor is zero has no ratio and is left out. */
export function pairedRatio(a: readonly number[], b: readonly number[]): PairedRatio {
  if (a.length !== b.length) throw new RangeError('pairs need two series of one length');
  const ratios = a.flatMap((value, i) => (b[i] === 0 ? [] : [value / (b[i] as number)]));
  if (ratios.length === 0) throw new RangeError('no pair has a ratio');
  return { ratio: median(ratios), ...medianInterval(ratios) };
}

/** Why a run cannot tell: the limit itself wanders, or others had the machine. Empty when it can. */
export function noiseOf(limit: Series, basis: Basis, loadPerCore: number): readonly string[] {
  const reasons: string[] = [];
  const width = spread(timesOf(limit, basis));
  if (width > limits.benchSpreadMax) reasons.push(`${limit.name} itself varies by ${percent(width)}`);
  if (basis === 'wall' && loadPerCore > limits.benchLoadMax) reasons.push(`load was ${loadPerCore.toFixed(2)} per core before it began`);
  return reasons;
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
