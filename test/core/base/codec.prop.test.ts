/** Decoding is total over any bytes, and takes one spelling only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { OmniplexError } from '../../../src/core/base/errors.ts';

const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeNat(), fc.string(), fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 4 }).map((content) => cidOf(RAW, content)));
const value = fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string({ maxLength: 5 }), fc.oneof(leaf, fc.array(leaf)))) as fc.Arbitrary<Value>;

describe('decoding', () => {
  it('is total, and what it accepts encodes to the same bytes', () => {
    const mutated = fc.tuple(value, fc.nat(), fc.nat(255)).map(([one, where, byte]) => {
      const changed: Bytes = Uint8Array.from(encode(one));
      changed[where % changed.length] = byte;
      return changed;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), (input) => {
        try {
          return equalBytes(encode(decode('value', input)), input);
        } catch (error) {
          return error instanceof OmniplexError;
        }
      }),
      { numRuns: 3_000 },
    );
  });

  // RFC 8949 allows all of these, or a lenient reader does; we take none.
  it.each([
    ['unsorted keys', 'a2616201616101'],
    ['a key twice', 'a2616101616102'],
    ['a long integer', '1801'],
    ['a longer integer', '190001'],
    ['a float that is an integer', 'f93c00'],
    ['a float', 'fb3ff199999999999a'],
    ['a negative integer', '20'],
    ['an integer over 2^53-1', '1b0020000000000000'],
    ['undefined', 'f7'],
    ['an indefinite array', '9f01ff'],
    ['an indefinite string', '5f4101ff'],
    ['text that is not UTF-8', '61ff'],
    ['a key that is not text', 'a10101'],
    ['an unknown tag', 'c001'],
    ['a CID without its prefix', 'd82a4101'],
    ['a CIDv0', `d82a582300${'1220'}${'00'.repeat(32)}`],
    ['a CID of another hash', `d82a58250001551b20${'00'.repeat(32)}`],
    ['two values', '0101'],
    ['nothing', ''],
    ['a cut array', '8201'],
    ['__proto__', 'a1695f5f70726f746f5f5f01'],
  ])('refuses %s', (_, hex) => {
    expect(() => decode('value', new Uint8Array(Buffer.from(hex, 'hex')))).toThrow(OmniplexError);
  });
});
