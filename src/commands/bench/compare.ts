import { arg, parsed } from '../../cli/flags.ts';
import { BaseCommand, type Answer, type Infer, type View } from '../../cli/command.ts';
import { array, boolean, nullable, number, object, oneOf, string } from '../../cli/schema.ts';
import { eachOf } from '../../core/base/count.ts';
import { fail, warning, type Warning } from '../../core/base/errors.ts';
import { comparisonLines } from './_compared.ts';

const rows = array(object({ id: string(), unit: string(), before: number(), after: number(), change: nullable(number('of the value, as a share of before')), p95Change: nullable(number()), verdict: oneOf(['better', 'worse', 'same']), failed: boolean(), noisy: boolean() }));
const schema = object({ rows, missing: object({ before: array(string()), after: array(string()) }), machines: array(string(), 'what differs between the machines'), noisy: boolean(), failed: array(string(), 'ids of rows of which the expression is true') });

const failIf = { value: 'EXPRESSION', description: "end with exit 10 when this is true of any row: 'p95>+10%', 'ratio<0.9 or missing', 'id = pq.* and not ok'" };

export default class BenchCompare extends BaseCommand<typeof BenchCompare> {
  static override readonly summary = 'Two benchmark reports side by side, with a threshold for CI';
  static override readonly description =
    'Takes files of --out or --json. A change inside the spread of the samples is "same". Signed amounts are changes from A to B, unsigned ones numbers in B; ' +
    'fields are value p50 p95 p99 spread limit ratio ratioLow ratioHigh, joined by and, or, not and parentheses; ok, missing and id = PATTERN stand alone.';
  static override readonly args = { a: arg('the report from before'), b: arg('the report from after') };
  static override readonly flags = { 'fail-if': parsed(failIf, async (text) => ({ text, expression: (await import('../../core/bench/compare.ts')).parseExpression(text) })) };
  static override readonly impact = 'read';
  static override readonly exits = { 2: 'the expression does not parse, or is about no row', 5: 'a file is not there', 7: 'a file is not a report', 10: 'the expression is true of a row' };
  static override readonly schema = schema;
  static override readonly examples = [
    { command: 'omniplex bench compare before.json after.json', description: 'What changed' },
    { command: "omniplex bench compare main.json branch.json --fail-if 'p95>+10% or not ok or missing'", description: 'In CI' },
  ];

  override async run(): Promise<Answer<typeof schema>> {
    const [{ compare }, { parseReport }, { readBounded }, { limits }] = await Promise.all([import('../../core/bench/compare.ts'), import('../../core/bench/report.ts'), import('../../core/base/files.ts'), import('../../core/base/limits.ts')]);
    const read = async (path: string) => parseReport(await readBounded(path, limits.benchReportBytesMax), path);
    const failIf = this.flags['fail-if'];
    const result = compare(await read(this.args.a), await read(this.args.b), failIf?.expression);
    const lost = (ids: readonly string[], report: string): Warning[] => (ids.length === 0 ? [] : [warning('W_ROWS_MISSING', { count: ids.length, report, rows: ids.join(', ') })]);
    const warnings = [
      ...lost(result.missing.after, this.args.a),
      ...lost(result.missing.before, this.args.b),
      ...(result.machines.length > 0 ? [warning('W_MACHINES', { what: result.machines.join(', ') })] : []),
      ...(result.noisy ? [warning('W_NOISY', { why: `so it was said of ${result.rows.filter(({ noisy }) => noisy).length} rows when they were measured` })] : []),
    ];
    const { failed } = result;
    return { result, warnings, ...(failed.length > 0 ? { error: fail('E_THRESHOLD', { what: eachOf(failed), why: failIf?.text }) } : {}) };
  }

  protected override render = (result: Infer<typeof schema>, view: View) => comparisonLines(result, view);
}
