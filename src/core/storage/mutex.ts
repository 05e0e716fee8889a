/** Excludes the other processes of a store for a moment. For work that lasts there is the LockManager. */
import type { Clock } from '../base/clock.ts';
import { ProcessMutex } from '../base/process-mutex.ts';
import { sqliteError } from './sqlite-errors.ts';

/** Its errors: E_BUSY, and what a store says of a database that cannot be used. */
export function storeMutex(path: string, clock: Clock): ProcessMutex {
  const failed = (cause: unknown) => sqliteError(cause, 'mutex', path);
  return new ProcessMutex(path, clock, { busy: failed, broken: failed });
}
