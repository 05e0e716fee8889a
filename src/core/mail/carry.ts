/**
 * Messages as a CAR that can be carried: every block of each, its packets as raw blocks of 192 bytes, and the blocks of those who introduce
 * themselves. Read from the store one block at a time, hashed. What it does not promise: that the file is on the device before `finish`.
 * Spec: docs/PROTOCOL.md, CAR.
 */
import type { Block } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { carHeader, carSection } from '../base/car.ts';
import { cidOf, RAW, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { WholeFile } from '../base/files.ts';
import { closureOf } from '../storage/closure.ts';
import type { Store } from '../storage/store.ts';

export interface Carried {
  readonly cid: Cid;
  readonly packets: readonly Bytes[];
}

/** Pieces of the CAR; its roots are the messages. Throws E_BLOCKS_MISSING, E_BLOCK_CORRUPT. */
export async function* carPieces(store: Store, messages: readonly Carried[], extra: readonly Block[], signal?: AbortSignal): AsyncGenerator<Bytes> {
  yield carHeader(messages.map(({ cid }) => cid));
  for (const { cid, packets } of messages) {
    for await (const { cids } of closureOf(cid, async (one) => (await store.read(one, signal))?.bytes)) {
      for (const one of cids) yield carSection({ cid: one, bytes: await present(store, cid, one, signal) });
    }
    for (const packet of packets) yield carSection({ cid: cidOf(RAW, packet), bytes: packet });
  }
  for (const block of extra) yield carSection(block);
}

async function present(store: Store, message: Cid, cid: Cid, signal?: AbortSignal): Promise<Bytes> {
  const found = await store.read(cid, signal);
  if (found === undefined) throw fail('E_BLOCKS_MISSING', { cid: message.toString(), missing: 1 });
  return found.bytes;
}

/** A file that is whole or not there. Created before the work it belongs to, so that a name that is taken is refused first. */
export class CarFile implements AsyncDisposable {
  readonly #file: WholeFile;

  private constructor(file: WholeFile) {
    this.#file = file;
  }

  /** Throws E_EXISTS, E_NOT_FOUND (no such folder), E_IO. */
  static async create(path: string): Promise<CarFile> {
    return new CarFile(await WholeFile.create(path));
  }

  get path(): string {
    return this.#file.path;
  }

  /** Flushed to the device when it resolves. Answers its length. */
  async write(pieces: AsyncIterable<Bytes>): Promise<number> {
    for await (const piece of pieces) await this.#file.write(piece);
    await this.#file.commit();
    return this.#file.bytes;
  }

  /** Leaves nothing of a file that was not written to its end. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.abandon();
  }
}
