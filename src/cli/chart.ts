/**
 * Horizontal bars for the terminal: one line a bar, a mark where a bound lies, the number as text beside it, so that nothing is said
 * by length or colour alone. Widths are counted in characters: labels are ours, one column each.
 */
import type { View } from './output.ts';

export interface Bar {
  readonly label: string;
  /** Not negative. */
  readonly value: number;
  /** What stands behind the bar. */
  readonly text: string;
  /** Drawn as a line across the bar's row, at its place on the scale. */
  readonly bound?: number;
  readonly tone?: 'good' | 'bad' | 'mark';
}

export interface ChartOptions {
  /** Value at the full width; the largest of all when absent. */
  readonly full?: number;
}

const COLUMNS_MAX = 100;
const BAR_COLUMNS_MIN = 10;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `length` columns, to an eighth where the terminal has such characters. */
function drawn(length: number, symbol: string): string {
  if (symbol !== '█') return symbol.repeat(Math.round(length));
  const eighths = Math.round(length * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

/** Lines, without a last newline. No bars, no lines. A value beyond `full` fills the width and ends in an arrow. */
export function barChart(bars: readonly Bar[], { paint, symbols, columns }: Pick<View, 'paint' | 'symbols' | 'columns'>, { full }: ChartOptions = {}): readonly string[] {
  const labelColumns = Math.max(0, ...bars.map(({ label }) => label.length));
  const textColumns = Math.max(0, ...bars.map(({ text }) => text.length));
  const width = Math.max(BAR_COLUMNS_MIN, Math.min(columns, COLUMNS_MAX) - labelColumns - textColumns - 4);
  const top = full ?? Math.max(...bars.flatMap(({ value, bound }) => [value, bound ?? 0]));
  const place = (value: number): number => (top > 0 ? (Math.min(value, top) / top) * width : 0);
  const line = symbols.bar === '█' ? '│' : '|';
  return bars.map(({ label, value, text, bound, tone = 'mark' }) => {
    const beyond = value > top;
    const body = beyond ? drawn(width, symbols.bar).slice(0, width - symbols.arrow.length) + symbols.arrow : drawn(place(value), symbols.bar);
    const row = body.padEnd(width);
    const at = bound === undefined ? undefined : Math.min(width - 1, Math.round(place(bound)));
    const painted = (part: string) => paint[tone](part);
    const shown = at === undefined ? painted(row) : painted(row.slice(0, at)) + paint.bold(line) + painted(row.slice(at + 1));
    return `${label.padEnd(labelColumns)}  ${shown}  ${text}`.trimEnd();
  });
}
