/**
 * The arithmetic that sealing content cannot do without: AES-256-GCM in calls of 16 KiB and SHA-256 of the blocks, one after the other.
 * Of the plaintext only the length matters, so one piece is encrypted, and one block's worth of ciphertext hashed, again and again.
 */
import { createCipheriv, createSecretKey, hash } from 'node:crypto';
import type { Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';

/** Larger than the caches next to a core. */
export const PIECE_BYTES = 8 * 2 ** 20;
const CHUNKS_OF_BLOCK = Math.floor(limits.contentBlockBytes / limits.chunkBytes);

/** So many bytes, in pieces that lie in the memory of one. */
export function* repeated(piece: Bytes, bytes: number): Generator<Bytes> {
  for (let left = bytes; left > 0; left -= piece.length) yield left < piece.length ? piece.subarray(0, left) : piece;
}

export class Arithmetic {
  readonly #key;
  readonly #nonce: Bytes;
  readonly #block: Bytes;
  readonly #piece: Bytes;

  constructor(rng: Rng, piece: Bytes = rng.bytes(PIECE_BYTES)) {
    this.#key = createSecretKey(rng.bytes(32));
    this.#nonce = rng.bytes(12);
    this.#block = rng.bytes(limits.contentBlockBytes);
    this.#piece = piece;
  }

  run(bytes: number): void {
    let chunk = 0;
    for (const piece of repeated(this.#piece, bytes)) {
      for (let at = 0; at < piece.length; at += limits.chunkBytes) {
        const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonce, { authTagLength: limits.chunkTagBytes });
        cipher.update(piece.subarray(at, at + limits.chunkBytes));
        cipher.final();
        cipher.getAuthTag();
        if (++chunk % CHUNKS_OF_BLOCK === 0) hash('sha256', this.#block, 'buffer');
      }
    }
    hash('sha256', this.#block.subarray(0, (chunk % CHUNKS_OF_BLOCK) * limits.chunkBytes), 'buffer');
  }
}
