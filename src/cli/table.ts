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
import { flow, harmlessCell, width } from './theme.ts';

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

function roomOf({ head, prose }: Pick<Column<never>, 'head' | 'prose'>, cells: readonly string[]): Room {
  const natural = Math.max(width(head), ...cells.map(width));
  if (prose === undefined) return { natural, least: natural };
  const longestWord = Math.max(...cells.flatMap((cell) => cell.split(/\s+/).map(width)));
  return { natural, least: Math.min(natural, Math.max(PROSE_MIN, width(head), longestWord)) };
}

/** Columns with their cells, which are on one line each. */
interface Filled {
  readonly column: Pick<Column<never>, 'head' | 'label' | 'align' | 'prose'>;
  readonly cells: readonly string[];
  readonly room: Room;
}

async function gridLines(view: View, filled: readonly Filled[], widths: readonly number[], below?: Filled): Promise<readonly string[]> {
  const { default: Table } = await import('cli-table3');
  const made = new Table({
    chars: { ...Object.fromEntries(RULES.map((rule) => [rule, ''])), middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: [...widths],
    colAligns: filled.map(({ column }) => column.align ?? 'left'),
  });
  const rows = filled[0]!.cells.map((_, row) => filled.map(({ column, cells }, at) => (column.prose ? flow(cells[row]!, widths[at]!) : [cells[row]!])));
  made.push(filled.map(({ column }) => view.paint.dim(column.head)), ...rows.map((row) => row.map((lines) => lines.join('\n'))));
  const lines = made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  if (below === undefined) return lines;
  const under = [view.paint.dim(below.column.head), ...below.cells];
  const indent = ' '.repeat(below.room.natural + GAP <= view.columns ? GAP : 0);
  const heights = [1, ...rows.map((row) => Math.max(...row.map(({ length }) => length)))];
  return heights.flatMap((height, at) => [...lines.splice(0, height), indent + under[at]!]);
}

/** A cell that says nothing is left out; a blank line stands between two records. */
const recordLines = (view: View, filled: readonly Filled[]): readonly string[] =>
  filled[0]!.cells.flatMap((_, row) => [
    ...(row === 0 ? [] : ['']),
    ...facts(
      view,
      filled.map(({ column, cells }) => [column.head || (column.label ?? ''), cells[row]!.trim()]),
    ),
  ]);

/** The lines of a table; no lines for no rows (say in words that there are none). */
export async function table<T>(view: View, rows: readonly T[], columns: readonly Column<T>[]): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const filled = columns.map((column): Filled => {
    const cells = rows.map((row) => harmlessCell(column.cell(row)));
    return { column, cells, room: roomOf(column, cells) };
  });
  const roomsOf = (some: readonly Filled[]) => some.map(({ room }) => room);
  const widths = fitted(roomsOf(filled), view.columns);
  if (widths !== undefined) return gridLines(view, filled, widths);
  const whole = filled.map(({ column, room }) => (column.prose ? 0 : room.natural));
  const widest = whole.indexOf(Math.max(...whole));
  const others = filled.toSpliced(widest, 1);
  const narrower = whole[widest]! < BELOW_MIN || whole[widest]! > view.columns ? undefined : fitted(roomsOf(others), view.columns);
  return narrower === undefined ? recordLines(view, filled) : gridLines(view, others, narrower, filled[widest]);
}
