/**
 * The few colours and symbols of the terminal. They change how an answer looks, never what it says:
 * every colour stands beside a word, and every symbol has an ASCII form.
 */

export type ColorWish = 'auto' | 'always' | 'never';

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  /** Names, codes, commands to type. */
  mark(text: string): string;
}

export interface Symbols {
  readonly ok: string;
  readonly warn: string;
  readonly fail: string;
  readonly dot: string;
  readonly arrow: string;
  readonly bar: string;
  readonly ellipsis: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Flag, then FORCE_COLOR, then NO_COLOR, then TERM=dumb, then whether the stream is a terminal. An empty variable says nothing
 * (https://no-color.org, https://force-color.org). That FORCE_COLOR beats NO_COLOR, and that 0 and false forbid colours, is Node's reading.
 */
export function colorOn(wish: ColorWish, env: Environment, isTerminal: boolean): boolean {
  if (wish !== 'auto') return wish === 'always';
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return isTerminal && env['TERM'] !== 'dumb';
}

const plain = (text: string): string => text;
const sgr =
  (open: number, close: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;

const colored: Paint = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), warn: sgr(33, 39), bad: sgr(31, 39), mark: sgr(36, 39) };
const uncolored: Paint = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain, mark: plain };

export const paintOf = (color: boolean): Paint => (color ? colored : uncolored);

const unicodeSymbols: Symbols = { ok: '✓', warn: '!', fail: '✗', dot: '·', arrow: '→', bar: '█', ellipsis: '…' };
const asciiSymbols: Symbols = { ok: '+', warn: '!', fail: 'x', dot: '-', arrow: '->', bar: '#', ellipsis: '...' };

/** By locale alone, as POSIX orders it, so that a pipe shows the same text as a terminal. */
export function symbolsOf(env: Environment): Symbols {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'dumb' ? unicodeSymbols : asciiSymbols;
}

const SAFE_SGR = /\u001b\[(?:1|2|22|3[1-6]|39|9[0-7])m/y;

/**
 * Text for a terminal: control characters, other escape sequences and bidirectional overrides become visible escapes.
 * Names of senders, files and contacts are hostile input; all that they can get through here is a colour.
 */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character, at: number) => {
    SAFE_SGR.lastIndex = at;
    if (character === '\u001b' && SAFE_SGR.test(text)) return character;
    return visible(character);
  });
}

const visible = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/** The same for a cell of a table, which ends no line. */
export const harmlessCell = (text: string): string => harmless(text).replace(/[\t\n]/g, visible);

const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that text takes on a terminal: colours none, marks none, wide characters two. */
export function width(text: string): number {
  // oxlint-disable-next-line no-control-regex -- that is what has no width
  const bare = text.replace(/\u001b\[[\d;]*m/g, '');
  if (/^[\u0020-\u007e]*$/.test(bare)) return bare.length;
  let columns = 0;
  for (const character of bare) columns += /\p{M}|\p{Cf}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Where a line goes on when it is broken: under its own indent, or under what stands behind its label (`error  no home`). */
function hangingIndent(line: string, columns: number): string {
  const label = /^(?:\S{1,16} {2,}| *)/.exec(line)?.[0] ?? '';
  return label.length * 2 > columns ? '' : ' '.repeat(label.length);
}

/** Breaks lines that are too long for a terminal at a space, where they have one. What fits stays as it is. */
export function flowed(text: string, columns: number): string {
  return text
    .split('\n')
    // oxlint-disable-next-line no-control-regex -- colours have no width and are no part of a label
    .flatMap((line) => flow(line, columns, hangingIndent(line.replace(/\u001b\[[\d;]*m/g, ''), columns)))
    .join('\n');
}

/** One line as the lines it takes: broken at spaces only, and what is broken off is indented. A word that is too long stands alone, whole. */
export function flow(line: string, columns: number, indent = ''): readonly string[] {
  if (width(line) <= columns) return [line];
  const lines: string[] = [];
  let at = '';
  for (const part of line.match(/^\s*\S*|\s+\S*/g) ?? []) {
    if (at.trim() === '' || width(at) + width(part) <= columns) at += part;
    else {
      lines.push(at);
      at = indent + part.trimStart();
    }
  }
  return [...lines, at];
}
