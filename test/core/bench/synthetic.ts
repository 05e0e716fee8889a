/** A meter and contestants whose times are given, so that the method can be tested without a clock. */
import type { Contestant, Meter, Series } from '../../../src/core/bench/measure.ts';
import type { Row } from '../../../src/core/bench/report.ts';

export class SyntheticMeter implements Meter {
  #wallMs = 0;
  #cpuMs = 0;
  load = 0;

  wallMs(): number {
    return this.#wallMs;
  }

  cpuMs(): number {
    return this.#cpuMs;
  }

  loadPerCore(): number {
    return this.load;
  }

  pass(wallMs: number, cpuMs = wallMs): void {
    this.#wallMs += wallMs;
    this.#cpuMs += cpuMs;
  }

  /** A contestant whose calls take what `times` says. */
  contestant(name: string, times: (index: number) => number, calls?: number): Contestant {
    return { name, run: (index) => this.pass(times(index)), ...(calls === undefined ? {} : { calls }) };
  }
}

export const seriesOf = (name: string, wallMs: readonly number[], cpuMs: readonly number[] = wallMs): Series => ({ name, calls: 1, wallMs, cpuMs });

export const row = (id: string, more: Partial<Row> = {}): Row => ({
  id,
  label: id,
  value: 100,
  unit: 'ops/s',
  samples: 30,
  p50: 10,
  p95: 12,
  p99: 13,
  spread: 0.05,
  basis: 'wall',
  cpuShare: 1,
  noise: [],
  ...more,
});
