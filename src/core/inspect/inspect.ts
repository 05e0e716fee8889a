/**
 * What is this file, or this block? Answered without any private key: fields, sizes, who may open it in numbers, what can be proved, and what
 * cannot be seen. Hostile input throughout: every file gives facts or a code, a bounded part of it is in memory, and its name is believed in
 * one case only, that of a block in a store, whose name is the hash to compare with.
 */
import { basename, dirname, resolve } from 'node:path';
import { concat, type Bytes } from '../base/bytes.ts';
import { DAG_CBOR, cidOfDigest, digestOf, parseCid, verified, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodeHead, HEAD_BYTES_MAX } from '../backup/format.ts';
import { decodeKeyring } from '../keys/keyring-file.ts';
import { fileInput } from '../mail/input.ts';
import { describeCiphertext } from '../message/describe.ts';
import { describePacket } from '../packet/describe.ts';
import { cidOfFile } from '../storage/cold/sharding.ts';
import type { Store } from '../storage/store.ts';
import { describeBlock, describeRaw, describeStructured, type LoadCrypto } from './block.ts';
import { inspectCar } from './car.ts';
import type { BackupFacts, Inspected, KeyRingFacts } from './description.ts';
import { looksOf } from './marks.ts';
import { describeInbox } from './people.ts';

export interface InspectOptions {
  /** For signatures; asked for only where there are some. */
  readonly crypto: LoadCrypto;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface InspectAnswer {
  readonly result: Inspected;
  /** The facts stand, and something among them does not hold. */
  readonly error?: OmniplexError | undefined;
}

/** Throws E_NOT_FOUND, E_BLOCK_CORRUPT, and what the kinds throw. */
export async function inspectCid(store: Pick<Store, 'read'>, cid: Cid, { crypto, signal }: InspectOptions): Promise<InspectAnswer> {
  const found = await store.read(cid, signal);
  if (found === undefined) throw fail('E_NOT_FOUND', { what: `block ${cid.toString()}` });
  return { result: await describeBlock(cid, found.bytes, crypto) };
}

/** Throws E_NOT_FOUND, E_USAGE (a folder), E_IO, and what the kinds throw. */
export async function inspectFile(path: string, options: InspectOptions): Promise<InspectAnswer> {
  const input = await fileInput(path).catch((error: unknown) => {
    throw isError(error, 'E_USAGE') ? fail('E_USAGE', { why: `${path} is a folder: name a file in it` }, error) : error;
  });
  const named = namedBlock(path);
  if (named !== undefined) return { result: await describeNamed(named, path, input.open(options.signal), options) };
  return inspectPieces(input.open(options.signal), path, options);
}

/** The digest that a file of a block is named by: one of a store's cold tier, or one that somebody called by its CID. */
function namedBlock(path: string): { readonly digest: Bytes; readonly codec: number | undefined } | undefined {
  const name = basename(path);
  const stored = cidOfFile(basename(dirname(resolve(path))), name);
  if (stored !== undefined) return { digest: digestOf(stored), codec: undefined };
  try {
    const cid = parseCid(name);
    return { digest: digestOf(cid), codec: cid.code };
  } catch {
    return undefined;
  }
}

async function describeNamed({ digest, codec }: { readonly digest: Bytes; readonly codec: number | undefined }, path: string, pieces: AsyncIterable<Bytes>, { crypto }: InspectOptions): Promise<Inspected> {
  const { head, isWhole } = await new Source(pieces).head(limits.blockBytesMax);
  if (!isWhole) throw fail('E_BLOCK_TOO_LARGE', { bytes: head.length, max: limits.blockBytesMax });
  // The codec is not part of a stored name, and its digest is the same for both.
  const cid = cidOfDigest(DAG_CBOR, digest);
  verified(cid, head, path);
  const isStructured = codec === undefined ? looksOf(head, head.length) === 'structured' : codec === DAG_CBOR;
  return isStructured ? describeStructured(head, crypto) : describeRaw(head);
}

/** `place` names the input in errors. Throws E_FORMAT for what is none of ours, and what the kinds throw. */
export async function inspectPieces(pieces: AsyncIterable<Bytes>, place: string, options: InspectOptions): Promise<InspectAnswer> {
  const source = new Source(pieces, options.onProgress);
  const { head, isWhole } = await source.head(limits.blockBytesMax);
  const looks = looksOf(head, isWhole ? head.length : Number.MAX_SAFE_INTEGER);
  if (looks === 'car') return inspectCar(source.from(head), { place, crypto: options.crypto, signal: options.signal, fileBytes: () => source.bytes });
  const fileBytes = isWhole ? head.length : await source.length(options.signal);
  return { result: await describeFile(looks, head, { place, fileBytes, isWhole, crypto: options.crypto }) };
}

interface FileFacts {
  readonly place: string;
  readonly fileBytes: number;
  readonly isWhole: boolean;
  readonly crypto: LoadCrypto;
}

async function describeFile(looks: Exclude<ReturnType<typeof looksOf>, 'car'>, head: Bytes, { place, fileBytes, isWhole, crypto }: FileFacts): Promise<Inspected> {
  switch (looks) {
    case 'backup':
      return describeBackup(head, fileBytes);
    case 'key-ring':
      if (!isWhole) throw fail('E_KEYRING', { path: place, why: 'longer than a key ring may be' });
      return describeKeyRing(place, head);
    case 'packet':
      return describePacket(head);
    case 'inbox':
      return describeInbox(head);
    case 'structured':
      return describeStructured(head, crypto);
    case 'random': {
      const described = describeCiphertext(head, fileBytes);
      if (described !== undefined) return described;
      throw unknown(place);
    }
    case 'unknown':
      throw unknown(place);
  }
}

const unknown = (place: string): OmniplexError => fail('E_FORMAT', { kind: 'file of OmniPlex', why: `${place} begins like none of them` });

/** Hostile input. Throws E_FORMAT, E_VERSION_NEWER. */
function describeBackup(head: Bytes, fileBytes: number): BackupFacts {
  const { header, bytes } = decodeHead(head.subarray(0, HEAD_BYTES_MAX));
  const { createdAtMs, what, kdf } = header;
  const hidden = ['whose keys, how many messages, and anything else in it: that takes the passphrase, as in `omniplex backup verify`', 'whether it is whole: only its head has a checksum that needs no key'];
  return { kind: 'backup', bytes: fileBytes, version: 1, created: rfc3339(createdAtMs), what, kdf: stretch(kdf), sealedBytes: fileBytes - bytes, hidden };
}

/** Hostile input. Throws E_KEYRING, E_VERSION_NEWER. */
function describeKeyRing(place: string, bytes: Bytes): KeyRingFacts {
  const { kdf, body } = decodeKeyring(place, bytes);
  const hidden = ['whose keys are in it, and how many: that takes the passphrase', 'whether it is the newest: a home counts its changes'];
  return { kind: 'key-ring', bytes: bytes.length, version: 1, kdf: stretch(kdf), sealedBytes: body.sealed.length, hidden };
}

const stretch = ({ memoryKib, passes, lanes }: { readonly memoryKib: number; readonly passes: number; readonly lanes: number }) => ({ name: 'argon2id', memoryKib, passes, lanes }) as const;

/** The start of an input, to tell what it is, and then all of it once. */
class Source {
  readonly #pieces: AsyncIterator<Bytes>;
  readonly #onProgress: ((bytes: number) => void) | undefined;
  #bytes = 0;

  constructor(pieces: AsyncIterable<Bytes>, onProgress?: (bytes: number) => void) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#onProgress = onProgress;
  }

  /** Read so far: the length of the input once all of it was. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Good until the next is asked for: inputs write over their pieces. Undefined at the end. */
  async #next(): Promise<Bytes | undefined> {
    const { done, value } = await this.#pieces.next();
    if (done === true) return undefined;
    this.#bytes += value.length;
    this.#onProgress?.(this.#bytes);
    return value;
  }

  /** At least `max` bytes, or all there are. */
  async head(max: number): Promise<{ readonly head: Bytes; readonly isWhole: boolean }> {
    const parts: Bytes[] = [];
    for (let have = 0; have <= max; ) {
      const piece = await this.#next();
      if (piece === undefined) return { head: concat(...parts), isWhole: true };
      have += piece.length;
      parts.push(piece.slice());
    }
    return { head: concat(...parts), isWhole: false };
  }

  /** All of it: the head that was read, and the rest. */
  async *from(head: Bytes): AsyncGenerator<Bytes> {
    yield head;
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) yield piece.slice();
  }

  async length(signal: AbortSignal | undefined): Promise<number> {
    while ((await this.#next()) !== undefined) signal?.throwIfAborted();
    return this.#bytes;
  }
}

