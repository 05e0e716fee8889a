/** Backups that were made from this home: where they were written, and what their files hashed to. The files are not watched. */
import type { Bytes } from '../base/bytes.ts';
import type { HomeDatabase } from './database.ts';
import { Records } from './records.ts';

export interface BackupRecord {
  readonly path: string;
  readonly createdAtMs: number;
  readonly what: readonly string[];
  readonly bytes: number;
  readonly sha256: Bytes;
}

export class BackupRecords {
  readonly #records: Records<BackupRecord>;

  constructor(database: HomeDatabase) {
    this.#records = new Records(database, { table: 'backups', columns: ['path', 'created'], columnsOf: ({ path, createdAtMs }) => [path, createdAtMs] });
  }

  add(record: BackupRecord): void {
    this.#records.put(record);
  }

  find(path: string): BackupRecord | undefined {
    return this.#records.find('path = ?', path);
  }

  /** Newest first. */
  list(): readonly BackupRecord[] {
    return this.#records.list('true ORDER BY created DESC, number DESC');
  }

  remove(path: string): boolean {
    return this.#records.remove('path = ?', path) === 1;
  }
}
