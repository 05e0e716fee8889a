/**
 * Keyed BLAKE3: hash-wasm with one reused hasher for a key that is used often (a session's), noble for a key that is used once,
 * since giving hash-wasm a new key costs ten times what the hash does.
 * What it does not promise: constant time in the JavaScript form.
 * Spec: the BLAKE3 paper, sections 2.3 (keyed mode) and 2.6 (extendable output).
 */
import { blake3 } from '@noble/hashes/blake3.js';
import type { IHasher } from 'hash-wasm';
import type { Bytes } from '../base/bytes.ts';
import { assertBytes, KEY_BYTES } from './parameters.ts';

const owned = (bytes: Bytes): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;

/** 32 bytes under a key used once. */
export const keyedBlake3 = (key: Bytes, data: Bytes): Bytes => keyedBlake3Xof(key, data, 32);

/** Any length under a key used once. The first 32 bytes are keyedBlake3 of the same input. */
export function keyedBlake3Xof(key: Bytes, data: Bytes, length: number): Bytes {
  assertBytes('a BLAKE3 key', key, KEY_BYTES);
  return blake3(owned(data), { key: owned(key), dkLen: length });
}

/** A key used often. Holds a WebAssembly instance of its own; not safe for re-entrant use, which synchronous calls cannot make. */
export class KeyedBlake3 {
  readonly #hasher: IHasher;

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  /** `length` is that of every hash; over 32 bytes it is the extendable output. */
  static async create(key: Bytes, length = 32): Promise<KeyedBlake3> {
    assertBytes('a BLAKE3 key', key, KEY_BYTES);
    const { createBLAKE3 } = await import('hash-wasm');
    return new KeyedBlake3(await createBLAKE3(8 * length, Uint8Array.from(key)));
  }

  /** As many bytes as were asked for at the start, fresh. */
  hash(data: Bytes): Bytes {
    return this.#hasher.init().update(data).digest('binary');
  }
}
