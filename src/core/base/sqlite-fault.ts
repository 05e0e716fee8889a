/**
 * What a failure of SQLite says: about whom, and whether about the bytes or about their surroundings. Each user gives it a code of its own.
 * Source: https://sqlite.org/rescode.html
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { PRIVATE_FILE } from './files.ts';

/** Primary result codes. */
const BUSY = 5;
const LOCKED = 6;
const PROTOCOL = 15;
const FULL = 13;
const CONSTRAINT = 19;
const IOERR = 10;
const IOERR_READ = 266;
const IOERR_SHORT_READ = 522;
const IOERR_CORRUPTFS = 8458;
const IOERR_DATA = 8202;
const IOERR_WRITE = 778;
const IOERR_SHMSIZE = 4874;
/** PERM, NOMEM, READONLY, CANTOPEN, NOLFS, AUTH: about the surroundings, not about the bytes. */
const SURROUNDINGS: ReadonlySet<number> = new Set([3, 7, 8, 14, 22, 23]);

/** `damaged`: the bytes are not what they must be. `constraint`: a row that may not be; damage where the caller's own rows are always allowed. */
export interface SqliteFault {
  readonly kind: 'busy' | 'full' | 'io' | 'damaged' | 'constraint';
  readonly why: string;
}

const resultCode = (error: unknown): number | undefined => {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode : undefined;
};

const isBusyCode = (code: number): boolean => [BUSY, LOCKED, PROTOCOL].includes(code & 0xff);

export const isBusy = (error: unknown): boolean => {
  const code = resultCode(error);
  return code !== undefined && isBusyCode(code);
};

/** Undefined when it was not SQLite that failed. `path` is the database's, for a probe beside it. */
export function sqliteFault(error: unknown, path: string): SqliteFault | undefined {
  const code = resultCode(error);
  if (code === undefined) {
    // an integer beyond 2^53 in a column that holds none: node:sqlite refuses it with a RangeError
    return error instanceof RangeError ? { kind: 'damaged', why: 'an impossible number' } : undefined;
  }
  return { kind: kindOf(code, path), why: error instanceof Error ? error.message : 'failed' };
}

function kindOf(code: number, path: string): SqliteFault['kind'] {
  const primary = code & 0xff;
  if (isBusyCode(code)) return 'busy';
  if (primary === FULL || code === IOERR_SHMSIZE || (code === IOERR_WRITE && isFull(path))) return 'full';
  if (primary === CONSTRAINT) return 'constraint';
  const damaged = [IOERR_READ, IOERR_SHORT_READ, IOERR_CORRUPTFS, IOERR_DATA].includes(code);
  return (primary === IOERR && !damaged) || SURROUNDINGS.has(primary) ? 'io' : 'damaged';
}

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
