/** docs/LIMITS.md: every bound with its value, reason and source. */
import { limitTable, limits, type Limit } from '../../src/core/base/limits.ts';
import { generated, table } from './markdown.ts';

const SIZES = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const;

const TIMES = [
  [86_400_000, 'days'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** In the largest unit that divides it, else in its own. */
function inUnits(value: number, units: readonly (readonly [number, string])[], own: string): string {
  const found = units.find(([size]) => value >= size && value % size === 0);
  if (found === undefined) return `${value.toLocaleString('en-US')} ${own}`;
  const amount = value / found[0];
  return `${amount} ${amount === 1 && found[1] === 'days' ? 'day' : found[1]}`;
}

export function readable({ value, unit }: Pick<Limit, 'value' | 'unit'>): string {
  if (unit === 'bytes') return inUnits(value, SIZES, unit);
  if (unit === 'ms') return inUnits(value, TIMES, unit);
  return `${value.toLocaleString('en-US')} ${unit}`;
}

function paddingClasses(): string {
  const sizes: string[] = [];
  for (let size: number = limits.paddingClassBytesMin; size < limits.contentBytesMax; size *= 2) sizes.push(readable({ value: size, unit: 'bytes' }));
  return sizes.join(', ');
}

export function limitsPage(): string {
  const rows = Object.entries(limitTable as Readonly<Record<string, Limit>>).map(([name, limit]) => [`\`${name}\``, readable(limit), limit.why, limit.source]);
  return [
    generated('src/core/base/limits.ts'),
    '# Limits',
    '',
    'Every loop, queue, retry, buffer, page and timeout has a named bound. Beyond one there is an error with a code (docs/ERRORS.md),',
    'never a silent cut. Some are part of the formats: whoever sends more is refused by every reader, so they change with a version and not',
    'with a machine. The others keep a process small and answering; none of them can be set, but for what `omniplex help settings` lists.',
    'The source says where the reason stands: a section of a page, a standard, or the benchmark that it was measured with.',
    '',
    table(['name', 'limit', 'why', 'source'], rows),
    '',
    '## Padding classes',
    '',
    `\`--pad class\` makes the content one byte shorter than the next of these sizes, which are powers of two: ${paddingClasses()}.`,
    '`--pad padme` makes it at most 12 % longer; `--pad none` leaves its length to be seen.',
    '',
  ].join('\n');
}
