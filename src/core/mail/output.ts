/**
 * Where plaintext goes. A file comes into being whole or not at all, under a name that nobody had; a stream gets an authenticated prefix
 * and then the failure. The name that a sender gave is cleaned before it names anything here.
 */
import { lstat, open, stat, type FileHandle } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError, OmniplexError } from '../base/errors.ts';
import { exists, fileError, isMissing, WholeFile } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { safeFileName } from './file-name.ts';

export type FetchTarget =
  /** A new file; where it is a folder, a new file in it as in `folder`. */
  | { readonly kind: 'path'; readonly path: string }
  /** A new file in this folder, under the name that the sender gave, cleaned. */
  | { readonly kind: 'folder'; readonly path: string }
  /** Pieces as they are authenticated. What `write` rejects with ends the fetch. */
  | { readonly kind: 'stream'; readonly write: (piece: Bytes) => void | Promise<void> };

export interface Written {
  /** The file; undefined for a stream. */
  readonly out: string | undefined;
  readonly bytes: number;
  /** Why a stream ended early: what it got before is an authentic prefix. */
  readonly failure?: OmniplexError;
}

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw fileError(path, cause);
  }
};

const taken = (path: string) => fail('E_EXISTS', { path, hint: 'Nothing is overwritten: name another file or a folder with --out.' });

/** The file that a fetch will make; undefined for a stream. Throws E_EXISTS when it is there already, E_IO. */
export async function fileFor(target: FetchTarget, senderName: string): Promise<string | undefined> {
  if (target.kind === 'stream') return undefined;
  const inFolder = target.kind === 'folder' || (await isFolder(target.path));
  const path = inFolder ? join(target.path, safeFileName(senderName)) : target.path;
  if (await exists(path)) throw taken(path);
  return path;
}

/** What can be known before the message is: a file of that name. Throws E_EXISTS. */
export async function refuseTaken(target: FetchTarget): Promise<void> {
  if (target.kind === 'path' && (await exists(target.path)) && !(await isFolder(target.path))) throw taken(target.path);
}

/** `settle` runs once all of it is written and before the file has its name. Throws what the pieces throw, E_EXISTS, E_DISK_FULL, E_IO; then there is no file. */
export async function writeFile(path: string, pieces: AsyncIterable<Bytes>, settle: () => Promise<void>): Promise<Written> {
  const file = await WholeFile.create(path);
  try {
    for await (const piece of pieces) await file.write(piece);
    await settle();
    await file.commit();
    return { out: path, bytes: file.bytes };
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** Throws what the pieces throw while nothing was written yet, and what `write` throws. */
export async function writeStream(write: (piece: Bytes) => void | Promise<void>, pieces: AsyncIterable<Bytes>): Promise<Written> {
  let bytes = 0;
  const reading = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      let next: IteratorResult<Bytes>;
      try {
        next = await reading.next();
      } catch (error) {
        if (bytes > 0 && error instanceof OmniplexError) return { out: undefined, bytes, failure: error };
        throw error;
      }
      if (next.done === true) return { out: undefined, bytes };
      await write(next.value);
      bytes += next.value.length;
    }
  } finally {
    await reading.return?.();
  }
}

/** The name in a folder for a message whose own name another message has there: the end of its CID tells them apart. */
export function nameBeside(name: string, cid: Cid): string {
  const extension = extname(name);
  const mark = `.${cid.toString().slice(-8)}`;
  return safeFileName(`${name.slice(0, name.length - extension.length).slice(0, limits.nameBytesMax / 4)}${mark}${extension}`);
}

/** Whether the file holds exactly these pieces. A link, or anything but a regular file, does not. Throws what the pieces throw, E_IO. */
export async function holdsExactly(path: string, bytes: number, pieces: () => AsyncIterable<Bytes>): Promise<boolean> {
  const stats = await lstat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (!stats.isFile() || stats.size !== bytes) return false;
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  try {
    for await (const piece of pieces()) if (!(await continuesWith(handle, piece))) return false;
    return true;
  } catch (cause) {
    throw isError(cause) ? cause : fileError(path, cause);
  } finally {
    await handle.close();
  }
}

async function continuesWith(handle: FileHandle, piece: Bytes): Promise<boolean> {
  const there = new Uint8Array(piece.length);
  for (let at = 0; at < there.length; ) {
    const { bytesRead } = await handle.read(there, at, there.length - at, null);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return equalBytes(there, piece);
}

/** Whether a terminal should not be shown this: control characters (an escape sequence is one) or no UTF-8. Of the first piece of a content. */
export function looksBinary(piece: Bytes): boolean {
  const text = new TextDecoder('utf-8').decode(piece, { stream: true });
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  return /[\u0000-\u0008\u000B\u000E-\u001F\u007F-\u009F\uFFFD]/.test(text);
}
