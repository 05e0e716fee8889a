/**
 * Mutual exclusion between processes for moments (one append, one rename, one change of the key ring), not for work: an empty SQLite file
 * whose write lock the operating system drops when a process dies, so that there is no lease to wait out and nothing to break by hand.
 * Nothing is ever written to it. For work that lasts there is the LockManager.
 */
import { open, truncate } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from './clock.ts';
import type { OmniplexError } from './errors.ts';
import { fileError, PRIVATE_FILE } from './files.ts';
import { limits } from './limits.ts';
import { isBusy, sqliteFault } from './sqlite-fault.ts';

/** Callers of this process queue here by path: a second connection of one process would spin against the first. */
const queues = new Map<string, Promise<unknown>>();

const ignore = (): void => undefined;

/** What is thrown when another process does not let go for `sqliteBusyMs`, and when the file is no lock. */
export interface MutexErrors {
  busy(cause: unknown): OmniplexError;
  broken(cause: unknown): OmniplexError;
}

export class ProcessMutex implements AsyncDisposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #errors: MutexErrors;
  #db: DatabaseSync | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, clock: Clock, errors: MutexErrors) {
    this.#path = path;
    this.#clock = clock;
    this.#errors = errors;
  }

  /** Runs `act` alone. Throws what the file system says, and `MutexErrors`. */
  run<T>(act: () => Promise<T>): Promise<T> {
    const before = queues.get(this.#path) ?? Promise.resolve();
    const turn = before.then(() => this.#exclusive(act));
    const settled: Promise<void> = turn.then(ignore, ignore).then(() => void (queues.get(this.#path) === settled && queues.delete(this.#path)));
    queues.set(this.#path, settled);
    this.#last = settled;
    return turn;
  }

  async #exclusive<T>(act: () => Promise<T>): Promise<T> {
    const db = await this.#begin();
    try {
      return await act();
    } finally {
      db.exec('ROLLBACK');
    }
  }

  async #begin(): Promise<DatabaseSync> {
    try {
      return await whenFree(this.#clock, async () => {
        const db = (this.#db ??= await openLock(this.#path));
        db.exec('BEGIN IMMEDIATE');
        return db;
      });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): OmniplexError {
    if (isBusy(error)) return this.#errors.busy(error);
    this.#db?.close();
    this.#db = undefined;
    return this.#errors.broken(error);
  }

  /** Waits for what runs. Can be called twice. */
  async close(): Promise<void> {
    await this.#last;
    this.#db?.close();
    this.#db = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Tries `act` again while another process is in the way, for at most `sqliteBusyMs`. */
export async function whenFree<T>(clock: Clock, act: () => Promise<T>): Promise<T> {
  const start = clock.monotonic();
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!isBusy(error) || clock.monotonic() - start >= limits.sqliteBusyMs) throw error;
    }
    // 1, 3, 5, 7 ms and round again: no two processes keep in step for long
    await clock.sleep(1 + 2 * (attempt % 4));
  }
}

/**
 * The file of a lock, made when it is not there, and emptied when it is damaged: it never held anything. Opened by SQLite alone once it is sound:
 * closing it otherwise would drop every lock that this process has on it. Throws what SQLite says, also that somebody else has it alone.
 */
export async function openLock(path: string): Promise<DatabaseSync> {
  try {
    await (await open(path, 'ax', PRIVATE_FILE)).close();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(path, cause);
  }
  try {
    return await connected(path);
  } catch (error) {
    if (sqliteFault(error, path)?.kind !== 'damaged') throw error;
  }
  try {
    await truncate(path, 0);
  } catch (cause) {
    throw fileError(path, cause);
  }
  return connected(path);
}

async function connected(path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite');
  return after(new DatabaseSync(path, { timeout: limits.sqliteBusySliceMs }), 'SELECT count(*) FROM sqlite_schema');
}

/** The connection once it has run this, closed where that fails. */
export function after(db: DatabaseSync, sql: string): DatabaseSync {
  try {
    db.exec(sql);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
