/** The filter grammar of --where: what it means, and what it refuses and where. */
import { describe, expect, test } from 'vitest';
import { OmniplexError } from '../../../src/core/base/errors.ts';
import { parseFilter, type FilterRecord } from '../../../src/core/base/filter.ts';
import { limits } from '../../../src/core/base/limits.ts';

const fields = {
  tier: ['hot', 'ipfs', 's3', 'files'],
  stored: 'age',
  read: 'age',
  expires: 'left',
  size: 'size',
  pinned: 'bool',
  role: 'text',
  blocks: 'int',
} as const;
type Thing = FilterRecord<typeof fields>;

const DAY = 86_400_000;
const nowMs = Date.UTC(2026, 10, 23);
const thing: Thing = { tier: ['hot', 'files'], stored: nowMs - 31 * DAY, read: undefined, expires: nowMs + 2 * DAY, size: 4096, pinned: false, role: 'Quarterly Report', blocks: 9 };
const matches = (text: string, change: Partial<Thing> = {}): boolean => parseFilter(text, fields).matches({ ...thing, ...change }, nowMs);

/** [code, position] of the refusal. */
function refusal(text: string): unknown[] {
  try {
    parseFilter(text, fields);
  } catch (error) {
    if (error instanceof OmniplexError) return [error.code, error.details['position']];
    throw error;
  }
  return ['none'];
}

test('the filter of the nightly job', () => {
  const text = 'tier = hot and stored > 30d and not pinned';
  expect(matches(text)).toBe(true);
  expect(matches(text, { stored: nowMs - 30 * DAY })).toBe(false);
  expect(matches(text, { stored: nowMs - 30 * DAY - 1 })).toBe(true);
  expect(matches(text, { pinned: true })).toBe(false);
  expect(matches(text, { tier: 'files' })).toBe(false);
  const filter = parseFilter(text, fields);
  expect([...filter.fields]).toEqual(['tier', 'stored', 'pinned']);
  expect(filter.explain()).toBe('tier is hot and stored more than 30 days ago and not pinned');
  expect(String(filter)).toBe(text);
});

test.each([
  ['size = 4096', true], ['size = 4KiB', true], ['size != 4KiB', false], ['size > 4095', true], ['size > 4096', false], ['size >= 4096', true], ['size < 4096', false],
  ['size <= 4096', true], ['size<1MB', true], ['size > "2.1 MiB"', false],
  ['blocks = 9', true], ['blocks > 8', true], ['blocks != 9', false], ['blocks <= 9', true], ['blocks < 9', false], ['blocks >= 10', false],
  ['stored > 4w', true], ['stored >= 31d', true], ['stored < 31d', false], ['stored <= 31d', true], ['stored < 32d', true], ['stored > 30d23h59m', true],
  ['tier = hot', true], ['tier = files', true], ['tier = s3', false], ['tier != s3', true], ['tier != hot', false],
  ['pinned', false], ['not pinned', true], ['pinned = no', true], ['pinned = false', true], ['pinned != yes', true], ['pinned != false', false],
  ['role = "Quarterly Report"', true], ["role = 'Quarterly Report'", true], ['role = quarterly', false], ['role ~ quarter', true], ['role ~ REPORT', true], ['role ~ annual', false], ['role != x', true],
  ['role = "say \\"hi\\" \\\\"', false], ['role ~ ""', true],
] as const)('%s', (text, expected) => {
  expect(matches(text)).toBe(expected);
});

test.each([
  ['pinned or pinned and tier = s3 or size > 1', true],
  ['not pinned and not pinned', true],
  ['not (pinned or size > 1)', false],
  ['not pinned or size > 9999', true],
  ['not not pinned', false],
  ['(((pinned)))', false],
  ['NOT pinned AND Tier = hot'.replace('Tier', 'tier'), true],
  ['size > 1 and (pinned or tier = hot)', true],
  ['(size > 1 and pinned) or tier = hot', true],
  ['size > 1 and (pinned and tier = hot or blocks = 9)', true],
] as const)('precedence: %s', (text, expected) => {
  expect(matches(text)).toBe(expected);
});

describe('a field that is not there decides nothing', () => {
  test.each(['read > 30d', 'not read > 30d', 'read <= 30d', 'not (read > 30d and size > 1)', 'read > 30d and size > 1', 'not not read > 1s'])('%s', (text) => {
    expect(matches(text)).toBe(false);
  });
  test.each(['read > 30d or size > 1', 'not (read > 30d and size > 9999)'])('unless the rest decides: %s', (text) => {
    expect(matches(text)).toBe(true);
  });
  test('a text, a size, a claim and a list, too', () => {
    for (const field of ['role = x', 'role != x', 'role ~ x', 'size != 1', 'pinned', 'not pinned', 'tier != hot', 'blocks != 1']) {
      expect(matches(field, { role: undefined, size: undefined, pinned: undefined, tier: undefined, blocks: undefined })).toBe(false);
    }
  });
});

test('what is in the future has a negative age', () => {
  expect(matches('stored < 1s', { stored: nowMs + DAY })).toBe(true);
  expect(matches('stored > 1ms', { stored: nowMs + DAY })).toBe(false);
});

test.each([
  ['expires < 2d', 2, false], ['expires < 2d', 1, true], ['expires <= 2d', 2, true], ['expires > 1d', 2, true], ['expires > 2d', 2, false], ['expires >= 2d', 2, true], ['expires > 30d', 31, true],
  ['expires < 2d', -1, true], ['expires > 0s', -1, false], ['expires <= 0s', 0, true], ['expires <= 0s', -1, true], ['expires > 0s and expires < 2d', -1, false], ['not expires > 0s', -1, true],
] as const)('a time to come is compared by what is left of it: %s, %i days before', (text, days, expected) => {
  expect(matches(text, { expires: nowMs + days * DAY })).toBe(expected);
});

test('what never expires is found by no claim about it', () => {
  for (const text of ['expires < 2d', 'expires > 0s', 'not expires < 2d']) expect(matches(text, { expires: undefined })).toBe(false);
});

test.each([
  ['', 0], ['   ', 3], ['and', 0], ['or pinned', 0], ['not', 3], ['pinned and', 10], ['pinned or or pinned', 10], ['pinned pinned', 7], ['(pinned', 0], ['pinned)', 6], ['()', 1],
  ['(pinned size > 1)', 8], ['= hot', 0], ['tier', 0], ['tier =', 6], ['tier = = hot', 7], ['tier == hot', 6], ['tier = (hot)', 7], ['tier = warm', 7], ['tier ~ hot', 7], ['tier > hot', 7],
  ['size', 0], ['size > big', 7], ['size > -1', 7], ['size ~ 1', 7], ['size > 99999999999999999999', 7], ['stored = 30d', 9], ['expires = 2d', 10], ['expires > soon', 10], ['stored > 30', 9], ['stored > 1d1d', 9], ['stored > 200000d', 9],
  ['pinned > yes', 9], ['pinned = maybe', 9], ['pinned = constructor', 9], ['blocks = 1.5', 9], ['blocks = -1', 9], ['blocks = 9007199254740992', 9], ['role > a', 7],
  ['nothing = 1', 0], ['constructor = 1', 0], ['__proto__ = 1', 0], ['hasOwnProperty', 0], ['"pinned"', 0], ['role = "open', 7], ["role = 'open", 7], ['role = "open\\"', 7], ['pinned ! size', 7],
  ['pinned & pinned', 7], ['pinned; rm -rf', 0], ['size > 1 and nothing', 13],
] as const)('refused: %s', (text, position) => {
  expect(refusal(text)).toEqual(['E_FILTER', position]);
});

test('length and depth at their bounds', () => {
  const padded = (length: number) => 'pinned'.padEnd(length);
  expect(refusal(padded(limits.filterCharsMax))).toEqual(['none']);
  expect(refusal(padded(limits.filterCharsMax + 1))).toEqual(['E_FILTER', limits.filterCharsMax]);
  const nested = (depth: number) => `${'('.repeat(depth)}pinned${')'.repeat(depth)}`;
  expect(refusal(nested(limits.filterDepthMax))).toEqual(['none']);
  expect(refusal(nested(limits.filterDepthMax + 1))).toEqual(['E_FILTER', limits.filterDepthMax + 1]);
  expect(refusal(`${'not '.repeat(limits.filterDepthMax)}pinned`)).toEqual(['none']);
  expect(refusal(`${'not '.repeat(limits.filterDepthMax + 1)}pinned`)[0]).toBe('E_FILTER');
});

test('the message shows a printable piece of what was typed, and no more', () => {
  try {
    parseFilter(`\u001b[31m${'x'.repeat(200)}`, fields);
    expect.fail('not refused');
  } catch (error) {
    if (!(error instanceof OmniplexError)) throw error;
    expect(error.details['at']).toBe(`?[31m${'x'.repeat(25)}`);
  }
});

test('text that could be mistaken is quoted when it is written', () => {
  for (const value of ['and', 'Not', 'two words', 'a"b', 'a\\b', '', '(x)', 'a=b', "it's", 'ümlaut', '\n']) {
    const filter = parseFilter(`role = "${value.replace(/["\\]/g, '\\$&')}"`, fields);
    expect(filter.matches({ ...thing, role: value }, nowMs)).toBe(true);
    expect(parseFilter(String(filter), fields).matches({ ...thing, role: value }, nowMs)).toBe(true);
  }
});

test('words for every operator', () => {
  const words = (text: string) => parseFilter(text, fields).explain();
  expect(words('size > 4GiB or size <= 1536')).toBe('size is over 4GiB or size is at most 1536B');
  expect(words('stored <= 90m and not (stored < 1d1s)')).toBe('stored at most 1 hour 30 minutes ago and not stored less than 1 day 1 second ago');
  expect(words('expires < 2d or expires >= 1h30m')).toBe('expires in less than 2 days or expires in at least 1 hour 30 minutes');
  expect(words('role ~ "two words" and tier != hot')).toBe('role contains "two words" and tier is not hot');
  expect(words('pinned = no and (blocks = 1 or not pinned)')).toBe('not pinned and (blocks is 1 or not pinned)');
});

test('a value of another type is our own mistake', () => {
  const wrong = { ...thing, size: 'big' } as unknown as Thing;
  expect(() => parseFilter('size > 1', fields).matches(wrong, nowMs)).toThrow(TypeError);
});
