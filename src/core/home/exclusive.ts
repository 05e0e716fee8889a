/**
 * One writer of the key ring at a time, across processes. The lock is SQLite's lock on an empty file of its own: the kernel
 * drops it when its holder dies, so there is no lease to wait out and nothing to break by hand.
 */
import { open } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { fail } from '../base/errors.ts';
import { fileError, PRIVATE_FILE } from '../base/files.ts';
import { limits } from '../base/limits.ts';

/** Waiters of this process queue here: a second connection of the same process would spin against the first. */
const queues = new Map<string, Promise<unknown>>();

/** Runs `act` alone. Throws E_LOCKED when another process holds the lock longer than `homeLockMs`. */
export async function exclusively<T>(lockPath: string, clock: Clock, act: () => Promise<T>): Promise<T> {
  const before = queues.get(lockPath) ?? Promise.resolve();
  const run = before.then(
    () => withFileLock(lockPath, clock, act),
    () => withFileLock(lockPath, clock, act),
  );
  queues.set(lockPath, run);
  try {
    return await run;
  } finally {
    if (queues.get(lockPath) === run) queues.delete(lockPath);
  }
}

async function withFileLock<T>(lockPath: string, clock: Clock, act: () => Promise<T>): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite');
  try {
    await (await open(lockPath, 'a', PRIVATE_FILE)).close();
  } catch (cause) {
    throw fileError(lockPath, cause);
  }
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    const until = clock.monotonic() + limits.homeLockMs;
    for (;;) {
      try {
        lock.exec('BEGIN EXCLUSIVE');
        break;
      } catch (cause) {
        if (!isBusy(cause)) throw fail('E_HOME_CORRUPT', { path: lockPath, why: 'its lock cannot be used; delete it while nobody uses this home' }, cause);
        if (clock.monotonic() >= until) throw fail('E_LOCKED', { name: 'the key ring of this home', holder: 'another process' }, cause);
      }
      await clock.sleep(limits.homeLockPollMs);
    }
    return await act();
  } finally {
    lock.close();
  }
}

/** SQLITE_BUSY or SQLITE_LOCKED, https://sqlite.org/rescode.html */
const isBusy = (error: unknown): boolean => [5, 6].includes(((error as { errcode?: number }).errcode ?? 0) & 0xff);
