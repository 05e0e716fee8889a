/**
 * What SQLite's failures mean here: every one of them becomes an error of the registry. Wherever it says that the bytes are not what they
 * must be, that is E_STORE_CORRUPT; a full disk and a busy file have codes of their own.
 * Source: https://sqlite.org/rescode.html
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import type { Bytes } from '../base/bytes.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { fileError, PRIVATE_FILE } from '../base/files.ts';

/** Primary result codes. */
const BUSY = 5;
const LOCKED = 6;
const PROTOCOL = 15;
const FULL = 13;
const IOERR = 10;
const IOERR_READ = 266;
const IOERR_SHORT_READ = 522;
const IOERR_CORRUPTFS = 8458;
const IOERR_DATA = 8202;
const IOERR_WRITE = 778;
const IOERR_SHMSIZE = 4874;
/** PERM, NOMEM, READONLY, CANTOPEN, NOLFS, AUTH: about the surroundings, not about the bytes. */
const SURROUNDINGS: ReadonlySet<number> = new Set([3, 7, 8, 14, 22, 23]);

const resultCode = (error: unknown): number | undefined => {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode : undefined;
};

export const isBusy = (error: unknown): boolean => {
  const code = resultCode(error);
  return code !== undefined && [BUSY, LOCKED, PROTOCOL].includes(code & 0xff);
};

/** SQLite says "write error" for a quota and a file size limit too: a probe beside the file tells them from a broken disk. */
function isFull(path: string): boolean {
  const probe = `${path}.probe`;
  try {
    const file = openSync(probe, 'w', PRIVATE_FILE);
    try {
      writeSync(file, new Uint8Array(65_536), 0, 65_536, statSync(path).size);
    } finally {
      closeSync(file);
    }
    return false;
  } catch (error) {
    return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
  } finally {
    rmSync(probe, { force: true });
  }
}

/** The registry's error for whatever a statement threw. Errors that are ours already pass through. */
export function sqliteError(error: unknown, tier: string, path: string): OmniplexError {
  if (isError(error)) return error;
  const code = resultCode(error);
  if (code === undefined) {
    // an integer beyond 2^53 in a column that holds none: node:sqlite refuses it with a RangeError
    if (error instanceof RangeError) return fail('E_STORE_CORRUPT', { tier, path, why: 'an impossible number' }, error);
    throw error;
  }
  const why = error instanceof Error ? error.message : 'failed';
  const primary = code & 0xff;
  if ([BUSY, LOCKED, PROTOCOL].includes(primary)) return fail('E_BUSY', { what: `the ${tier} database at ${path}` }, error);
  if (primary === FULL || code === IOERR_SHMSIZE) return fail('E_DISK_FULL', { path }, error);
  if (code === IOERR_WRITE && isFull(path)) return fail('E_DISK_FULL', { path }, error);
  const damaged = [IOERR_READ, IOERR_SHORT_READ, IOERR_CORRUPTFS, IOERR_DATA].includes(code);
  if ((primary === IOERR && !damaged) || SURROUNDINGS.has(primary)) return fail('E_IO', { path, why }, error);
  return fail('E_STORE_CORRUPT', { tier, path, why }, error);
}

/** As `sqliteError`, for a file that is being made: what the file system says counts too. */
export function creationError(cause: unknown, tier: string, path: string): OmniplexError {
  return resultCode(cause) === undefined && (cause as NodeJS.ErrnoException).code !== undefined ? fileError(path, cause) : sqliteError(cause, tier, path);
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
