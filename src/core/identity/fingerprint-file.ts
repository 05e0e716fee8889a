/**
 * A fingerprint file: what a pipeline is given instead of a telephone. One line per contact, `NAME` and its twelve words;
 * empty lines and lines that begin with `#` are left out. The file is trusted: whoever may write it decides who is verified.
 */
import { textOf, type Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { parseFingerprint, typedWords, type Fingerprint } from './fingerprint.ts';
import { parseActorName } from './name.ts';

export interface FingerprintLine {
  readonly line: number;
  readonly name: string;
  readonly words: Fingerprint;
}

/** Throws E_FORMAT naming the line. A name may stand only once. */
export function parseFingerprintFile(bytes: Bytes): ReadonlyMap<string, FingerprintLine> {
  let text: string;
  try {
    text = textOf(bytes);
  } catch (cause) {
    throw fail('E_FORMAT', { kind: 'fingerprint file', why: 'it is not UTF-8 text' }, cause);
  }
  const lines = new Map<string, FingerprintLine>();
  text.split(/\r?\n/).forEach((content, i) => {
    const trimmed = content.replace(/^\uFEFF/, '').trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const entry = parseLine(i + 1, trimmed);
    if (lines.has(entry.name)) throw fail('E_FORMAT', { kind: 'fingerprint file', why: `line ${i + 1} names "${entry.name}" again` });
    lines.set(entry.name, entry);
  });
  return lines;
}

const HINT = 'A line is the NAME of the contact and the twelve words that belong to it, as `omniplex identity show` prints them.';

function parseLine(line: number, content: string): FingerprintLine {
  const [first = '', ...rest] = content.split(/\s+/);
  try {
    return { line, name: parseActorName(first), words: parseFingerprint(typedWords(rest.join(' ')).join(' ')) };
  } catch (cause) {
    throw fail('E_FORMAT', { kind: 'fingerprint file', why: `line ${line} is not a name and twelve words`, hint: HINT }, cause);
  }
}
