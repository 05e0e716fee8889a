/**
 * What a benchmark answers: rows, each beside the limit that was measured in the same run, and the machine they were measured on.
 * `value` and `limit` are in `unit`, `ratio` is value over limit (median of neighbouring pairs, so not exactly their quotient);
 * p50, p95 and p99 are milliseconds of one operation. `ok` is undefined where there is no budget.
 */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { textOf, type Bytes } from '../base/bytes.ts';
import { rfc3339, type Clock } from '../base/clock.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { timesOf, type Basis, type Series } from './measure.ts';
import { noiseOf, pairedRatio, summarise, type PairedRatio } from './statistics.ts';

/** Rates are better when higher, times and sizes when lower. MB is 10^6 bytes, MiB is 2^20. */
export const units = { 'ops/s': 'higher', 'MB/s': 'higher', ms: 'lower', MiB: 'lower' } as const;
export type Unit = keyof typeof units;

/** What docs/ARCHITECTURE.md, Budgets, asks, of the ratio or of the value itself. */
export interface Budget {
  readonly of: 'ratio' | 'value';
  readonly bound: 'at least' | 'at most';
  readonly number: number;
}

export const atLeast = (number: number, of: Budget['of'] = 'ratio'): Budget => ({ of, bound: 'at least', number });
export const atMost = (number: number, of: Budget['of'] = 'ratio'): Budget => ({ of, bound: 'at most', number });

export interface Row {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly unit: Unit;
  readonly samples: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Width of the middle half of the samples over their median. */
  readonly spread: number;
  /** Which time value and ratio are made of. */
  readonly basis: Basis;
  /** CPU time over wall time of the same samples: over 1 means several threads, far under 1 means waiting. */
  readonly cpuShare: number;
  readonly limit?: number;
  readonly limitOf?: string;
  readonly ratio?: number;
  /** Interval of the ratio that 95 % of runs would agree on. */
  readonly ratioLow?: number;
  readonly ratioHigh?: number;
  readonly budget?: Budget;
  readonly ok?: boolean;
  /** Why this row cannot be relied on; empty when it can. */
  readonly noise: readonly string[];
  /** Sizes and settings worth printing beside it. */
  readonly details?: Readonly<Record<string, number | string>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly node: string;
  readonly openssl: string;
  readonly sqlite: string;
  /** The provider that did the work, and the versions of all that could. */
  readonly provider: string;
  readonly providers: Readonly<Record<string, string>>;
}

export interface Report {
  readonly bench: string;
  readonly at: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
  readonly noisy: boolean;
}

export interface RowInput {
  readonly id: string;
  readonly label: string;
  readonly unit: Exclude<Unit, 'MiB'>;
  readonly basis: Basis;
  readonly subject: Series;
  readonly limit?: Series;
  /** What one call of subject and limit alike moves: bytes for MB/s, operations for ops/s and ms. */
  readonly amount?: number;
  readonly budget?: Budget;
  readonly details?: Readonly<Record<string, number | string>>;
}

/** Value in its unit, of one call that took `ms`. */
function valueOf(unit: Unit, ms: number, amount: number): number {
  if (unit === 'MB/s') return amount / ms / 1_000;
  if (unit === 'ops/s') return (amount * 1_000) / ms;
  return ms / amount;
}

const meets = ({ of, bound, number }: Budget, value: number, ratio: number | undefined): boolean | undefined => {
  const judged = of === 'value' ? value : ratio;
  return judged === undefined ? undefined : bound === 'at least' ? judged >= number : judged <= number;
};

/** A budget between the ends of the interval could be met or missed by the next run. */
const undecided = (budget: Budget | undefined, ratio: PairedRatio | undefined): boolean =>
  budget?.of === 'ratio' && ratio !== undefined && ratio.low < budget.number && budget.number < ratio.high;

export function rowOf({ id, label, unit, basis, subject, limit, amount = 1, budget, details }: RowInput, loadPerCore: number): Row {
  const times = timesOf(subject, basis);
  const wall = summarise(times.map((ms) => ms / (unit === 'MB/s' ? 1 : amount)));
  const value = valueOf(unit, summarise(times).p50, amount);
  const higher = units[unit] === 'higher';
  const limitTimes = limit && timesOf(limit, basis);
  const ratio = limitTimes && (higher ? pairedRatio(limitTimes, times) : pairedRatio(times, limitTimes));
  const ok = budget && meets(budget, value, ratio?.ratio);
  const noise = [...(limit ? noiseOf(limit, basis, loadPerCore) : []), ...(undecided(budget, ratio) ? ['its budget lies inside the spread of the ratio'] : [])];
  const total = (all: readonly number[]) => all.reduce((sum, ms) => sum + ms, 0);
  return {
    id,
    label,
    value,
    unit,
    ...wall,
    basis,
    cpuShare: total(subject.wallMs) === 0 ? 0 : total(subject.cpuMs) / total(subject.wallMs),
    ...(limitTimes && limit ? { limit: valueOf(unit, summarise(limitTimes).p50, amount), limitOf: limit.name } : {}),
    ...(ratio ? { ratio: ratio.ratio, ratioLow: ratio.low, ratioHigh: ratio.high } : {}),
    ...(budget ? { budget } : {}),
    ...(ok === undefined ? {} : { ok }),
    noise,
    ...(details ? { details } : {}),
  };
}

/** A size that was read, not timed: peak memory. */
export function sizeRow(input: { id: string; label: string; bytes: number; samples: number; limitBytes: number; limitOf: string; details?: Row['details'] }): Row {
  const { id, label, samples, limitOf, details } = input;
  const value = input.bytes / 2 ** 20;
  const limit = input.limitBytes / 2 ** 20;
  return {
    id,
    label,
    value,
    unit: 'MiB',
    samples,
    p50: 0,
    p95: 0,
    p99: 0,
    spread: 0,
    basis: 'wall',
    cpuShare: 0,
    limit,
    limitOf,
    ratio: value / limit,
    ratioLow: value / limit,
    ratioHigh: value / limit,
    budget: atMost(1),
    ok: value <= limit,
    noise: [],
    ...(details ? { details } : {}),
  };
}

export async function machineNow(provider: string): Promise<Machine> {
  const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } });
  const { dependencies } = manifest;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${type()} ${release()} ${process.arch}`,
    node: process.versions.node,
    openssl: process.versions.openssl ?? 'none',
    sqlite: process.versions['sqlite'] ?? 'none',
    provider,
    providers: {
      native: `OpenSSL ${process.versions.openssl ?? 'none'}`,
      noble: ['post-quantum', 'curves', 'hashes', 'ciphers'].map((name) => `${name} ${dependencies[`@noble/${name}` as keyof typeof dependencies]}`).join(', '),
      blake3: `hash-wasm ${dependencies['hash-wasm']}`,
    },
  };
}

export const reportOf = (bench: string, machine: Machine, rows: readonly Row[], clock: Clock): Report => ({
  bench,
  at: rfc3339(clock.now()),
  machine,
  rows,
  noisy: rows.some(({ noise }) => noise.length > 0),
});

/** All reasons of a report once, each with the rows it is about. */
export function noiseReasons({ rows }: Pick<Report, 'rows'>): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { id, noise } of rows) for (const reason of noise) byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  return [...byReason].map(([reason, ids]) => `${reason} (${ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ')})`);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function checkRow(row: unknown, at: number, kind: string): asserts row is Row {
  const wrong = (why: string) => fail('E_FORMAT', { kind, why: `row ${at} ${why}` });
  if (!isRecord(row)) throw wrong('is not an object');
  if (typeof row['id'] !== 'string' || row['id'] === '' || row['id'].length > 200) throw wrong('has no id');
  if (typeof row['unit'] !== 'string' || !Object.hasOwn(units, row['unit'])) throw wrong('has an unknown unit');
  for (const field of ['value', 'samples', 'p50', 'p95', 'p99', 'spread']) if (!isCount(row[field])) throw wrong(`has no number ${field}`);
  for (const field of ['limit', 'ratio', 'ratioLow', 'ratioHigh']) if (row[field] !== undefined && !isCount(row[field])) throw wrong(`has a ${field} that is no number`);
  if (row['ok'] !== undefined && typeof row['ok'] !== 'boolean') throw wrong('has an ok that is neither true nor false');
  if (!Array.isArray(row['noise']) || row['noise'].some((reason) => typeof reason !== 'string')) throw wrong('has no list of noise');
}

/** Hostile input: a file from `--out`, or the envelope of `--json`. Throws E_FORMAT, which names the place. */
export function parseReport(bytes: Bytes, place: string): Report {
  const kind = `benchmark report (${place})`;
  const wrong = (why: string, cause?: unknown) => fail('E_FORMAT', { kind, why }, cause);
  if (bytes.length > limits.benchReportBytesMax) throw wrong(`longer than ${limits.benchReportBytesMax} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(textOf(bytes));
  } catch (cause) {
    throw wrong('not JSON', cause);
  }
  const report = isRecord(document) && isRecord(document['result']) ? document['result'] : document;
  if (!isRecord(report) || typeof report['bench'] !== 'string' || typeof report['at'] !== 'string') throw wrong('no field bench or at');
  const { rows, machine } = report;
  if (!isRecord(machine) || !['cpu', 'os', 'node', 'openssl', 'provider'].every((field) => typeof machine[field] === 'string') || !isCount(machine['cores'])) {
    throw wrong('no machine');
  }
  if (!Array.isArray(rows) || rows.length > limits.benchRowsMax) throw wrong('no list of rows');
  rows.forEach((row, at) => checkRow(row, at, kind));
  const ids = new Set(rows.map(({ id }: Row) => id));
  if (ids.size !== rows.length) throw wrong('two rows have one id');
  return report as unknown as Report;
}
