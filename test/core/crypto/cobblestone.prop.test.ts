/** Any split of the input gives the same bytes, in both directions, under both providers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { CHUNK_BYTES, ContentOpener, ContentSealer, deriveContentKeys, openAll, sealAll, SEALED_CHUNK_BYTES } from '../../../src/core/crypto/index.ts';
import { EMPTY, flipBit, native, providers, seededRng } from './support.ts';

const rng = seededRng('cobblestone splits');
const key = rng.bytes(32);
const salt = rng.bytes(24);
const source = rng.bytes(4 * CHUNK_BYTES);
const edge = (unit: number, most: number) =>
  fc.oneof(fc.nat(most), fc.tuple(fc.nat(Math.floor(most / unit)), fc.integer({ min: -17, max: 17 })).map(([n, off]) => Math.min(most, Math.max(0, n * unit + off))));

function pieces(bytes: Bytes, cuts: readonly number[]): Bytes[] {
  const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe.each(providers)('$name', (provider) => {
  const keys = deriveContentKeys(provider, key, salt, EMPTY);

  test('sealing', () => {
    fc.assert(
      fc.property(edge(CHUNK_BYTES, 3 * CHUNK_BYTES), fc.array(edge(CHUNK_BYTES, 3 * CHUNK_BYTES), { maxLength: 8 }), (length, cuts) => {
        const plaintext = source.subarray(0, length);
        const sealer = new ContentSealer(provider, keys);
        const parts = pieces(plaintext, cuts).map((piece) => {
          const out = new Uint8Array(sealer.outputBytes(piece.length));
          expect(sealer.update(piece, out)).toBe(out.length);
          return out;
        });
        const last = new Uint8Array(SEALED_CHUNK_BYTES);
        expect(concat(salt, keys.commitment, ...parts, last.subarray(0, sealer.final(last)))).toEqual(sealAll(native, key, EMPTY, plaintext, salt));
      }),
      { numRuns: 40 },
    );
  });

  test('opening', () => {
    fc.assert(
      fc.property(edge(CHUNK_BYTES, 3 * CHUNK_BYTES), fc.array(edge(SEALED_CHUNK_BYTES, 3 * SEALED_CHUNK_BYTES), { maxLength: 8 }), (length, cuts) => {
        const plaintext = source.subarray(0, length);
        const opener = new ContentOpener(provider, keys, keys.commitment);
        const parts = pieces(sealAll(native, key, EMPTY, plaintext, salt).subarray(56), cuts).map((piece) => {
          const out = new Uint8Array(opener.outputBytes(piece.length));
          expect(opener.update(piece, out)).toBe(out.length);
          return out;
        });
        const last = new Uint8Array(CHUNK_BYTES);
        expect(concat(...parts, last.subarray(0, opener.final(last)))).toEqual(plaintext);
        expect(opener.plaintextBytes).toBe(length);
      }),
      { numRuns: 40 },
    );
  });
});

test('any flip and any cut of any file is refused', () => {
  fc.assert(
    fc.property(edge(CHUNK_BYTES, 3 * CHUNK_BYTES), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.boolean(), (length, where, cut) => {
      const file = sealAll(native, key, EMPTY, source.subarray(0, length), salt);
      const wrong = cut ? file.subarray(0, Math.floor(where * file.length)) : flipBit(file, Math.floor(where * file.length * 8));
      expect(() => openAll(native, key, EMPTY, wrong)).toThrow(expect.objectContaining({ name: 'OmniplexError' }));
    }),
    { numRuns: 200 },
  );
});
