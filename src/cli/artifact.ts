/**
 * The artifact of `--out PATH|-`: a file that comes into being whole or not at all, or stdout, which gets what was committed to it
 * piece by piece. Binary content never goes to a terminal.
 */
import type { Bytes } from '../core/base/bytes.ts';
import { fail } from '../core/base/errors.ts';
import { WholeFile } from '../core/base/files.ts';
import type { Session } from './session.ts';

export interface Artifact {
  /** As shown to people: the path, or `stdout`. */
  readonly name: string;
  readonly bytes: number;
  write(bytes: Bytes): Promise<void>;
  /** Resolves when the file is durable under its name. */
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

class StdoutArtifact implements Artifact {
  readonly name = 'stdout';
  bytes = 0;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async write(bytes: Bytes): Promise<void> {
    this.#session.signal.throwIfAborted();
    if (await this.#session.output.artifact(bytes)) this.bytes += bytes.length;
  }

  async commit(): Promise<void> {}

  async abandon(): Promise<void> {}
}

class FileArtifact implements Artifact {
  readonly name: string;
  readonly #file: WholeFile;

  constructor(file: WholeFile) {
    this.name = file.path;
    this.#file = file;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  write(bytes: Bytes): Promise<void> {
    return this.#file.write(bytes);
  }

  commit(): Promise<void> {
    return this.#file.commit();
  }

  abandon(): Promise<void> {
    return this.#file.abandon();
  }
}

/** The umask takes from it what it wants. */
const PUBLIC_FILE = 0o644;

export interface ArtifactOptions {
  /** Refuse a terminal. */
  readonly binary?: boolean;
  /** For a file that another program, of another user, reads again and again (`check --format prometheus`): replaced whole instead of refused. */
  readonly replace?: boolean;
}

/** Throws E_EXISTS at once when the file is there, E_BINARY_TTY when binary content would go to a terminal. */
export async function openArtifact(session: Session, path: string, { binary = false, replace = false }: ArtifactOptions = {}): Promise<Artifact> {
  if (path === '-') {
    if (binary && session.output.stdoutIsTerminal) throw fail('E_BINARY_TTY');
    return new StdoutArtifact(session);
  }
  const file = await WholeFile.create(path, { replace, ...(replace && { mode: PUBLIC_FILE }) });
  session.atEnd(() => file.abandon());
  return new FileArtifact(file);
}
