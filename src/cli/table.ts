/**
 * Tables without rules: a head in capitals, cells apart by two spaces. In a pipe nothing is cut or wrapped, so that a CID is whole;
 * in a narrow terminal the widest column wraps. Content never changes.
 */
import type { View } from './output.ts';
import { width } from './theme.ts';

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => string;
  readonly align?: 'right';
}

const GAP = 2;
const SIDES = ['left', 'mid', 'right'];
const RULES = [...['top', 'bottom', 'mid'].flatMap((row) => ['', '-left', '-mid', '-right'].map((side) => `${row}${side}`)), ...SIDES.flatMap((side) => [side, `${side}-mid`])];
/** No column is made narrower than this; a terminal that is narrower still breaks the line itself. */
const COLUMN_MIN = 8;

/** Widths that fit: the widest columns give way first. */
export function fitted(natural: readonly number[], columns: number): readonly number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - columns;
  while (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const second = Math.max(COLUMN_MIN, ...widths.filter((_, at) => at !== widest));
    const give = Math.min(over, Math.max(widths[widest]! - second, 1));
    if (widths[widest]! - give < COLUMN_MIN) break;
    widths[widest] = widths[widest]! - give;
    over -= give;
  }
  return widths;
}

// oxlint-disable-next-line no-control-regex -- colours are passed over, not broken
const PARTS = /\u001b\[(\d+)m|[^]/gu;
const closing = (opening: string): string => (opening === '1' || opening === '2' ? '22' : '39');

const newLine = (colour: string): string => (colour === '' ? '\n' : `\u001b[${closing(colour)}m\n\u001b[${colour}m`);

/**
 * Breaks a cell at the width of its column: behind the last space or slash that fits, and where there is none wherever that falls. Only line
 * ends are added. A colour ends with its line and begins again on the next.
 */
export function broken(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let [out, used, colour] = ['', 0, ''];
  /** Where this line may end, and what of it stands behind that. */
  let gap: { readonly at: number; readonly colour: string; readonly used: number } | undefined;
  for (const [part, code] of text.matchAll(PARTS)) {
    if (code !== undefined) {
      colour = ['22', '39'].includes(code) ? '' : code;
      out += part;
      continue;
    }
    const columnsOfPart = part === '\n' ? 0 : width(part);
    // twice, where a wide character does not fit behind the gap either
    while (used > 0 && used + columnsOfPart > columns) {
      const { at, colour: then, used: before } = gap ?? { at: out.length, colour, used };
      out = out.slice(0, at) + newLine(then) + out.slice(at);
      used -= before;
      gap = undefined;
    }
    out += part;
    used = part === '\n' ? 0 : used + columnsOfPart;
    if (part === '\n') gap = undefined;
    else if (part === ' ' || part === '/') gap = { at: out.length, colour, used };
  }
  return out;
}

/** The lines of a table; no lines for no rows (say in words that there are none). */
export async function table<T>(view: View, rows: readonly T[], columns: readonly Column<T>[]): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const { default: Table } = await import('cli-table3');
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const natural = columns.map(({ head }, at) => Math.max(width(head), ...cells.map((row) => width(row[at]!))));
  const widths = fitted(natural, view.columns);
  const made = new Table({
    chars: { ...Object.fromEntries(RULES.map((rule) => [rule, ''])), middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: [...widths],
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  const lines = [columns.map(({ head }) => view.paint.dim(head)), ...cells];
  made.push(...lines.map((line) => line.map((cell, at) => broken(cell, widths[at]!))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
