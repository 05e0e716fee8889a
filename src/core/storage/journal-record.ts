/**
 * One record of the journal: a frame that is recognised from either end, around canonical dag-cbor.
 *
 *     u32 length | u32 CRC32 of the length | u32 CRC32 of the payload | payload | u32 length        (big-endian)
 *
 * The length has a checksum of its own: without it a flipped bit there would look like a torn tail, and what follows would be cut off.
 */
import { crc32 } from 'node:zlib';
import type { Bytes } from '../base/bytes.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { durabilities, type Acknowledgement, type JournalEntry, type Operation, type Release } from './ports.ts';

export const HEAD_BYTES = 12;
export const FOOT_BYTES = 4;
const VERSION = 1;
const releaseReasons = ['removed', 'expired'] as const;

const u32 = (bytes: Bytes, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

/** What stands in a frame, and in a backup. */
export const encodePayload = (entry: JournalEntry): Bytes =>
  encode({ v: VERSION, kind: entry.kind, ...(entry.kind === 'acknowledged' ? acknowledgedFields(entry.acknowledgement) : releasedFields(entry.release)) });

export function encodeEntry(entry: JournalEntry): Bytes {
  const payload = encodePayload(entry);
  const frame = new Uint8Array(HEAD_BYTES + payload.length + FOOT_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length);
  view.setUint32(4, crc32(frame.subarray(0, 4)));
  view.setUint32(8, crc32(payload));
  frame.set(payload, HEAD_BYTES);
  view.setUint32(HEAD_BYTES + payload.length, payload.length);
  return frame;
}

const acknowledgedFields = ({ cid, atMs, durability, inboxes, bytes, expiresAtMs, operation }: Acknowledgement) => ({
  ...{ cid, at: atMs, level: durability, inboxes, bytes, expires: expiresAtMs },
  operation: operation && { key: operation.key, content: operation.content, result: operation.result },
});

const releasedFields = ({ cid, atMs, reason, inboxes }: Release) => ({ cid, at: atMs, reason, inboxes });

/** What stands at `at`: a whole record, a torn one (the file ends before it does), or damage. `bytes` reaches to the end of the file when `last`. */
export type Found = { readonly entry: JournalEntry; readonly next: number } | 'torn' | 'more' | 'damaged';

export function readEntry(bytes: Bytes, at: number, last: boolean): Found {
  const short = last ? 'torn' : 'more';
  if (bytes.length - at < HEAD_BYTES) return short;
  const length = u32(bytes, at);
  if (crc32(bytes.subarray(at, at + 4)) !== u32(bytes, at + 4) || length > limits.journalRecordBytesMax) {
    // a power cut can leave a tail that was allocated but never written
    return last && bytes.subarray(at).every((byte) => byte === 0) ? 'torn' : 'damaged';
  }
  const next = at + HEAD_BYTES + length + FOOT_BYTES;
  if (next > bytes.length) return short;
  const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
  if (crc32(payload) !== u32(bytes, at + 8) || u32(bytes, next - FOOT_BYTES) !== length) return 'damaged';
  return { entry: decodePayload(payload), next };
}

/** Every record that proves itself, those behind damage too: what is passed over is no record, or not one any more. Throws E_VERSION_NEWER. */
export function soundFrames(bytes: Bytes): readonly Bytes[] {
  const frames: Bytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = frameAt(bytes, at);
    if (found !== undefined) frames.push(bytes.subarray(at, found));
    at = found ?? at + 1;
  }
  return frames;
}

function frameAt(bytes: Bytes, at: number): number | undefined {
  if (bytes.length - at < HEAD_BYTES || crc32(bytes.subarray(at, at + 4)) !== u32(bytes, at + 4)) return undefined;
  try {
    const found = readEntry(bytes, at, true);
    return typeof found === 'object' ? found.next : undefined;
  } catch (error) {
    if (isError(error, 'E_VERSION_NEWER')) throw error;
    return undefined;
  }
}

/** Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER. */
export function decodePayload(payload: Bytes): JournalEntry {
  const reader = new Reader('journal record', decode('journal record', payload));
  reader.version(VERSION);
  const kind = reader.text('kind', 20);
  const head = { cid: reader.cid('cid'), atMs: reader.time('at') };
  const entry: JournalEntry =
    kind === 'released'
      ? { kind, release: { ...head, ...readReleased(reader) } }
      : { kind: oneOfText(kind, 'kind', ['acknowledged']), acknowledgement: { ...head, ...readAcknowledged(reader) } };
  reader.done();
  return entry;
}

function readAcknowledged(reader: Reader): Omit<Acknowledgement, 'cid' | 'atMs'> {
  const durability = oneOf(reader, 'level', durabilities);
  const operation = reader.optional('operation', readOperation);
  return { durability, inboxes: readInboxes(reader), bytes: reader.int('bytes'), expiresAtMs: reader.time('expires'), ...(operation && { operation }) };
}

function readReleased(reader: Reader): Omit<Release, 'cid' | 'atMs'> {
  const inboxes = reader.optional('inboxes', readInboxes);
  return { reason: oneOf(reader, 'reason', releaseReasons), ...(inboxes && { inboxes }) };
}

function readInboxes(reader: Reader): readonly Bytes[] {
  return reader.list('inboxes', limits.recipientsMax).map((inbox) => {
    if (!(inbox instanceof Uint8Array) || inbox.length !== 32) throw fail('E_FORMAT', { kind: 'journal record', why: 'an inbox that is not 32 bytes' });
    return inbox;
  });
}

function readOperation(reader: Reader): Omit<Operation, 'cid'> {
  const fields = reader.map('operation');
  const operation = { key: fields.bytes('key', 32), content: fields.bytes('content', 32), result: fields.bytes('result', undefined, limits.journalRecordBytesMax) };
  fields.done();
  return operation;
}

const oneOf = <const T extends string>(reader: Reader, field: string, values: readonly T[]): T => oneOfText(reader.text(field, 20), field, values);

function oneOfText<const T extends string>(text: string, field: string, values: readonly T[]): T {
  const value = values.find((known) => known === text);
  if (value === undefined) throw fail('E_FORMAT', { kind: 'journal record', why: `field ${field} is none of ${values.join(', ')}` });
  return value;
}
