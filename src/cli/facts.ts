/** One thing told line by line: labels at the left, values at the right. In a terminal a value wraps below itself; in a pipe it never does. */
import { wrapped } from './help-text.ts';
import type { Lines, View } from './output.ts';
import { width } from './theme.ts';

/** A value of several lines stays apart in these lines. Undefined leaves the fact out. */
export type Fact = readonly [label: string, value: Lines | undefined];

const GAP = 2;
/** A narrower column of values is harder to read than lines that the terminal breaks. */
const VALUE_MIN = 24;

export function facts(view: View, all: readonly Fact[]): readonly string[] {
  const told = all.filter((fact): fact is readonly [string, Lines] => fact[1] !== undefined && fact[1].length > 0);
  const left = Math.max(0, ...told.map(([label]) => width(label))) + GAP;
  const indent = ' '.repeat(left);
  const columns = Math.max(VALUE_MIN, view.columns - left);
  return told.flatMap(([label, value]) => {
    const lines = (typeof value === 'string' ? [value] : value).flatMap((line) => (width(line) <= columns ? [line] : wrapped(line, columns)));
    return lines.map((line, at) => (at === 0 ? `${view.paint.dim(label)}${' '.repeat(left - width(label))}${line}` : indent + line));
  });
}

/** The last line of an answer: what one does after this. */
export const next = (view: View, text: string): string => `${view.paint.bold('Next:')} ${text}`;
