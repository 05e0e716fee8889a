/**
 * The journal: every acknowledgement as it was given, and every message that was let go on purpose, outside the hot tier.
 * It is what a lost hot tier is compared with. One file a month, appended to by every process, flushed before `append` resolves.
 * A record torn by a crash is left out, and cut off by the next append; any other damage is reported, never skipped in silence, and the
 * damaged file is written to no more.
 */
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { concat, type Bytes } from '../base/bytes.ts';
import { rfc3339, type Clock } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import { fileError, isMissing, makePrivateFolder, PRIVATE_FILE, syncFolder } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import type { ProcessMutex } from '../base/process-mutex.ts';
import { encodeEntry, FOOT_BYTES, HEAD_BYTES, readEntry } from './journal-record.ts';
import { storeMutex } from './mutex.ts';
import type { Acknowledgement, Journal, JournalEntry, Release } from './ports.ts';

const READ_BYTES = 1024 * 1024;
const MONTH = /^(\d{4}-\d{2})\.(\d{3})\.log$/;

interface Waiting {
  readonly month: string;
  readonly frame: Bytes;
}

interface Group {
  readonly waiting: Waiting[];
  readonly done: Promise<void>;
}

const timeOf = (entry: JournalEntry): number => (entry.kind === 'acknowledged' ? entry.acknowledgement : entry.release).atMs;

const monthOf = (atMs: number): string => rfc3339(atMs).slice(0, 7);

export class FileJournal implements Journal {
  readonly #folder: string;
  readonly #mutex: ProcessMutex;
  /** Appends that came while one was being flushed: they go together. */
  #next: Group | undefined;
  /** End of the file after our own last append: when it is still there the tail needs no second look. */
  readonly #ends = new Map<string, number>();

  private constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#mutex = storeMutex(join(folder, 'append.lock'), clock);
  }

  static async open(folder: string, clock: Clock): Promise<FileJournal> {
    await makePrivateFolder(folder);
    return new FileJournal(folder, clock);
  }

  append(acknowledgements: readonly Acknowledgement[]): Promise<void> {
    return this.#append(acknowledgements.map((acknowledgement) => ({ kind: 'acknowledged', acknowledgement })));
  }

  release(releases: readonly Release[]): Promise<void> {
    return this.#append(releases.map((release) => ({ kind: 'released', release })));
  }

  #append(entries: readonly JournalEntry[]): Promise<void> {
    const frames = entries.map((entry) => ({ month: monthOf(timeOf(entry)), frame: encodeEntry(entry) }));
    if (this.#next !== undefined) {
      this.#next.waiting.push(...frames);
      return this.#next.done;
    }
    const group: Group = { waiting: frames, done: this.#mutex.run(() => this.#flush(frames)) };
    this.#next = group;
    // a mutex that was never got has flushed nothing: later appends must not join a group that has failed
    group.done.catch(() => {
      if (this.#next === group) this.#next = undefined;
    });
    return group.done;
  }

  /** Under the mutex. */
  async #flush(waiting: readonly Waiting[]): Promise<void> {
    this.#next = undefined;
    for (const [month, group] of Map.groupBy(waiting, (one) => one.month)) {
      await this.#write(month, concat(...group.map(({ frame }) => frame)));
    }
  }

  async #write(month: string, bytes: Bytes): Promise<void> {
    try {
      const { name, handle, end } = await this.#openAtEnd(month);
      try {
        await writeFlushed(handle, bytes, end);
        if (end === 0) await syncFolder(this.#folder);
        this.#ends.set(name, end + bytes.length);
      } catch (error) {
        await handle.truncate(end).catch(() => undefined);
        throw error;
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw isError(error) ? error : fileError(this.#folder, error);
    }
  }

  /** The month's newest file at the place of its next record, a torn one cut off; a new file when that one is damaged. */
  async #openAtEnd(month: string): Promise<{ name: string; handle: FileHandle; end: number }> {
    const files = (await this.#files()).filter((name) => name.startsWith(month));
    const newest = files.at(-1) ?? `${month}.000.log`;
    const handle = await open(join(this.#folder, newest), constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
    try {
      const end = await this.#soundEnd(newest, handle);
      if (end !== undefined) return { name: newest, handle, end };
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    const name = `${month}.${String(files.length).padStart(3, '0')}.log`;
    return { name, handle: await open(join(this.#folder, name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE), end: 0 };
  }

  /** Where the next record goes, after cutting off a torn one; undefined when the file is damaged. */
  async #soundEnd(name: string, handle: FileHandle): Promise<number | undefined> {
    const { size } = await handle.stat();
    if (size === 0 || size === this.#ends.get(name) || (await endsWhole(handle, size))) return size;
    const { end, damaged } = await this.#scan(handle, size);
    if (damaged) return undefined;
    await handle.truncate(end);
    return end;
  }

  async #scan(handle: FileHandle, size: number): Promise<{ end: number; damaged: boolean }> {
    let end = 0;
    for await (const found of entriesOf(handle, size)) {
      if (found === 'damaged') return { end, damaged: true };
      end = found.end;
    }
    return { end, damaged: false };
  }

  async #files(): Promise<readonly string[]> {
    return (await readdir(this.#folder)).filter((name) => MONTH.test(name)).sort();
  }

  async *since(atMs: number): AsyncGenerator<Acknowledgement> {
    for await (const entry of this.entries(atMs)) if (entry.kind === 'acknowledged') yield entry.acknowledgement;
  }

  async *releasedSince(atMs: number): AsyncGenerator<Release> {
    for await (const entry of this.entries(atMs)) if (entry.kind === 'released') yield entry.release;
  }

  /** Both kinds in the order of writing. A damaged file is read as far as it goes, the later ones too; then E_STORE_CORRUPT. */
  async *entries(atMs: number): AsyncGenerator<JournalEntry> {
    const from = monthOf(atMs);
    let damage: Error | undefined;
    for (const name of await this.#files()) {
      if (name.slice(0, 7) < from) continue;
      const path = join(this.#folder, name);
      const handle = await open(path, 'r').catch((error: unknown) => {
        throw isMissing(error) ? fail('E_BUSY', { what: path }) : fileError(path, error);
      });
      try {
        const { size } = await handle.stat();
        for await (const found of entriesOf(handle, size)) {
          if (found === 'damaged') damage ??= fail('E_STORE_CORRUPT', { tier: 'journal', path, why: 'a record fails its checksum' });
          else if (timeOf(found.entry) >= atMs) yield found.entry;
        }
      } finally {
        await handle.close();
      }
    }
    if (damage !== undefined) throw damage;
  }

  async close(): Promise<void> {
    await this.#mutex.close();
  }
}

async function writeFlushed(handle: FileHandle, bytes: Bytes, from: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, from + at)).bytesWritten;
  await handle.datasync();
}

/** The footer leads to the start of the last record: one small read tells that nothing is torn. */
async function endsWhole(handle: FileHandle, size: number): Promise<boolean> {
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
async function* entriesOf(handle: FileHandle, size: number): AsyncGenerator<{ readonly entry: JournalEntry; readonly end: number } | 'damaged'> {
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
