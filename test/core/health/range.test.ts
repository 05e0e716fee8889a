import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alerts, parseHealthRange, rangeOf } from '../../../src/core/health/range.ts';

/** Values in order, and values that alert: the table of the guidelines, and what lies at each edge. */
const table: readonly (readonly [text: string, fine: readonly number[], alert: readonly number[]])[] = [
  ['10', [0, 5, 10], [-1, 10.1, 11]],
  ['10:', [10, 11, 1e9], [9.9, 0, -1]],
  ['~:10', [-1e9, 0, 10], [10.5]],
  ['10:20', [10, 15, 20], [9, 21]],
  ['@10:20', [9, 21], [10, 15, 20]],
  ['0', [0], [-1, 1]],
  ['-5:5', [-5, 0, 5], [-6, 6]],
  ['@0', [1, -1], [0]],
  ['7d:', [604_800], [604_799]],
  ['90s:2m', [90, 120], [89, 121]],
  ['1.5', [1.5], [1.6]],
];

describe('a range', () => {
  it.each(table)('%s', (text, fine, alert) => {
    const range = parseHealthRange(text);
    for (const value of fine) expect([value, alerts(range, value)]).toEqual([value, false]);
    for (const value of alert) expect([value, alerts(range, value)]).toEqual([value, true]);
  });

  it.each(['', ':', '@', '@:', 'x', '10:5', '1:2:3', ' 1', '1e3', '~', '10:~', 'NaN', 'Infinity', '--1', '1:x', '7 d:'])('%j is refused, and not repeated', (text) => {
    expect(() => parseHealthRange(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
    if (text.length > 3) expect(() => parseHealthRange(text)).not.toThrow(text);
  });

  it('is written in the notation it is read in', () => {
    const bound = fc.integer({ min: -1_000_000, max: 1_000_000 });
    const ranges = fc.tuple(fc.oneof(bound, fc.constant(-Infinity)), fc.oneof(bound, fc.constant(Infinity)), fc.boolean()).filter(([from, to]) => from <= to && !(from === -Infinity && to === Infinity));
    fc.assert(
      fc.property(ranges, ([from, to, inside]) => {
        const range = rangeOf(from, to, inside);
        expect(parseHealthRange(range.text)).toEqual(range);
      }),
    );
  });
});
