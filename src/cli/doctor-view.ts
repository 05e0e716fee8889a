/** What the doctor says, for people: a verdict, the name of the check, and below it what to do. */
import type { Finding } from '../core/health/doctor/room.ts';
import { tilde } from './human.ts';
import { wrapped } from './help-text.ts';
import type { View } from './output.ts';
import { array, integer, nullable, object, oneOf, string, type Infer } from './schema.ts';
import { width } from './theme.ts';

const finding = object({
  check: string('its name: a promise'),
  verdict: oneOf(['ok', 'warn', 'fail', 'skip']),
  says: string(),
  advice: nullable(string()),
  code: nullable(string('of an error')),
  about: array(string(), 'identities, contacts and the like'),
});
export const diagnosisSchema = object({
  checks: array(finding),
  failed: integer(),
  warned: integer(),
  bundle: nullable(object({ out: string(), bytes: integer(), files: array(string()) })),
});

const VERDICT_COLUMNS = 6;
const CHECK_COLUMNS = 17;
const TEXT_MIN = 24;

type Shown = Pick<Finding, 'check' | 'verdict' | 'says'> & Pick<Infer<typeof finding>, 'advice' | 'about' | 'code'>;

/** Every finding; those that were passed over for one reason share a line. */
export function findingsLines(findings: readonly Shown[], view: View): readonly string[] {
  const lines: string[] = [];
  for (const group of Map.groupBy(findings, (one) => (one.verdict === 'skip' ? one.says : one.check)).values()) {
    const [first, ...others] = group as [Shown, ...Shown[]];
    lines.push(...findingLines(others.length === 0 ? first : { ...first, check: `${group.length} checks`, about: group.map(({ check }) => check) }, view));
  }
  return lines;
}

function findingLines({ check, verdict, says, advice, about, code }: Shown, { paint, symbols, columns }: View): readonly string[] {
  const colour = { ok: paint.good, warn: paint.warn, fail: paint.bad, skip: paint.dim }[verdict];
  const indent = ' '.repeat(VERDICT_COLUMNS + CHECK_COLUMNS);
  const room = Math.max(TEXT_MIN, columns - indent.length);
  const lines = (text: string): readonly string[] => (width(text) <= room ? [text] : wrapped(text, room));
  const home = (text: string): string => text.split(' ').map(tilde).join(' ');
  const text = `${says}${about.length === 0 ? '' : `: ${about.join(', ')}`}${code === null ? '' : ` (${code})`}`;
  const [first = '', ...more] = lines(home(text));
  const told = advice === null ? [] : lines(`${symbols.arrow} ${home(advice)}`);
  return [`${colour(verdict.padEnd(VERDICT_COLUMNS))}${check.padEnd(CHECK_COLUMNS)}${first}`, ...more.map((line) => indent + line), ...told.map((line) => indent + paint.mark(line))];
}
