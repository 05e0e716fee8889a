/** How benchmark rows look: one table with every ratio beside its budget, bars of the ratios, or Markdown for a report. */
import { barChart, type Bar } from '../../cli/chart.ts';
import type { View } from '../../cli/command.ts';
import { grouped } from '../../cli/human.ts';
import { array, boolean, integer, number, object, oneOf, optional, record, string, time, either, type Infer } from '../../cli/schema.ts';
import { table, type Column } from '../../cli/table.ts';

const budgetSchema = object({ of: oneOf(['ratio', 'value']), bound: oneOf(['at least', 'at most']), number: number() });

const rowSchema = object({
  id: string(),
  label: string('the id in words'),
  value: number('median, in unit'),
  unit: oneOf(['ops/s', 'MB/s', 'ms', 'MiB']),
  samples: integer(),
  p50: number('milliseconds of one operation'),
  p95: number(),
  p99: number(),
  spread: number('width of the middle half of the samples, over their median'),
  basis: oneOf(['wall', 'cpu'], 'which time it is made of'),
  cpuShare: number('CPU time over wall time'),
  limit: optional(number('what it is compared with, measured in the same run, in unit')),
  limitOf: optional(string('what that limit is')),
  ratio: optional(number('value over limit: median of neighbouring pairs')),
  ratioLow: optional(number('lower end of its 95 % interval')),
  ratioHigh: optional(number()),
  budget: optional(budgetSchema),
  ok: optional(boolean('whether the budget is met')),
  noise: array(string(), 'why it cannot be relied on; empty when it can'),
  details: optional(record(either(number(), string()))),
});

const machineSchema = object({
  cpu: string(),
  cores: integer(),
  memoryBytes: integer(),
  os: string(),
  node: string(),
  openssl: string(),
  sqlite: string(),
  provider: string('the crypto provider that did the work'),
  providers: record(string()),
});

export const reportSchema = object({
  bench: string(),
  at: time(),
  machine: machineSchema,
  rows: array(rowSchema),
  noisy: boolean('true when the machine was too noisy to tell'),
});

export type ShownReport = Infer<typeof reportSchema>;
type ShownRow = ShownReport['rows'][number];

/** Four digits that mean something, thousands apart. */
export function figure(n: number): string {
  if (n >= 1_000) return grouped(Math.round(Number(n.toPrecision(4))));
  return String(Number(n.toPrecision(3)));
}

/** A time in the unit that suits it. */
export function shortTime(ms: number): string {
  if (ms === 0) return '-';
  if (ms >= 1_000) return `${figure(ms / 1_000)} s`;
  if (ms >= 1) return `${figure(ms)} ms`;
  return ms >= 0.001 ? `${figure(ms * 1_000)} us` : `${figure(ms * 1_000_000)} ns`;
}

const ratioText = (ratio: number): string => `${ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}x`;

const budgetText = (row: ShownRow): string => {
  if (row.budget === undefined) return '-';
  const { of, bound, number: asked } = row.budget;
  return `${bound === 'at least' ? '>=' : '<='} ${of === 'ratio' ? `${asked}x` : `${figure(asked)} ${row.unit}`}`;
};

type Shades = Pick<View, 'paint' | 'symbols'>;

const judged = ({ ok, noise }: ShownRow, { paint, symbols }: Shades): string => {
  const noisy = noise.length > 0 ? paint.warn(`${ok === undefined ? '' : ', '}noisy`) : '';
  if (ok === undefined) return noisy;
  return `${ok ? paint.good(`${symbols.ok} ok`) : paint.bad(`${symbols.fail} missed`)}${noisy}`;
};

const valueText = (row: ShownRow, value: number | undefined): string => (value === undefined ? '-' : `${figure(value)} ${row.unit}`);

/** One column more for each size that any row has. */
function sizeColumns(rows: readonly ShownRow[]): readonly Column<ShownRow>[] {
  const heads: Readonly<Record<string, string>> = { publicKeyBytes: 'PUBLIC KEY', ciphertextBytes: 'CIPHERTEXT', signatureBytes: 'SIGNATURE', seedBytes: 'SEED', secretBytes: 'SECRET' };
  return Object.entries(heads).flatMap(([field, head]) =>
    rows.some(({ details }) => details?.[field] !== undefined)
      ? [{ head, align: 'right' as const, cell: ({ details }: ShownRow) => (details?.[field] === undefined ? '-' : `${details[field]} B`) }]
      : [],
  );
}

function columnsOf(rows: readonly ShownRow[], shades: Shades, { verbose, sizes }: { verbose: boolean; sizes: boolean }): readonly Column<ShownRow>[] {
  const limits = new Set(rows.flatMap(({ limitOf }) => (limitOf === undefined ? [] : [limitOf])));
  const [only] = limits;
  const timeColumn = (head: string, field: 'p50' | 'p95' | 'p99'): Column<ShownRow> => ({ head, align: 'right', cell: (row) => shortTime(row[field]) });
  return [
    { head: 'WHAT', cell: ({ label }) => label, prose: true },
    { head: 'VALUE', align: 'right', cell: (row) => valueText(row, row.value) },
    ...(verbose ? [timeColumn('P50', 'p50')] : []),
    timeColumn('P95', 'p95'),
    ...(verbose ? [timeColumn('P99', 'p99')] : []),
    { head: limits.size === 1 ? (only as string).toUpperCase() : 'LIMIT', align: 'right', cell: (row) => valueText(row, row.limit) },
    ...(limits.size > 1 ? [{ head: 'WHICH IS', cell: ({ limitOf }: ShownRow) => limitOf ?? '-', prose: true as const }] : []),
    { head: 'RATIO', align: 'right', cell: ({ ratio }) => (ratio === undefined ? '-' : ratioText(ratio)) },
    ...(verbose ? [{ head: 'INTERVAL', cell: ({ ratioLow: low, ratioHigh: high }: ShownRow) => (low === undefined || high === undefined ? '-' : `${ratioText(low)} to ${ratioText(high)}`) }] : []),
    { head: 'BUDGET', cell: budgetText },
    { head: '', label: 'RESULT', cell: (row) => judged(row, shades) },
    ...(sizes ? sizeColumns(rows) : []),
  ];
}

export const machineLine = ({ machine }: ShownReport, dot: string): string => {
  const { cpu, cores, memoryBytes, os, node, openssl, provider } = machine;
  return [cpu, `${cores} cores`, `${Math.round(memoryBytes / 2 ** 30)} GiB`, os, `Node ${node}`, `OpenSSL ${openssl}`, `provider ${provider}`].join(` ${dot} `);
};

const bars = (rows: readonly ShownRow[]): readonly Bar[] =>
  rows.flatMap(({ label, ratio, budget, ok }) =>
    ratio === undefined
      ? []
      : [{ label, value: ratio, text: ratioText(ratio), ...(budget?.of === 'ratio' ? { bound: budget.number } : {}), tone: ok === undefined ? 'mark' : ok ? 'good' : 'bad' }],
  );

/** Bars of ratios of one kind only: a rate's is better when longer, a time's or a size's when shorter. */
function charts(rows: readonly ShownRow[], view: View): readonly string[] {
  const isRate = ({ unit }: ShownRow) => unit === 'ops/s' || unit === 'MB/s';
  const kinds = [
    { of: rows.filter(isRate), better: 'longer' },
    { of: rows.filter((row) => !isRate(row)), better: 'shorter' },
  ];
  return kinds.flatMap(({ of, better }) => {
    const drawn = bars(of);
    const bound = drawn.some((bar) => bar.bound !== undefined) ? '; the line is the budget' : '';
    return drawn.length === 0 ? [] : ['', view.paint.dim(`value over limit: ${better} is better${bound}`), ...barChart(drawn, view)];
  });
}

export interface TableOptions {
  readonly sizes: boolean;
}

export async function reportLines(report: ShownReport, view: View, options: TableOptions): Promise<readonly string[]> {
  const columns = columnsOf(report.rows, view, { verbose: view.verbose, ...options });
  return [view.paint.dim(machineLine(report, view.symbols.dot)), '', ...(await table(view, report.rows, columns)), ...charts(report.rows, view)];
}

/** GitHub-flavoured Markdown; says the same as the table. */
export function markdownLines(report: ShownReport, view: View, options: TableOptions): readonly string[] {
  const columns = columnsOf(report.rows, { paint: { ...view.paint, good: String, bad: String, warn: String }, symbols: view.symbols }, { verbose: view.verbose, ...options });
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ head }) => head.charAt(0) + head.slice(1).toLowerCase())),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...report.rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
    '',
    machineLine(report, view.symbols.dot),
  ];
}
