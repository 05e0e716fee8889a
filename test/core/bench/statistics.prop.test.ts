import fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, medianInterval, pairedRatio, quantile, spread, summarise } from '../../../src/core/bench/statistics.ts';

const values = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 });

test('known samples', () => {
  const hundred = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(summarise(hundred)).toEqual({ samples: 101, p50: 50, p95: 95, p99: 99, spread: 1 });
  expect(median([3, 1, 2, 4])).toBe(2.5);
  expect(quantile([1, 2], 0.25)).toBe(1.25);
  expect(spread([7, 7, 7])).toBe(0);
  expect(spread([0, 0, 0, 0, 9])).toBe(0);
  expect(spread([0, 0, 0, 9, 9])).toBe(Number.POSITIVE_INFINITY);
});

test('nothing has no statistics', () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
  expect(() => medianInterval([])).toThrow(RangeError);
  expect(() => spread([])).toThrow(RangeError);
  for (const q of [-0.1, 1.1, Number.NaN]) expect(() => quantile([1], q)).toThrow(RangeError);
  expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  expect(() => pairedRatio([1], [0])).toThrow(RangeError);
});

test('a quantile lies among the values, grows with q, and does not care for order', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (all, p, q) => {
      const [low, high] = p < q ? [p, q] : [q, p];
      expect(quantile(all, low)).toBeLessThanOrEqual(quantile(all, high));
      expect(quantile(all, p)).toBe(quantile(all.toReversed(), p));
      expect(quantile(all, 0)).toBe(Math.min(...all));
      expect(quantile(all, 1)).toBe(Math.max(...all));
    }),
  );
});

test('half of the values lie on each side of the median, and the interval holds it', () => {
  fc.assert(
    fc.property(values, (all) => {
      const middle = median(all);
      expect(all.filter((value) => value <= middle).length * 2).toBeGreaterThanOrEqual(all.length);
      expect(all.filter((value) => value >= middle).length * 2).toBeGreaterThanOrEqual(all.length);
      const { low, high } = medianInterval(all);
      expect(low).toBeLessThanOrEqual(middle);
      expect(high).toBeGreaterThanOrEqual(middle);
    }),
  );
});

test('a factor common to both neighbours leaves their ratio as it was', () => {
  const machine = fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(machine, fc.double({ min: 0.1, max: 10, noNaN: true }), (slowness, factor) => {
      const { ratio, low, high } = pairedRatio(
        slowness.map((s) => s * factor),
        slowness,
      );
      for (const end of [ratio, low, high]) expect(end).toBeCloseTo(factor, 9);
    }),
  );
});

test('the interval of the median holds the true one in about 95 of 100 runs', () => {
  let seed = 1;
  const uniform = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const n of [10, 30, 101]) {
    let held = 0;
    for (let run = 0; run < 2_000; run++) {
      const { low, high } = medianInterval(Array.from({ length: n }, uniform));
      if (low <= 0.5 && 0.5 <= high) held++;
    }
    expect(held / 2_000).toBeGreaterThan(0.94);
  }
});
