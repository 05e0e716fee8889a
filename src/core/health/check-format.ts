/**
 * Checks as monitoring systems read them: one line with performance data, or a file of Prometheus' text format for the node exporter.
 * Sources: Monitoring Plugins Development Guidelines, "Plugin Output"; Prometheus, "Exposition formats".
 */
import { statuses, type CheckResult, type Metric, type Unit } from './check.ts';

/** A bar begins performance data, and a newline ends the line: neither may come out of a name. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n|]+/g, ' ');

const perfdata = ({ label, value, unit, warning, critical }: Metric): string => `${label}=${value}${unit};${warning?.text ?? ''};${critical?.text ?? ''}`.replace(/;+$/, '');

/** Of the audit or job: the one number that every check may have. */
const AGE = 'age';

const seconds = (ms: number): number => Math.round(ms / 1000);

/** `OMNIPLEX STORE OK: hot 12 % of 8.0 GiB | hot_used=12%;80;95`. */
export function nagiosLine({ name, status, summary, metrics, ageMs }: CheckResult): string {
  const subject = name === 'all' ? '' : ` ${(name.split(' ')[0] ?? '').toUpperCase()}`;
  const data = [...metrics.map(perfdata), ...(ageMs === undefined || metrics.some(({ label }) => label === AGE) ? [] : [`${AGE}=${seconds(ageMs)}s`])];
  return oneLine(`OMNIPLEX${subject} ${status}: ${summary}`) + (data.length === 0 ? '' : ` | ${data.join(' ')}`);
}

const SUFFIX: Readonly<Record<Unit, string>> = { '': '', s: '_seconds', B: '_bytes', '%': '_ratio' };

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

interface Sample {
  readonly name: string;
  readonly help: string;
  readonly labels: string;
  readonly value: number;
}

/** The subject of `job demote` is `job`, and demote is a label: so that one rule covers every job. */
function samplesOf({ name, status, metrics, ageMs }: CheckResult): readonly Sample[] {
  const [subject = '', ...object] = name.split(' ');
  const labels = object.length === 0 ? '' : `{${subject}=${quoted(object.join(' '))}}`;
  const check = `{check=${quoted(name)}}`;
  return [
    { name: 'omniplex_check_status', help: `${statuses.map((word, at) => `${at} ${word}`).join(', ')}.`, labels: check, value: statuses.indexOf(status) },
    ...(ageMs === undefined ? [] : [{ name: 'omniplex_check_age_seconds', help: 'Age of the audit or job that a check rests on.', labels: check, value: seconds(ageMs) }]),
    ...metrics.map(({ label, value, unit, help }) => ({
      name: `omniplex_${subject}_${label}${SUFFIX[unit]}`,
      help: `${help}.`,
      labels,
      // Twelve digits: 40.4 / 100 is 0.40399999999999997.
      value: unit === '%' ? Number((value / 100).toPrecision(12)) : value,
    })),
  ];
}

/** Every family once, with its HELP and TYPE, as the format wants it. Ends with a newline. */
export function prometheusText(results: readonly CheckResult[]): string {
  const families = Map.groupBy(results.flatMap(samplesOf), ({ name }) => name);
  return [...families]
    .map(([name, samples]) => {
      const lines = samples.map(({ labels, value }) => `${name}${labels} ${value}`);
      return `# HELP ${name} ${samples[0]?.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} gauge\n${lines.join('\n')}\n`;
    })
    .join('');
}
