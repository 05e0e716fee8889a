/**
 * Cobblestone-256 as a stream: input in any split, output the same bytes whatever the split.
 * Synchronous, into buffers of the caller. Plaintext is never written before the tag of its chunk was checked.
 * What it does not promise: that the input is whole before `final` says so.
 * Spec: https://c2sp.org/chunked-encryption
 */
import { wipe, type Bytes } from '../base/bytes.ts';
import { checkCommitment, CHUNK_BYTES, ContentCipher, SEALED_CHUNK_BYTES, type ContentKeys } from './cobblestone.ts';
import { TAG_BYTES } from './parameters.ts';
import type { CryptoProvider } from './provider.ts';

/** Input in any split; whole chunks pass through without a copy when the split falls on their edges. */
abstract class Chunker {
  readonly #unitBytes: number;
  #held: Bytes = new Uint8Array(0);
  #heldBytes = 0;
  #ended = false;
  #index = 0;

  protected constructor(unitBytes: number) {
    this.#unitBytes = unitBytes;
  }

  /** Chunks done so far. */
  get chunks(): number {
    return this.#index;
  }

  /** Units of input that `update` would complete. */
  protected units(inputBytes: number): number {
    return Math.floor((this.#heldBytes + inputBytes) / this.#unitBytes);
  }

  protected feed(input: Bytes, whole: (index: number, unit: Bytes) => void): void {
    this.#assertOpen();
    let at = 0;
    if (this.#heldBytes > 0) {
      at = this.#hold(input.subarray(0, this.#unitBytes - this.#heldBytes));
      if (this.#heldBytes < this.#unitBytes) return;
      this.#pass(this.#held, whole);
      this.#heldBytes = 0;
    }
    for (; input.length - at >= this.#unitBytes; at += this.#unitBytes) this.#pass(input.subarray(at, at + this.#unitBytes), whole);
    this.#hold(input.subarray(at));
  }

  protected end(last: (index: number, rest: Bytes) => void): void {
    this.#assertOpen();
    this.#pass(this.#held.subarray(0, this.#heldBytes), last);
    this.#close();
  }

  #pass(unit: Bytes, use: (index: number, unit: Bytes) => void): void {
    try {
      use(this.#index, unit);
    } catch (error) {
      this.#close();
      throw error;
    }
    this.#index++;
  }

  #hold(bytes: Bytes): number {
    if (bytes.length > 0 && this.#held.length === 0) this.#held = new Uint8Array(this.#unitBytes);
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes += bytes.length;
    return bytes.length;
  }

  #close(): void {
    wipe(this.#held);
    this.#ended = true;
  }

  #assertOpen(): void {
    if (this.#ended) throw new Error('a content stream was used after its end or after it failed');
  }
}

const assertRoom = (out: Bytes, bytes: number): void => {
  if (out.length < bytes) throw new RangeError(`the output needs ${bytes} bytes, not ${out.length}`);
};

/** Seals a message as it comes. After `final` or a throw it is spent. */
export class ContentSealer extends Chunker {
  readonly #cipher: ContentCipher;

  constructor(provider: CryptoProvider, keys: ContentKeys) {
    super(CHUNK_BYTES);
    this.#cipher = new ContentCipher(provider, keys);
  }

  /** Bytes that `update` will write for so much input; add 16,400 for `final`. */
  outputBytes(inputBytes: number): number {
    return this.units(inputBytes) * SEALED_CHUNK_BYTES;
  }

  /** Answers the bytes written to `out`. Throws RangeError when it has no room for `outputBytes(input.length)`. */
  update(input: Bytes, out: Bytes): number {
    assertRoom(out, this.outputBytes(input.length));
    let at = 0;
    this.feed(input, (index, plaintext) => {
      this.#cipher.sealChunk(index, plaintext, out.subarray(at));
      at += SEALED_CHUNK_BYTES;
    });
    return at;
  }

  /** The short last chunk: 16 to 16,399 bytes. Throws RangeError, and stays usable, when `out` has no room for 16,399. */
  final(out: Bytes): number {
    assertRoom(out, SEALED_CHUNK_BYTES - 1);
    let written = 0;
    this.end((index, plaintext) => {
      this.#cipher.sealChunk(index, plaintext, out);
      written = plaintext.length + TAG_BYTES;
    });
    return written;
  }
}

/**
 * Opens a message as it comes. The commitment is checked first, by the constructor (E_COMMITMENT). Throws E_CIPHERTEXT at the first chunk that is not
 * authentic; `plaintextBytes` then says how much of the message was released, an authentic prefix. After `final` or a throw it is spent.
 */
export class ContentOpener extends Chunker {
  readonly #cipher: ContentCipher;
  #plaintextBytes = 0;

  constructor(provider: CryptoProvider, keys: ContentKeys, commitment: Bytes) {
    super(SEALED_CHUNK_BYTES);
    checkCommitment(keys, commitment);
    this.#cipher = new ContentCipher(provider, keys);
  }

  /** Plaintext written so far, over all calls. */
  get plaintextBytes(): number {
    return this.#plaintextBytes;
  }

  /** Bytes that `update` will write for so much input. */
  outputBytes(inputBytes: number): number {
    return this.units(inputBytes) * CHUNK_BYTES;
  }

  /** Hostile input. Answers the bytes written to `out`. */
  update(input: Bytes, out: Bytes): number {
    assertRoom(out, this.outputBytes(input.length));
    let at = 0;
    this.feed(input, (index, sealed) => {
      at += this.#cipher.openChunk(index, false, sealed, out.subarray(at));
      this.#plaintextBytes += CHUNK_BYTES;
    });
    return at;
  }

  /** The last chunk: throws E_CIPHERTEXT when what is left is none, for then the message was cut. */
  final(out: Bytes): number {
    assertRoom(out, CHUNK_BYTES - 1);
    let written = 0;
    this.end((index, sealed) => {
      written = this.#cipher.openChunk(index, true, sealed, out);
      this.#plaintextBytes += written;
    });
    return written;
  }
}
