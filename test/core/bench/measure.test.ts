import { expect, test } from 'vitest';
import { limits } from '../../../src/core/base/limits.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { measure, perPart, slowerOf, sumOf, systemMeter } from '../../../src/core/bench/measure.ts';
import { atLeast, atMost, rowOf } from '../../../src/core/bench/report.ts';
import { noiseOf } from '../../../src/core/bench/statistics.ts';
import { seriesOf, SyntheticMeter } from './synthetic.ts';

const many = { samples: 30, seconds: 1e6 };

test('contestants take turns, and every second round goes backwards', async () => {
  const meter = new SyntheticMeter();
  const order: string[] = [];
  const contestant = (name: string) => ({
    name,
    calls: 1,
    run: () => {
      order.push(name);
      meter.pass(1);
    },
  });
  await measure([contestant('a'), contestant('b')], { meter, samples: 4, seconds: 10, warmUp: 1 });
  expect(order.join('')).toBe('ab' + 'abbaabba');
});

test('a sample is made of enough calls for the clock, and reported per call', async () => {
  const meter = new SyntheticMeter();
  const [series] = await measure([meter.contestant('quick', () => 0.001)], { meter, ...many });
  expect(series.calls * 0.001).toBeGreaterThanOrEqual(limits.benchSampleMs);
  expect(series.calls * 0.001).toBeLessThan(3 * limits.benchSampleMs);
  for (const ms of series.wallMs) expect(ms).toBeCloseTo(0.001, 9);
});

test('work that the clock cannot see does not calibrate for ever', async () => {
  const meter = new SyntheticMeter();
  let calls = 0;
  const run = () => {
    if (++calls > 100_000) meter.pass(1);
  };
  const [series] = await measure([{ name: 'nothing', run }], { meter, ...many });
  expect(series.wallMs).toHaveLength(30);
});

test('time ends the samples, but not before there are enough', async () => {
  const meter = new SyntheticMeter();
  const slow = meter.contestant('slow', () => 1_000, 1);
  const [few] = await measure([slow], { meter, samples: 30, seconds: 0.5 });
  expect(few.wallMs).toHaveLength(limits.benchSamplesMin);
  const [asked] = await measure([slow], { meter, samples: 2, seconds: 0.5 });
  expect(asked.wallMs).toHaveLength(2);
  const [timed] = await measure([slow], { meter, samples: 30, seconds: 9.5 });
  expect(timed.wallMs).toHaveLength(10);
});

test('what is done before a sample is not timed, and promises are awaited', async () => {
  const meter = new SyntheticMeter();
  const [series] = await measure(
    [
      {
        name: 'awaited',
        calls: 3,
        awaits: true,
        before: async (calls) => meter.pass(100 * calls),
        run: async () => {
          await Promise.resolve();
          meter.pass(2);
        },
      },
    ],
    { meter, ...many },
  );
  expect(new Set(series.wallMs)).toEqual(new Set([2]));
});

test('a contestant that throws and a signal that aborts end the run', async () => {
  const meter = new SyntheticMeter();
  const broken = { name: 'broken', run: () => { throw new Error('broken'); } };
  await expect(measure([broken], { meter, ...many })).rejects.toThrow('broken');
  const stop = new AbortController();
  const aborting = { name: 'aborting', calls: 1, run: (index: number) => { if (index === 3) stop.abort(new Error('stopped')); } };
  await expect(measure([aborting], { meter, ...many, signal: stop.signal })).rejects.toThrow('stopped');
});

test('a slow subject is not ok, an equal one is', async () => {
  const meter = new SyntheticMeter();
  const drift = (index: number) => 1 + index / 100;
  const [limit, equal, slow] = await measure(
    [meter.contestant('limit', drift, 10), meter.contestant('equal', drift, 10), meter.contestant('slow', (i) => drift(i) / 0.6, 10)],
    { meter, ...many },
  );
  const rowFor = (subject: typeof limit) => rowOf({ id: 'x', label: 'x', unit: 'ops/s', basis: 'wall', subject, limit, budget: atLeast(0.9) }, 0);
  expect(rowFor(equal)).toMatchObject({ ok: true, ratio: 1 });
  expect(rowFor(slow).ok).toBe(false);
  expect(rowFor(slow).ratio).toBeCloseTo(0.6, 1);
});

test('a planted slow subject is found on the real clock', async () => {
  const work = (rounds: number) => () => {
    let x = 1;
    for (let i = 0; i < rounds; i++) x = Math.imul(x, 1_664_525) + 1_013_904_223;
    return x;
  };
  const [limit, subject] = await measure([{ name: 'limit', run: work(20_000) }, { name: 'planted', run: work(100_000) }], {
    meter: systemMeter(systemClock),
    samples: 10,
    seconds: 5,
  });
  const row = rowOf({ id: 'planted', label: 'planted', unit: 'ops/s', basis: 'cpu', subject, limit, budget: atLeast(0.9) }, 0);
  expect(row.ok).toBe(false);
  expect(row.cpuShare).toBeGreaterThan(0);
});

test('a wandering limit, a loaded machine and an undecided budget are noise; a quiet run is not', () => {
  const quiet = seriesOf('limit', Array.from({ length: 30 }, (_, i) => 10 + (i % 3) * 0.1));
  const wandering = seriesOf('limit', Array.from({ length: 30 }, (_, i) => 10 + (i % 5) * 3));
  expect(noiseOf(quiet, 'wall', 0.1)).toEqual([]);
  expect(noiseOf(wandering, 'wall', 0.1)).toHaveLength(1);
  expect(noiseOf(quiet, 'wall', 0.9)).toHaveLength(1);
  expect(noiseOf(wandering, 'wall', 0.9)).toHaveLength(2);
  expect(noiseOf(quiet, 'cpu', 0.9)).toEqual([]);
  const subject = seriesOf('subject', Array.from({ length: 30 }, (_, i) => 10 + (i % 10) * 0.4));
  const at = (number: number) => rowOf({ id: 'x', label: 'x', unit: 'ms', basis: 'wall', subject, limit: quiet, budget: atMost(number) }, 0);
  expect(at(1.17).noise).toHaveLength(1);
  expect(at(2)).toMatchObject({ ok: true, noise: [] });
  expect(at(1.01)).toMatchObject({ ok: false, noise: [] });
});

test('values are in their unit, percentiles in milliseconds of one operation', () => {
  const subject = seriesOf('subject', [2, 2, 2, 2, 2, 2], [1, 1, 1, 1, 1, 1]);
  const limit = seriesOf('limit', [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]);
  expect(rowOf({ id: 'x', label: 'x', unit: 'MB/s', basis: 'wall', subject, limit, amount: 4_000_000 }, 0)).toMatchObject({ value: 2_000, limit: 4_000, ratio: 0.5, p50: 2, cpuShare: 0.5 });
  expect(rowOf({ id: 'x', label: 'x', unit: 'ops/s', basis: 'wall', subject, limit, amount: 10 }, 0)).toMatchObject({ value: 5_000, limit: 10_000, ratio: 0.5, p50: 0.2 });
  expect(rowOf({ id: 'x', label: 'x', unit: 'ms', basis: 'wall', subject, limit }, 0)).toMatchObject({ value: 2, limit: 1, ratio: 2, p50: 2 });
  const alone = rowOf({ id: 'x', label: 'x', unit: 'ms', basis: 'cpu', subject, budget: atMost(1.5, 'value') }, 0);
  expect(alone).toMatchObject({ value: 1, ok: true });
  expect(alone).not.toHaveProperty('ratio');
  expect(rowOf({ id: 'x', label: 'x', unit: 'ms', basis: 'cpu', subject, budget: atMost(1.5) }, 0)).not.toHaveProperty('ok');
});

test('series combine neighbour by neighbour', () => {
  const a = seriesOf('a', [1, 5, 3]);
  const b = seriesOf('b', [2, 4, 6]);
  expect(slowerOf(a, b)).toMatchObject({ name: 'slower of a and b', wallMs: [2, 5, 6] });
  expect(sumOf(a, b)).toMatchObject({ name: 'a + b', wallMs: [3, 9, 9] });
  expect(perPart(b, 2)).toMatchObject({ calls: 2, wallMs: [1, 2, 3] });
  expect(() => sumOf()).toThrow(RangeError);
});
