/** Small named values of the store itself, compare-and-set. */
import { equalBytes, type Bytes } from '../../base/bytes.ts';
import { fail } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { SqliteFile } from '../sqlite.ts';
import { noteOfRow, noteSum } from './schema.ts';

export function readNote(file: SqliteFile, name: string): Bytes | undefined {
  const row = file.sql('SELECT name, value, sum FROM notes WHERE name = ?').get(name);
  return row === undefined ? undefined : noteOfRow(file, row).value;
}

/** Inside a transaction. False, and nothing written, when the note is not what was expected. */
export function writeNote(file: SqliteFile, name: string, value: Bytes | undefined, expected: Bytes | undefined): boolean {
  if (value !== undefined && value.length > limits.noteBytesMax) throw fail('E_TOO_MANY', { what: `note ${name}`, count: value.length, max: limits.noteBytesMax });
  const there = readNote(file, name);
  if (there === undefined ? expected !== undefined : expected === undefined || !equalBytes(there, expected)) return false;
  if (value === undefined) file.sql('DELETE FROM notes WHERE name = ?').run(name);
  else file.sql('INSERT OR REPLACE INTO notes (name, value, sum) VALUES (?, ?, ?)').run(name, value, noteSum(name, value));
  return true;
}
