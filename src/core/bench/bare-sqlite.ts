/**
 * What node:sqlite does with blocks when nothing else is asked of it: one table, prepared statements, the settings of the embedded tier.
 * The limit of `bench store` and `bench seal`. It checks nothing, counts nothing and serves one process.
 */
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';

/** A throw-away: disposing it removes its files. */
export class BareSqlite implements Disposable {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #insert;
  readonly #select;

  constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path);
    this.#db.exec(`PRAGMA page_size = ${limits.sqlitePageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0`);
    this.#db.exec(`PRAGMA cache_size = -${limits.sqliteCacheBytes / 1024}; PRAGMA wal_autocheckpoint = ${limits.sqliteLogBytes / limits.sqlitePageBytes}`);
    this.#db.exec('CREATE TABLE blocks (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, bytes BLOB NOT NULL); CREATE UNIQUE INDEX blocks_digest ON blocks (digest)');
    this.#insert = this.#db.prepare('INSERT INTO blocks (digest, bytes) VALUES (?, ?)');
    this.#select = this.#db.prepare('SELECT bytes FROM blocks WHERE digest = ?');
  }

  /** One transaction, flushed when it returns. */
  put(blocks: Iterable<{ readonly digest: Bytes; readonly bytes: Bytes }>): void {
    this.#db.exec('BEGIN IMMEDIATE');
    for (const { digest, bytes } of blocks) this.#insert.run(digest, bytes);
    this.#db.exec('COMMIT');
  }

  get(digest: Bytes): Bytes | undefined {
    return this.#select.get(digest)?.['bytes'] as Bytes | undefined;
  }

  [Symbol.dispose](): void {
    this.#db.close();
    removeDatabase(this.#path);
  }
}

/** A database file and what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
