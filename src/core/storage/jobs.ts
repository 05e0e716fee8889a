/** The last run of each maintenance command, for `check job`: one note a job, whoever ran it. */
import { decode, encode, Reader } from '../base/codec.ts';
import { EXIT, isError, type OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { StoreContext } from './context.ts';

const PREFIX = 'job/';
const KIND = 'record of a job';

export interface JobRun {
  readonly job: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** As the process ended. */
  readonly exit: number;
  /** The error's code, when there was one. */
  readonly code: string | undefined;
  /** Numbers of the result that a check may want: matched, moved, left, checked, bad. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The later run stays when two end at the same time. */
export async function recordJob(store: StoreContext, run: JobRun): Promise<void> {
  const counts = Object.fromEntries(Object.entries(run.counts).slice(0, limits.jobCountsMax));
  const note = encode({ v: 1, started: run.startedAtMs, ended: run.endedAtMs, exit: run.exit, code: run.code, counts });
  const name = PREFIX + run.job;
  for (;;) {
    const there = await store.hot.note(name);
    if (there !== undefined && (read(run.job, there)?.endedAtMs ?? 0) > run.endedAtMs) return;
    if (await store.hot.setNote(name, note, there)) return;
  }
}

/** What a job came to. */
export interface JobEnd {
  readonly counts: JobRun['counts'];
  /** The work stands, and a part of it does not. */
  readonly error?: OmniplexError | undefined;
  /** The hot tier is broken itself: a record in it could go over what a repair can still read. */
  readonly isUnrecorded?: boolean | undefined;
}

export interface Ended<T> {
  readonly result: T;
  readonly error: OmniplexError | undefined;
  readonly ms: number;
}

/**
 * Runs `act` as a job: however it ends, its record is left; none when `job` is undefined, or the hot tier is broken. A record that cannot be written is the job's
 * error unless there is one already: the next check would call it overdue. Rejects as `act` does.
 */
export async function asJob<T>(store: StoreContext, job: string | undefined, act: () => Promise<T>, endOf: (result: T) => JobEnd): Promise<Ended<T>> {
  const { clock } = store;
  const startedAtMs = clock.now();
  const leave = async (exit: number, { counts, error, isUnrecorded }: JobEnd): Promise<OmniplexError | undefined> => {
    if (job === undefined || isUnrecorded === true) return undefined;
    try {
      await recordJob(store, { job, startedAtMs, endedAtMs: clock.now(), exit, code: error?.code, counts });
      return undefined;
    } catch (thrown) {
      if (isError(thrown)) return thrown;
      throw thrown;
    }
  };
  let result: T;
  try {
    result = await act();
  } catch (error) {
    await leave(isError(error) ? error.exit : EXIT.bug, { counts: {}, error: isError(error) ? error : undefined, isUnrecorded: isError(error, 'E_STORE_CORRUPT') && error.details['tier'] === 'hot' });
    throw error;
  }
  const end = endOf(result);
  const unrecorded = await leave(end.error?.exit ?? EXIT.ok, end);
  return { result, error: end.error ?? unrecorded, ms: clock.now() - startedAtMs };
}

/** Undefined when the job never ran here, or its record is not one. */
export async function lastJob(store: StoreContext, job: string): Promise<JobRun | undefined> {
  const note = await store.hot.note(PREFIX + job);
  return note === undefined ? undefined : read(job, note);
}

export async function lastJobs(store: StoreContext): Promise<readonly JobRun[]> {
  const runs = await Promise.all((await store.hot.notes(PREFIX)).map((name) => lastJob(store, name.slice(PREFIX.length))));
  return runs.filter((run) => run !== undefined);
}

function read(job: string, note: Uint8Array): JobRun | undefined {
  try {
    const reader = new Reader(KIND, decode(KIND, note));
    reader.version(1);
    const counts = reader.map('counts');
    const run = { job, startedAtMs: reader.int('started'), endedAtMs: reader.int('ended'), exit: reader.int('exit', 0, 255), code: reader.optional('code', (it) => it.text('code', 60)) };
    const names = counts.names();
    const values = Object.fromEntries(names.map((name) => [name, counts.int(name)]));
    reader.done();
    return { ...run, counts: values };
  } catch (error) {
    if (isError(error, 'E_FORMAT', 'E_NOT_CANONICAL', 'E_VERSION_NEWER')) return undefined;
    throw error;
  }
}
