/**
 * The journal: every acknowledgement as it was given, and every message that was let go on purpose, outside the hot tier.
 * It is what a lost hot tier is compared with. One file a month, appended to by every process, flushed before `append` resolves.
 * A record torn by a crash is left out, and cut off by the next append; any other damage is reported, never skipped in silence, and the
 * damaged file is written to no more until it is mended.
 */
import { constants } from 'node:fs';
import { link, open, readdir, readFile, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { concat, type Bytes } from '../base/bytes.ts';
import { rfc3339, type Clock } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import { fileError, isFileOrNone, isMissing, makePrivateFolder, ownFileError, PRIVATE_FILE, syncFolder } from '../base/files.ts';
import type { ProcessMutex } from '../base/process-mutex.ts';
import { endsWhole, entriesOf } from './journal-file.ts';
import { encodeEntry, soundFrames } from './journal-record.ts';
import { storeMutex } from './mutex.ts';
import type { Acknowledgement, Journal, JournalEntry, Release } from './ports.ts';

const MONTH = /^(\d{4}-\d{2})\.(\d{3})\.log$/;

interface Waiting {
  readonly month: string;
  readonly frame: Bytes;
}

interface Group {
  readonly waiting: Waiting[];
  readonly done: Promise<void>;
}

export interface MendedFile {
  /** Where the damaged file is now. */
  readonly kept: string;
  /** Records that proved themselves and stay. */
  readonly records: number;
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
    await makePrivateFolder(folder, { own: true });
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
    if (await isFileOrNone(join(this.#folder, newest))) {
      const handle = await open(join(this.#folder, newest), constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
      try {
        const end = await this.#soundEnd(newest, handle);
        if (end !== undefined) return { name: newest, handle, end };
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
    }
    const name = freeName(month, files);
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
    const names = await readdir(this.#folder).catch((error: unknown) => {
      throw ownFileError(this.#folder, error);
    });
    return names.filter((name) => MONTH.test(name)).sort();
  }

  async *since(atMs: number): AsyncGenerator<Acknowledgement> {
    for await (const entry of this.entries(atMs)) if (entry.kind === 'acknowledged') yield entry.acknowledgement;
  }

  async *releasedSince(atMs: number): AsyncGenerator<Release> {
    for await (const entry of this.entries(atMs)) if (entry.kind === 'released') yield entry.release;
  }

  /** A damaged file is read as far as it goes, the later ones too; then E_STORE_CORRUPT. */
  async *entries(atMs: number): AsyncGenerator<JournalEntry> {
    const from = monthOf(atMs);
    let damage: Error | undefined;
    for (const name of await this.#files()) {
      if (name.slice(0, 7) < from) continue;
      const path = join(this.#folder, name);
      if (!(await isFileOrNone(path))) {
        damage ??= fail('E_STORE_CORRUPT', { tier: 'journal', path, why: 'it is no file' });
        continue;
      }
      const handle = await open(path, 'r').catch((error: unknown) => {
        throw isMissing(error) ? fail('E_BUSY', { what: path }) : fileError(path, error);
      });
      try {
        const { size } = await handle.stat();
        for await (const found of entriesOf(handle, size)) {
          if (found === 'damaged') damage ??= fail('E_STORE_CORRUPT', { tier: 'journal', path, why: 'a record fails its checksum' });
          else if (timeOf(found.entry) >= atMs) yield found.entry;
        }
      } catch (error) {
        throw isError(error) ? error : fileError(path, error);
      } finally {
        await handle.close();
      }
    }
    if (damage !== undefined) throw damage;
  }

  /**
   * Damaged files made whole of the records in them that prove themselves; the old ones are kept beside them, under a name with `stamp`.
   * What the others said is not known any more. What is no file at all, but has the name of one, is kept so too, and the file begins anew. Can be killed anywhere and run again.
   */
  mend(stamp: string): Promise<readonly MendedFile[]> {
    return this.#mutex.run(async () => {
      const mended: MendedFile[] = [];
      for (const name of await this.#files()) {
        const path = join(this.#folder, name);
        if (!(await isFileOrNone(path))) mended.push(await this.#moveAside(path, stamp));
        else if (await this.#isDamaged(path)) mended.push(await this.#mendFile(path, stamp));
      }
      return mended;
    });
  }

  async #isDamaged(path: string): Promise<boolean> {
    try {
      const handle = await open(path, 'r');
      try {
        return (await this.#scan(handle, (await handle.stat()).size)).damaged;
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw isError(error) ? error : fileError(path, error);
    }
  }

  async #moveAside(path: string, stamp: string): Promise<MendedFile> {
    const kept = `${path}.broken-${stamp}`;
    try {
      await rename(path, kept);
      await (await open(path, 'wx', PRIVATE_FILE)).close();
      await syncFolder(this.#folder);
      return { kept, records: 0 };
    } catch (error) {
      throw fileError(path, error);
    }
  }

  async #mendFile(path: string, stamp: string): Promise<MendedFile> {
    const kept = `${path}.broken-${stamp}`;
    try {
      const frames = soundFrames(await readFile(path));
      const handle = await open(`${path}.new`, 'w', PRIVATE_FILE);
      try {
        await writeFlushed(handle, concat(...frames), 0);
      } finally {
        await handle.close();
      }
      await link(path, kept);
      await rename(`${path}.new`, path);
      await syncFolder(this.#folder);
      this.#ends.clear();
      return { kept, records: frames.length };
    } catch (error) {
      throw isError(error) ? error : fileError(path, error);
    }
  }

  async close(): Promise<void> {
    await this.#mutex.close();
  }
}

/** The month's next name that nothing has. */
function freeName(month: string, files: readonly string[]): string {
  for (let number = files.length; ; number++) {
    const name = `${month}.${String(number).padStart(3, '0')}.log`;
    if (!files.includes(name)) return name;
  }
}

async function writeFlushed(handle: FileHandle, bytes: Bytes, from: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, from + at)).bytesWritten;
  await handle.datasync();
}
