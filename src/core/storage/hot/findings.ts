/** What is wrong with the file of the hot tier: SQLite's own opinion, its log, and rows that do not prove themselves, which SQLite would not notice. Blocks are hashed elsewhere. */
import { isError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { breathe } from '../../base/turn.ts';
import { intOf } from '../sqlite-errors.ts';
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

/** At most `max` lines, one a row. A page at a time, with a turn for signals between two. */
async function damagedRows(file: SqliteFile, max: number, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [table, check] of checks) {
    for (let after = -1; ; ) {
      await breathe();
      signal?.throwIfAborted();
      const rows = await file.read(() => file.sql(`SELECT rowid AS place, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?`).all(after, limits.pageItemsMax));
      for (const row of rows) {
        after = intOf(file, row['place']);
        const why = damageOf(() => check(file, row));
        if (why !== undefined) lines.push(why);
        if (lines.length === max) return lines;
      }
      if (rows.length < limits.pageItemsMax) break;
    }
  }
  return lines;
}

function damageOf(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (!isError(error, 'E_STORE_CORRUPT')) throw error;
    return String(error.details['why']);
  }
}

/** At most `limits.integrityFindingsMax` lines: what SQLite finds wrong with its file, then rows that fail their checksums. */
export async function findingsOf(file: SqliteFile, signal?: AbortSignal): Promise<readonly string[]> {
  const max = limits.integrityFindingsMax;
  try {
    const lines = [...(await integrityOf(file, max, signal))];
    const log = await file.transaction(() => logState(file.path));
    if (log !== 'none' && log !== 'sound') lines.push(`its log is damaged: ${log}`);
    return lines.length > 0 ? lines : await damagedRows(file, max, signal);
  } catch (error) {
    // damaged beyond looking at: that is a finding too
    if (isError(error, 'E_STORE_CORRUPT')) return [error.message];
    throw error;
  }
}
