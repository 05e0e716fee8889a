import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { cidOfDigest, DAG_CBOR } from '../../../src/core/base/cid.ts';
import {
  fingerprintMatches, fingerprintOf, formatFingerprint, parseFingerprint, parseFingerprintFile, wordOf,
} from '../../../src/core/identity/index.ts';
import { wordlist } from '../../../src/core/identity/wordlist.ts';

const idOf = (fill: (i: number) => number) => cidOfDigest(DAG_CBOR, Uint8Array.from({ length: 32 }, (_, i) => fill(i)));
const refused = (code: string) => expect.objectContaining({ code });
const zero = Array.from({ length: 12 }, () => 'abandon');

describe('the word list', () => {
  it('is the published English list of BIP-39, byte for byte', () => {
    expect(createHash('sha256').update(`${wordlist.join('\n')}\n`).digest('hex')).toBe('2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda');
  });

  it('has 2,048 words, sorted, told apart by four letters', () => {
    expect(wordlist).toHaveLength(2048);
    expect(new Set(wordlist.map((word) => word.slice(0, 4))).size).toBe(2048);
    expect([...wordlist].sort()).toEqual(wordlist);
  });
});

describe('a fingerprint', () => {
  it('is the first 132 bits of the digest, eleven a word', () => {
    expect(fingerprintOf(idOf(() => 0))).toEqual(zero);
    expect(fingerprintOf(idOf(() => 0xff))).toEqual(Array.from({ length: 12 }, () => 'zoo'));
    // 16.5 bytes count: the low half of byte 16 and all after it do not.
    expect(fingerprintOf(idOf((i) => (i === 16 ? 0x0f : i > 16 ? 0xff : 0)))).toEqual(zero);
    expect(fingerprintOf(idOf((i) => (i === 16 ? 0x10 : 0)))[11]).toBe(wordlist[1]);
    expect(fingerprintOf(idOf((i) => (i === 1 ? 0x20 : 0)))[0]).toBe(wordlist[1]);
  });

  it('is shown in three groups and read back', () => {
    const id = idOf((i) => (i * 37 + 11) & 0xff);
    const words = fingerprintOf(id);
    expect(formatFingerprint(words)).toMatch(/^\w+ \w+ \w+ \w+ \/ \w+ \w+ \w+ \w+ \/ \w+ \w+ \w+ \w+$/);
    expect(parseFingerprint(formatFingerprint(words))).toEqual(words);
    expect(fingerprintMatches(words, id)).toBe(true);
    for (let i = 0; i < 12; i++) {
      const other = words.map((word, at) => (at === i ? (wordlist[(wordlist.indexOf(word) + 1) % 2048] as string) : word));
      expect(fingerprintMatches(other, id)).toBe(false);
    }
    expect(fingerprintMatches(words.slice(0, 11), id)).toBe(false);
    expect(fingerprintMatches([], id)).toBe(false);
  });

  it.each([
    ['upper case', 'ABANDON '.repeat(12)],
    ['extra space and lines', '  abandon\n\tabandon '.repeat(6)],
    ['slashes and commas', 'abandon/abandon, abandon / abandon,'.repeat(3)],
    ['four letters', 'aban '.repeat(12)],
    ['five letters', 'aband-'.repeat(12)],
    ['wide letters from another keyboard', 'ａｂａｎｄｏｎ　'.repeat(12)],
  ])('takes %s', (_, text) => {
    expect(parseFingerprint(text)).toEqual(zero);
  });

  it.each([
    ['nothing', ''],
    ['eleven words', 'abandon '.repeat(11)],
    ['thirteen words', 'abandon '.repeat(13)],
    ['three letters of a longer word', 'aba '.repeat(12)],
    ['a word with a slip behind the fourth letter', 'abandom '.repeat(12)],
    ['a longer word than any', 'abandonment '.repeat(12)],
    ['a word of another list', 'ábaco '.repeat(12)],
    ['numbers', '1 2 3 4 5 6 7 8 9 10 11 12'],
    ['words of the prototype', '__proto__ constructor toString valueOf a b c d e f g h'],
  ])('refuses %s and corrects nothing', (_, text) => {
    expect(() => parseFingerprint(text)).toThrow(refused('E_USAGE'));
  });

  it('takes short words only whole', () => {
    expect(wordOf('act')).toBe('act');
    expect(wordOf('ac')).toBeUndefined();
    expect(wordOf('acto')).toBe('actor');
    expect(wordOf('actr')).toBe('actress');
    expect(wordOf('acts')).toBeUndefined();
    expect(wordOf('actors')).toBeUndefined();
    expect(wordOf('')).toBeUndefined();
  });
});

describe('a fingerprint file', () => {
  const line = `ada ${zero.join(' ')}`;

  it('gives names and words, and says where each stands', () => {
    const lines = parseFingerprintFile(bytesOf(`\uFEFF# release\r\n\r\n${line}\r\nben ${'zoo/'.repeat(12)}\n`));
    expect([...lines.keys()]).toEqual(['ada', 'ben']);
    expect(lines.get('ben')).toMatchObject({ line: 4, words: Array.from({ length: 12 }, () => 'zoo') });
  });

  it.each([
    ['the same name twice', `${line}\n${line}`],
    ['a line without words', 'ada'],
    ['a line with eleven', line.slice(0, -8)],
    ['a name that is none', `-ada ${zero.join(' ')}`],
    ['a word that is none', `${line} # telephone`],
  ])('refuses %s', (_, text) => {
    expect(() => parseFingerprintFile(bytesOf(text))).toThrow(refused('E_FORMAT'));
  });

  it('refuses bytes that are not text', () => {
    expect(() => parseFingerprintFile(Uint8Array.of(0x61, 0xff))).toThrow(refused('E_FORMAT'));
  });
});
