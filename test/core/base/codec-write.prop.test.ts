import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { write } from '../../../src/core/base/codec-write.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'grapheme-ascii', minLength: 20, maxLength: 300 }));
const key = fc.oneof(fc.string({ unit: 'grapheme-ascii', maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 4 })).filter((one) => one !== '__proto__');
const integer = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
const cid = fc.tuple(fc.constantFrom(RAW, DAG_CBOR), bytes).map(([codec, some]) => cidOf(codec, some));
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(integer, text, bytes, fc.boolean(), fc.constant(null), cid) as fc.Arbitrary<Value>,
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(key, tie('value'), { maxKeys: 30 }),
  ),
}));

test('writes what the library writes, and what we read back', () => {
  fc.assert(
    fc.property(value, (one) => {
      const written = write(one);
      expect(Buffer.from(written)).toEqual(Buffer.from(dagCbor.encode(one)));
      expect(Buffer.from(encode(decode('test', written)))).toEqual(Buffer.from(written));
    }),
    { numRuns: 500 },
  );
});

test.each(['\ufeff', '\ufeffplan.txt', '\ufeff\ufeff', 'plan\ufeff.txt', `\ufeff${'x'.repeat(300)}`])('keeps a byte order mark in %j, as a text and as a key', (text) => {
  expect(decode('test', encode({ [text]: text }))).toEqual({ [text]: text });
});

test('every length around an edge of the head', () => {
  for (const length of [0, 1, 23, 24, 25, 255, 256, 257, 65_535, 65_536, 65_537, limits.blockBytesMax + 1]) {
    for (const one of [new Uint8Array(length).fill(7), 'x'.repeat(length), 'ü'.repeat(length)]) expect(Buffer.compare(write(one), dagCbor.encode(one))).toBe(0);
    if (length < 70_000) expect(Buffer.compare(write(new Array(length).fill(1)), dagCbor.encode(new Array(length).fill(1)))).toBe(0);
  }
});

test('keys without a value are left out, wherever they stand', () => {
  expect(write({ b: undefined, a: 1, c: { d: undefined } })).toEqual(write({ a: 1, c: {} }));
});

test('nothing of one value is left for the next', () => {
  const long = write({ secret: 'x'.repeat(1_000) });
  const short = write({ a: 'y' });
  expect(short).toEqual(dagCbor.encode({ a: 'y' }));
  expect(short.buffer.byteLength).toBe(short.length);
  expect(long).toEqual(dagCbor.encode({ secret: 'x'.repeat(1_000) }));
});

test.each([
  ['a negative number', -1],
  ['minus zero', -0],
  ['a fraction', 0.5],
  ['a number beyond 2^53', 2 ** 53],
  ['NaN', Number.NaN],
  ['a big integer', 1n],
  ['undefined in a list', [undefined]],
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('x')],
  ['text that is not well-formed', '\ud800'],
  ['a key that is not well-formed', { '\ud800': 1 }],
  ['too deep a list', Array.from({ length: limits.codecDepthMax + 1 }).reduce((inner: unknown) => [inner], 1)],
  ['itself', (() => { const loop: Record<string, unknown> = {}; loop['a'] = loop; return loop; })()],
])('%s is a mistake, and leaves the next value unharmed', (_, wrong) => {
  expect(() => write([1, wrong] as Value)).toThrow(RangeError);
  expect(write({ a: 1 })).toEqual(dagCbor.encode({ a: 1 }));
});
