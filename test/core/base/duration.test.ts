/** Lengths of time and points in time as people type them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactDuration, formatDuration, parseDuration, parseTime, wordsOfDuration } from '../../../src/core/base/duration.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';

const [S, M, H, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const nowMs = Date.UTC(2026, 10, 23, 10, 30);

/** The value, or 'refused'. Whatever is thrown but E_USAGE goes up. */
function or<T>(act: () => T): T | 'refused' {
  try {
    return act();
  } catch (error) {
    if (isError(error, 'E_USAGE')) return 'refused';
    throw error;
  }
}

describe('durations', () => {
  test.each([
    ['0', 0], ['0s', 0], ['1ms', 1], ['500ms', 500], ['90s', 90 * S], ['90m', 90 * M], ['1h30m', 90 * M], ['30d', 30 * DAY], ['2w', 14 * DAY], ['1w2d3h4m5s6ms', 9 * DAY + 3 * H + 4 * M + 5 * S + 6],
    ['1.5h', 90 * M], ['0.0005s', 1], ['36525d', limits.durationMsMax],
  ] as const)('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
  test.each([
    '', ' ', '5', '-5m', '+5m', '5 m', ' 5m', '5m ', '5M', '5min', '5y', 'm', '1m1h', '1m1m', '1.h', '.5h', '1e3s', '1,5h', '0x5m', '36526d', '36525d1ms', '99999999999999999999d', '5m\n', '٥m', '1h30',
  ])('refused: %j', (text) => {
    expect(or(() => parseDuration(text))).toBe('refused');
  });
  test('the exact form reads back, at every edge and at random', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(limits.durationMsMax), fc.nat(100_000), fc.constantFrom(0, 1, S - 1, S, M - 1, H - 1, DAY - 1, DAY, limits.durationMsMax)), (ms) => {
        expect(parseDuration(exactDuration(ms))).toBe(ms);
      }),
    );
    expect([0, 1, 90 * M, DAY + 1].map(exactDuration)).toEqual(['0s', '1ms', '1h30m', '1d1ms']);
  });
  test('words', () => {
    expect([0, 1, 1_001, 90 * M, 30 * DAY].map(wordsOfDuration)).toEqual(['0 seconds', '1 millisecond', '1 second 1 millisecond', '1 hour 30 minutes', '30 days']);
  });
  test('what is shown has two units at most, and is never far off', () => {
    expect([0, 999, 1_000, 59_999, 90 * M, 2 * DAY, 2 * DAY + H + M, 2 * DAY + M].map(formatDuration)).toEqual(['0ms', '999ms', '1s', '1m', '1h30m', '2d', '2d1h', '2d']);
    fc.assert(
      fc.property(fc.nat(limits.durationMsMax), (ms) => {
        const shown = parseDuration(formatDuration(ms));
        expect(Math.abs(shown - ms)).toBeLessThanOrEqual(Math.max(S / 2, ms * 0.05));
      }),
    );
  });
});

describe('points in time', () => {
  test.each([
    ['10m', nowMs - 10 * M, nowMs + 10 * M],
    ['7d', nowMs - 7 * DAY, nowMs + 7 * DAY],
    ['0', nowMs, nowMs],
    ['03:10', Date.UTC(2026, 10, 23, 3, 10), Date.UTC(2026, 10, 24, 3, 10)],
    ['23:59', Date.UTC(2026, 10, 22, 23, 59), Date.UTC(2026, 10, 23, 23, 59)],
    ['10:30', nowMs, nowMs],
    ['10:31', nowMs + M - DAY, nowMs + M],
    ['2026-11-23', Date.UTC(2026, 10, 23), Date.UTC(2026, 10, 23)],
    ['2028-02-29', Date.UTC(2028, 1, 29), Date.UTC(2028, 1, 29)],
    ['2026-11-23T10:00:00Z', nowMs - 30 * M, nowMs - 30 * M],
    ['2026-11-23t10:00:00.250z', nowMs - 30 * M + 250, nowMs - 30 * M + 250],
    ['2026-11-23T10:00:00+02:00', nowMs - 150 * M, nowMs - 150 * M],
    ['2026-11-23T10:00Z', nowMs - 30 * M, nowMs - 30 * M],
    ['2026-11-23 10:00:00Z', nowMs - 30 * M, nowMs - 30 * M],
  ] as const)('%s', (text, past, future) => {
    expect(parseTime(text, nowMs)).toBe(past);
    expect(parseTime(text, nowMs, 'past')).toBe(past);
    expect(parseTime(text, nowMs, 'future')).toBe(future);
  });
  test.each([
    '', 'now', 'yesterday', '24:00', '3:10', '03:60', '03:10:99', '2026-02-30', '2026-13-01', '2026-00-01', '2026-11-31', '2027-02-29', '2026-11-23T24:00:00Z', '2026-11-23T10:60:00Z', '2026-11-23T10:00:60Z',
    '2026-11-23T10:00:00', '2026-11-23T10:00:00+24:00', '2026-11-23T10:00:00+0200', '2026-11-23T', '26-11-23', '2026-1-2', '1732356000', '-10m', '10m ago', '2026-11-23Z', '+002026-11-23', '2026-11-23T10:00:00.Z',
  ])('refused: %j', (text) => {
    for (const direction of ['past', 'future'] as const) expect(or(() => parseTime(text, nowMs, direction))).toBe('refused');
  });
  test('RFC 3339 as we write it reads back', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString(), nowMs)).toBe(date.getTime());
      }),
    );
  });
});

test('any text is read or refused with E_USAGE, and long text at once', () => {
  const pieces = fc.constantFrom('1', '9', '.', 'ms', 's', 'm', 'h', 'd', 'w', ':', '-', 'T', 'Z', '+', ' ', '2026-11-23', '03:10', '\ud800');
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(pieces, { maxLength: 10 }).map((parts) => parts.join(''))), (text) => {
      const ms = or(() => parseDuration(text));
      if (ms !== 'refused') expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= limits.durationMsMax).toBe(true);
      const at = or(() => parseTime(text, nowMs));
      if (at !== 'refused') expect(Number.isSafeInteger(at)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
  for (const piece of ['1', '1d', '1.', '03:10', '2026-11-23T', ' ']) {
    expect([or(() => parseDuration(piece.repeat(50_000))), or(() => parseTime(piece.repeat(50_000), nowMs))]).toEqual(['refused', 'refused']);
  }
});
