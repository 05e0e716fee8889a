/**
 * Tables without rules: a head in capitals, cells apart by two spaces. In a pipe nothing is cut or wrapped. In a terminal a cell that
 * somebody copies or compares (a CID, a code, a time, a path) is never broken either, and no column is dropped. Where a table is too
 * wide, in this order:
 *
 * 1. columns of prose wrap at spaces;
 * 2. the widest of the other columns, if it is as long as a CID or a path, goes to a line of its own below each row;
 * 3. every row is told as a record, one fact a line.
 */
import { facts } from './facts.ts';
import type { View } from './output.ts';
import { flow, width } from './theme.ts';

export interface Column<T> {
  readonly head: string;
  /** What a record calls it, where the head is empty. */
  readonly label?: string;
  readonly cell: (row: T) => string;
  readonly align?: 'right';
  /** Sentences and lists: a cell may go on in its next line. */
  readonly prose?: true;
}

interface Room {
  readonly natural: number;
  /** A column that cannot wrap has its natural width. */
  readonly least: number;
}

const GAP = 2;
const SIDES = ['left', 'mid', 'right'];
const RULES = [...['top', 'bottom', 'mid'].flatMap((row) => ['', '-left', '-mid', '-right'].map((side) => `${row}${side}`)), ...SIDES.flatMap((side) => [side, `${side}-mid`])];
/** A narrower column of prose is harder to read than a record. */
const PROSE_MIN = 16;
/** A shorter column is found more easily in a record than below its row. */
const BELOW_MIN = 32;

/** Widths that fit in so many columns, the widest giving way first; undefined where no column can give enough. */
export function fitted(rooms: readonly Room[], columns: number): readonly number[] | undefined {
  const widths = rooms.map(({ natural }) => natural);
  let over = widths.reduce((sum, one) => sum + one, 0) + GAP * (widths.length - 1) - columns;
  for (; over > 0; over--) {
    const free = widths.map((one, at) => (one > rooms[at]!.least ? one : 0));
    const widest = free.indexOf(Math.max(...free));
    if (!free[widest]) return undefined;
    widths[widest]!--;
  }
  return widths;
}

function roomOf<T>({ head, prose }: Column<T>, cells: readonly string[]): Room {
  const natural = Math.max(width(head), ...cells.map(width));
  if (prose === undefined) return { natural, least: natural };
  const longestWord = Math.max(...cells.flatMap((cell) => cell.split(/\s+/).map(width)));
  return { natural, least: Math.min(natural, Math.max(PROSE_MIN, width(head), longestWord)) };
}

interface Grid<T> {
  readonly columns: readonly Column<T>[];
  readonly widths: readonly number[];
  readonly rows: readonly T[];
  readonly below?: Column<T> | undefined;
}

async function gridLines<T>(view: View, { columns, widths, rows, below }: Grid<T>): Promise<readonly string[]> {
  const { default: Table } = await import('cli-table3');
  const made = new Table({
    chars: { ...Object.fromEntries(RULES.map((rule) => [rule, ''])), middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: [...widths],
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  const cells = rows.map((row) => columns.map(({ cell, prose }, at) => (prose ? flow(cell(row), widths[at]!) : [cell(row)])));
  made.push(columns.map(({ head }) => view.paint.dim(head)), ...cells.map((row) => row.map((lines) => lines.join('\n'))));
  const lines = made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  if (below === undefined) return lines;
  const under = [view.paint.dim(below.head), ...rows.map(below.cell)];
  const indent = ' '.repeat(Math.max(...under.map(width)) + GAP <= view.columns ? GAP : 0);
  const heights = [1, ...cells.map((row) => Math.max(...row.map(({ length }) => length)))];
  return heights.flatMap((height, at) => [...lines.splice(0, height), indent + under[at]!]);
}

/** A cell that says nothing is left out; a blank line stands between two records. */
const recordLines = <T>(view: View, rows: readonly T[], columns: readonly Column<T>[]): readonly string[] =>
  rows.flatMap((row, at) => [
    ...(at === 0 ? [] : ['']),
    ...facts(
      view,
      columns.map(({ head, label, cell }) => [head || (label ?? ''), cell(row).trim()]),
    ),
  ]);

/** The lines of a table; no lines for no rows (say in words that there are none). */
export async function table<T>(view: View, rows: readonly T[], columns: readonly Column<T>[]): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const rooms = columns.map((column) => roomOf(column, rows.map(column.cell)));
  const widths = fitted(rooms, view.columns);
  if (widths !== undefined) return gridLines(view, { columns, widths, rows });
  const whole = columns.map(({ prose }, at) => (prose ? 0 : rooms[at]!.natural));
  const widest = whole.indexOf(Math.max(...whole));
  const others = whole[widest]! < BELOW_MIN || whole[widest]! > view.columns ? undefined : fitted(rooms.toSpliced(widest, 1), view.columns);
  if (others === undefined) return recordLines(view, rows, columns);
  return gridLines(view, { columns: columns.toSpliced(widest, 1), widths: others, rows, below: columns[widest] });
}
