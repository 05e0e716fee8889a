/** Real failures of SQLite, each told by kind. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { isBusy, sqliteFault } from '../../../src/core/base/sqlite-fault.ts';

const folder = mkdtempSync(join(tmpdir(), 'omniplex-fault-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'one.db');

function failureOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
}

const kindOf = (act: () => unknown): string | undefined => sqliteFault(failureOf(act), path)?.kind;

test('a writer in the way is busy', () => {
  using one = new DatabaseSync(path);
  using two = new DatabaseSync(path, { timeout: 0 });
  one.exec('BEGIN IMMEDIATE');
  const busy = failureOf(() => two.exec('BEGIN IMMEDIATE'));
  expect(isBusy(busy)).toBe(true);
  expect(sqliteFault(busy, path)?.kind).toBe('busy');
});

test('a row that may not be is a constraint', () => {
  using db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)');
  expect(kindOf(() => db.exec('INSERT INTO t VALUES (1)'))).toBe('constraint');
});

test('a folder in place of the file, and a file that may not be written, are about the surroundings', () => {
  mkdirSync(join(folder, 'folder.db'));
  expect(kindOf(() => new DatabaseSync(join(folder, 'folder.db')))).toBe('io');
  new DatabaseSync(path).close();
  using db = new DatabaseSync(path, { readOnly: true });
  expect(kindOf(() => db.exec('CREATE TABLE t (a)'))).toBe('io');
});

test('a file that has no room left is full', () => {
  using db = new DatabaseSync(':memory:');
  db.exec('PRAGMA max_page_count = 4; CREATE TABLE t (a)');
  expect(kindOf(() => db.exec('INSERT INTO t VALUES (zeroblob(1000000))'))).toBe('full');
});

test('wrong bytes, a missing table and an impossible number are damage', () => {
  const wrong = join(folder, 'wrong.db');
  writeFileSync(wrong, 'this is no database, and longer than the header of one. '.repeat(4));
  using broken = new DatabaseSync(wrong);
  expect(kindOf(() => broken.exec('SELECT * FROM sqlite_schema'))).toBe('damaged');
  using db = new DatabaseSync(':memory:');
  expect(kindOf(() => db.exec('SELECT * FROM nowhere'))).toBe('damaged');
  expect(kindOf(() => db.prepare('SELECT 9223372036854775807').get())).toBe('damaged');
});

test('what SQLite did not say is no fault of SQLite', () => {
  expect(isBusy(new Error('busy'))).toBe(false);
  for (const error of [new Error('x'), new TypeError('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), Object.assign(new Error('x'), { errcode: 5 })]) expect(sqliteFault(error, path)).toBeUndefined();
});
