/** Keyed BLAKE3: the reused hasher and the one-shot form give the same bytes, whatever was hashed before. */
import { expect, test } from 'vitest';
import { bytesOf, hexOf } from '../../../src/core/base/bytes.ts';
import { KeyedBlake3, keyedBlake3, keyedBlake3Xof } from '../../../src/core/crypto/blake3.ts';
import { crc32 } from '../../../src/core/crypto/index.ts';
import { EMPTY, flipBit, seededRng } from './support.ts';

const rng = seededRng('blake3');

test('reused and one-shot agree at every block and chunk edge, in any order', async () => {
  const key = rng.bytes(32);
  const hasher = await KeyedBlake3.create(key);
  const other = await KeyedBlake3.create(rng.bytes(32));
  for (const length of [1025, 0, 1, 63, 64, 65, 160, 192, 1023, 1024, 2048, 16_384, 100_000, 3]) {
    const data = rng.bytes(length);
    expect(hasher.hash(data)).toEqual(keyedBlake3(key, data));
    expect(hasher.hash(data)).toEqual(hasher.hash(data));
    expect(other.hash(data)).not.toEqual(hasher.hash(data));
  }
});

test('the hasher keeps its own copy of the key', async () => {
  const key = rng.bytes(32);
  const before = keyedBlake3(key, EMPTY);
  const hasher = await KeyedBlake3.create(key);
  key.fill(0);
  expect(hasher.hash(EMPTY)).toEqual(before);
});

test('a longer output begins with the shorter, and every bit of key and input counts', () => {
  const [key, data] = [rng.bytes(32), rng.bytes(160)];
  const long = keyedBlake3Xof(key, data, 150);
  for (const length of [1, 32, 64, 149]) expect(keyedBlake3Xof(key, data, length)).toEqual(long.subarray(0, length));
  for (let bit = 0; bit < 256; bit += 17) expect(keyedBlake3(flipBit(key, bit), data)).not.toEqual(keyedBlake3(key, data));
  for (let bit = 0; bit < 1280; bit += 17) expect(keyedBlake3(key, flipBit(data, bit))).not.toEqual(keyedBlake3(key, data));
});

test('a key of another length is our own mistake', async () => {
  for (const length of [0, 31, 33]) {
    expect(() => keyedBlake3(new Uint8Array(length), EMPTY)).toThrow(RangeError);
    await expect(KeyedBlake3.create(new Uint8Array(length))).rejects.toThrow(RangeError);
  }
});

test('CRC32 is the one of the field (check value of "123456789")', () => {
  expect(crc32(bytesOf('123456789'))).toBe(0xcbf43926);
  expect(hexOf(Uint8Array.of(crc32(EMPTY)))).toBe('00');
});
