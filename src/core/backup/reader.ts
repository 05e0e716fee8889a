/**
 * Reads a backup as a stream of records, each authentic when it comes out. Only the last says that nothing is missing:
 * whoever acts on the records must be able to take it all back until then.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { wipe, type Bytes } from '../base/bytes.ts';
import { decode } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';
import { checkCommitment, CHUNK_BYTES, ContentOpener, deriveContentKeys, type CryptoProvider } from '../crypto/index.ts';
import { passphraseKey } from '../keys/keyring-file.ts';
import { decodeHead, decodeRecordHead, HEAD_BYTES_MAX, KIND, RECORD_HEAD_BYTES, recordPlaces, type BackupHead, type BackupHeader, type BackupRecord } from './format.ts';

async function readAt(handle: FileHandle, path: string, into: Bytes, offset: number, at: number): Promise<number> {
  try {
    return (await handle.read(into, offset, into.length - offset, at)).bytesRead;
  } catch (cause) {
    throw fileError(path, cause);
  }
}

async function withFile<T>(path: string, act: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  try {
    return await act(handle);
  } finally {
    await handle.close();
  }
}

async function readHead(handle: FileHandle, path: string): Promise<BackupHead> {
  const start = new Uint8Array(HEAD_BYTES_MAX);
  let have = 0;
  for (;;) {
    const bytesRead = await readAt(handle, path, start, have, have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return decodeHead(start.subarray(0, have));
}

/** What can be known without the passphrase. Throws E_NOT_FOUND, E_IO, E_FORMAT, E_VERSION_NEWER. */
export const readBackupHeader = (path: string): Promise<{ readonly header: BackupHeader; readonly bytes: number }> =>
  withFile(path, async (handle) => ({ header: (await readHead(handle, path)).header, bytes: (await handle.stat()).size }));

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes so far, and those of the file, a little more than all that will come. */
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined;
}

/** Hostile input: the file. Throws E_NOT_FOUND, E_IO, E_FORMAT, E_VERSION_NEWER, E_PASSPHRASE, E_CIPHERTEXT. A payload of secrets is wiped when the next record is asked for. */
export async function* readBackup(path: string, crypto: CryptoProvider, passphrase: Secret, { signal, onProgress }: ReadOptions = {}): AsyncGenerator<BackupRecord> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  try {
    const head = await readHead(handle, path);
    const opener = await openerOf(path, crypto, passphrase, head);
    const { size } = await handle.stat();
    let bytes = 0;
    for await (const record of records(head.header, plaintext(handle, path, head.bytes, opener, signal))) {
      bytes += record.payload.length;
      onProgress?.(bytes, size);
      yield record;
    }
  } finally {
    await handle.close();
  }
}

async function openerOf(path: string, crypto: CryptoProvider, passphrase: Secret, { header, context, salt, commitment }: BackupHead): Promise<ContentOpener> {
  const key = await passphraseKey(crypto, passphrase, header.kdf, 'backup');
  const keys = deriveContentKeys(crypto, key, salt, context);
  wipe(key);
  try {
    checkCommitment(keys, commitment);
  } catch (cause) {
    // The checksum held, so the commitment is the one that was written: the key is another.
    throw isError(cause, 'E_COMMITMENT') ? fail('E_PASSPHRASE', { what: path }, cause) : cause;
  }
  const opener = new ContentOpener(crypto, keys, commitment);
  wipe(keys.aeadKey, keys.baseNonce);
  return opener;
}

/** Authentic pieces of the stream; the last comes only when the stream is whole. */
async function* plaintext(handle: FileHandle, path: string, from: number, opener: ContentOpener, signal?: AbortSignal): AsyncGenerator<Bytes> {
  const input = new Uint8Array(limits.backupReadBytes);
  for (let at = from; ; ) {
    signal?.throwIfAborted();
    const bytesRead = await readAt(handle, path, input, 0, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    const out = new Uint8Array(opener.outputBytes(bytesRead));
    yield out.subarray(0, opener.update(input.subarray(0, bytesRead), out));
  }
  const last = new Uint8Array(CHUNK_BYTES);
  yield last.subarray(0, opener.final(last));
}

async function* records({ what }: BackupHeader, pieces: AsyncGenerator<Bytes>): AsyncGenerator<BackupRecord> {
  const source = new Gatherer(pieces);
  let reached = 0;
  for (let count = 0; ; count++) {
    const { type, length } = decodeRecordHead(await source.take(RECORD_HEAD_BYTES));
    const payload = await source.take(length);
    if (type === 'end') {
      if (decode(KIND, payload) !== count || !(await source.isAtEnd())) throw fail('E_FORMAT', { kind: KIND, why: 'its end does not fit' });
      return;
    }
    const { part, rank } = recordPlaces[type];
    // secrets come first, and once
    if (!what.includes(part) || rank < reached || (rank === 1) !== (count === 0 && what.includes('keys'))) {
      throw fail('E_FORMAT', { kind: KIND, why: `a ${type} record is out of place` });
    }
    reached = rank;
    yield { type, payload };
    if (type === 'secrets') wipe(payload);
  }
}

/** Exact lengths out of pieces of any length. */
class Gatherer {
  readonly #pieces: AsyncGenerator<Bytes>;
  #rest: Bytes = new Uint8Array(0);

  constructor(pieces: AsyncGenerator<Bytes>) {
    this.#pieces = pieces;
  }

  async take(length: number): Promise<Bytes> {
    const out = new Uint8Array(length);
    for (let have = 0; have < length; ) {
      if (this.#rest.length === 0 && !(await this.#next())) throw fail('E_FORMAT', { kind: KIND, why: 'it ends within a record' });
      const part = this.#rest.subarray(0, length - have);
      out.set(part, have);
      have += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return out;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) if (!(await this.#next())) return true;
    return false;
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    this.#rest = done === true ? new Uint8Array(0) : value;
    return done !== true;
  }
}
