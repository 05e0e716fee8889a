/**
 * One SQLite file as the embedded tiers use it: WAL, flushed commits, every failure an error with a code.
 * A damaged file gives E_STORE_CORRUPT, never a crash: it is not mapped into memory, and its schema must be ours to the letter.
 * It does not promise fairness between processes: a writer that waits longer than `sqliteBusyMs` gets E_BUSY.
 * Spec: https://sqlite.org/rescode.html, https://sqlite.org/wal.html
 */
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { hexOf } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { fail, type OmniplexError } from '../base/errors.ts';
import { PRIVATE_FILE } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { systemRng } from '../base/rng.ts';
import { isBusy } from '../base/sqlite-fault.ts';
import { headerState } from './sqlite-log.ts';
import { creationError, sqliteError } from './sqlite-errors.ts';

export interface SqliteShape {
  /** For error texts: `hot`, `lock`. */
  readonly tier: string;
  readonly applicationId: number;
  readonly version: number;
  /** One CREATE statement each. What the file holds must be these, letter for letter. */
  readonly schema: readonly string[];
  /** Rows that a fresh file starts with. */
  readonly seed: readonly string[];
}

/**
 * Creates the file exclusively, 0600, with its schema: whole or not at all, also when the process is killed.
 * Throws E_EXISTS, E_DISK_FULL, E_IO.
 */
export function createSqlite(path: string, shape: SqliteShape): void {
  const temporary = `${path}.${hexOf(systemRng.bytes(8))}.new`;
  let db: DatabaseSync | undefined;
  try {
    closeSync(openSync(temporary, 'wx', PRIVATE_FILE));
    db = new DatabaseSync(temporary);
    db.exec(`PRAGMA page_size = ${limits.sqlitePageBytes}; PRAGMA application_id = ${shape.applicationId}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    db.exec(`BEGIN IMMEDIATE; ${[...shape.schema, ...shape.seed].join(';\n')}; PRAGMA user_version = ${shape.version}; COMMIT`);
    db.close();
    linkSync(temporary, path);
    syncFolderNow(dirname(path));
  } catch (error) {
    if (db?.isOpen) db.close();
    throw creationError(error, shape.tier, path);
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(temporary + suffix, { force: true });
  }
}

function syncFolderNow(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** What SQLite keeps of a CREATE statement is its text: whitespace at the ends aside, letter for letter. */
function checkShape(db: DatabaseSync, path: string, shape: SqliteShape): void {
  const corrupt = (why: string): OmniplexError => fail('E_STORE_CORRUPT', { tier: shape.tier, path, why });
  const { application_id: application } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (application !== shape.applicationId) throw corrupt('it is not a file of OmniPlex');
  if (version > shape.version) throw fail('E_VERSION_NEWER', { kind: `${shape.tier} database`, version, known: shape.version });
  const found = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid").all().map(({ sql }) => sql);
  if (version !== shape.version || found.length !== shape.schema.length || found.some((sql, i) => sql !== shape.schema[i])) throw corrupt('its schema is not ours');
}

/**
 * Reads a file that nobody has open and that has no log, without a trace: no log, no index of one beside it.
 * Throws E_STORE_CORRUPT when it is not of this shape, or cut; E_VERSION_NEWER, E_IO.
 */
export function readClosed<T>(path: string, shape: SqliteShape, act: (db: DatabaseSync) => T): T {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(url, { readOnly: true });
    db.exec('PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    checkShape(db, path, shape);
    return act(db);
  } catch (error) {
    throw sqliteError(error, shape.tier, path);
  } finally {
    if (db?.isOpen) db.close();
  }
}

/** An open file. Statements are prepared once; reads retry, without blocking the process, while another one recovers the file. */
export class SqliteFile {
  readonly path: string;
  readonly shape: SqliteShape;
  readonly #clock: Clock;
  readonly #statements = new Map<string, StatementSync>();
  #db: DatabaseSync;
  #inode: number;

  private constructor(path: string, shape: SqliteShape, clock: Clock, db: DatabaseSync, inode: number) {
    this.path = path;
    this.shape = shape;
    this.#clock = clock;
    this.#db = db;
    this.#inode = inode;
  }

  /** Throws E_STORE_CORRUPT (also when the file is missing), E_VERSION_NEWER, E_BUSY, E_IO. */
  static async open(path: string, shape: SqliteShape, clock: Clock): Promise<SqliteFile> {
    const { db, inode } = await patiently(clock, shape.tier, path, () => connect(path, shape));
    return new SqliteFile(path, shape, clock, db, inode);
  }

  get isOpen(): boolean {
    return this.#db.isOpen;
  }

  /** The prepared statement of a constant text. One text is used with `arrays` (rows as arrays) or without, never both. */
  sql(text: string, { arrays = false } = {}): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      if (arrays) statement.setReturnArrays(true);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  exec(text: string): void {
    this.#db.exec(text);
  }

  error(error: unknown): OmniplexError {
    return sqliteError(error, this.shape.tier, this.path);
  }

  corrupt(why: string): OmniplexError {
    return fail('E_STORE_CORRUPT', { tier: this.shape.tier, path: this.path, why });
  }

  /** Runs a synchronous read (or a BEGIN); waits out other processes without blocking this one. */
  async read<T>(act: () => T): Promise<T> {
    try {
      return act();
    } catch (error) {
      if (!isBusy(error)) throw this.error(error);
    }
    await this.#clock.sleep(1);
    return patiently(this.#clock, this.shape.tier, this.path, act);
  }

  /**
   * One transaction of synchronous work, flushed when it resolves. Whatever `act` throws rolls it back.
   * Nothing is awaited between BEGIN and COMMIT: another connection of this very process would wait for it in vain.
   */
  transaction<T>(act: () => T): Promise<T> {
    return this.read(() => {
      this.#begin();
      try {
        const result = act();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        this.rollback();
        throw this.error(error);
      }
    });
  }

  #begin(): void {
    if (this.isReplaced()) this.reopen();
    this.#db.exec('BEGIN IMMEDIATE');
    // a rebuild holds the write lock of the old file until the new one has its name: look again under the lock
    if (this.isReplaced()) {
      this.#db.exec('ROLLBACK');
      this.reopen();
      this.#db.exec('BEGIN IMMEDIATE');
    }
  }

  rollback(): void {
    try {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // SQLite already rolled back by itself: the transaction is gone either way
    }
  }

  /** True when the name now leads to another file than the one that is open (it was rebuilt, or removed), and when none is open. */
  isReplaced(): boolean {
    return !this.#db.isOpen || inodeOf(this.path) !== this.#inode;
  }

  reopen(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
    const { db, inode } = connect(this.path, this.shape);
    this.#db = db;
    this.#inode = inode;
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }
}

const inodeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.ino ?? -1;

function connect(path: string, shape: SqliteShape): { db: DatabaseSync; inode: number } {
  const inode = inodeOf(path);
  if (inode === -1) throw fail('E_STORE_CORRUPT', { tier: shape.tier, path, why: 'the file is missing' });
  const corrupt = (at: string, why: string): OmniplexError => fail('E_STORE_CORRUPT', { tier: shape.tier, path: at, why });
  if (!statSync(path).isFile()) throw corrupt(path, 'it is no file');
  for (const beside of [`${path}-wal`, `${path}-shm`]) {
    if (lstatSync(beside, { throwIfNoEntry: false })?.isFile() === false) throw corrupt(beside, 'it is no file');
  }
  // SQLite would take such a log for an empty one, and delete it
  if (headerState(path) === 'no header') throw corrupt(`${path}-wal`, 'its header fails its checksum');
  const db = new DatabaseSync(path, { timeout: limits.sqliteBusySliceMs, enableForeignKeyConstraints: false, enableDoubleQuotedStringLiterals: false });
  try {
    db.exec(PRAGMAS);
    checkShape(db, path, shape);
    return { db, inode };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * mmap stays off: a file cut by another process would kill this one with SIGBUS. cell_size_check finds damaged pages as they are read.
 * The checkpoint threshold is measured: 64 MiB of log writes large blocks 1.1 to 1.3 times as fast as the default 16.
 */
const PRAGMAS = [
  'PRAGMA mmap_size = 0',
  'PRAGMA cell_size_check = ON',
  'PRAGMA trusted_schema = OFF',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA fullfsync = ON',
  `PRAGMA cache_size = -${limits.sqliteCacheBytes / 1024}`,
  `PRAGMA wal_autocheckpoint = ${limits.sqliteLogBytes / limits.sqlitePageBytes}`,
  `PRAGMA journal_size_limit = ${limits.sqliteLogBytes}`,
].join(';');

/** Each attempt waits `sqliteBusySliceMs` inside SQLite; between them the event loop runs, so that a signal is answered. */
async function patiently<T>(clock: Clock, tier: string, path: string, act: () => T): Promise<T> {
  const start = clock.monotonic();
  for (let attempt = 0; ; attempt++) {
    try {
      return act();
    } catch (error) {
      if (!isBusy(error) || clock.monotonic() - start >= limits.sqliteBusyMs) throw sqliteError(error, tier, path);
    }
    // 1, 3, 5, 7 ms and round again: no two processes keep in step for long, since the work between differs
    await clock.sleep(1 + 2 * (attempt % 4));
  }
}
