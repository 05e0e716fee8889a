/** What is wrong with the file of the hot tier: SQLite's own opinion, its log, and rows that do not prove themselves, which SQLite would not notice. Blocks are hashed elsewhere. */
import { isError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { logState } from '../sqlite-log.ts';
import type { SqliteFile } from '../sqlite.ts';
import { integrityOf } from './integrity.ts';
import { announcementOfRow, messageOfRow, noteOfRow, operationOfRow, type Row } from './schema.ts';

const checks: ReadonlyArray<readonly [table: string, check: (file: SqliteFile, row: Row) => unknown]> = [
  ['messages', messageOfRow],
  ['announcements', announcementOfRow],
  ['operations', operationOfRow],
  ['notes', noteOfRow],
];

/** At most `max` lines, one a row. */
function damagedRows(file: SqliteFile, max: number): readonly string[] {
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

/** At most `limits.integrityFindingsMax` lines: what SQLite finds wrong with its file, then rows that fail their checksums. */
export async function findingsOf(file: SqliteFile, signal?: AbortSignal): Promise<readonly string[]> {
  const max = limits.integrityFindingsMax;
  try {
    const lines = [...(await integrityOf(file, max, signal))];
    const log = await file.transaction(() => logState(file.path));
    if (log === 'damaged' || log === 'no header') lines.push(`its log is damaged: ${log}`);
    return lines.length > 0 ? lines : await file.read(() => damagedRows(file, max));
  } catch (error) {
    // damaged beyond looking at: that is a finding too
    if (isError(error, 'E_STORE_CORRUPT')) return [error.message];
    throw error;
  }
}
