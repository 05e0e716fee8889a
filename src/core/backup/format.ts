/**
 * The bytes of a backup: a readable header, a checksum that tells damage from a wrong passphrase, and one Cobblestone-256 stream of
 * records under a key that argon2id makes of the passphrase. The header is part of the stream's context: another header opens nothing.
 *
 *     "omniplex-backup\n" || u32 length || header (dag-cbor) || content salt (24) || commitment (32) || SHA-256 of all before || chunks
 *     record = type (1) || u32 length || payload;   the last one is `end` with the number of the others
 *
 * What the header tells whoever holds the file: when it was made, what kind of things are in it, what the passphrase costs.
 * Spec: docs/formats/keyring-backup.md
 */
import { bytesOf, concat, equalBytes, type Bytes } from '../base/bytes.ts';
import { sha256 } from '../base/cid.ts';
import { decode, encode, Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CONTENT_COMMITMENT_BYTES, CONTENT_SALT_BYTES } from '../crypto/cobblestone.ts';
import { label } from '../crypto/index.ts';
import { encodeKdf, readKdf, type KeyringHeader } from '../keys/keyring-file.ts';

export const KIND = 'backup';
const VERSION = 1;
/** How every backup begins. */
export const MAGIC = bytesOf('omniplex-backup\n');
const SUM_BYTES = 32;
const LENGTH_BYTES = 4;
export const RECORD_HEAD_BYTES = 1 + LENGTH_BYTES;

/** What a backup may hold. `keys` is the home without prekeys and opened messages; with both, opened messages come too. */
export const backupParts = ['keys', 'store'] as const;
export type BackupPart = (typeof backupParts)[number];

export interface BackupHeader {
  readonly createdAtMs: number;
  readonly what: readonly BackupPart[];
  readonly kdf: KeyringHeader['kdf'];
}

export const recordTypes = { secrets: 1, home: 2, block: 3, message: 4, announcements: 5, journal: 6, end: 255 } as const;
export type RecordType = keyof typeof recordTypes;

/** In which part of a backup a record stands, and where: the file never goes back to an earlier rank. */
export const recordPlaces: Readonly<Record<Exclude<RecordType, 'end'>, { readonly part: BackupPart; readonly rank: number }>> = {
  secrets: { part: 'keys', rank: 1 },
  home: { part: 'keys', rank: 2 },
  block: { part: 'store', rank: 3 },
  message: { part: 'store', rank: 4 },
  announcements: { part: 'store', rank: 4 },
  journal: { part: 'store', rank: 5 },
};

export interface BackupRecord {
  readonly type: RecordType;
  readonly payload: Bytes;
}

const u32 = (value: number): Bytes => {
  const bytes = new Uint8Array(LENGTH_BYTES);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

const u32At = (bytes: Bytes, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

const refuse = (why: string): never => {
  throw fail('E_FORMAT', { kind: KIND, why });
};

/** What the content key is bound to. */
export const contextOf = (header: Bytes): Bytes => concat(label('backup'), header);

export function encodeHeader({ createdAtMs, what, kdf }: BackupHeader): Bytes {
  const value: Value = { v: VERSION, created: createdAtMs, what: [...what], kdf: encodeKdf(kdf) };
  return encode(value);
}

/** All that stands before the chunks. */
export function encodeHead(header: Bytes, salt: Bytes, commitment: Bytes): Bytes {
  const head = concat(MAGIC, u32(header.length), header, salt, commitment);
  return concat(head, sha256(head));
}

const looksLikeBackup = (start: Bytes): boolean => equalBytes(start.subarray(0, MAGIC.length), MAGIC);

export interface BackupHead {
  readonly header: BackupHeader;
  readonly context: Bytes;
  readonly salt: Bytes;
  readonly commitment: Bytes;
  /** Where the chunks begin. */
  readonly bytes: number;
}

/** The longest that a head can be: so much is read before anything is believed. */
export const HEAD_BYTES_MAX = MAGIC.length + LENGTH_BYTES + limits.backupHeaderBytesMax + CONTENT_SALT_BYTES + CONTENT_COMMITMENT_BYTES + SUM_BYTES;

/** Hostile input: the start of a file. Throws E_FORMAT, E_VERSION_NEWER. */
export function decodeHead(start: Bytes): BackupHead {
  if (!looksLikeBackup(start)) refuse('it does not begin like one');
  const headerAt = MAGIC.length + LENGTH_BYTES;
  const headerBytes = start.length < headerAt ? refuse('it is cut short') : u32At(start, MAGIC.length);
  if (headerBytes > limits.backupHeaderBytesMax) refuse('its header is too long');
  const saltAt = headerAt + headerBytes;
  const commitmentAt = saltAt + CONTENT_SALT_BYTES;
  const sumAt = commitmentAt + CONTENT_COMMITMENT_BYTES;
  if (start.length < sumAt + SUM_BYTES) refuse('it is cut short');
  if (!equalBytes(sha256(start.subarray(0, sumAt)), start.subarray(sumAt, sumAt + SUM_BYTES))) refuse('the checksum of its header does not hold');
  const header = start.slice(headerAt, saltAt);
  return {
    header: decodeHeader(header),
    context: contextOf(header),
    salt: start.slice(saltAt, commitmentAt),
    commitment: start.slice(commitmentAt, sumAt),
    bytes: sumAt + SUM_BYTES,
  };
}

function decodeHeader(bytes: Bytes): BackupHeader {
  const reader = new Reader(KIND, decode(KIND, bytes));
  reader.version(VERSION);
  const createdAtMs = reader.time('created');
  const what = reader.list('what', backupParts.length).map((part) => backupParts.find((known) => known === part) ?? refuse('it holds parts that are unknown'));
  if (what.length === 0 || new Set(what).size !== what.length) refuse('it names no part, or one twice');
  const kdf = readKdf(reader.map('kdf'));
  reader.done();
  return { createdAtMs, what, kdf };
}

export const encodeRecord = ({ type, payload }: BackupRecord): Bytes => concat(Uint8Array.of(recordTypes[type]), u32(payload.length), payload);

/** Type and length of the record that begins here. Throws E_FORMAT. */
export function decodeRecordHead(bytes: Bytes): { readonly type: RecordType; readonly length: number } {
  const type = (Object.keys(recordTypes) as RecordType[]).find((name) => recordTypes[name] === bytes[0]) ?? refuse('a record is of no known type');
  const length = u32At(bytes, 1);
  if (length > limits.backupPartBytesMax) refuse('a record is too long');
  return { type, length };
}
