/** Cobblestone-256: shape, commitment, truncation, and every bit of a small file. */
import { describe, expect, test } from 'vitest';
import { bytesOf, concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { limits } from '../../../src/core/base/limits.ts';
import {
  checkCommitment, CHUNK_BYTES, ContentCipher, ContentOpener, ContentSealer, deriveContentKeys, openAll, openedContentBytes, sealAll,
  sealedContentBytes, SEALED_CHUNK_BYTES,
} from '../../../src/core/crypto/index.ts';
import { EMPTY, flipBit, pairs, providers, seededRng } from './support.ts';

const rng = seededRng('cobblestone');
const key = rng.bytes(32);
const salt = rng.bytes(24);
const context = bytesOf('omniplex/v1/content\0');
const LENGTHS = [0, 1, 15, 16, 17, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 5];
const refused = (code: string) => expect.objectContaining({ code });

test.each(pairs)('$name: every length around the edges', ({ maker, taker }) => {
  for (const length of LENGTHS) {
    const plaintext = rng.bytes(length);
    const file = sealAll(maker, key, context, plaintext, salt);
    expect(file).toEqual(sealAll(taker, key, context, plaintext, salt));
    expect(file.length).toBe(56 + sealedContentBytes(length));
    expect(openedContentBytes(file.length - 56)).toBe(length);
    expect(openAll(taker, key, context, file)).toEqual(plaintext);
  }
});

test('lengths that no message has', () => {
  for (const length of [0, 1, 15, SEALED_CHUNK_BYTES, SEALED_CHUNK_BYTES + 15, 3 * SEALED_CHUNK_BYTES]) expect(openedContentBytes(length)).toBeUndefined();
  for (const length of [16, SEALED_CHUNK_BYTES - 1, SEALED_CHUNK_BYTES + 16]) expect(openedContentBytes(length)).toBeTypeOf('number');
  expect(sealedContentBytes(0)).toBe(16);
  expect(sealedContentBytes(CHUNK_BYTES)).toBe(SEALED_CHUNK_BYTES + 16);
});

describe.each(providers)('$name', (provider) => {
  const small = bytesOf('thirty-one bytes of plain text.');
  const file = sealAll(provider, key, context, small, salt);

  test('a fresh salt each time', () => {
    expect(sealAll(provider, key, context, small).subarray(0, 24)).not.toEqual(sealAll(provider, key, context, small).subarray(0, 24));
  });

  test('every bit flipped and every length cut is refused', () => {
    for (let bit = 0; bit < file.length * 8; bit++) {
      // A flipped salt gives other keys, whose commitment is not the one in the file.
      expect(() => openAll(provider, key, context, flipBit(file, bit))).toThrow(refused(bit < 56 * 8 ? 'E_COMMITMENT' : 'E_CIPHERTEXT'));
    }
    for (let length = 0; length < file.length; length++) expect(() => openAll(provider, key, context, file.subarray(0, length))).toThrow(refused('E_CIPHERTEXT'));
    expect(() => openAll(provider, key, context, concat(file, Uint8Array.of(0)))).toThrow(refused('E_CIPHERTEXT'));
  });

  test('another key or context does not meet the commitment', () => {
    expect(() => openAll(provider, flipBit(key, 0), context, file)).toThrow(refused('E_COMMITMENT'));
    expect(() => openAll(provider, key, EMPTY, file)).toThrow(refused('E_COMMITMENT'));
    expect(() => openAll(provider, key, context.subarray(0, -1), file)).toThrow(refused('E_COMMITMENT'));
    const keys = deriveContentKeys(provider, key, salt, context);
    for (const wrong of [EMPTY, keys.commitment.subarray(1), flipBit(keys.commitment, 255)]) {
      expect(() => checkCommitment(keys, wrong)).toThrow(refused('E_COMMITMENT'));
      expect(() => new ContentOpener(provider, keys, wrong)).toThrow(refused('E_COMMITMENT'));
    }
  });

  test('chunks cannot be cut off, moved, doubled, or shortened', () => {
    const long = sealAll(provider, key, context, rng.bytes(3 * CHUNK_BYTES + 10), salt);
    const header = long.subarray(0, 56);
    const chunk = (i: number) => long.subarray(56 + i * SEALED_CHUNK_BYTES, 56 + (i + 1) * SEALED_CHUNK_BYTES);
    const wrong: Record<string, Bytes> = {
      'last gone': concat(header, chunk(0), chunk(1), chunk(2)),
      'first gone': concat(header, chunk(1), chunk(2), chunk(3)),
      'two exchanged': concat(header, chunk(1), chunk(0), chunk(2), chunk(3)),
      'one doubled': concat(header, chunk(0), chunk(0), chunk(1), chunk(2), chunk(3)),
      'last early': concat(header, chunk(0), chunk(3)),
      'last doubled': concat(long, chunk(3)),
      'a full chunk cut short': long.subarray(0, 56 + SEALED_CHUNK_BYTES + 100),
      'only a header': header,
    };
    for (const [name, bytes] of Object.entries(wrong)) expect(() => openAll(provider, key, context, bytes), name).toThrow(refused('E_CIPHERTEXT'));
    for (const at of [56, 57, 56 + SEALED_CHUNK_BYTES - 1, 56 + SEALED_CHUNK_BYTES, long.length - 1]) {
      expect(() => openAll(provider, key, context, flipBit(long, at * 8))).toThrow(refused('E_CIPHERTEXT'));
    }
  });

  test('chunks by number: any order, any range, from keys alone', () => {
    const plaintext = rng.bytes(3 * CHUNK_BYTES + 10);
    const whole = sealAll(provider, key, context, plaintext, salt);
    const keys = structuredClone(deriveContentKeys(provider, key, salt, context));
    const worker = new ContentCipher(provider, keys);
    const range = new Uint8Array(2 * SEALED_CHUNK_BYTES);
    expect(worker.sealChunks(1, plaintext.subarray(CHUNK_BYTES, 3 * CHUNK_BYTES), range)).toBe(range.length);
    expect(range).toEqual(whole.subarray(56 + SEALED_CHUNK_BYTES, 56 + 3 * SEALED_CHUNK_BYTES));

    const out = new Uint8Array(CHUNK_BYTES);
    const last = whole.subarray(56 + 3 * SEALED_CHUNK_BYTES);
    expect(worker.openChunk(3, true, last, out)).toBe(10);
    expect(out.subarray(0, 10)).toEqual(plaintext.subarray(3 * CHUNK_BYTES));
    expect(worker.openChunk(2, false, range.subarray(SEALED_CHUNK_BYTES), out)).toBe(CHUNK_BYTES);
    expect(out).toEqual(plaintext.subarray(2 * CHUNK_BYTES, 3 * CHUNK_BYTES));
    for (const [index, isLast, sealed] of [[2, true, last], [3, false, last], [2, false, range.subarray(0, SEALED_CHUNK_BYTES)], [2, true, range.subarray(SEALED_CHUNK_BYTES)], [3, true, last.subarray(0, 15)], [3, true, EMPTY]] as const) {
      expect(() => worker.openChunk(index, isLast, sealed, out)).toThrow(expect.objectContaining({ code: 'E_CIPHERTEXT', details: { chunk: index } }));
    }
    expect(() => worker.openChunks(1, range.subarray(1), new Uint8Array(2 * CHUNK_BYTES))).toThrow(refused('E_CIPHERTEXT'));
    expect(() => worker.openChunks(1, range.subarray(0, -1), new Uint8Array(2 * CHUNK_BYTES))).toThrow(expect.objectContaining({ details: { chunk: 2 } }));
  });

  test('chunk numbers reach into the fifth byte of the nonce, and no further', () => {
    const cipher = new ContentCipher(provider, deriveContentKeys(provider, key, salt, context));
    const sealedAt = (index: number) => {
      const out = new Uint8Array(17);
      cipher.sealChunk(index, Uint8Array.of(0), out);
      return out;
    };
    const seen = new Set([0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, limits.contentChunksMax - 1].map((index) => sealedAt(index).join()));
    expect(seen.size).toBe(7);
    for (const index of [-1, 0.5, limits.contentChunksMax, NaN]) expect(() => sealedAt(index)).toThrow(RangeError);
    expect(() => cipher.openChunk(limits.contentChunksMax, true, new Uint8Array(20), new Uint8Array(20))).toThrow(refused('E_CIPHERTEXT'));
  });

  test('the opener releases an authentic prefix, says how long it is, and is then spent', () => {
    const plaintext = rng.bytes(2 * CHUNK_BYTES + 10);
    const sealed = sealAll(provider, key, context, plaintext, salt).subarray(56);
    const keys = deriveContentKeys(provider, key, salt, context);
    const opener = new ContentOpener(provider, keys, keys.commitment);
    const out = new Uint8Array(2 * CHUNK_BYTES);
    expect(() => opener.update(flipBit(sealed, (SEALED_CHUNK_BYTES + 3) * 8), out)).toThrow(expect.objectContaining({ code: 'E_CIPHERTEXT', details: { chunk: 1 } }));
    expect(opener.plaintextBytes).toBe(CHUNK_BYTES);
    expect(out.subarray(0, CHUNK_BYTES)).toEqual(plaintext.subarray(0, CHUNK_BYTES));
    expect(out.subarray(CHUNK_BYTES).every((byte) => byte === 0)).toBe(true);
    expect(() => opener.update(sealed, out)).toThrow(/used after/);
  });

  test('a stream that ends on the edge of a chunk was cut', () => {
    const keys = deriveContentKeys(provider, key, salt, context);
    const sealed = sealAll(provider, key, context, rng.bytes(CHUNK_BYTES), salt).subarray(56);
    for (const end of [0, 5, SEALED_CHUNK_BYTES, SEALED_CHUNK_BYTES + 15]) {
      const opener = new ContentOpener(provider, keys, keys.commitment);
      opener.update(sealed.subarray(0, end), new Uint8Array(CHUNK_BYTES));
      expect(() => opener.final(new Uint8Array(CHUNK_BYTES))).toThrow(refused('E_CIPHERTEXT'));
    }
  });

  test('output without room is our own mistake and seals nothing', () => {
    const keys = deriveContentKeys(provider, key, salt, context);
    const sealer = new ContentSealer(provider, keys);
    expect(() => sealer.update(new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES))).toThrow(RangeError);
    expect(() => sealer.final(new Uint8Array(16))).toThrow(RangeError);
    expect(sealer.final(new Uint8Array(SEALED_CHUNK_BYTES))).toBe(16);
    expect(() => sealer.final(new Uint8Array(SEALED_CHUNK_BYTES))).toThrow(/used after/);
    const cipher = new ContentCipher(provider, keys);
    expect(() => cipher.sealChunk(0, new Uint8Array(CHUNK_BYTES + 1), new Uint8Array(20_000))).toThrow(RangeError);
    expect(() => cipher.sealChunks(0, new Uint8Array(5), new Uint8Array(20_000))).toThrow(RangeError);
    expect(() => deriveContentKeys(provider, key.subarray(1), salt, context)).toThrow(RangeError);
    expect(() => deriveContentKeys(provider, key, salt.subarray(1), context)).toThrow(RangeError);
  });
});
