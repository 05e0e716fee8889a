/**
 * Cuts input of any split into the plaintext of whole blocks, and the buffers that blocks pass through.
 * A piece that covers a whole block is passed on as it is, without a copy.
 */
import type { Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { BLOCK_PLAINTEXT_BYTES } from './nodes.ts';
import { paddedBytes, type Padding } from './padding.ts';

export type Input = Iterable<Bytes> | AsyncIterable<Bytes>;

/** Buffers of one length, given back to be used again: a fresh one costs its page faults. Their content is whatever was there. */
export class BlockBuffers {
  readonly #bytes: number;
  readonly #free: Bytes[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(): Bytes {
    return this.#free.pop() ?? new Uint8Array(Buffer.allocUnsafeSlow(this.#bytes).buffer);
  }

  /** Buffers of another length are left to the garbage collector. */
  give(buffer: Bytes): void {
    if (buffer.length === this.#bytes && buffer.byteLength === buffer.buffer.byteLength) this.#free.push(buffer);
  }
}

/** `own`: the bytes lie in a buffer from `buffers`, now the taker's. Otherwise they are the input's, and good until the next block is asked for. */
export interface PlainBlock {
  readonly bytes: Bytes;
  readonly own: boolean;
}

/** Blocks of `BLOCK_PLAINTEXT_BYTES`, and a last one that is shorter, possibly empty. */
export async function* plainBlocks(pieces: AsyncIterable<Bytes>, buffers: BlockBuffers): AsyncGenerator<PlainBlock> {
  let held: Bytes | undefined;
  let heldBytes = 0;
  for await (const piece of pieces) {
    let at = 0;
    while (at < piece.length) {
      if (heldBytes === 0 && piece.length - at >= BLOCK_PLAINTEXT_BYTES) {
        yield { bytes: piece.subarray(at, at + BLOCK_PLAINTEXT_BYTES), own: false };
        at += BLOCK_PLAINTEXT_BYTES;
        continue;
      }
      const part = piece.subarray(at, at + BLOCK_PLAINTEXT_BYTES - heldBytes);
      held = withRoom(held, heldBytes, part.length, buffers);
      held.set(part, heldBytes);
      heldBytes += part.length;
      at += part.length;
      if (heldBytes === BLOCK_PLAINTEXT_BYTES) {
        yield { bytes: held, own: true };
        held = undefined;
        heldBytes = 0;
      }
    }
  }
  yield { bytes: held === undefined ? new Uint8Array(0) : held.subarray(0, heldBytes), own: held !== undefined };
}

/**
 * A place for so much more. What comes first, if it is short, is given no more than it needs: most messages end there, and a block's
 * buffer for each would keep the garbage collector busy.
 */
function withRoom(held: Bytes | undefined, heldBytes: number, more: number, buffers: BlockBuffers): Bytes {
  if (held === undefined) return more <= limits.chunkBytes ? Buffer.allocUnsafe(more) : buffers.take();
  if (heldBytes + more <= held.length) return held;
  const block = buffers.take();
  block.set(held.subarray(0, heldBytes));
  return block;
}

/** Counts what was read and, at its end, appends the zeros that its length asks for. */
export class PaddedInput implements AsyncIterable<Bytes> {
  readonly #input: Input;
  readonly #padding: Padding;
  readonly #onProgress: ((bytes: number) => void) | undefined;
  #bytes = 0;

  constructor(input: Input, padding: Padding, onProgress?: (bytes: number) => void) {
    this.#input = input;
    this.#padding = padding;
    this.#onProgress = onProgress;
  }

  /** Bytes read, without padding. */
  get bytes(): number {
    return this.#bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes> {
    for await (const piece of this.#input) {
      this.#bytes += piece.length;
      if (this.#bytes > limits.contentBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of content', count: this.#bytes, max: limits.contentBytesMax });
      yield piece;
      this.#onProgress?.(this.#bytes);
    }
    let rest = paddedBytes(this.#padding, this.#bytes) - this.#bytes;
    const zeros = new Uint8Array(Math.min(rest, BLOCK_PLAINTEXT_BYTES));
    for (; rest > 0; rest -= zeros.length) yield rest < zeros.length ? zeros.subarray(0, rest) : zeros;
  }
}
