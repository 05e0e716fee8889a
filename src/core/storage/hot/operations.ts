/** The effect of each --id, in the embedded hot tier. */
import type { Bytes } from '../../base/bytes.ts';
import { digestOf, type Cid } from '../../base/cid.ts';
import type { Operation } from '../ports.ts';
import type { SqliteFile } from '../sqlite.ts';
import { operationOfRow, operationSum } from './schema.ts';

export function operationOfKey(file: SqliteFile, key: Bytes): Operation | undefined {
  const row = file.sql('SELECT * FROM operations WHERE key = ?').get(key);
  return row === undefined ? undefined : operationOfRow(file, row);
}

/** Reads all of them. */
export function operationOfMessage(file: SqliteFile, cid: Cid): Operation | undefined {
  const row = file.sql('SELECT * FROM operations WHERE digest = ?').get(digestOf(cid));
  return row === undefined ? undefined : operationOfRow(file, row);
}

/** Inside a transaction. False when its key has an operation already: that one stays, unless this one is to `replace` it. */
export function insertOperation(file: SqliteFile, operation: Operation, { replace = false } = {}): boolean {
  const { key, content, cid, result } = operation;
  const { changes } = file
    .sql(`INSERT OR ${replace ? 'REPLACE' : 'IGNORE'} INTO operations (key, content, digest, codec, result, sum) VALUES (?, ?, ?, ?, ?, ?)`)
    .run(key, content, digestOf(cid), cid.code, result, operationSum(operation));
  return changes === 1;
}
