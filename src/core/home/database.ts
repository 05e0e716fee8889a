/**
 * The database of a home: one SQLite file that several processes use at once (cron, terminal, watch).
 * WAL, synchronous=FULL: what a transaction acknowledged survives a power cut. Its calls are synchronous and short.
 * It does not promise to notice every flipped bit by itself: records.ts adds a checksum to every row.
 */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { exists, fileError, isFileOrNone, isMissing, PRIVATE_FILE, refuseLooseMode } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { sqliteFault } from '../base/sqlite-fault.ts';
import { schema, SCHEMA_VERSION } from './schema.ts';

export type SqlRow = Readonly<Record<string, SQLOutputValue>>;
export type SqlValue = SQLInputValue;

export class HomeDatabase {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
  }

  /** Throws E_EXISTS when the file is there. */
  static async create(path: string): Promise<HomeDatabase> {
    try {
      // Made by us first, so that it is never readable by others, not even for a moment; -wal and -shm inherit the mode.
      await (await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE)).close();
    } catch (cause) {
      throw fileError(path, cause);
    }
    const database = await HomeDatabase.#connect(path);
    database.transaction(() => database.#guard(() => database.#db.exec(schema)));
    return database;
  }

  /** Throws E_HOME_CORRUPT (also when the file is missing), E_MODE, E_VERSION_NEWER, E_BUSY. */
  static async open(path: string): Promise<HomeDatabase> {
    await requirePrivateFile(path);
    for (const beside of [`${path}-wal`, `${path}-shm`]) {
      if (!(await isFileOrNone(beside))) throw fail('E_HOME_CORRUPT', { path: beside, why: 'it is no file', hint: NO_FILE_HINT });
    }
    const database = await HomeDatabase.#connect(path);
    try {
      const version = Number(database.get('PRAGMA user_version')?.['user_version']);
      if (version > SCHEMA_VERSION) throw fail('E_VERSION_NEWER', { kind: 'home database', version, known: SCHEMA_VERSION });
      if (version !== SCHEMA_VERSION) throw fail('E_HOME_CORRUPT', { path, why: `schema version ${version}` });
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  static async #connect(path: string): Promise<HomeDatabase> {
    const { DatabaseSync } = await import('node:sqlite');
    let db: DatabaseSync;
    try {
      db = new DatabaseSync(path, { timeout: limits.sqliteBusyMs, enableForeignKeyConstraints: false, defensive: true });
    } catch (cause) {
      throw sqlError(path, cause);
    }
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
      return new HomeDatabase(path, db);
    } catch (cause) {
      db.close();
      throw sqlError(path, cause);
    }
  }

  #guard<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      throw isError(cause) ? cause : sqlError(this.path, cause);
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** All or nothing, and alone: the write lock is taken at the start. A transaction inside a transaction joins it. */
  transaction<T>(act: () => T): T {
    return this.#guard(() => {
      if (this.#db.isTransaction) return act();
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = act();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#guard(() => this.#statement(sql).get(...values));
  }

  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#guard(() => this.#statement(sql).all(...values));
  }

  /** Answers the rows changed and the last row id. */
  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number; readonly rowid: number } {
    return this.#guard(() => {
      const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
      return { changes: Number(changes), rowid: Number(lastInsertRowid) };
    });
  }

  /** Reads every page: for doctor. Throws E_HOME_CORRUPT. */
  check(): void {
    const row = this.get('PRAGMA quick_check(1)');
    if (row?.['quick_check'] !== 'ok') throw fail('E_HOME_CORRUPT', { path: this.path, why: 'quick_check found damage' });
  }

  /** Can be called twice. */
  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }
}

const NO_FILE_HINT = 'Move away what has this name. If the file itself is gone, restore the keys with `omniplex backup restore` into a new home.';

/** What it is comes before who may read it: the mode of a folder says nothing about a file that is not there. */
async function requirePrivateFile(path: string): Promise<void> {
  const stats = await stat(path).catch(async (cause: unknown) => {
    if (!isMissing(cause)) throw fileError(path, cause);
    throw (await exists(path))
      ? fail('E_HOME_CORRUPT', { path, why: 'it is a link that leads nowhere', hint: NO_FILE_HINT }, cause)
      : fail('E_HOME_CORRUPT', { path, why: 'the file is missing' }, cause);
  });
  if (!stats.isFile()) throw fail('E_HOME_CORRUPT', { path, why: stats.isDirectory() ? 'it is a folder' : 'it is no file', hint: NO_FILE_HINT });
  refuseLooseMode(path, stats);
}

/** The registry's error for a failed SQLite call. A mistake in our own SQL against an intact schema is a bug and stays one. */
function sqlError(path: string, cause: unknown): OmniplexError | Error {
  const fault = sqliteFault(cause, path);
  switch (fault?.kind) {
    case undefined:
    case 'constraint':
      return cause as Error;
    case 'busy':
      return fail('E_BUSY', { what: `the home database at ${path}` }, cause);
    case 'full':
      return fail('E_DISK_FULL', { path }, cause);
    case 'io':
      return fail('E_IO', { path, why: fault.why }, cause);
    // every statement here is tested against the schema, so a missing table or column is damage too
    case 'damaged':
      return fail('E_HOME_CORRUPT', { path, why: fault.why }, cause);
  }
}
