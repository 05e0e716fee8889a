import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { cidOfDigest, DAG_CBOR } from '../../../src/core/base/cid.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { fingerprintOf, isActorName, parseActorName, parseFingerprint, parseFingerprintFile } from '../../../src/core/identity/index.ts';
import { wordlist } from '../../../src/core/identity/wordlist.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const separator = fc.constantFrom(' ', '  ', '\n', '\t', ' / ', '/', ', ', '-');

describe('fingerprints', () => {
  it('come back however they are typed', () => {
    fc.assert(
      fc.property(digest, fc.array(fc.tuple(separator, fc.boolean(), fc.nat(4)), { minLength: 12, maxLength: 12 }), (bytes, typing) => {
        const words = fingerprintOf(cidOfDigest(DAG_CBOR, bytes));
        const typed = words.map((word, i) => {
          const [before, upper, more] = typing[i] as [string, boolean, number];
          const part = word.slice(0, 4 + more);
          return before + (upper ? part.toUpperCase() : part);
        });
        expect(parseFingerprint(typed.join(''))).toEqual(words);
      }),
    );
  });

  it('are 132 bits: two digests agree in words exactly when they agree in these', () => {
    fc.assert(
      fc.property(digest, fc.nat(255), (bytes, bit) => {
        const other = Uint8Array.from(bytes);
        other[bit >> 3] = (other[bit >> 3] as number) ^ (0x80 >> (bit & 7));
        const same = fingerprintOf(cidOfDigest(DAG_CBOR, bytes)).join() === fingerprintOf(cidOfDigest(DAG_CBOR, other)).join();
        expect(same).toBe(bit >= 132);
      }),
    );
  });

  it('parse totally: any text gives twelve words of the list or a code', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.oneof(fc.constantFrom(...wordlist), fc.string()), { maxLength: 14 }).map((words) => words.join(' ')));
    fc.assert(
      fc.property(text, (typed) => {
        try {
          const words = parseFingerprint(typed);
          expect(words).toHaveLength(12);
          expect(words.every((word) => wordlist.includes(word))).toBe(true);
        } catch (error) {
          expect(isError(error, 'E_USAGE')).toBe(true);
        }
      }),
    );
  });

  it('files parse totally', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: 'grapheme' }).map(bytesOf)), (bytes) => {
        try {
          parseFingerprintFile(bytes);
        } catch (error) {
          expect(isError(error, 'E_FORMAT')).toBe(true);
        }
      }),
    );
  });
});

describe('names', () => {
  it('have one spelling, and nothing in them moves a terminal, a table or a path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        let name: string;
        try {
          name = parseActorName(text);
        } catch (error) {
          expect(isError(error, 'E_USAGE')).toBe(true);
          return;
        }
        expect(isActorName(name)).toBe(true);
        expect(parseActorName(name)).toBe(name);
        expect(name).not.toMatch(/[\s/\\:*?"<>|\p{Cc}\p{Cf}]|^[.-]/u);
      }),
    );
  });
});
