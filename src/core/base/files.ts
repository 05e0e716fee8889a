/**
 * Files that hold something worth keeping: created exclusively, 0600, flushed to the device, replaced only whole.
 * After a failure no output file exists. Nothing here follows the name of a file that another process made.
 */
import { constants, type Stats } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hexOf, type Bytes } from './bytes.ts';
import { fail, isError, type OmniplexError } from './errors.ts';
import { systemRng } from './rng.ts';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** The registry's error for a failed file operation: full disk and existing files have codes of their own. */
export function fileError(path: string, cause: unknown): OmniplexError {
  switch (codeOf(cause)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return fail('E_DISK_FULL', { path }, cause);
    case 'EEXIST':
      return fail('E_EXISTS', { path }, cause);
    case 'ENOENT':
      return fail('E_NOT_FOUND', { what: path, hint: 'Check the path; a relative one begins in the folder you are in.' }, cause);
    case 'EACCES':
    case 'EPERM':
      return fail('E_IO', { path, why: `permission denied (${codeOf(cause)})` }, cause);
    case 'EISDIR':
    case 'ERR_FS_EISDIR':
      return fail('E_IO', { path, why: 'it is a folder (EISDIR)', hint: 'Name a file.' }, cause);
    case 'ENOTDIR':
      return fail('E_IO', { path, why: 'a part of the path is no folder (ENOTDIR)', hint: 'Check the path; a relative one begins in the folder you are in.' }, cause);
    case 'ELOOP':
      return fail('E_IO', { path, why: 'a link that leads nowhere, or one where none is followed (ELOOP)' }, cause);
    default:
      return fail('E_IO', { path, why: codeOf(cause) || 'failed' }, cause);
  }
}

const IN_THE_WAY = 'Something else lies under a name that OmniPlex keeps for itself. Move it away; if the right one is gone, put that back from a copy.';

/** As `fileError`, for a path that OmniPlex chose and not the operator: he is told to move away what is in its place, not to name another. */
export function ownFileError(path: string, cause: unknown): OmniplexError {
  switch (codeOf(cause)) {
    case 'EISDIR':
    case 'ERR_FS_EISDIR':
      return fail('E_IO', { path, why: 'a folder is where a file must be (EISDIR)', hint: IN_THE_WAY }, cause);
    case 'ENOTDIR':
      return fail('E_IO', { path, why: 'something else is where a folder must be (ENOTDIR)', hint: IN_THE_WAY }, cause);
    case 'EEXIST':
      return fail('E_EXISTS', { path, hint: `It is no folder. ${IN_THE_WAY}` }, cause);
    default:
      return fileError(path, cause);
  }
}

async function guarded<T>(path: string, act: () => Promise<T>, errorOf = fileError): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw isError(cause) ? cause : errorOf(path, cause);
  }
}

/** Makes the folder's entries durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `own`: a path that OmniPlex chose, see `ownFileError`. */
export const makePrivateFolder = (path: string, { own = false } = {}): Promise<unknown> =>
  guarded(path, () => mkdir(path, { recursive: true, mode: PRIVATE_FOLDER }), own ? ownFileError : fileError);

/** Throws E_MODE when group or others can read, write or enter. POSIX only; elsewhere it holds nothing. */
export function refuseLooseMode(path: string, stats: Stats): void {
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    throw fail('E_MODE', { path, mode: (stats.mode & 0o777).toString(8).padStart(4, '0') });
  }
}

/** Reads at most `max` bytes of a regular file. Throws E_NOT_FOUND, E_FORMAT (too long, not a file), E_MODE when `secret`. `own`: see `ownFileError`. */
export async function readBounded(path: string, max: number, { secret = false, own = false } = {}): Promise<Bytes> {
  return guarded(path, async () => {
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat();
      if (secret && stats.isFile()) refuseLooseMode(path, stats);
      const parts: Bytes[] = [];
      let total = 0;
      for (;;) {
        const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(65_536, max + 1 - total)), 0, null, null);
        if (bytesRead === 0) break;
        total += bytesRead;
        parts.push(buffer.subarray(0, bytesRead));
        if (total > max) throw fail('E_FORMAT', { kind: 'file', why: `${path} is longer than ${max} bytes` });
      }
      const whole = new Uint8Array(total);
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
        if (secret) part.fill(0);
      }
      return whole;
    } finally {
      await handle.close();
    }
  }, own ? ownFileError : fileError);
}

/**
 * A file that comes into being whole or not at all: written beside its name (0600), flushed, then linked or renamed.
 * `commit` resolves once the bytes and the name are durable. `abandon` leaves nothing; both can be called twice.
 */
export class WholeFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #replace: boolean;
  #open = true;
  #committed = false;
  #bytes = 0;

  private constructor(path: string, temporary: string, handle: FileHandle, replace: boolean) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#replace = replace;
  }

  /** `replace: false` refuses an existing name with E_EXISTS, at the start and again, without a race, at the end. */
  static async create(path: string, { replace = false, mode = PRIVATE_FILE } = {}): Promise<WholeFile> {
    return guarded(path, async () => {
      if (!replace && (await exists(path))) throw fail('E_EXISTS', { path });
      const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${hexOf(systemRng.bytes(8))}.part`);
      const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
      return new WholeFile(path, temporary, handle, replace);
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True once the name leads to the file. */
  get isCommitted(): boolean {
    return this.#committed;
  }

  async write(bytes: Bytes): Promise<void> {
    await guarded(this.path, async () => {
      let at = 0;
      while (at < bytes.length) at += (await this.#handle.write(bytes, at, bytes.length - at)).bytesWritten;
      this.#bytes += bytes.length;
    });
  }

  async commit(): Promise<void> {
    if (!this.#open) return;
    try {
      await guarded(this.path, async () => {
        await this.#handle.sync();
        await this.#handle.close();
        this.#open = false;
        if (this.#replace) {
          await rename(this.#temporary, this.path);
        } else {
          await linkExclusively(this.#temporary, this.path);
        }
        this.#committed = true;
        await syncFolder(dirname(this.path));
      });
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  async abandon(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      await this.#handle.close().catch(() => undefined);
    }
    await rm(this.#temporary, { force: true }).catch(() => undefined);
  }
}

/** A hard link never overwrites. FAT and some network file systems have none: there the name is checked, then renamed. */
async function linkExclusively(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await rm(from);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'].includes(codeOf(error))) throw error;
    const claim = await open(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE);
    await claim.close();
    await rename(from, to);
  }
}

/** Writes a small file whole: temporary, flush, rename or exclusive link. */
export async function writeWhole(path: string, bytes: Bytes, options: { replace?: boolean; mode?: number } = {}): Promise<void> {
  const file = await WholeFile.create(path, options);
  try {
    await file.write(bytes);
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw fileError(path, error);
  }
}

/** False: a folder, a pipe, a link that leads to no file. Asked before it is opened: opening a pipe waits for who writes to it. */
export async function isFileOrNone(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return !(await exists(path));
    throw fileError(path, error);
  }
}

export const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
