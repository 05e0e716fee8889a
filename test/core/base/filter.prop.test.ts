/** The filter grammar by property: what is written reads back, what is random is refused or read, and time grows with length. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isError } from '../../../src/core/base/errors.ts';
import { parseFilter, type FilterRecord } from '../../../src/core/base/filter.ts';
import { exactDuration } from '../../../src/core/base/duration.ts';
import { limits } from '../../../src/core/base/limits.ts';

const fields = { tier: ['hot', 'ipfs'], stored: 'age', expires: 'left', size: 'size', pinned: 'bool', role: 'text', blocks: 'int' } as const;
type Thing = FilterRecord<typeof fields>;

const nowMs = 1_800_000_000_000;
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 4 });
const words = fc.constantFrom('a', 'B', 'and', 'two words', 'q"uo\\te', "it's", '');
const things: fc.Arbitrary<Thing> = fc.record({
  tier: maybe(fc.oneof(fc.constantFrom('hot', 'ipfs'), fc.subarray(['hot', 'ipfs']))),
  stored: maybe(fc.nat(200).map((days) => nowMs - days * 1_000)),
  expires: maybe(fc.integer({ min: -200, max: 200 }).map((seconds) => nowMs + seconds * 1_000)),
  size: maybe(fc.nat(5_000)),
  pinned: maybe(fc.boolean()),
  role: maybe(words),
  blocks: maybe(fc.nat(20)),
});

/** A filter with what it should answer, computed beside it: three values, as in the logic that it documents. */
interface Case {
  readonly text: string;
  readonly decide: (thing: Thing) => boolean | undefined;
}
const ordered = fc.constantFrom<['>' | '>=' | '<' | '<=', (a: number, b: number) => boolean]>(
  ['>', (a, b) => a > b], ['>=', (a, b) => a >= b], ['<', (a, b) => a < b], ['<=', (a, b) => a <= b],
);
const onPresent = <T>(value: T | undefined, decide: (value: T) => boolean): boolean | undefined => (value === undefined ? undefined : decide(value));
const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

const terms: fc.Arbitrary<Case> = fc.oneof(
  fc.tuple(ordered, fc.nat(200_000)).map(([[op, holds], ms]): Case => ({ text: `stored ${op} ${exactDuration(ms)}`, decide: ({ stored }) => onPresent(stored, (at) => holds(nowMs - at, ms)) })),
  fc.tuple(ordered, fc.nat(200_000)).map(([[op, holds], ms]): Case => ({ text: `expires ${op} ${exactDuration(ms)}`, decide: ({ expires }) => onPresent(expires, (at) => holds(at - nowMs, ms)) })),
  fc.tuple(ordered, fc.nat(5_000)).map(([[op, holds], n]): Case => ({ text: `size${op}${n}`, decide: ({ size }) => onPresent(size, (value) => holds(value, n)) })),
  fc.nat(20).map((n): Case => ({ text: `blocks = ${n}`, decide: ({ blocks }) => onPresent(blocks, (value) => value === n) })),
  fc.constantFrom('hot', 'ipfs').map((word): Case => ({ text: `tier != ${word}`, decide: ({ tier }) => onPresent(tier, (value) => !value.includes(word)) })),
  words.map((word): Case => ({ text: `role = ${quoted(word)}`, decide: ({ role }) => onPresent(role, (value) => value === word) })),
  words.map((word): Case => ({ text: `role ~ ${quoted(word)}`, decide: ({ role }) => onPresent(role, (value) => String(value).toLowerCase().includes(word.toLowerCase())) })),
  fc.constant<Case>({ text: 'pinned', decide: ({ pinned }) => pinned }),
);

const { filter: filters } = fc.letrec<{ filter: Case; and: Case; or: Case; not: Case; term: Case }>((tie) => {
  const parts = fc.array(tie('filter'), { minLength: 1, maxLength: 3 });
  const inner = ({ text }: Case) => `(${text})`;
  return {
    filter: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('term'), tie('and'), tie('or'), tie('not')),
    and: parts.map((cases) => ({
      text: cases.map(inner).join(' and '),
      decide: (thing) => cases.map(({ decide }) => decide(thing)).reduce((a, b) => (a === false || b === false ? false : a === undefined || b === undefined ? undefined : true), true as boolean | undefined),
    })),
    or: parts.map((cases) => ({
      text: cases.map(inner).join(' or '),
      decide: (thing) => cases.map(({ decide }) => decide(thing)).reduce((a, b) => (a === true || b === true ? true : a === undefined || b === undefined ? undefined : false), false as boolean | undefined),
    })),
    not: tie('filter').map((one) => ({
      text: `not ${inner(one)}`,
      decide: (thing) => {
        const value = one.decide(thing);
        return value === undefined ? undefined : !value;
      },
    })),
    term: terms,
  };
});

test('a filter answers as three-valued logic says, and so does what it writes', () => {
  fc.assert(
    fc.property(filters, fc.array(things, { minLength: 1, maxLength: 5 }), ({ text, decide }, records) => {
      fc.pre(text.length <= limits.filterCharsMax && (text.match(/\(|not /g)?.length ?? 0) <= limits.filterDepthMax);
      const filter = parseFilter(text, fields);
      const again = parseFilter(String(filter), fields);
      expect(String(again)).toBe(String(filter));
      expect(again.explain()).toBe(filter.explain());
      for (const record of records) {
        const wanted = decide(record) === true;
        expect(filter.matches(record, nowMs)).toBe(wanted);
        expect(again.matches(record, nowMs)).toBe(wanted);
      }
    }),
    { numRuns: 500 },
  );
});

const refusedOrRead = (text: string): 'refused' | 'read' => {
  try {
    const filter = parseFilter(text, fields);
    expect(String(parseFilter(String(filter), fields))).toBe(String(filter));
    return 'read';
  } catch (error) {
    if (!isError(error, 'E_FILTER')) throw error;
    const position = error.details['position'];
    expect(typeof position === 'number' && position >= 0 && position <= Math.max(text.length, limits.filterCharsMax)).toBe(true);
    return 'refused';
  }
};

test('any text is read, or refused with E_FILTER and a position in it', () => {
  const pieces = fc.constantFrom('tier', 'stored', 'expires', 'pinned', 'size', 'role', '=', '!=', '>', '<=', '~', '(', ')', 'and', 'or', 'not', 'hot', '30d', '4KiB', '"x"', "'", '"', '\\', ' ', '\u{1f600}', '\ud800', 'x');
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(' ')), fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''))), (text) => {
      seen.add(refusedOrRead(text));
    }),
    { numRuns: 2_000 },
  );
  expect(seen.size).toBe(2);
});

test('nothing of the greatest length takes more than a moment', () => {
  const long = limits.filterCharsMax;
  for (const piece of [' ', '"', "'", '\\', '"\\', '(', 'not ', 'a', '=', '"a" ', 'pinned or ', '\t\u3000', '"\\\\']) {
    const text = piece.repeat(Math.ceil(long / piece.length)).slice(0, long);
    const before = performance.now();
    for (const variant of [text, `role = "${text}`.slice(0, long), `pinned${text}`.slice(0, long)]) refusedOrRead(variant);
    // Linear work on 4 KiB takes about a millisecond; backtracking would take hours.
    expect(performance.now() - before).toBeLessThan(5_000);
  }
});
