/**
 * Cuts input of any split into the plaintext of whole blocks, and keeps the buffers that blocks pass through.
 * A piece that covers a whole block is passed on as it is, without a copy.
 */
import type { Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import { BLOCK_PLAINTEXT_BYTES } from './nodes.ts';

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

/** `own`: the bytes lie in a buffer from `buffers`, now the taker's. Otherwise they are the input's, and good only until the next is asked for. */
export interface PlainBlock {
  readonly bytes: Bytes;
  readonly own: boolean;
}

export class BlockCutter {
  readonly #buffers: BlockBuffers;
  #held: Bytes | undefined;
  #heldBytes = 0;

  constructor(buffers: BlockBuffers) {
    this.#buffers = buffers;
  }

  /** The whole blocks that this piece completes. To be run to its end. */
  *cut(piece: Bytes): Generator<PlainBlock> {
    let at = 0;
    while (at < piece.length) {
      if (this.#heldBytes === 0 && piece.length - at >= BLOCK_PLAINTEXT_BYTES) {
        yield { bytes: piece.subarray(at, at + BLOCK_PLAINTEXT_BYTES), own: false };
        at += BLOCK_PLAINTEXT_BYTES;
        continue;
      }
      at += this.#hold(piece.subarray(at, at + BLOCK_PLAINTEXT_BYTES - this.#heldBytes));
      if (this.#heldBytes === BLOCK_PLAINTEXT_BYTES) {
        const bytes = this.#held as Bytes;
        this.#held = undefined;
        this.#heldBytes = 0;
        yield { bytes, own: true };
      }
    }
  }

  #hold(part: Bytes): number {
    this.#held = this.#withRoom(part.length);
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes += part.length;
    return part.length;
  }

  /** A place for so much more. What comes first, if it is short, is given no more than it needs: a message may end there. */
  #withRoom(more: number): Bytes {
    if (this.#held === undefined) return more <= limits.chunkBytes ? Buffer.allocUnsafe(more) : this.#buffers.take();
    if (this.#heldBytes + more <= this.#held.length) return this.#held;
    const block = this.#buffers.take();
    block.set(this.#held.subarray(0, this.#heldBytes));
    return block;
  }

  /** What is left, shorter than a block. */
  rest(): Bytes {
    return this.#held?.subarray(0, this.#heldBytes) ?? new Uint8Array(0);
  }
}

/** So many zeros, in pieces. */
export function* zeros(bytes: number): Generator<Bytes> {
  const piece = new Uint8Array(Math.min(bytes, BLOCK_PLAINTEXT_BYTES));
  for (let rest = bytes; rest > 0; rest -= piece.length) yield rest < piece.length ? piece.subarray(0, rest) : piece;
}
