/**
 * What is sent: a file, or a stream of unknown length. Read in large pieces, one ahead of the one in use, never whole.
 */
import { createHash, type Hash } from 'node:crypto';
import { access, constants, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Bytes } from '../base/bytes.ts';
import { fail, isError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { limits } from '../base/limits.ts';

export interface PlainInput {
  /** What the receiver is told it is called; absent for a stream. */
  readonly name?: string;
  /** When known beforehand, for progress only: what is read is what counts. */
  readonly bytes?: number;
  /** Pieces of any length, each good only until the next is asked for. A file can be opened again; a stream only once. */
  open(signal?: AbortSignal): AsyncIterable<Bytes>;
}

/** A regular file or a pipe by its path, which is not opened yet: a pipe has its bytes once. Throws E_NOT_FOUND, E_USAGE (a folder), E_IO (not readable). */
export async function fileInput(path: string): Promise<PlainInput> {
  try {
    const stats = await stat(path);
    await access(path, constants.R_OK);
    if (stats.isDirectory()) throw fail('E_USAGE', { why: `${path} is a folder: pack it first, for example with tar` });
    return { name: basename(path), ...(stats.isFile() && { bytes: stats.size }), open: (signal) => readFile(path, signal) };
  } catch (cause) {
    throw isError(cause) ? cause : fileError(path, cause);
  }
}

/** Pieces that arrive once, such as standard input. */
export const streamInput = (pieces: AsyncIterable<Bytes>, name?: string): PlainInput => ({ ...(name !== undefined && { name }), open: () => pieces });

/** Bytes at hand. */
export const bytesInput = (bytes: Bytes, name?: string): PlainInput => ({
  ...(name !== undefined && { name }),
  bytes: bytes.length,
  async *open() {
    yield bytes;
  },
});

async function* readFile(path: string, signal?: AbortSignal): AsyncGenerator<Bytes> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  // Two buffers in turn, one in use and one being filled: a fresh one a piece costs its page faults, and a fourth of the CPU time of a send.
  const buffers = [new Uint8Array(limits.readAheadBytes), new Uint8Array(limits.readAheadBytes)] as const;
  let reads = 0;
  const readPiece = async () => handle.read(buffers[reads++ % 2 === 0 ? 0 : 1], 0, limits.readAheadBytes, null);
  let ahead = readPiece();
  try {
    for (;;) {
      const { bytesRead, buffer } = await ahead;
      if (bytesRead === 0) return;
      signal?.throwIfAborted();
      ahead = readPiece();
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw isError(cause) || signal?.aborted ? cause : fileError(path, cause);
  } finally {
    await ahead.catch(() => undefined);
    await handle.close();
  }
}

/** SHA-256 and length of what passed through: what a repeated --id is compared by. */
export class InputDigest {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  async *through(pieces: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
    for await (const piece of pieces) {
      this.#hash.update(piece);
      this.#bytes += piece.length;
      yield piece;
    }
  }

  /** Once, at the end. */
  finish(): { readonly sha256: Bytes; readonly bytes: number } {
    return { sha256: new Uint8Array(this.#hash.digest()), bytes: this.#bytes };
  }
}

/** Reads all of it without keeping any. */
export async function digestOfInput(input: PlainInput, signal?: AbortSignal): Promise<{ readonly sha256: Bytes; readonly bytes: number }> {
  const digest = new InputDigest();
  for await (const _ of digest.through(input.open(signal))) signal?.throwIfAborted();
  return digest.finish();
}
