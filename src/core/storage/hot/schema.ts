/**
 * The tables of the embedded hot tier. Blocks prove themselves by their digest; every other row carries a CRC32 over its fields in
 * `sum`, so that a damaged file shows as damage and not as another message state.
 * Spec: docs/formats/store.md, Hot tier.
 */
import { crc32 } from 'node:zlib';
import { hexOf, utf8, type Bytes } from '../../base/bytes.ts';
import { cidOfDigest, DAG_CBOR, RAW, type Cid, type CidCodec } from '../../base/cid.ts';
import type { MessageRecord, Operation, ReceivedAnnouncement, TierName } from '../ports.ts';
import type { SqliteShape } from '../sqlite.ts';
import { blobOf, intOf, type Damage } from '../sqlite-errors.ts';

export const hotShape: SqliteShape = {
  tier: 'hot',
  applicationId: 0x4f50_4c58,
  version: 1,
  schema: [
    'CREATE TABLE blocks (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, codec INTEGER NOT NULL, stored INTEGER NOT NULL, bytes BLOB NOT NULL)',
    'CREATE UNIQUE INDEX blocks_digest ON blocks (digest)',
    'CREATE TABLE messages (position INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, codec INTEGER NOT NULL, bytes INTEGER NOT NULL, ' +
      'blocks INTEGER NOT NULL, stored INTEGER NOT NULL, expires INTEGER NOT NULL, read INTEGER NOT NULL, pinned INTEGER NOT NULL, ' +
      'tiers INTEGER NOT NULL, removed INTEGER NOT NULL, version INTEGER NOT NULL, used INTEGER NOT NULL, sum INTEGER NOT NULL)',
    'CREATE UNIQUE INDEX messages_digest ON messages (digest)',
    'CREATE INDEX messages_used ON messages (used, position, tiers, removed, pinned)',
    'CREATE TABLE announcements (position INTEGER PRIMARY KEY AUTOINCREMENT, inbox BLOB NOT NULL, digest BLOB NOT NULL, codec INTEGER NOT NULL, ' +
      'packet BLOB NOT NULL, expires INTEGER NOT NULL, received INTEGER NOT NULL, acknowledged INTEGER NOT NULL, sum INTEGER NOT NULL)',
    'CREATE UNIQUE INDEX announcements_inbox ON announcements (inbox, digest)',
    'CREATE INDEX announcements_digest ON announcements (digest)',
    'CREATE INDEX announcements_open ON announcements (inbox, position) WHERE acknowledged = 0',
    'CREATE TABLE operations (id INTEGER PRIMARY KEY, key BLOB NOT NULL, content BLOB NOT NULL, digest BLOB NOT NULL, codec INTEGER NOT NULL, ' +
      'result BLOB NOT NULL, sum INTEGER NOT NULL)',
    'CREATE UNIQUE INDEX operations_key ON operations (key)',
    'CREATE TABLE notes (id INTEGER PRIMARY KEY, name TEXT NOT NULL, value BLOB NOT NULL, sum INTEGER NOT NULL)',
    'CREATE UNIQUE INDEX notes_name ON notes (name)',
    'CREATE TABLE fences (id INTEGER PRIMARY KEY, name TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL)',
    'CREATE UNIQUE INDEX fences_name ON fences (name)',
    'CREATE TABLE totals (id INTEGER PRIMARY KEY, blocks INTEGER NOT NULL, bytes INTEGER NOT NULL)',
  ],
  seed: ['INSERT INTO totals (id, blocks, bytes) VALUES (1, 0, 0)'],
};

export type Row = Readonly<Record<string, unknown>>;

/** Bits of `tiers`, in the order of `tierNames`. */
export const tierNames: readonly TierName[] = ['hot', 'files', 'ipfs', 's3'];

export const tierBits = (tiers: readonly TierName[]): number => tierNames.reduce((bits, tier, i) => (tiers.includes(tier) ? bits | (1 << i) : bits), 0);

const tiersOfBits = (bits: number): readonly TierName[] => tierNames.filter((_, i) => (bits & (1 << i)) !== 0);

/** CRC32 over the fields with their lengths, the table's name first, so that no row passes for one of another table. */
function rowSum(table: string, ...fields: ReadonlyArray<number | string | Bytes>): number {
  let sum = crc32(utf8.encode(table));
  for (const field of fields) {
    const bytes = field instanceof Uint8Array ? field : utf8.encode(String(field));
    sum = crc32(bytes, crc32(utf8.encode(`|${bytes.length}|`), sum));
  }
  return sum;
}

export function cidOfRow(file: Damage, row: Row): Cid {
  const codec = intOf(file, row['codec']);
  if (codec !== RAW && codec !== DAG_CBOR) throw file.corrupt('a codec that no block has');
  return cidOfDigest(codec as CidCodec, blobOf(file, row['digest'], 32));
}

export interface StoredMessage extends MessageRecord {
  readonly position: number;
}

export const messageSum = (m: Omit<MessageRecord, 'tiers'>, tiers: number): number =>
  rowSum('messages', m.cid.multihash.digest, m.cid.code, m.bytes, m.blocks, m.storedAtMs, m.expiresAtMs, m.readAtMs, m.pinnedUntilMs, tiers, m.removedAtMs, m.version);

/** Last use for the order of eviction: the last whole fetch, or the day it came. */
export const usedAtMs = ({ storedAtMs, readAtMs }: Pick<MessageRecord, 'storedAtMs' | 'readAtMs'>): number => Math.max(storedAtMs, readAtMs);

export function messageOfRow(file: Damage, row: Row): StoredMessage {
  const int = (name: string): number => intOf(file, row[name]);
  const tiers = int('tiers');
  const removedAtMs = int('removed');
  const message: StoredMessage = {
    cid: cidOfRow(file, row),
    bytes: int('bytes'),
    blocks: int('blocks'),
    storedAtMs: int('stored'),
    expiresAtMs: int('expires'),
    readAtMs: int('read'),
    pinnedUntilMs: int('pinned'),
    tiers: tiersOfBits(tiers),
    removed: removedAtMs !== 0,
    removedAtMs,
    version: int('version'),
    position: int('position'),
  };
  if (messageSum(message, tiers) !== row['sum'] || usedAtMs(message) !== row['used']) throw file.corrupt(`the record of message ${message.cid.toString()} fails its checksum`);
  return message;
}

export const announcementSum = (a: Omit<ReceivedAnnouncement, 'position'>): number =>
  rowSum('announcements', a.inbox, a.cid.multihash.digest, a.cid.code, a.packet, a.expiresAtMs, a.receivedAtMs, a.acknowledgedAtMs ?? 0);

export function announcementOfRow(file: Damage, row: Row): ReceivedAnnouncement {
  const acknowledged = intOf(file, row['acknowledged']);
  const announcement: ReceivedAnnouncement = {
    inbox: blobOf(file, row['inbox'], 32),
    packet: blobOf(file, row['packet'], 192),
    cid: cidOfRow(file, row),
    expiresAtMs: intOf(file, row['expires']),
    position: intOf(file, row['position']),
    receivedAtMs: intOf(file, row['received']),
    acknowledgedAtMs: acknowledged === 0 ? undefined : acknowledged,
  };
  if (announcementSum(announcement) !== row['sum']) throw file.corrupt(`an announcement of ${announcement.cid.toString()} in inbox ${hexOf(announcement.inbox)} fails its checksum`);
  return announcement;
}

export const operationSum = (o: Operation): number => rowSum('operations', o.key, o.content, o.cid.multihash.digest, o.cid.code, o.result);

export function operationOfRow(file: Damage, row: Row): Operation {
  const operation: Operation = {
    key: blobOf(file, row['key']),
    content: blobOf(file, row['content']),
    cid: cidOfRow(file, row),
    result: blobOf(file, row['result']),
  };
  if (operationSum(operation) !== row['sum']) throw file.corrupt('the record of an operation fails its checksum');
  return operation;
}

export const noteSum = (name: string, value: Bytes): number => rowSum('notes', name, value);

export function noteOfRow(file: Damage, row: Row): { readonly name: string; readonly value: Bytes } {
  const { name } = row;
  const value = blobOf(file, row['value']);
  if (typeof name !== 'string' || noteSum(name, value) !== row['sum']) throw file.corrupt('a note fails its checksum');
  return { name, value };
}
