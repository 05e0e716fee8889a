/**
 * Is a write-ahead log as SQLite left it? SQLite itself takes a log with a damaged header for an empty one, deletes it, and replays a damaged
 * one up to the damage: both lose what was acknowledged without a word. Looking first turns that into an error.
 * A torn end is no damage: it belongs to a transaction that was never acknowledged.
 * Spec: https://sqlite.org/fileformat2.html#the_write_ahead_log
 */
import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import type { Bytes } from '../base/bytes.ts';
import { isError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { limits } from '../base/limits.ts';

export const LOG_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + limits.sqlitePageBytes;
const MAGIC = 0x377f_0682;

/** `no file`: a folder, a link or the like has the name of the log. */
export type LogState = 'none' | 'sound' | 'no header' | 'no file' | 'damaged';

type Sum = readonly [number, number];

/** The checksum of the log: two sums over words, in the byte order that the magic number names. Runs on from `start`. */
function checksum(view: DataView, from: number, to: number, littleEndian: boolean, start: Sum): Sum {
  let [a, b] = start;
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, littleEndian) + b) >>> 0;
    b = (b + view.getUint32(at + 4, littleEndian) + a) >>> 0;
  }
  return [a, b];
}

const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

interface Header {
  readonly littleEndian: boolean;
  readonly salts: bigint;
  readonly sum: Sum;
}

function readHeader(bytes: Bytes): Header | undefined {
  const view = viewOf(bytes);
  const magic = view.getUint32(0);
  if ((magic & ~1) !== MAGIC || view.getUint32(8) !== limits.sqlitePageBytes) return undefined;
  const littleEndian = (magic & 1) === 0;
  const sum = checksum(view, 0, 24, littleEndian, [0, 0]);
  return sum[0] === view.getUint32(24) && sum[1] === view.getUint32(28) ? { littleEndian, salts: view.getBigUint64(16), sum } : undefined;
}

/** Fills `bytes` as far as the file goes. */
function readAt(file: number, bytes: Bytes, position: number): Bytes {
  let at = 0;
  while (at < bytes.length) {
    const count = readSync(file, bytes, at, bytes.length - at, position + at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

function withLog<T extends LogState>(path: string, act: (file: number) => T): T | 'none' | 'no file' {
  const log = `${path}-wal`;
  let file: number;
  try {
    // before it is opened: opening a pipe waits for who writes to it
    if (!lstatSync(log).isFile()) return 'no file';
    file = openSync(log, 'r');
  } catch {
    return 'none';
  }
  try {
    return act(file);
  } catch (error) {
    throw isError(error) ? error : fileError(log, error);
  } finally {
    closeSync(file);
  }
}

/** A quick look before SQLite opens the file: 32 bytes. A log too short for one frame holds nothing. */
export function headerState(path: string): Exclude<LogState, 'damaged'> {
  return withLog(path, (file) => {
    const bytes = readAt(file, new Uint8Array(LOG_HEADER_BYTES + 1), 0);
    if (bytes.length <= LOG_HEADER_BYTES) return 'none';
    return readHeader(bytes) === undefined ? 'no header' : 'sound';
  });
}

/**
 * The whole log. `damaged`: a frame fails its checksum and at least two transactions are committed behind it; one alone may be torn.
 * Only while nobody writes: take the write lock first.
 */
export function logState(path: string): LogState {
  return withLog(path, (file) => {
    const start = readAt(file, new Uint8Array(LOG_HEADER_BYTES), 0);
    if (start.length < LOG_HEADER_BYTES) return 'none';
    const header = readHeader(start);
    if (header === undefined) return 'no header';
    return commitsBehindDamage(file, header) >= 2 ? 'damaged' : 'sound';
  });
}

function commitsBehindDamage(file: number, { littleEndian, salts, sum: first }: Header): number {
  const frame = new Uint8Array(FRAME_BYTES);
  const view = viewOf(frame);
  let sum = first;
  let whole = true;
  let commits = 0;
  for (let at = LOG_HEADER_BYTES; ; at += FRAME_BYTES) {
    // frames of the log before this one carry other salts: they are the end
    if (readAt(file, frame, at).length < FRAME_BYTES || view.getBigUint64(8) !== salts) return commits;
    if (whole) {
      sum = checksum(view, FRAME_HEADER_BYTES, FRAME_BYTES, littleEndian, checksum(view, 0, 8, littleEndian, sum));
      whole = sum[0] === view.getUint32(16) && sum[1] === view.getUint32(20);
    }
    if (!whole && view.getUint32(4) !== 0) commits++;
  }
}
