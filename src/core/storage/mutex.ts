/**
 * Mutual exclusion between processes for moments (one append, one rename), not for work: an empty SQLite file whose write lock the
 * operating system drops when a process dies. Nothing is ever written to it. For work that lasts there is the LockManager.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { isBusy, sqliteError } from './sqlite-errors.ts';

export class ProcessMutex {
  readonly #path: string;
  readonly #clock: Clock;
  #db: DatabaseSync | undefined;
  /** Within one process callers queue here. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Throws E_BUSY when another process does not let go for `sqliteBusyMs`. */
  run<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#exclusive(act));
    this.#last = turn.catch(() => undefined);
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
    const start = this.#clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      try {
        const db = (this.#db ??= new DatabaseSync(this.#path, { timeout: limits.sqliteBusySliceMs }));
        db.exec('BEGIN IMMEDIATE');
        return db;
      } catch (error) {
        if (!isBusy(error) || this.#clock.monotonic() - start >= limits.sqliteBusyMs) throw sqliteError(error, 'mutex', this.#path);
      }
      await this.#clock.sleep(1 + 2 * (attempt % 4));
    }
  }

  async close(): Promise<void> {
    await this.#last;
    this.#db?.close();
    this.#db = undefined;
  }
}
