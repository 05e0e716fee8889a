import { expect, test } from 'vitest';
import { EXIT, fail, incomplete, registry, warning, type ErrorCode, type Retry } from '../../../src/core/base/errors.ts';

const codes = Object.keys(registry) as ErrorCode[];
const having = (retry: Retry): readonly ErrorCode[] => codes.filter((code) => registry[code].retry === retry);

test('only what can end otherwise by itself may be repeated as it is', () => {
  expect(having('yes')).toEqual([
    'E_TIMEOUT', // what was done stands, the rest is less
    'E_INCOMPLETE',
    'E_COPIES_TOO_FEW', // a cold tier answers again
    'E_LOCKED', // a lock is let go
    'E_FENCE_STALE',
    'E_BUSY',
    'E_DURABILITY', // the same --id raises it
    'E_MISSING_RECIPIENTS', // they may still open it
    'E_FRAGMENT_LIMIT', // streams end
  ]);
});

test('an outcome is unknown only where the call was cut short', () => {
  expect(having('unknown')).toEqual(['E_INTERRUPTED', 'E_TERMINATED', 'E_UNKNOWN_OUTCOME']);
});

test('of many that were not done it may be repeated when one of the reasons may', () => {
  expect(incomplete(['E_EXPIRED', 'E_PINNED'], { why: 'x' })).toMatchObject({ code: 'E_INCOMPLETE', exit: 12, retry: 'no', details: { why: 'x' } });
  expect(incomplete(['E_EXPIRED', 'E_BUSY', 'E_UNKNOWN_OUTCOME'], { why: 'x' }).retry).toBe('yes');
  expect(incomplete(['E_EXPIRED', 'E_UNKNOWN_OUTCOME'], { why: 'x' }).retry).toBe('unknown');
  expect(fail('E_INCOMPLETE', { why: 'x', retry: 'no' }).details).toEqual({ why: 'x' });
  expect(fail('E_INCOMPLETE', { why: 'x', retry: 'perhaps' }).retry).toBe('yes');
});

test('no wrong bytes, no refusal and no wrong call is worth a repetition', () => {
  const final: readonly number[] = [EXIT.usage, EXIT.config, EXIT.forbidden, EXIT.notFound, EXIT.integrity, EXIT.otherSet, EXIT.declined, EXIT.bug];
  expect(codes.filter((code) => final.includes(registry[code].exit) && registry[code].retry !== 'no')).toEqual([]);
  expect(fail('E_BLOCK_CORRUPT', { cid: 'bafk', place: 'hot' })).toMatchObject({ retry: 'no', hint: expect.stringContaining('--repair') as unknown });
});

test('a message tells times to the minute and lengths in units; the details stay exact', () => {
  const until = '2026-11-29T05:03:12.345Z';
  expect(warning('W_PREKEY_SOON', { contact: 'bob', until })).toEqual({ code: 'W_PREKEY_SOON', contact: 'bob', until, message: 'the last prekey of bob ends at 2026-11-29 05:03Z' });
  expect(fail('E_EXPIRED', { what: 'it', at: until })).toMatchObject({ message: 'it expired at 2026-11-29 05:03Z', details: { at: until } });
  // Only what is a time and nothing else.
  for (const what of ['x2026-11-29T05:03:12.345Z', '2026-11-29T05:03:12Z', '2026-11-29T05:03:12.345Z ']) expect(fail('E_NOT_FOUND', { what }).message).toBe(`${what} is not there`);
});

test('no text shows a bare number of milliseconds', () => {
  for (const code of codes) expect([code, registry[code].text, registry[code].hint].join(' ')).not.toMatch(/\{(?:ms|\w+Ms)\}/);
});
