/**
 * Sets of blocks larger than memory: a temporary SQLite file that nobody else sees and that goes with the process.
 * Used where every block of a store must be looked at together: what is reachable, what is to go.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { cidOfDigest, digestOf, type Cid, type CidCodec } from '../base/cid.ts';
import type { TierName } from './ports.ts';
import { sqliteError } from './sqlite-errors.ts';

export interface Buried {
  readonly cid: Cid;
  readonly version: number;
}

export class BlockSets implements Disposable {
  readonly #db: DatabaseSync;
  readonly #add: StatementSync;
  readonly #find: StatementSync;
  readonly #doom: StatementSync;
  readonly #bury: StatementSync;
  readonly #exhume: StatementSync;

  constructor() {
    // an empty name is a temporary file that SQLite deletes
    this.#db = new DatabaseSync('');
    this.#db.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE kept (digest BLOB PRIMARY KEY) WITHOUT ROWID; ' +
        'CREATE TABLE doomed (id INTEGER PRIMARY KEY, tier TEXT, codec INTEGER, digest BLOB); ' +
        'CREATE TABLE buried (digest BLOB PRIMARY KEY, codec INTEGER, version INTEGER) WITHOUT ROWID; BEGIN',
    );
    this.#add = this.#db.prepare('INSERT OR IGNORE INTO kept (digest) VALUES (?)');
    this.#find = this.#db.prepare('SELECT 1 FROM kept WHERE digest = ?');
    this.#doom = this.#db.prepare('INSERT INTO doomed (tier, codec, digest) VALUES (?, ?, ?)');
    this.#bury = this.#db.prepare('INSERT OR REPLACE INTO buried (digest, codec, version) VALUES (?, ?, ?)');
    this.#exhume = this.#db.prepare('SELECT 1 FROM buried WHERE digest = ?');
  }

  keep(cids: readonly Cid[]): void {
    this.#guarded(() => {
      for (const cid of cids) this.#add.run(digestOf(cid));
    });
  }

  isKept(cid: Cid): boolean {
    return this.#guarded(() => this.#find.get(digestOf(cid)) !== undefined);
  }

  /** A block that is to go from one tier. */
  doom(tier: TierName, cid: Cid): void {
    this.#guarded(() => this.#doom.run(tier, cid.code, digestOf(cid)));
  }

  /** A message that is to be forgotten, as long as its record has this version. */
  bury({ cid, version }: Buried): void {
    this.#guarded(() => this.#bury.run(digestOf(cid), cid.code, version));
  }

  isBuried(cid: Cid): boolean {
    return this.#guarded(() => this.#exhume.get(digestOf(cid)) !== undefined);
  }

  *buried(): Generator<Buried> {
    const page = this.#db.prepare('SELECT digest, codec, version FROM buried WHERE digest > ? ORDER BY digest LIMIT 1');
    for (let after = new Uint8Array(0); ; ) {
      const row = this.#guarded(() => page.get(after));
      if (row === undefined) return;
      after = row['digest'] as Uint8Array<ArrayBuffer>;
      yield { cid: cidOfDigest(row['codec'] as CidCodec, after), version: row['version'] as number };
    }
  }

  /** In the order in which they were doomed, `size` at a time, each batch of one tier. */
  *doomed(tier: TierName, size: number): Generator<readonly Cid[]> {
    const page = this.#db.prepare('SELECT id, codec, digest FROM doomed WHERE tier = ? AND id > ? ORDER BY id LIMIT ?');
    for (let after = 0; ; ) {
      const rows = this.#guarded(() => page.all(tier, after, size));
      if (rows.length === 0) return;
      after = rows.at(-1)?.['id'] as number;
      yield rows.map((row) => cidOfDigest(row['codec'] as CidCodec, row['digest'] as Uint8Array));
    }
  }

  #guarded<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw sqliteError(error, 'temporary table', 'the folder for temporary files');
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
