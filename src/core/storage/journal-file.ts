/** Reading a file of the journal: does its last record stand whole, and which records are in it. It changes nothing, and opens nothing. */
import type { FileHandle } from 'node:fs/promises';
import type { Bytes } from '../base/bytes.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { FOOT_BYTES, HEAD_BYTES, readEntry } from './journal-record.ts';
import type { JournalEntry } from './ports.ts';

const READ_BYTES = 1024 * 1024;

/** The footer leads to the start of the last record: one small read tells that nothing is torn. */
export async function endsWhole(handle: FileHandle, size: number): Promise<boolean> {
  const foot = await readAt(handle, size - FOOT_BYTES, FOOT_BYTES);
  if (foot.length < FOOT_BYTES) return false;
  const length = new DataView(foot.buffer, foot.byteOffset).getUint32(0);
  const start = size - FOOT_BYTES - length - HEAD_BYTES;
  if (length > limits.journalRecordBytesMax || start < 0) return false;
  try {
    const found = readEntry(await readAt(handle, start, size - start), 0, true);
    return typeof found === 'object' && found.next === size - start;
  } catch {
    return false;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Bytes> {
  if (position < 0) return new Uint8Array(0);
  const buffer = new Uint8Array(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The records of a file in order, each with the offset behind it; `damaged` once, as the last, where it cannot be read on. */
export async function* entriesOf(handle: FileHandle, size: number): AsyncGenerator<{ readonly entry: JournalEntry; readonly end: number } | 'damaged'> {
  let base = 0;
  while (base < size) {
    const bytes = await readAt(handle, base, Math.min(READ_BYTES, size - base));
    if (bytes.length === 0) return;
    const last = base + bytes.length >= size;
    let at = 0;
    for (;;) {
      if (at === bytes.length) break;
      let found;
      try {
        found = readEntry(bytes, at, last);
      } catch (error) {
        if (isError(error, 'E_VERSION_NEWER')) throw error;
        found = 'damaged' as const;
      }
      if (found === 'torn') return;
      if (found === 'more') break;
      if (found === 'damaged') {
        yield 'damaged';
        return;
      }
      at = found.next;
      yield { entry: found.entry, end: base + at };
    }
    base += at;
  }
}
