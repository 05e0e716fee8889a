/**
 * What can still be read of a broken hot tier, row by row, each proved by its digest or its checksum. First through SQLite, which knows
 * what is deleted; tables that it cannot read to the end are then read from the pages, which may bring back a row that was deleted before.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Block } from '../../base/block.ts';
import { names } from '../../base/cid.ts';
import { fail, isError } from '../../base/errors.ts';
import type { Operation, ReceivedAnnouncement } from '../ports.ts';
import type { Damage } from '../sqlite-errors.ts';
import { logState } from '../sqlite-log.ts';
import { salvageRows, type SalvagedRow } from './salvage-pages.ts';
import { announcementOfRow, cidOfRow, messageOfRow, noteOfRow, operationOfRow, type Row, type StoredMessage } from './schema.ts';

export type Salvaged =
  | { readonly kind: 'block'; readonly block: Block; readonly storedAtMs: number }
  | { readonly kind: 'message'; readonly message: StoredMessage }
  | { readonly kind: 'announcement'; readonly announcement: ReceivedAnnouncement }
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'note'; readonly name: string; readonly value: Uint8Array };

export type SalvagedKind = Salvaged['kind'];

interface TableShape {
  readonly kind: SalvagedKind;
  readonly table: string;
  readonly columns: readonly string[];
}

/** The columns in the order of the schema; the first is the row's own number. */
const tables: readonly TableShape[] = [
  { kind: 'message', table: 'messages', columns: ['position', 'digest', 'codec', 'bytes', 'blocks', 'stored', 'expires', 'read', 'pinned', 'tiers', 'removed', 'version', 'used', 'sum'] },
  { kind: 'announcement', table: 'announcements', columns: ['position', 'inbox', 'digest', 'codec', 'packet', 'expires', 'received', 'acknowledged', 'sum'] },
  { kind: 'operation', table: 'operations', columns: ['id', 'key', 'content', 'digest', 'codec', 'result', 'sum'] },
  { kind: 'note', table: 'notes', columns: ['id', 'name', 'value', 'sum'] },
  { kind: 'block', table: 'blocks', columns: ['id', 'digest', 'codec', 'stored', 'bytes'] },
];

const damage: Damage = { corrupt: (why) => fail('E_STORE_CORRUPT', { tier: 'hot', path: 'salvage', why }) };

export interface SalvageFindings {
  /** Tables that SQLite could not read to the end. */
  readonly unreadable: Set<SalvagedKind>;
  /** Rows that were read and did not prove themselves. */
  damagedRows: number;
}

/** Rows in no order; a row may come twice. */
export function* salvageHot(path: string, findings: SalvageFindings): Generator<Salvaged> {
  const { unreadable } = findings;
  // a log that SQLite does not replay to its end holds rows that only the pages show
  const isWhole = ['none', 'sound'].includes(logState(path));
  const db = openBroken(path);
  try {
    for (const shape of tables) {
      if (db === undefined || !isWhole) unreadable.add(shape.kind);
      if (db !== undefined) yield* throughSqlite(db, shape, findings);
    }
  } finally {
    db?.close();
  }
  if (unreadable.size === 0) return;
  for (const row of salvageRows(path)) {
    for (const shape of tables) {
      if (!unreadable.has(shape.kind) || row.values.length !== shape.columns.length) continue;
      const found = proved(shape, rowOfPage(shape, row));
      if (found !== undefined) yield found;
    }
  }
}

function openBroken(path: string): DatabaseSync | undefined {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    db.exec('PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF');
    return db;
  } catch {
    return undefined;
  }
}

function* throughSqlite(db: DatabaseSync, shape: TableShape, findings: SalvageFindings): Generator<Salvaged> {
  try {
    // by the table's own order: an index may be the part that is broken
    for (const row of db.prepare(`SELECT ${shape.columns.join(', ')} FROM ${shape.table} NOT INDEXED ORDER BY rowid`).iterate()) {
      const found = proved(shape, row);
      if (found !== undefined) yield found;
      else findings.damagedRows++;
    }
  } catch {
    findings.unreadable.add(shape.kind);
  }
}

/** The column that stands for the rowid is null in the page. */
const rowOfPage = ({ columns }: TableShape, { rowid, values }: SalvagedRow): Row => Object.fromEntries(columns.map((name, i) => [name, i === 0 ? rowid : values[i]]));

/** The row as what it claims to be, or undefined. */
function proved({ kind }: TableShape, row: Row): Salvaged | undefined {
  try {
    return recognised(kind, row);
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

function recognised(kind: SalvagedKind, row: Row): Salvaged | undefined {
  switch (kind) {
    case 'message':
      return { kind, message: messageOfRow(damage, row) };
    case 'announcement':
      return { kind, announcement: announcementOfRow(damage, row) };
    case 'operation':
      return { kind, operation: operationOfRow(damage, row) };
    case 'note':
      return { kind, ...noteOfRow(damage, row) };
    case 'block': {
      const cid = cidOfRow(damage, row);
      const { bytes, stored } = row;
      if (!(bytes instanceof Uint8Array) || typeof stored !== 'number' || !names(cid, bytes)) return undefined;
      return { kind, block: { cid, bytes }, storedAtMs: stored };
    }
  }
}

