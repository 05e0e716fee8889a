/** One thing told line by line: labels at the left, values at the right. In a terminal a value wraps at spaces below itself; in a pipe it never does. */
import type { Lines, View } from './output.ts';
import { flow, width } from './theme.ts';

/** A value of several lines stays apart in these lines. Undefined leaves the fact out. */
export type Fact = readonly [label: string, value: Lines | undefined];

const GAP = 2;
/** A narrower column of values is harder to read than lines that the terminal breaks. */
const VALUE_MIN = 24;

const longestWord = (lines: readonly string[]): number => Math.max(...lines.flatMap((line) => line.split(/\s+/)).map(width));

/** A word that has no room beside its label, such as a CID in a narrow terminal, stands below it at the edge, where it can be copied whole. */
export function facts(view: View, all: readonly Fact[]): readonly string[] {
  const told = all.filter((fact): fact is readonly [string, Lines] => fact[1] !== undefined && fact[1].length > 0);
  const left = Math.max(0, ...told.map(([label]) => width(label))) + GAP;
  const indent = ' '.repeat(left);
  const columns = Math.max(VALUE_MIN, view.columns - left);
  return told.flatMap(([label, value]) => {
    const lines = typeof value === 'string' ? [value] : value;
    const head = view.paint.dim(label) + ' '.repeat(left - width(label));
    if (longestWord(lines) > columns) return [head.trimEnd(), ...lines.flatMap((line) => flow(line, view.columns))];
    return lines.flatMap((line) => flow(line, columns)).map((line, at) => (at === 0 ? head : indent) + line);
  });
}

/** The last line of an answer: what one does after this. */
export const next = (view: View, text: string): string => `${view.paint.bold('Next:')} ${text}`;
