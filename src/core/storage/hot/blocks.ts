/** Rows of blocks in the embedded hot tier: put, put again, taken out. All functions run inside a transaction and answer what they change. */
import type { Block } from '../../base/block.ts';
import type { Bytes } from '../../base/bytes.ts';
import { digestOf, names, type Cid } from '../../base/cid.ts';
import type { SqliteFile } from '../sqlite.ts';
import { intOf } from '../sqlite-errors.ts';

export interface Amount {
  readonly blocks: number;
  readonly bytes: number;
}

export function insertBlocks(file: SqliteFile, blocks: readonly Block[], nowMs: number): Amount {
  const insert = file.sql('INSERT OR IGNORE INTO blocks (digest, codec, stored, bytes) VALUES (?, ?, ?, ?)');
  const added = { blocks: 0, bytes: 0 };
  for (const { cid, bytes } of blocks) {
    if (insert.run(digestOf(cid), cid.code, nowMs, bytes).changes === 0) {
      added.bytes += renew(file, cid, bytes, nowMs);
    } else {
      added.blocks++;
      added.bytes += bytes.length;
    }
  }
  return added;
}

/** The block is there: it counts as new, and its bytes are replaced where they were damaged. Answers by how much they grew. */
function renew(file: SqliteFile, cid: Cid, bytes: Bytes, nowMs: number): number {
  const row = file.sql('SELECT id, bytes FROM blocks WHERE digest = ?').get(digestOf(cid));
  const there = row?.['bytes'];
  if (there instanceof Uint8Array && Buffer.compare(there, bytes) === 0) {
    file.sql('UPDATE blocks SET stored = ? WHERE id = ?').run(nowMs, row?.['id'] as number);
    return 0;
  }
  const { changes } = file.sql('UPDATE blocks SET stored = ?, bytes = ? WHERE digest = ?').run(nowMs, bytes, digestOf(cid));
  if (changes !== 1) throw file.corrupt('the index of blocks leads nowhere');
  return bytes.length - (there instanceof Uint8Array ? there.length : 0);
}

/** Takes out what was stored, or stored again, up to `storedUntilMs`. */
export function deleteBlocks(file: SqliteFile, cids: readonly Cid[], storedUntilMs: number): Amount {
  const removed = { blocks: 0, bytes: 0 };
  for (const cid of cids) {
    const row = file.sql('SELECT id, length(bytes) AS length FROM blocks WHERE digest = ? AND stored <= ?').get(digestOf(cid), storedUntilMs);
    if (row === undefined) continue;
    file.sql('DELETE FROM blocks WHERE id = ?').run(row['id'] as number);
    removed.blocks++;
    removed.bytes += intOf(file, row['length']);
  }
  return removed;
}

/** Takes out a row whose bytes are not the ones it is named after. */
export function deleteDamaged(file: SqliteFile, cid: Cid): Amount {
  const row = file.sql('SELECT id, bytes FROM blocks WHERE digest = ?').get(digestOf(cid));
  const bytes = row?.['bytes'];
  if (row === undefined || (bytes instanceof Uint8Array && names(cid, bytes))) return { blocks: 0, bytes: 0 };
  file.sql('DELETE FROM blocks WHERE id = ?').run(row['id'] as number);
  return { blocks: 1, bytes: bytes instanceof Uint8Array ? bytes.length : 0 };
}
