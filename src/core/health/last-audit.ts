/** What audits of the store left behind: the one truth that check and doctor tell. */
import { lastJob, type JobRun } from '../storage/jobs.ts';
import { knownLosses } from '../storage/losses.ts';
import type { Store } from '../storage/store.ts';

export interface LastAudit {
  /** The last `store verify`; undefined when there was none. */
  readonly run: JobRun | undefined;
  /** What it found bad and did not repair; undefined when it did not come to an end. */
  readonly bad: number | undefined;
  /** Acknowledged messages that are lost, as far as anybody has looked: until they are there again, given up or expired. Undefined: nobody has. */
  readonly lost: number | undefined;
  readonly says: string;
}

export async function lastAudit(store: Store): Promise<LastAudit> {
  const run = await lastJob(store, 'verify');
  const bad = run?.counts['bad'] === undefined ? undefined : run.counts['bad'] - (run.counts['repaired'] ?? 0);
  const known = (await knownLosses(store)).length;
  const hasLooked = run !== undefined || (await lastJob(store, 'acknowledged')) !== undefined;
  const found = run === undefined ? 'never verified' : bad === 0 ? 'last verify clean' : bad === undefined ? `last verify ended ${run.exit}` : `last verify found ${bad} bad`;
  return { run, bad, lost: known > 0 || hasLooked ? known : undefined, says: `${found}${known === 0 ? '' : `, ${known} acknowledged and lost`}` };
}
