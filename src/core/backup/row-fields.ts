/** What the rows of a backup are read with, beside the fields that every format has. All throw E_FORMAT. */
import type { Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';

export const ROW_KIND = 'row of a backup';
const WORD_CHARS_MAX = 40;

export function refuse(why: string): never {
  throw fail('E_FORMAT', { kind: ROW_KIND, why });
}

/** Text that is not empty. */
export function text(reader: Reader, field: string, charsMax: number): string {
  const value = reader.text(field, charsMax);
  return value === '' ? refuse(`field ${field} is empty`) : value;
}

export const oneOf = <const T extends string>(reader: Reader, field: string, values: readonly T[]): T => known(reader.text(field, WORD_CHARS_MAX), field, values);

/** A list of different words. */
export function someOf<const T extends string>(reader: Reader, field: string, values: readonly T[]): readonly T[] {
  const words = reader.list(field, values.length).map((word) => known(word, field, values));
  return new Set(words).size === words.length ? words : refuse(`field ${field} says something twice`);
}

function known<const T extends string>(word: unknown, field: string, values: readonly T[]): T {
  return values.find((value) => value === word) ?? refuse(`field ${field} is none of ${values.join(', ')}`);
}
