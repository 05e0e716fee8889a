/**
 * How everything here is measured: contestants take turns in one run (A B B A ...), each sample long enough for the clock,
 * wall time and CPU time side by side, and a ratio is the median of the ratios of neighbouring samples. So what slows the
 * whole machine slows both sides of a ratio; only ratios are judged, never a time. It does not promise that two runs agree:
 * it says when they cannot (`Noise`). Percentiles are of samples; a sample of many short operations is their mean.
 */
import { loadavg, availableParallelism } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { nextTurn } from '../base/turn.ts';

/** What time is read from. A test gives its own. */
export interface Meter {
  /** Monotonic. */
  wallMs(): number;
  /** CPU time of all threads of this process. */
  cpuMs(): number;
  /** Runnable processes per core, averaged over the last minute by the system; 0 where the system does not say. */
  loadPerCore(): number;
}

export const systemMeter = (clock: Clock): Meter => ({
  wallMs: () => clock.monotonic(),
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  loadPerCore: () => (loadavg()[0] ?? 0) / availableParallelism(),
});

export interface Contestant {
  readonly name: string;
  /** One call of the work. `index` counts the calls of this contestant, warm-up included. What it returns is kept, so that it cannot be optimised away. */
  readonly run: (index: number) => unknown;
  /** True when `run` answers a promise that belongs to the work. */
  readonly awaits?: boolean;
  /** Not timed: before each sample of `calls` calls. */
  readonly before?: (calls: number) => unknown;
  /** Calls of one sample; measured when absent, so that a sample takes `sampleMs`. */
  readonly calls?: number;
  /** `limits.benchSampleMs` when absent. Longer for work whose calls differ by nature, so that a sample holds enough of them. */
  readonly sampleMs?: number;
}

export interface MeasureOptions {
  readonly meter: Meter;
  readonly samples: number;
  /** For each contestant; neither a sample nor the warm-up is longer. Samples end when they have used this up together, but not before `limits.benchSamplesMin` (or `samples`, if fewer). */
  readonly seconds: number;
  /** Samples of each contestant before any counts. */
  readonly warmUp?: number;
  /** Those whose number of calls is not given warm up for so long at least; `limits.benchWarmUpMs` when absent. */
  readonly warmUpMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The samples of one contestant, per call, in the order they were taken: index i of two series of one run are neighbours in time. */
export interface Series {
  readonly name: string;
  readonly calls: number;
  readonly wallMs: readonly number[];
  readonly cpuMs: readonly number[];
}

/** Whether time that passed is judged, or time that a CPU worked. CPU time stays true on a busy machine, but does not see a disk. */
export type Basis = 'wall' | 'cpu';

export const timesOf = (series: Series, basis: Basis): readonly number[] => (basis === 'wall' ? series.wallMs : series.cpuMs);

/** Work of which this many calls take no time is no work. */
const CALLS_MAX = 2 ** 22;

class Runner {
  readonly contestant: Contestant;
  readonly #meter: Meter;
  readonly wallMs: number[] = [];
  readonly cpuMs: number[] = [];
  calls: number;
  kept: unknown;
  #index = 0;

  constructor(contestant: Contestant, meter: Meter) {
    this.contestant = contestant;
    this.#meter = meter;
    this.calls = contestant.calls ?? 1;
  }

  async sample(): Promise<{ wallMs: number; cpuMs: number }> {
    const { run, awaits, before } = this.contestant;
    const calls = this.calls;
    if (before !== undefined) await before(calls);
    const start = this.#index;
    this.#index += calls;
    const cpuStart = this.#meter.cpuMs();
    const wallStart = this.#meter.wallMs();
    if (awaits === true) for (let i = 0; i < calls; i++) this.kept = await run(start + i);
    else for (let i = 0; i < calls; i++) this.kept = run(start + i);
    const wallMs = this.#meter.wallMs() - wallStart;
    return { wallMs, cpuMs: this.#meter.cpuMs() - cpuStart };
  }

  /** Warms up, and finds the number of calls that makes a sample long enough. In steps, since the first calls are slower than the rest. */
  async calibrate({ warmUp = 1, warmUpMs = limits.benchWarmUpMs, seconds, signal }: MeasureOptions): Promise<void> {
    const start = this.#meter.wallMs();
    for (let round = 0; round < warmUp; round++) {
      await this.sample();
      signal?.throwIfAborted();
    }
    const { calls, sampleMs = limits.benchSampleMs } = this.contestant;
    if (calls !== undefined) return;
    const enoughMs = Math.min(sampleMs, seconds * 1_000);
    const warmMs = Math.min(warmUpMs, seconds * 1_000);
    for (;;) {
      const { wallMs } = await this.sample();
      signal?.throwIfAborted();
      const long = wallMs >= enoughMs;
      if ((long && this.#meter.wallMs() - start >= warmMs) || this.calls >= CALLS_MAX) return;
      if (long) continue;
      const wanted = wallMs > 0 ? Math.ceil((this.calls * enoughMs * 1.2) / wallMs) : this.calls * 16;
      this.calls = Math.max(this.calls + 1, Math.min(wanted, this.calls * 16));
    }
  }

  series(): Series {
    return { name: this.contestant.name, calls: this.calls, wallMs: this.wallMs, cpuMs: this.cpuMs };
  }
}

/**
 * Runs all contestants in turns and answers one series each, in their order and of one length. Every second round goes backwards,
 * so that going first favours nobody. Throws what a contestant throws, and the signal's reason between two samples.
 */
export async function measure<const Names extends readonly Contestant[]>(
  contestants: Names,
  options: MeasureOptions,
): Promise<{ readonly [Index in keyof Names]: Series }> {
  const { meter, samples, seconds, signal } = options;
  const runners = contestants.map((contestant) => new Runner(contestant, meter));
  for (const runner of runners) await runner.calibrate(options);
  const least = Math.min(samples, limits.benchSamplesMin);
  const start = meter.wallMs();
  for (let round = 0; round < samples; round++) {
    if (round >= least && meter.wallMs() - start > seconds * 1_000 * runners.length) break;
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      const { wallMs, cpuMs } = await runner.sample();
      runner.wallMs.push(wallMs / runner.calls);
      runner.cpuMs.push(cpuMs / runner.calls);
      await nextTurn();
      signal?.throwIfAborted();
    }
  }
  return runners.map((runner) => runner.series()) as { [Index in keyof Names]: Series };
}

const combine = (name: string, series: readonly Series[], fold: (...times: number[]) => number): Series => {
  const [first] = series;
  if (first === undefined) throw new RangeError('nothing to combine');
  const each = (basis: Basis) => timesOf(first, basis).map((_, i) => fold(...series.map((one) => timesOf(one, basis)[i] as number)));
  return { name, calls: first.calls, wallMs: each('wall'), cpuMs: each('cpu') };
};

/** Neighbour by neighbour the slower of them: what a pipeline of both cannot beat. */
export const slowerOf = (...series: readonly Series[]): Series => combine(`slower of ${series.map(({ name }) => name).join(' and ')}`, series, Math.max);

/** Neighbour by neighbour the sum of them: what doing both in turn takes. */
export const sumOf = (...series: readonly Series[]): Series =>
  combine(series.map(({ name }) => name).join(' + '), series, (...times) => times.reduce((sum, time) => sum + time, 0));

/** The same series as if one call had been `parts` calls. */
export const perPart = (series: Series, parts: number): Series => ({
  ...series,
  calls: series.calls * parts,
  wallMs: series.wallMs.map((ms) => ms / parts),
  cpuMs: series.cpuMs.map((ms) => ms / parts),
});
