/**
 * Many files at once, each whole or absent: written under another name, flushed, renamed, and the folders flushed once at the end.
 * They carry the store's time, not the kernel's. When `write` resolves all of them survive a power cut; when it throws some may be there, each of them whole.
 */
import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hexOf, type Bytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { isError } from '../../base/errors.ts';
import { fileError, PRIVATE_FILE, PRIVATE_FOLDER, syncFolder } from '../../base/files.ts';
import { limits } from '../../base/limits.ts';
import { systemRng } from '../../base/rng.ts';
import { moveAside } from '../aside.ts';
import { mapBounded } from '../concurrent.ts';

export interface FileToWrite {
  readonly path: string;
  readonly bytes: Bytes;
}

export class AtomicBatch {
  /** Where files lie until they are whole. On the same file system as their targets. */
  readonly partial: string;
  readonly #clock: Clock;
  readonly #known = new Set<string>();

  constructor(partial: string, clock: Clock) {
    this.partial = partial;
    this.#clock = clock;
  }

  async write(files: readonly FileToWrite[], signal?: AbortSignal): Promise<void> {
    await this.#folder(this.partial);
    const folders = new Set(files.map(({ path }) => dirname(path)));
    for (const folder of folders) await this.#folder(folder);
    await mapBounded(files, limits.fileConcurrency, async ({ path, bytes }) => {
      signal?.throwIfAborted();
      await guarded(path, () => this.#writeOne(path, bytes));
    });
    await syncFolders(folders);
  }

  async #writeOne(path: string, bytes: Bytes): Promise<void> {
    const temporary = join(this.partial, `${hexOf(systemRng.bytes(12))}.part`);
    try {
      const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE);
      try {
        for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
        const now = this.#clock.now() / 1000;
        await handle.utimes(now, now);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await renameOver(temporary, path, this.#clock);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  async #folder(path: string): Promise<void> {
    if (this.#known.has(path)) return;
    const first = await guarded(path, () => mkdir(path, { recursive: true, mode: PRIVATE_FOLDER }));
    this.#known.add(path);
    if (first === undefined) return;
    for (let at = path; at !== dirname(first); at = dirname(at)) await syncFolder(dirname(at));
  }
}

async function renameOver(from: string, to: string, clock: Clock): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    await moveAside(to, clock);
    await rename(from, to);
  }
}

export const syncFolders = async (folders: Iterable<string>): Promise<void> => {
  await mapBounded([...folders], limits.fileConcurrency, (folder) => guarded(folder, () => syncFolder(folder)));
};

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw isError(cause) ? cause : fileError(path, cause);
  }
}
