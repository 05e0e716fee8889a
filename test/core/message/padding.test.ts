import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/base/limits.ts';
import { paddedBytes, padme, paddings } from '../../../src/core/message/padding.ts';
import { codeOf } from './support.ts';

describe('padme', () => {
  // The function of the PURBs paper (Algorithm 1), computed by hand for lengths on and beside its steps.
  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [8, 8],
    [9, 10],
    [10, 10],
    [11, 12],
    [100, 104],
    [1_000, 1_024],
    [1_024, 1_024],
    [1_025, 1_088],
    [16_384, 16_384],
    [16_385, 17_408],
    [1_000_000, 1_015_808],
  ])('%i -> %i', (length, padded) => {
    expect(padme(length)).toBe(padded);
  });

  it('adds at most 12 % and never takes away', () => {
    for (let length = 1; length < 200_000; length += 37) {
      expect(padme(length)).toBeGreaterThanOrEqual(length);
      expect(padme(length)).toBeLessThanOrEqual(length * 1.12);
    }
  });

  it('is exact far beyond 2^31', () => {
    expect(padme(2 ** 43 + 1)).toBe(2 ** 43 + 2 ** 37);
  });
});

describe('padded length', () => {
  it('is the length itself without padding', () => {
    for (const bytes of [0, 1, 16_384, 2 ** 44]) expect(paddedBytes('none', bytes)).toBe(bytes);
  });

  it('is one less than a power of two under `class`, from the smallest class', () => {
    const smallest = limits.paddingClassBytesMin;
    expect([0, 1, smallest - 1].map((bytes) => paddedBytes('class', bytes))).toEqual([smallest - 1, smallest - 1, smallest - 1]);
    expect(paddedBytes('class', smallest)).toBe(2 * smallest - 1);
    expect(paddedBytes('class', 2 ** 20 - 1)).toBe(2 ** 20 - 1);
    expect(paddedBytes('class', 2 ** 20)).toBe(2 ** 21 - 1);
  });

  it('is never an exact multiple of a chunk when something was added', () => {
    for (const padding of paddings.filter((name) => name !== 'none')) {
      for (let k = 1; k < 300; k++) {
        for (const bytes of [k * 16_384 - 1, k * 16_384, k * 16_384 + 1, k * 997]) {
          const padded = paddedBytes(padding, bytes);
          expect(padded).toBeGreaterThanOrEqual(bytes);
          expect(padded % 16_384 === 0).toBe(false);
        }
      }
    }
  });

  it('is refused over the limit', async () => {
    expect(paddedBytes('class', limits.contentBytesMax - 1)).toBe(limits.contentBytesMax - 1);
    expect(await codeOf(() => paddedBytes('class', limits.contentBytesMax))).toBe('E_TOO_MANY');
    expect(await codeOf(() => paddedBytes('none', limits.contentBytesMax + 1))).toBe('E_TOO_MANY');
    expect(await codeOf(() => paddedBytes('padme', limits.contentBytesMax))).toBe('E_TOO_MANY');
  });
});
