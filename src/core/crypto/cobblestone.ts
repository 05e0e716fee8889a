/**
 * Cobblestone-256: chunked authenticated encryption of one message under one key, salt and context.
 *   aead key (32) || base nonce (12) || commitment (32) = HKDF-Expand-SHA-512(key, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" NUL || salt || context)
 *   file = salt (24) || commitment (32) || chunks of 16 KiB plaintext under AES-256-GCM; nonce = base nonce XOR chunk number; the last chunk is always short.
 * Synchronous, over buffers of the caller: the bulk path. The key schedule stands apart, so that a worker thread seals any
 * range of chunks of a message with nothing but `ContentKeys` and the first index. Streams are in content-stream.ts.
 * What it does not promise: that a prefix which opened is followed by the rest (only the short last chunk ends a message), or that two messages differ in key: salts must not repeat.
 * Spec: https://c2sp.org/chunked-encryption
 */
import { bytesOf, concat, equalBytes, wipe, type Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { assertBytes, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './parameters.ts';
import type { AeadInUse, CryptoProvider } from './provider.ts';

export const CONTENT_SALT_BYTES = 24;
export const CONTENT_COMMITMENT_BYTES = 32;
const HEADER_BYTES = CONTENT_SALT_BYTES + CONTENT_COMMITMENT_BYTES;
export const CHUNK_BYTES = limits.chunkBytes;
/** A full chunk, sealed. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

const INFO_PREFIX = concat(bytesOf('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM'), Uint8Array.of(0));

/** All that is needed to seal or open any chunk: plain bytes, so that they can be sent to a worker. Secret, but for the commitment. */
export interface ContentKeys {
  readonly aeadKey: Bytes;
  readonly baseNonce: Bytes;
  readonly commitment: Bytes;
}

/** `key` has 32 uniformly random bytes, `salt` 24 that never repeat under it. */
export function deriveContentKeys(provider: CryptoProvider, key: Bytes, salt: Bytes, context: Bytes): ContentKeys {
  assertBytes('a content key', key, KEY_BYTES);
  assertBytes('a content salt', salt, CONTENT_SALT_BYTES);
  const derived = provider.hkdfExpandSha512(key, concat(INFO_PREFIX, salt, context), KEY_BYTES + NONCE_BYTES + CONTENT_COMMITMENT_BYTES);
  const keys = {
    aeadKey: derived.slice(0, KEY_BYTES),
    baseNonce: derived.slice(KEY_BYTES, KEY_BYTES + NONCE_BYTES),
    commitment: derived.slice(KEY_BYTES + NONCE_BYTES),
  };
  wipe(derived);
  return keys;
}

/** Hostile input: the commitment found with the content. Throws E_COMMITMENT; must come before any chunk is opened. */
export function checkCommitment(keys: ContentKeys, commitment: Bytes): void {
  if (!equalBytes(keys.commitment, commitment)) throw fail('E_COMMITMENT');
}

/** Bytes of the sealed chunks of so much plaintext, without salt and commitment. */
export const sealedContentBytes = (plaintextBytes: number): number => plaintextBytes + TAG_BYTES * (Math.floor(plaintextBytes / CHUNK_BYTES) + 1);

/** Plaintext bytes in so many bytes of sealed chunks; undefined when no message has that length. */
export function openedContentBytes(sealedBytes: number): number | undefined {
  const full = Math.floor(sealedBytes / SEALED_CHUNK_BYTES);
  const last = sealedBytes - full * SEALED_CHUNK_BYTES;
  return last < TAG_BYTES ? undefined : full * CHUNK_BYTES + last - TAG_BYTES;
}

/** One message's chunks by number, in any order. */
export class ContentCipher {
  readonly #aead: AeadInUse;
  readonly #baseNonce: Bytes;
  readonly #nonce: Bytes = new Uint8Array(NONCE_BYTES);

  constructor(provider: CryptoProvider, keys: ContentKeys) {
    this.#aead = provider.aesGcm.inUse(keys.aeadKey);
    this.#baseNonce = Uint8Array.from(keys.baseNonce);
  }

  /** A full chunk, or a shorter one, which is the last of its message. Writes plaintext.length + 16 bytes. */
  sealChunk(index: number, plaintext: Bytes, out: Bytes): void {
    if (plaintext.length > CHUNK_BYTES) throw new RangeError(`a chunk has at most ${CHUNK_BYTES} bytes, not ${plaintext.length}`);
    this.#aead.sealInto(this.#nonceOf(index), plaintext, out);
  }

  /** Whole chunks, numbered from `first`. Writes 16,400 bytes for each and answers how many bytes that is. */
  sealChunks(first: number, plaintext: Bytes, out: Bytes): number {
    const chunks = plaintext.length / CHUNK_BYTES;
    if (!Number.isInteger(chunks)) throw new RangeError('not a whole number of chunks');
    for (let i = 0; i < chunks; i++) this.sealChunk(first + i, plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES), out.subarray(i * SEALED_CHUNK_BYTES));
    return chunks * SEALED_CHUNK_BYTES;
  }

  /**
   * Hostile input. Throws E_CIPHERTEXT on a length that a chunk in this place cannot have, and on bytes that are not authentic.
   * Writes sealed.length - 16 bytes and answers how many; writes nothing when it throws.
   */
  openChunk(index: number, isLast: boolean, sealed: Bytes, out: Bytes): number {
    const lengthHolds = isLast ? sealed.length >= TAG_BYTES && sealed.length < SEALED_CHUNK_BYTES : sealed.length === SEALED_CHUNK_BYTES;
    if (!lengthHolds || index >= limits.contentChunksMax || !this.#aead.openInto(this.#nonceOf(index), sealed, out)) throw fail('E_CIPHERTEXT', { chunk: index });
    return sealed.length - TAG_BYTES;
  }

  /** Hostile input. Whole chunks, none of them the last, numbered from `first`. What precedes a bad chunk has been written when it throws. */
  openChunks(first: number, sealed: Bytes, out: Bytes): number {
    const chunks = Math.floor(sealed.length / SEALED_CHUNK_BYTES);
    for (let i = 0; i < chunks; i++) {
      this.openChunk(first + i, false, sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES), out.subarray(i * CHUNK_BYTES));
    }
    if (chunks * SEALED_CHUNK_BYTES !== sealed.length) throw fail('E_CIPHERTEXT', { chunk: first + chunks });
    return chunks * CHUNK_BYTES;
  }

  /** The base nonce with the chunk number XORed into its last five bytes. The buffer is used again for the next chunk. */
  #nonceOf(index: number): Bytes {
    if (!Number.isInteger(index) || index < 0 || index >= limits.contentChunksMax) throw new RangeError(`chunk number ${index} is out of range`);
    this.#nonce.set(this.#baseNonce);
    let rest = index;
    for (let at = NONCE_BYTES - 1; rest > 0; at--) {
      this.#nonce[at] = (this.#nonce[at] as number) ^ (rest & 0xff);
      rest = Math.floor(rest / 256);
    }
    return this.#nonce;
  }
}

/** A whole file: salt || commitment || chunks. `salt` is drawn fresh unless a known answer is wanted. */
export function sealAll(provider: CryptoProvider, key: Bytes, context: Bytes, plaintext: Bytes, salt: Bytes = provider.rng.bytes(CONTENT_SALT_BYTES)): Bytes {
  const keys = deriveContentKeys(provider, key, salt, context);
  const cipher = new ContentCipher(provider, keys);
  const file = new Uint8Array(HEADER_BYTES + sealedContentBytes(plaintext.length));
  file.set(salt);
  file.set(keys.commitment, CONTENT_SALT_BYTES);
  const chunks = Math.floor(plaintext.length / CHUNK_BYTES);
  const at = HEADER_BYTES + cipher.sealChunks(0, plaintext.subarray(0, chunks * CHUNK_BYTES), file.subarray(HEADER_BYTES));
  cipher.sealChunk(chunks, plaintext.subarray(chunks * CHUNK_BYTES), file.subarray(at));
  return file;
}

/** Hostile input: the file. All of the plaintext or none: throws E_CIPHERTEXT or E_COMMITMENT. */
export function openAll(provider: CryptoProvider, key: Bytes, context: Bytes, file: Bytes): Bytes {
  const plaintextBytes = file.length < HEADER_BYTES ? undefined : openedContentBytes(file.length - HEADER_BYTES);
  if (plaintextBytes === undefined) throw fail('E_CIPHERTEXT', { chunk: Math.max(0, Math.floor((file.length - HEADER_BYTES) / SEALED_CHUNK_BYTES)) });
  const keys = deriveContentKeys(provider, key, file.subarray(0, CONTENT_SALT_BYTES), context);
  checkCommitment(keys, file.subarray(CONTENT_SALT_BYTES, HEADER_BYTES));
  const cipher = new ContentCipher(provider, keys);
  const plaintext = new Uint8Array(plaintextBytes);
  const chunks = Math.floor(plaintextBytes / CHUNK_BYTES);
  const lastAt = HEADER_BYTES + chunks * SEALED_CHUNK_BYTES;
  try {
    cipher.openChunks(0, file.subarray(HEADER_BYTES, lastAt), plaintext);
    cipher.openChunk(chunks, true, file.subarray(lastAt), plaintext.subarray(chunks * CHUNK_BYTES));
  } catch (error) {
    wipe(plaintext);
    throw error;
  }
  return plaintext;
}
