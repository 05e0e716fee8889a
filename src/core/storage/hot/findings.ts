/** Rows that do not prove themselves: a flipped bit in a field is nothing that SQLite would notice. Blocks are hashed elsewhere. */
import { isError } from '../../base/errors.ts';
import type { SqliteFile } from '../sqlite.ts';
import { announcementOfRow, messageOfRow, noteOfRow, operationOfRow, type Row } from './schema.ts';

const checks: ReadonlyArray<readonly [table: string, check: (file: SqliteFile, row: Row) => unknown]> = [
  ['messages', messageOfRow],
  ['announcements', announcementOfRow],
  ['operations', operationOfRow],
  ['notes', noteOfRow],
];

/** At most `max` lines, one a row. */
export function damagedRows(file: SqliteFile, max: number): readonly string[] {
  const lines: string[] = [];
  for (const [table, check] of checks) {
    for (const row of file.sql(`SELECT * FROM ${table} ORDER BY rowid`).iterate()) {
      try {
        check(file, row);
      } catch (error) {
        if (!isError(error, 'E_STORE_CORRUPT')) throw error;
        lines.push(String(error.details['why']));
        if (lines.length === max) return lines;
      }
    }
  }
  return lines;
}
