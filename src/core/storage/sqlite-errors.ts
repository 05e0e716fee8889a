/**
 * What SQLite's failures mean in a store: every one of them becomes an error of the registry. Wherever it says that the bytes are not what
 * they must be, that is E_STORE_CORRUPT; a full disk and a busy file have codes of their own.
 */
import type { Bytes } from '../base/bytes.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { sqliteFault } from '../base/sqlite-fault.ts';

/** The registry's error for whatever a statement threw. Errors that are ours already pass through. */
export function sqliteError(error: unknown, tier: string, path: string): OmniplexError {
  if (isError(error)) return error;
  const fault = sqliteFault(error, path);
  if (fault === undefined) {
    // of the file system, from a look beside SQLite
    if (typeof (error as NodeJS.ErrnoException).syscall === 'string') return fileError(path, error);
    throw error;
  }
  switch (fault.kind) {
    case 'busy':
      return fail('E_BUSY', { what: `the ${tier} database at ${path}` }, error);
    case 'full':
      return fail('E_DISK_FULL', { path }, error);
    case 'io':
      return fail('E_IO', { path, why: fault.why }, error);
    default:
      return fail('E_STORE_CORRUPT', { tier, path, why: fault.why }, error);
  }
}

/** As `sqliteError`, for a file that is being made: what the file system says counts too. */
export function creationError(cause: unknown, tier: string, path: string): OmniplexError {
  return sqliteFault(cause, path) === undefined && (cause as NodeJS.ErrnoException).code !== undefined ? fileError(path, cause) : sqliteError(cause, tier, path);
}

/** Who is told that a column does not hold what it must. */
export interface Damage {
  corrupt(why: string): OmniplexError;
}

/** Columns of a damaged file can hold anything: each is checked as it is read. */
export function blobOf(file: Damage, value: unknown, length?: number): Bytes {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) throw file.corrupt('a column is not the bytes it should be');
  return value;
}

export function intOf(file: Damage, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw file.corrupt('a column is not the number it should be');
  return value;
}
