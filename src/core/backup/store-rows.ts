/**
 * The records of a store as a backup carries them. Hostile input is not expected here, for the stream is authentic; but a block must be the
 * one it is named after, a packet about its block, and nothing is taken in that is not known. Spec: docs/formats/keyring-backup.md, Backup.
 */
import type { Block } from '../base/block.ts';
import { concat, type Bytes } from '../base/bytes.ts';
import { CID_BYTES, DAG_CBOR, decodeCid, verified, type Cid } from '../base/cid.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { announcementOf } from '../storage/announcing.ts';
import { decodePayload } from '../storage/journal-record.ts';
import type { Announcement, JournalEntry, MessageRecord, ReceivedAnnouncement, TierName } from '../storage/ports.ts';
import type { BackupRecord } from './format.ts';
import { refuse, ROW_KIND, someOf } from './row-fields.ts';

const VERSION = 1;
const tierBits: Readonly<Record<TierName, number>> = { hot: 1, files: 2, ipfs: 4, s3: 8 };
const tierNames = Object.keys(tierBits) as readonly TierName[];
const allTiers = tierNames.reduce((bits, name) => bits | tierBits[name], 0);

export function encodeBlock({ cid, bytes }: Block, tiers: readonly TierName[]): Bytes {
  return concat(Uint8Array.of(tiers.reduce((bits, name) => bits | tierBits[name], 0)), cid.bytes, bytes);
}

/** Throws E_FORMAT, E_CID_INVALID, E_BLOCK_CORRUPT. */
function decodeBlock(payload: Bytes): { readonly block: Block; readonly tiers: readonly TierName[] } {
  if (payload.length < 1 + CID_BYTES || payload.length > 1 + CID_BYTES + limits.blockBytesMax) refuse('a block is cut short, or too long');
  const bits = payload[0] as number;
  if (bits === 0 || (bits & ~allTiers) !== 0) refuse('a block is in no tier, or in one that is unknown');
  const cid = decodeCid(payload.slice(1, 1 + CID_BYTES));
  const tiers = tierNames.filter((name) => (bits & tierBits[name]) !== 0);
  return { block: { cid, bytes: verified(cid, payload.subarray(1 + CID_BYTES), 'the backup') }, tiers };
}

/** What is kept of a message: when it was stored and read is of the store that was. */
export type MessageRow = Pick<MessageRecord, 'cid' | 'bytes' | 'blocks' | 'expiresAtMs' | 'pinnedUntilMs' | 'tiers'>;

export const encodeMessage = ({ cid, bytes, blocks, expiresAtMs, pinnedUntilMs, tiers }: MessageRow): Bytes =>
  encode({ v: VERSION, cid, bytes, blocks, expires: expiresAtMs, pinned: pinnedUntilMs, tiers });

/** Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER. */
function decodeMessage(payload: Bytes): MessageRow {
  const reader = readerOf(payload);
  const message = {
    cid: reader.cid('cid', DAG_CBOR),
    bytes: reader.int('bytes'),
    blocks: reader.int('blocks'),
    expiresAtMs: reader.time('expires'),
    pinnedUntilMs: reader.int('pinned'),
    tiers: someOf(reader, 'tiers', tierNames),
  };
  reader.done();
  return message;
}

/** An announcement, and when it was handled; 0 = not yet. */
export interface AnnouncementRow {
  readonly announcement: Announcement;
  readonly acknowledgedAtMs: number;
}

export const encodeAnnouncements = (cid: Cid, announcements: readonly ReceivedAnnouncement[]): Bytes =>
  encode({ v: VERSION, cid, announcements: announcements.map(({ packet, acknowledgedAtMs }) => ({ packet, acknowledged: acknowledgedAtMs ?? 0 })) });

/** Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER. */
function decodeAnnouncements(payload: Bytes): { readonly cid: Cid; readonly announcements: readonly AnnouncementRow[] } {
  const reader = readerOf(payload);
  const cid = reader.cid('cid');
  const announcements = reader.list('announcements', limits.backupAnnouncementsMax).map((value) => readAnnouncement(cid, value));
  reader.done();
  if (announcements.length === 0) refuse('announcements of nothing');
  return { cid, announcements };
}

function readAnnouncement(cid: Cid, value: unknown): AnnouncementRow {
  const reader = new Reader(`${ROW_KIND}.announcements`, value);
  const packet = reader.bytes('packet', limits.packetBytes);
  const acknowledgedAtMs = reader.time('acknowledged');
  reader.done();
  try {
    return { announcement: announcementOf(cid, packet), acknowledgedAtMs };
  } catch (cause) {
    throw isError(cause) ? fail('E_FORMAT', { kind: ROW_KIND, why: 'a packet does not hold' }, cause) : cause;
  }
}

function readerOf(payload: Bytes): Reader {
  const reader = new Reader(ROW_KIND, decode(ROW_KIND, payload));
  reader.version(VERSION);
  return reader;
}

export type StoreRecord =
  | { readonly type: 'block'; readonly block: Block; readonly tiers: readonly TierName[] }
  | { readonly type: 'message'; readonly message: MessageRow }
  | { readonly type: 'announcements'; readonly cid: Cid; readonly announcements: readonly AnnouncementRow[] }
  | { readonly type: 'journal'; readonly entry: JournalEntry };

/** Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER, E_CID_INVALID, E_BLOCK_CORRUPT. A record of the home part is an assertion. */
export function decodeStoreRecord({ type, payload }: BackupRecord): StoreRecord {
  switch (type) {
    case 'block':
      return { type, ...decodeBlock(payload) };
    case 'message':
      return { type, message: decodeMessage(payload) };
    case 'announcements':
      return { type, ...decodeAnnouncements(payload) };
    case 'journal':
      return { type, entry: decodePayload(payload) };
    default:
      throw new Error(`a ${type} record is no part of a store`);
  }
}
