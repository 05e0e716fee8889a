/**
 * What a benchmark is: named groups of rows, each group measured in one interleaved run. The runner picks the groups that were
 * asked for, measures them one after the other, and answers the report. A bench is given its clock, its randomness and a folder;
 * it leaves nothing in that folder that it still needs, and whoever gave the folder removes it.
 */
import type { Clock } from '../base/clock.ts';
import { fail } from '../base/errors.ts';
import type { Rng } from '../base/rng.ts';
import type { ProviderName } from '../crypto/provider.ts';
import { measure, type Contestant, type MeasureOptions, type Meter, type Series } from './measure.ts';
import { machineNow, reportOf, rowOf, type Report, type Row, type RowInput } from './report.ts';

export const benchNames = ['startup', 'pq', 'packet', 'seal', 'messages', 'store'] as const;
export type BenchName = (typeof benchNames)[number];

export interface BenchOptions {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly rng: Rng;
  /** Empty and private; on the file system whose speed is asked for. */
  readonly folder: string;
  /** The installed launcher, for `startup`. */
  readonly launcher: string;
  readonly samples: number;
  /** For the samples of one contestant. */
  readonly seconds: number;
  /** Bytes of the large file; each bench has its own default. */
  readonly bytes?: number | undefined;
  /** Patterns of row ids, `*` for any characters. Empty is all. */
  readonly only: readonly string[];
  readonly provider: ProviderName | 'auto';
  readonly signal?: AbortSignal | undefined;
  /** Called as soon as a row is known. */
  readonly onRow?: ((row: Row) => void) | undefined;
  /** Called before a group is measured, with the ids of its rows. */
  readonly onGroup?: ((ids: readonly string[]) => void) | undefined;
}

export interface BenchRun extends BenchOptions {
  readonly providerName: ProviderName;
  /** Load before the bench added its own. */
  readonly load: number;
  /** `measure` with this run's meter, counts and signal. */
  measure<const Names extends readonly Contestant[]>(contestants: Names, more?: Pick<MeasureOptions, 'warmUp' | 'warmUpMs'>): Promise<{ readonly [Index in keyof Names]: Series }>;
  /** `rowOf` with this run's load. */
  row(input: RowInput): Row;
}

export interface Group {
  /** Ids of the rows that `run` answers, all of them, in order. */
  readonly ids: readonly string[];
  run(run: BenchRun): Promise<readonly Row[]>;
}

export interface Bench {
  readonly name: BenchName;
  groups(run: BenchRun): readonly Group[];
}

/** `*` stands for any run of characters. Linear: each part is found once, from left to right. */
export function matches(pattern: string, id: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return id === first;
  if (!id.startsWith(first) || !id.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = id.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= id.length;
}

/** Throws E_USAGE when a pattern chooses nothing or the size is 0, and what the measured code throws. */
export async function runBench(bench: Bench, options: BenchOptions): Promise<Report> {
  const { clock, meter, only, samples, seconds, signal } = options;
  if (options.bytes === 0) throw fail('E_USAGE', { why: 'the size is at least 1 byte' });
  const { loadProvider } = await import('../crypto/index.ts');
  const { name: providerName } = await loadProvider(options.provider, options.rng);
  const load = meter.loadPerCore();
  const run: BenchRun = {
    ...options,
    providerName,
    load,
    measure: (contestants, more) => measure(contestants, { meter, samples, seconds, signal, ...more }),
    row: (input) => rowOf(input, load),
  };
  const groups = bench.groups(run);
  const ids = groups.flatMap((group) => group.ids);
  for (const pattern of only) {
    if (!ids.some((id) => matches(pattern, id))) throw fail('E_USAGE', { why: `no row of bench ${bench.name} matches "${pattern.slice(0, 80)}"; its rows are ${ids.join(', ')}` });
  }
  const wanted = (id: string) => only.length === 0 || only.some((pattern) => matches(pattern, id));
  const rows: Row[] = [];
  for (const group of groups.filter((one) => one.ids.some(wanted))) {
    signal?.throwIfAborted();
    options.onGroup?.(group.ids);
    for (const row of await group.run(run)) {
      if (!wanted(row.id)) continue;
      rows.push(row);
      options.onRow?.(row);
    }
  }
  return reportOf(bench.name, await machineNow(providerName), rows, clock);
}
