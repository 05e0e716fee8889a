/** How a comparison looks. */
import type { View } from '../../cli/command.ts';
import { table } from '../../cli/table.ts';
import type { Comparison, ComparedRow } from '../../core/bench/compare.ts';
import { figure } from './_rows.ts';

const change = (share: number | null): string => {
  if (share === null) return 'from nothing';
  const percent = share * 100;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)} %`;
};

const verdict = ({ verdict: word, noisy }: ComparedRow, { paint }: View): string => {
  const shown = word === 'better' ? paint.good(word) : word === 'worse' ? paint.bad(word) : paint.dim(word);
  return noisy ? `${shown}${paint.warn(', noisy')}` : shown;
};

export const comparisonLines = ({ rows }: Comparison, view: View): Promise<readonly string[]> =>
  table(view, rows, [
    { head: 'ROW', cell: ({ id }) => id },
    { head: 'BEFORE', align: 'right', cell: ({ before, unit }) => `${figure(before)} ${unit}` },
    { head: 'AFTER', align: 'right', cell: ({ after, unit }) => `${figure(after)} ${unit}` },
    { head: 'CHANGE', align: 'right', cell: (row) => change(row.change) },
    { head: 'P95', align: 'right', cell: (row) => change(row.p95Change) },
    { head: '', label: 'VERDICT', cell: (row) => verdict(row, view) },
    { head: '', label: 'THRESHOLD', cell: ({ failed }) => (failed ? view.paint.bad(`${view.symbols.fail} failed`) : '') },
  ]);
