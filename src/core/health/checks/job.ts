/** A maintenance job: did it run, when, and how did it end? */
import { formatDuration } from '../../base/duration.ts';
import { EXIT } from '../../base/errors.ts';
import { rfc3339 } from '../../base/clock.ts';
import { lastJob, lastJobs } from '../../storage/jobs.ts';
import type { JobRun } from '../../storage/jobs.ts';
import type { CheckRoom, Examined, Status, Subject } from '../check.ts';

/** What ended early may be gone on with by the next run; everything else wants a person. */
const CAN_WAIT: readonly number[] = [EXIT.incomplete, EXIT.conflict];

const statusOf = ({ exit }: JobRun): Status => (exit === EXIT.ok ? 'OK' : CAN_WAIT.includes(exit) ? 'WARNING' : 'CRITICAL');

/** One that never ran is UNKNOWN, and the answer names those that did. */
export const jobCheck = (job: string): Subject => ({
  name: `job ${job}`,
  examine: async ({ store: open, clock }): Promise<Examined> => {
    const store = await open();
    const run = await lastJob(store, job);
    if (run === undefined) {
      const known = (await lastJobs(store)).map((one) => one.job);
      return { metrics: [], summary: `${job} has never run here; ${known.length === 0 ? 'no job has' : `what has: ${known.join(', ')}`}`, status: 'UNKNOWN' };
    }
    const tookMs = run.endedAtMs - run.startedAtMs;
    const counts = Object.entries(run.counts).filter(([, value]) => value !== 0);
    return {
      metrics: [
        { label: 'age', value: Math.max(0, Math.round((clock.now() - run.endedAtMs) / 1000)), unit: 's', help: 'Time since the job last ended' },
        { label: 'exit', value: run.exit, unit: '', help: 'How the job last ended' },
        { label: 'took', value: Math.round(tookMs / 1000), unit: 's', help: 'How long the job last took' },
      ],
      summary: `${job} ended ${run.exit}${run.code === undefined ? '' : ` (${run.code})`} at ${rfc3339(run.endedAtMs).slice(0, 16)}Z after ${formatDuration(tookMs)}${counts.map(([name, value]) => `, ${name} ${value}`).join('')}`,
      status: statusOf(run),
      audited: { what: `job ${job}`, atMs: run.endedAtMs },
    };
  },
});

/** One for each that has left a record in the store. */
export const jobChecks = async ({ store }: CheckRoom): Promise<readonly Subject[]> => (await lastJobs(await store())).map(({ job }) => jobCheck(job));
