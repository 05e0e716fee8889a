/**
 * Secrets come from a file, a descriptor or the terminal; never from arguments or the environment, where every process can see them.
 * One trailing newline is not part of the secret. A file that others may read is refused; a pipe has no such mode.
 */
import { fstat, read } from 'node:fs';
import { promisify } from 'node:util';
import { wipe, bytesOf, type Bytes } from '../core/base/bytes.ts';
import { systemClock } from '../core/base/clock.ts';
import { fail, isError } from '../core/base/errors.ts';
import { fileError, readBounded, refuseLooseMode } from '../core/base/files.ts';
import { limits } from '../core/base/limits.ts';
import { Secret } from '../core/base/secret.ts';
import type { Session } from './session.ts';

interface SecretRequest {
  /** The flag that answers it. */
  readonly flag: string;
  /** A path, `-`, `/dev/fd/N`; undefined asks at the terminal. */
  readonly file: string | undefined;
  readonly question: string;
  readonly repeat: boolean;
}

const DESCRIPTOR = /^\/(?:dev|proc\/self)\/fd\/(\d{1,4})$/;

/** The descriptor that a path stands for, if it does. */
function descriptorOf(path: string): number | undefined {
  if (path === '-' || path === '/dev/stdin') return 0;
  const match = DESCRIPTOR.exec(path);
  return match === null ? undefined : Number(match[1]);
}

/** Reads a descriptor to its end: a pipe, a socket, a here-document. Opening it again by name would fail for a socket. */
async function readDescriptor(fd: number, path: string, signal: AbortSignal): Promise<Bytes> {
  const buffer = new Uint8Array(limits.passphraseBytesMax + 1);
  let length = 0;
  try {
    const stats = await promisify(fstat)(fd);
    if (stats.isFile()) refuseLooseMode(path, stats);
    while (length < buffer.length) {
      signal.throwIfAborted();
      const bytesRead = await readSome(fd, buffer, length, signal);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
  } catch (error) {
    wipe(buffer);
    throw signal.aborted || isError(error) ? error : fileError(path, error);
  }
  const whole = buffer.slice(0, length);
  wipe(buffer);
  return whole;
}

async function readSome(fd: number, buffer: Uint8Array, at: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      return await new Promise<number>((resolve, reject) => {
        read(fd, buffer, at, buffer.length - at, null, (error, bytesRead) => (error === null ? resolve(bytesRead) : reject(error)));
      });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      // Another process made the pipe non-blocking: its writer is not ready.
      await systemClock.sleep(10, signal);
    }
  }
}

/** Without one trailing LF or CRLF. Throws E_USAGE when nothing is left or it is too long. Takes ownership of `bytes`. */
function secretOf(bytes: Bytes, flag: string): Secret {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= bytes[end - 2] === 0x0d ? 2 : 1;
  if (end === 0 || end > limits.passphraseBytesMax) {
    wipe(bytes);
    throw fail('E_USAGE', { why: end === 0 ? `${flag} is empty` : `${flag} is longer than ${limits.passphraseBytesMax} bytes: that is not a secret but another file` });
  }
  const secret = new Secret(bytes.slice(0, end));
  wipe(bytes);
  return secret;
}

async function readFileSecret(path: string, flag: string): Promise<Secret> {
  try {
    return secretOf(await readBounded(path, limits.passphraseBytesMax + 2, { secret: true }), flag);
  } catch (error) {
    if (isError(error, 'E_FORMAT')) throw fail('E_USAGE', { why: `${flag} is longer than ${limits.passphraseBytesMax} bytes: that is not a secret but another file` });
    throw error;
  }
}

/** Throws E_FLAG_NEEDED, E_USAGE (empty, too long), E_MODE, E_NOT_FOUND, E_IO. */
export async function readSecret(session: Session, { flag, file, question, repeat }: SecretRequest): Promise<Secret> {
  const fd = file === undefined ? undefined : descriptorOf(file);
  if (file !== undefined && fd === undefined) return readFileSecret(file, flag);
  if (fd !== undefined) {
    const input = fd === 0 ? session.claimStdin(flag) : undefined;
    if (input?.isTTY !== true) return secretOf(await readDescriptor(fd, file!, session.signal), flag);
  }
  const prompts = await session.prompts();
  return secretOf(bytesOf(await prompts.passphrase({ question, flag, repeat })), flag);
}
