/** What audits of the store left behind: the one truth that check and doctor tell. */
import { badFindings } from '../storage/bad-findings.ts';
import { lastJob, type JobRun } from '../storage/jobs.ts';
import { knownLosses } from '../storage/losses.ts';
import type { Store } from '../storage/store.ts';

export interface LastAudit {
  /** The last `store verify`; undefined when there was none. */
  readonly run: JobRun | undefined;
  /** What audits found bad and no full one took back; undefined when the last did not come to an end and nothing is known. */
  readonly bad: number | undefined;
  /** Acknowledged messages that are lost, as far as anybody has looked: until they are there again, given up or expired. Undefined: nobody has. */
  readonly lost: number | undefined;
  readonly says: string;
}

export async function lastAudit(store: Store): Promise<LastAudit> {
  const run = await lastJob(store, 'verify');
  const last = run?.counts['bad'] === undefined ? undefined : run.counts['bad'] - (run.counts['repaired'] ?? 0);
  const standing = await badFindings(store);
  const bad = standing > 0 ? Math.max(standing, last ?? 0) : last;
  const known = (await knownLosses(store)).length;
  const hasLooked = run !== undefined || (await lastJob(store, 'acknowledged')) !== undefined;
  return { run, bad, lost: known > 0 || hasLooked ? known : undefined, says: `${foundBy(run, last, bad)}${known === 0 ? '' : `, ${known} acknowledged and lost`}` };
}

function foundBy(run: JobRun | undefined, last: number | undefined, bad: number | undefined): string {
  if (bad !== undefined && bad > (last ?? 0)) return `${bad} found bad or not announced, which only a full verify takes back`;
  if (run === undefined) return 'never verified';
  if (bad === undefined) return `last verify ended ${run.exit}`;
  if (bad > 0) return `last verify found ${bad} bad`;
  return run.exit === 0 ? 'last verify clean' : 'last verify found nothing else';
}
