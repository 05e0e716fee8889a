/** What the suites of this room share: people with keys, blocks in memory, and one way to seal and to open. */
import type { Block, BlockSink, BlockSource } from '../../../src/core/base/block.ts';
import { bytesOf, concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, sha256, type Cid } from '../../../src/core/base/cid.ts';
import { OmniplexError, type ErrorCode } from '../../../src/core/base/errors.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { loadProvider, signatureParameters, type CryptoProvider, type SignatureName } from '../../../src/core/crypto/index.ts';
import { keyIdOf } from '../../../src/core/identity/bundle.ts';
import { openManifest, readContent, sealMessage, type Input, type KemKey, type KemKeyType, type KemRecipient, type OpenedMessage, type OpenKeys,
  type OpenOptions, type ReadOptions, type SealedMessage, type SealOptions, type SealRequest, type Sender, type SenderKeys } from '../../../src/core/message/index.ts';

export const native: CryptoProvider = await loadProvider('native', systemRng);

/** 8 KiB, one pass: for tests of the format, not of the cost. */
export const CHEAP_ARGON = { memoryKib: 8, passes: 1, lanes: 1 } as const;

/** Bytes that differ from place to place. */
export function sample(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** 32 bytes that follow from a name. */
export const seedOf = (name: string, length = 32): Bytes => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => sha256(bytesOf(`${name}/${i}`)));
  return concat(...blocks).slice(0, length);
};

export const secretOf = (name: string): Secret => new Secret(seedOf(name));

export interface Person {
  readonly sender: Sender;
  readonly publicKeys: SenderKeys['publicKeys'];
  readonly recipient: KemRecipient;
  readonly kem: KemKey;
}

/** An identity with its signing keys and one KEM key, all from its name. The id is that of a made-up genesis block. */
export function person(name: string, provider: CryptoProvider = native, keyType: KemKeyType = 'identity', algorithms: readonly SignatureName[] = ['ed25519', 'ml-dsa-65']): Person {
  const keys = algorithms.map((algorithm) => {
    const key = provider.signature(algorithm).fromSeed(seedOf(`${name}/${algorithm}`, signatureParameters[algorithm].seedBytes));
    return [algorithm, key] as const;
  });
  const key = provider.kem('x-wing').fromSeed(seedOf(`${name}/x-wing/${keyType}`));
  const keyId = keyIdOf(key.publicKey);
  return {
    sender: { identity: cidOf(DAG_CBOR, genesisOf(name)), bundleSeq: 1, signingKeys: Object.fromEntries(keys) },
    publicKeys: Object.fromEntries(keys.map(([algorithm, { publicKey }]) => [algorithm, publicKey])),
    recipient: { keyId, keyType, publicKey: key.publicKey },
    kem: { keyId, keyType, key },
  };
}

export const genesisOf = (name: string): Bytes => bytesOf(`genesis of ${name}`);

/** Blocks in memory. It keeps what it is given, so it does not release bytes; `given` is the order in which they came. */
export class MemoryBlocks implements BlockSink, BlockSource {
  readonly given: Block[] = [];
  readonly asked: string[] = [];
  readonly #blocks = new Map<string, Bytes>();

  async put(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (const block of blocks) {
      this.given.push(block);
      this.#blocks.set(block.cid.toString(), block.bytes);
    }
  }

  async get(cid: Cid): Promise<Bytes | undefined> {
    this.asked.push(cid.toString());
    return this.#blocks.get(cid.toString());
  }

  remove(cid: Cid): void {
    this.#blocks.delete(cid.toString());
  }
}

export const alice = person('alice');
export const bob = person('bob');
export const carol = person('carol');

export const metadata = { name: 'plan.pdf', mediaType: 'application/pdf', createdMs: 1_700_000_000_000, expiresMs: 0 } as const;

export const fromAlice = (extra: Partial<SealRequest> = {}): SealRequest => ({
  ...{ sender: alice.sender, recipients: [bob.recipient], metadata, padding: 'none', eraseSecret: seedOf('outbox') },
  ...extra,
});

/** The cheapest message: to one session, unsigned. */
export const toSession = (extra: Partial<SealRequest> = {}): SealRequest => ({
  ...{ recipients: [], session: [secretOf('session')], metadata, padding: 'none', eraseSecret: seedOf('outbox') },
  ...extra,
});

export async function seal(request: SealRequest, content: Bytes | Input, options: SealOptions = {}, provider = native): Promise<SealedMessage & { readonly blockStore: MemoryBlocks }> {
  const blockStore = new MemoryBlocks();
  const sealed = await sealMessage(provider, request, content instanceof Uint8Array ? [content] : content, blockStore, options);
  return { ...sealed, blockStore };
}

export const toBob: OpenKeys = { xWing: [bob.kem] };
export const sessionKeys: OpenKeys = { session: [secretOf('session')] };

export const knowsAlice: OpenOptions = { resolveSender: async (id) => (id.equals(alice.sender.identity) ? { publicKeys: alice.publicKeys } : undefined) };
export const knowsNobody: OpenOptions = { resolveSender: async () => undefined };

export const open = (cid: Cid, bytes: Bytes, keys: OpenKeys = toBob, options: OpenOptions = knowsAlice, provider = native): Promise<OpenedMessage> =>
  openManifest(provider, cid, bytes, keys, options);

/** Opens bytes under whatever CID they have: what a forger would announce. */
export const openBytes = (bytes: Bytes, keys: OpenKeys = toBob, options: OpenOptions = knowsAlice): Promise<OpenedMessage> => open(cidOf(DAG_CBOR, bytes), bytes, keys, options);

export async function readAll(opened: OpenedMessage, source: BlockSource, options: ReadOptions = {}): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of readContent(opened, source, options)) pieces.push(piece);
  return concat(...pieces);
}

/** What came out before the end or the failure, and the failure's code. */
export async function readUntilFailure(opened: OpenedMessage, source: BlockSource, options: ReadOptions = {}): Promise<{ readonly released: Bytes; readonly code: ErrorCode | undefined }> {
  const pieces: Bytes[] = [];
  try {
    for await (const piece of readContent(opened, source, options)) pieces.push(piece);
  } catch (error) {
    if (!(error instanceof OmniplexError)) throw error;
    return { released: concat(...pieces), code: error.code };
  }
  return { released: concat(...pieces), code: undefined };
}

/** The code of what is thrown. Anything but an OmniplexError, or nothing, fails the test. */
export async function codeOf(act: () => unknown): Promise<ErrorCode> {
  try {
    await act();
  } catch (error) {
    if (error instanceof OmniplexError) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function flipBit(bytes: Bytes, bit: number): Bytes {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}

/** `bytes` in pieces of these lengths, and the rest. */
export function* split(bytes: Bytes, lengths: readonly number[]): Generator<Bytes> {
  let at = 0;
  for (const length of lengths) {
    yield bytes.subarray(at, at + length);
    at += length;
    if (at >= bytes.length) return;
  }
  yield bytes.subarray(at);
}
