/**
 * A check: numbers with thresholds, and one status that a monitoring system understands. It reads what is there and what the last
 * jobs left behind; it starts no audit, changes nothing and opens no private key.
 */
import type { Clock } from '../base/clock.ts';
import { count } from '../base/count.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import type { Home } from '../home/index.ts';
import type { Store } from '../storage/store.ts';
import { alerts, type Range } from './range.ts';

/** In the order of the exit codes of monitoring plugins. */
export const statuses = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
export type Status = (typeof statuses)[number];

/** Which of two is told: what is known to be broken goes before what is not known. */
const GRAVITY: Readonly<Record<Status, number>> = { OK: 0, WARNING: 1, UNKNOWN: 2, CRITICAL: 3 };
export const worst = (found: readonly Status[]): Status => found.reduce<Status>((a, b) => (GRAVITY[b] > GRAVITY[a] ? b : a), 'OK');

/** A unit of the guidelines: seconds, bytes, percent, or a bare number. */
export type Unit = '' | 's' | 'B' | '%';

export interface Metric {
  /** One word: letters, digits, underscores. */
  readonly label: string;
  readonly value: number;
  readonly unit: Unit;
  /** What it is, for the dashboards that show it. */
  readonly help: string;
  readonly warning?: Range | undefined;
  readonly critical?: Range | undefined;
}

/** What a subject found. */
export interface Examined {
  /** The first is the one that --warning and --critical are about. */
  readonly metrics: readonly Metric[];
  readonly summary: string;
  /** What no number says; at least this. */
  readonly status?: Status;
  /** When what it rests on was last looked at, where that is not now. Undefined in `audited` means never. */
  readonly audited?: { readonly what: string; readonly atMs: number | undefined };
}

/** What subjects may look at. Opened when first asked for. */
export interface CheckRoom {
  readonly clock: Clock;
  readonly home: () => Promise<Home>;
  readonly store: () => Promise<Store>;
  /** Only this identity. */
  readonly as?: string | undefined;
}

export interface Subject {
  readonly name: string;
  readonly examine: (room: CheckRoom) => Promise<Examined>;
}

export interface Thresholds {
  readonly warning?: Range | undefined;
  readonly critical?: Range | undefined;
  readonly maxAgeMs?: number | undefined;
}

export interface CheckResult {
  readonly name: string;
  readonly status: Status;
  readonly summary: string;
  readonly metrics: readonly Metric[];
  /** Of the audit or job it rests on; undefined where it looked for itself. */
  readonly ageMs?: number | undefined;
}

const statusOf = ({ value, warning, critical }: Metric): Status =>
  critical !== undefined && alerts(critical, value) ? 'CRITICAL' : warning !== undefined && alerts(warning, value) ? 'WARNING' : 'OK';

/** What does not hold the bytes that it must is broken, and found to be. Whatever else is thrown only keeps a check from looking. */
export const isDamage = (error: unknown): error is OmniplexError => isError(error, 'E_STORE_CORRUPT', 'E_HOME_CORRUPT');

/** Damage is a finding; throws what else the subject throws: then the check could not run. */
export async function runCheck(room: CheckRoom, subject: Subject, thresholds: Thresholds = {}): Promise<CheckResult> {
  try {
    return judge(room, subject.name, await subject.examine(room), thresholds);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return cutShort(subject.name, error);
  }
}

function judge(room: CheckRoom, name: string, { metrics, summary, status = 'OK', audited }: Examined, { warning, critical, maxAgeMs }: Thresholds): CheckResult {
  const judged = metrics.map((metric, at) => (at > 0 ? metric : { ...metric, warning: warning ?? metric.warning, critical: critical ?? metric.critical }));
  const ageMs = audited?.atMs === undefined ? undefined : Math.max(0, room.clock.now() - audited.atMs);
  const stale = maxAgeMs !== undefined && audited !== undefined && (ageMs === undefined || ageMs > maxAgeMs);
  const found = worst([status, ...judged.map(statusOf), ...(stale ? (['UNKNOWN'] as const) : [])]);
  const why = stale ? `${audited.what} ${ageMs === undefined ? 'has never run' : 'is older than --max-age'}; ` : '';
  return { name, status: found, summary: `${why}${summary}`, metrics: judged, ageMs };
}

/** One of several: what keeps it from running is its result, so that the others are still told. */
export async function runOneOfMany(room: CheckRoom, subject: Subject, thresholds: Thresholds): Promise<CheckResult> {
  try {
    return await runCheck(room, subject, thresholds);
  } catch (error) {
    return cutShort(subject.name, isError(error) ? error : fail('E_BUG', { why: `check ${subject.name} broke` }, error));
  }
}

/** The result of a check that could not look to the end. It has no numbers. */
export const cutShort = (name: string, error: OmniplexError): CheckResult => ({ name, status: isDamage(error) ? 'CRITICAL' : 'UNKNOWN', summary: error.message, metrics: [] });

/** All of them as one: the worst status, and in words only what is not in order. */
export function together(results: readonly CheckResult[]): CheckResult {
  const status = worst(results.map((result) => result.status));
  const bad = results.filter((result) => result.status !== 'OK');
  const counted = count(results.length, 'check');
  const summary = bad.length === 0 ? `${counted}: ${results.map(({ name }) => name).join(', ')}` : `${bad.length} of ${counted}: ${bad.map(({ name, status: found, summary: said }) => `${name} ${found}, ${said}`).join('; ')}`;
  const metrics = results.flatMap(({ name, metrics: own }) => own.map((metric) => ({ ...metric, label: `${name.replaceAll(/\W/g, '_')}_${metric.label}` })));
  return { name: 'all', status, summary, metrics };
}
