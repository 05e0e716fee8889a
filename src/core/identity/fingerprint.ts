/**
 * Fingerprints: the first 132 bits of an identity's digest as twelve words that people can read aloud and type.
 * 132 bits leave 2^132 work to whoever wants another identity with the same words.
 * Parsing takes what people type: any case, extra spaces, slashes, commas, the first four letters of a word. It corrects nothing.
 */
import { digestOf, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { wordlist } from './wordlist.ts';

const FINGERPRINT_WORDS = 12;
const WORD_BITS = 11;
/** No two words of the list begin with the same four letters. */
const PREFIX_CHARS = 4;

export type Fingerprint = readonly string[];

const byPrefix: ReadonlyMap<string, string> = new Map(wordlist.map((word) => [word.slice(0, PREFIX_CHARS), word]));

/** The twelve words of an identity id. */
export function fingerprintOf(id: Cid): Fingerprint {
  const digest = digestOf(id);
  return Array.from({ length: FINGERPRINT_WORDS }, (_, word) => {
    let index = 0;
    for (let bit = word * WORD_BITS; bit < (word + 1) * WORD_BITS; bit++) index = index * 2 + (((digest[bit >> 3] as number) >> (7 - (bit & 7))) & 1);
    return wordlist[index] as string;
  });
}

/** Three groups of four, as they are shown: `amber tulip orbit canoe / basil ferry ninth quilt / maple siren delta comet`. */
export const formatFingerprint = (words: Fingerprint): string => [0, 4, 8].map((at) => words.slice(at, at + 4).join(' ')).join(' / ');

/** The word that someone typed, or undefined. Four letters and more may stand for the word they begin. */
export function wordOf(typed: string): string | undefined {
  const text = typed.toLowerCase();
  const word = byPrefix.get(text.slice(0, PREFIX_CHARS));
  if (word === undefined) return undefined;
  return word === text || (text.length >= PREFIX_CHARS && word.startsWith(text)) ? word : undefined;
}

/** Parts of typed text that may be words. */
export const typedWords = (text: string): readonly string[] => text.normalize('NFKC').split(/[\s/,;.|-]+/).filter((part) => part !== '');

/** Throws E_USAGE naming the first word that is none, or the number of words. */
export function parseFingerprint(text: string): Fingerprint {
  const typed = typedWords(text);
  if (typed.length !== FINGERPRINT_WORDS) throw fail('E_USAGE', { why: `a fingerprint has ${FINGERPRINT_WORDS} words, not ${typed.length}` });
  return typed.map((part, i) => {
    const word = wordOf(part);
    if (word === undefined) throw fail('E_USAGE', { why: `word ${i + 1} is not in the list of words` });
    return word;
  });
}

/** True when the words are those of this identity. */
export const fingerprintMatches = (words: Fingerprint, id: Cid): boolean => {
  const expected = fingerprintOf(id);
  return words.length === expected.length && expected.every((word, i) => word === words[i]);
};
