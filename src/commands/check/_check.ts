/** What all checks have in common: the answer, the three formats, and a file that the node exporter may read at any moment. */
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { array, nullable, number, object, oneOf, optional, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { isError, type OmniplexError } from '../../core/base/errors.ts';
import type { CheckResult, CheckRoom, Subject, Thresholds } from '../../core/health/check.ts';

const STATUSES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
const status = oneOf(STATUSES);
const metric = object({ label: string(), value: number(), unit: oneOf(['', 's', 'B', '%']), warning: nullable(string('a Nagios range')), critical: nullable(string()) });
const facts = { status, summary: string(), perfdata: array(metric), age: nullable(number('seconds, of the audit or job it rests on; null where it looked for itself')) };

export const checkSchema = object({ ...facts, checks: optional(array(object({ name: string(), ...facts }), 'of check all: each one')) });
type CheckAnswer = Infer<typeof checkSchema>;

export const checkFlags = { 'max-age': shared['max-age'], format: shared.format, out: shared.out };
export const thresholdFlags = { ...checkFlags, warning: shared.warning, critical: shared.critical };
export const checkExits = { 0: 'OK; always with --format prometheus, where the status is in the answer' };

const rowOf = ({ status: found, summary, metrics, ageMs }: CheckResult) => ({
  status: found,
  summary,
  perfdata: metrics.map(({ label, value, unit, warning, critical }) => ({ label, value, unit, warning: warning?.text ?? null, critical: critical?.text ?? null })),
  age: ageMs === undefined ? null : Math.round(ageMs / 1000),
});

export abstract class CheckCommand<C extends { args: object; flags: object }> extends BaseCommand<C> {
  static override readonly impact = 'read';
  static override readonly nagios = true;
  static override readonly schema = checkSchema;

  #results: readonly CheckResult[] = [];

  /** Runs it. Several results are those of `check all`. */
  protected abstract check(room: CheckRoom): Promise<readonly CheckResult[]>;

  get #given(): { readonly format: 'nagios' | 'prometheus' | 'text' | undefined; readonly out: string | undefined } {
    return this.flags as never;
  }

  override async run(): Promise<Answer<typeof checkSchema>> {
    const { format, out } = this.#given;
    let error: OmniplexError | undefined;
    try {
      const app = await this.session.app();
      this.#results = await this.check({ clock: app.clock, home: () => app.home(), store: () => app.store(), as: app.settings.as });
    } catch (thrown) {
      // A file that is not replaced would go on saying that all is well.
      if (format !== 'prometheus' || !isError(thrown) || this.signal.aborted) throw thrown;
      error = thrown;
      const { cutShort } = await import('../../core/health/check.ts');
      this.#results = [cutShort((this.id ?? '').replace(/^check:? ?/, ''), thrown)];
    }
    const { together } = await import('../../core/health/check.ts');
    const [only] = this.#results;
    const isAll = this.id === 'check all';
    const answer: CheckAnswer = isAll || only === undefined ? { ...rowOf(together(this.#results)), checks: this.#results.map((one) => ({ name: one.name, ...rowOf(one) })) } : rowOf(only);
    if (out !== undefined) await this.#write(out, answer);
    const code = format === 'prometheus' ? 0 : (STATUSES.indexOf(answer.status) as 0 | 1 | 2 | 3);
    return { result: answer, status: code, error };
  }

  async #write(out: string, answer: CheckAnswer): Promise<void> {
    const artifact = await this.session.artifact(out, { replace: this.#given.format === 'prometheus' });
    const text = await this.#text(answer, { ...this.output.view(), columns: Infinity, terminal: false });
    await artifact.write(new TextEncoder().encode(`${typeof text === 'string' ? text : text.join('\n')}\n`));
    await artifact.commit();
  }

  async #text({ checks }: CheckAnswer, view: View): Promise<Lines> {
    const { nagiosLine, prometheusText } = await import('../../core/health/check-format.ts');
    if (this.#given.format === 'prometheus') return prometheusText(this.#results).trimEnd();
    if (this.#given.format === 'text') return checkTable(this.#results, view);
    if (checks === undefined) return this.#results.map(nagiosLine);
    const { together } = await import('../../core/health/check.ts');
    return [nagiosLine(together(this.#results)), ...this.#results.map(({ name, status: found, summary }) => `${found} ${name}: ${summary}`)];
  }

  protected override async render(answer: CheckAnswer, view: View): Promise<Lines> {
    return this.#given.out === undefined ? this.#text(answer, view) : '';
  }
}

/** A check of one thing, with thresholds of its own. */
export abstract class SubjectCheck<C extends { args: object; flags: object }> extends CheckCommand<C> {
  protected abstract subject(): Promise<Subject>;

  protected override async check(room: CheckRoom): Promise<readonly CheckResult[]> {
    const { runCheck } = await import('../../core/health/check.ts');
    const { warning, critical, 'max-age': maxAgeMs } = this.flags as unknown as Pick<Thresholds, 'warning' | 'critical'> & { readonly 'max-age': number | undefined };
    return [await runCheck(room, await this.subject(), { warning, critical, maxAgeMs })];
  }
}

async function checkTable(results: readonly CheckResult[], view: View): Promise<Lines> {
  const { table } = await import('../../cli/table.ts');
  const { paint } = view;
  const colour = { OK: paint.good, WARNING: paint.warn, CRITICAL: paint.bad, UNKNOWN: paint.bad };
  return table(view, results, [
    { head: 'STATUS', cell: ({ status: found }) => colour[found](found) },
    { head: 'CHECK', cell: ({ name }) => name },
    { head: 'SAYS', cell: ({ summary }) => summary, prose: true },
  ]);
}
