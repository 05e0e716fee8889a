/** One file of the cold tier at a time: what is there, its bytes, and taking it away. Whatever the file system says is an error of the registry. */
import { constants, type Stats } from 'node:fs';
import { open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import type { Bytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { fileError, isMissing } from '../../base/files.ts';
import { limits } from '../../base/limits.ts';
import { moveAside } from '../aside.ts';

export async function names(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw fileError(folder, error);
  }
}

interface Copy {
  readonly bytes: number;
  readonly storedAtMs: number;
}

export async function statOf(path: string): Promise<Copy | undefined> {
  const copy = await statsOf(path);
  return copy?.isFile() === true ? { bytes: copy.size, storedAtMs: Math.trunc(copy.mtimeMs) } : undefined;
}

/** Of a block: what is no file is a copy too, a damaged one. */
export async function copyAt(path: string): Promise<Copy | undefined> {
  const copy = await statsOf(path);
  return copy && { bytes: copy.isFile() ? copy.size : 0, storedAtMs: Math.trunc(copy.mtimeMs) };
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileError(path, error);
  }
}

export async function removeFile(path: string, clock: Clock): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    if ((error as NodeJS.ErrnoException).code === 'ERR_FS_EISDIR') return movedAside(path, clock);
    throw fileError(path, error);
  }
}

async function movedAside(path: string, clock: Clock): Promise<true> {
  await moveAside(path, clock).catch((error: unknown) => {
    throw fileError(path, error);
  });
  return true;
}

/** A file longer than any block is damage, and so is what is no file: neither is read. */
export async function readBlock(path: string): Promise<Bytes | undefined | 'no block'> {
  let handle: FileHandle;
  try {
    // so that opening a pipe does not wait for who writes to it
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileError(path, error);
  }
  try {
    const stats = await handle.stat();
    const { size } = stats;
    if (!stats.isFile() || size > limits.blockBytesMax) return 'no block';
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await handle.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return at === size ? bytes : bytes.subarray(0, at);
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await handle.close();
  }
}

export async function contentAt(path: string, bytes: Bytes): Promise<'same' | 'other' | 'none'> {
  const there = await readBlock(path);
  if (there === undefined) return 'none';
  return there instanceof Uint8Array && Buffer.compare(there, bytes) === 0 ? 'same' : 'other';
}
