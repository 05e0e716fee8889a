/**
 * Seals content of any length into blocks, in order, with flat memory: blocks go to the sink in batches while the next batch is
 * sealed, and long content is shared with other threads. Nothing here knows who the message is for.
 * What it does not promise: that the sink is clean after a failure. Blocks that nothing links are garbage.
 * Spec: docs/PROTOCOL.md, Content.
 */
import type { Block, BlockSink } from '../base/block.ts';
import { concat, type Bytes } from '../base/bytes.ts';
import { cidOf, cidOfDigest, RAW } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CHUNK_BYTES, ContentCipher, sealedContentBytes, type ContentKeys } from '../crypto/cobblestone.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Content } from './manifest.ts';
import { BLOCK_PLAINTEXT_BYTES, CHUNKS_PER_BLOCK, linkLayout, LinkTree } from './nodes.ts';
import { paddedBytes, type Padding } from './padding.ts';
import { BlockBuffers, BlockCutter, zeros, type Input, type PlainBlock } from './plain-blocks.ts';
import type { SealJob, SealThreads } from './seal-threads.ts';

const THREADS_FROM_BLOCK = Math.ceil(limits.sealThreadsFromBytes / BLOCK_PLAINTEXT_BYTES);

export interface SealOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of input that were read so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Threads beside this one; by default as many as the machine has to spare. 0 seals everything here. */
  readonly parallel?: number | undefined;
}

export interface SealedContent {
  readonly content: Content;
  /** Length before padding. */
  readonly bytes: number;
  /** Blocks of content and of links, and their bytes. */
  readonly blocks: number;
  readonly blockBytes: number;
  /** Those of them that are not in the sink yet: the last of them go there with the manifest. */
  readonly rest: readonly Block[];
}

/** Seals the whole input. `salt` belongs to `keys`. Rejects with what the input or the sink throws, or the signal's reason. */
export async function sealContent(
  provider: CryptoProvider,
  keys: ContentKeys,
  salt: Bytes,
  padding: Padding,
  input: Input,
  sink: BlockSink,
  options: SealOptions = {},
): Promise<SealedContent> {
  options.signal?.throwIfAborted();
  const short = shortInput(input, padding);
  if (short !== undefined) {
    options.onProgress?.(short.plaintext.length);
    return sealShort(provider, keys, salt, short);
  }
  await using sealer = new BlockSealer(provider, keys, options.parallel, sink);
  const cutter = new BlockCutter(sealer.inputs);
  const links = new LinkTree();
  await using batches = new Batches(sink, (blocks) => sealer.release(blocks), options);
  const take = async (block: Block): Promise<void> => {
    await batches.add(block);
    for (const node of links.add(block.cid)) await batches.add(node);
  };
  const feed = async (piece: Bytes): Promise<void> => {
    for (const block of cutter.cut(piece)) for (const sealed of await sealer.add(block)) await take(sealed);
  };
  let bytes = 0;
  for await (const piece of input) {
    options.signal?.throwIfAborted();
    bytes += piece.length;
    if (bytes > limits.contentBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of content', count: bytes, max: limits.contentBytesMax });
    await feed(piece);
    options.onProgress?.(bytes);
  }
  for (const piece of zeros(paddedBytes(padding, bytes) - bytes)) await feed(piece);
  for (const sealed of await sealer.remaining()) await take(sealed);
  const end = sealer.sealEnd(cutter.rest());
  const padded = sealer.plaintextBytes;
  const inline = linkLayout(padded).tailBytes > 0;
  if (!inline) await take({ cid: cidOf(RAW, end), bytes: end });
  const root = links.finish();
  for (const node of root.nodes) await batches.add(node);
  const content = { salt, commitment: keys.commitment, bytes: padded, links: root.links, ...(inline && { tail: end }) };
  return { content, bytes, blocks: batches.blocks, blockBytes: batches.bytes, rest: await batches.rest() };
}

/** The plaintext and its padded length, when it is at hand in one piece and lies inline: most messages, which need none of the machinery below. */
function shortInput(input: Input, padding: Padding): { readonly plaintext: Bytes; readonly padded: number } | undefined {
  if (!Array.isArray(input) || input.length !== 1) return undefined;
  const plaintext = input[0] as Bytes;
  const padded = paddedBytes(padding, plaintext.length);
  return padded < CHUNK_BYTES ? { plaintext, padded } : undefined;
}

/** One chunk, the last one: its nonce is the base nonce. */
function sealShort(provider: CryptoProvider, { aeadKey, baseNonce, commitment }: ContentKeys, salt: Bytes, { plaintext, padded }: { readonly plaintext: Bytes; readonly padded: number }): SealedContent {
  const whole = padded === plaintext.length ? plaintext : concat(plaintext, new Uint8Array(padded - plaintext.length));
  const tail = provider.aesGcm.seal(aeadKey, baseNonce, whole);
  return { content: { salt, commitment, bytes: padded, links: [], tail }, bytes: plaintext.length, blocks: 0, blockBytes: 0, rest: [] };
}

/** A block that was sealed here, or is being sealed by another thread. */
type Making = { readonly block: Block } | { readonly job: SealJob };

/** Seals whole blocks here and, once there are enough of them, on other threads; gives them back in order. */
class BlockSealer implements AsyncDisposable {
  readonly inputs = new BlockBuffers(BLOCK_PLAINTEXT_BYTES);
  readonly #outputs = new BlockBuffers(limits.contentBlockBytes);
  readonly #provider: CryptoProvider;
  readonly #keys: ContentKeys;
  readonly #cipher: ContentCipher;
  readonly #parallel: number | undefined;
  /** May read shared memory where it keeps none of it. */
  readonly #sink: BlockSink;
  readonly #making: Making[] = [];
  #threads: SealThreads | undefined;
  #blocks = 0;
  #endBytes = 0;

  constructor(provider: CryptoProvider, keys: ContentKeys, parallel: number | undefined, sink: BlockSink) {
    this.#provider = provider;
    this.#keys = keys;
    this.#cipher = new ContentCipher(provider, keys);
    this.#parallel = parallel;
    this.#sink = sink;
  }

  /** Plaintext taken so far. */
  get plaintextBytes(): number {
    return this.#blocks * BLOCK_PLAINTEXT_BYTES + this.#endBytes;
  }

  /** Answers the blocks that became ready, in order. */
  async add({ bytes, own }: PlainBlock): Promise<readonly Block[]> {
    const first = this.#blocks++ * CHUNKS_PER_BLOCK;
    if (this.#blocks === THREADS_FROM_BLOCK) await this.#startThreads();
    this.#making.push(this.#threads?.hasRoom === true ? { job: this.#threads.submit(first, bytes) } : { block: this.#sealHere(first, bytes) });
    if (own) this.inputs.give(bytes);
    return this.#ready((this.#threads?.jobs ?? 0) + limits.sealBlocksHereMax);
  }

  remaining(): Promise<readonly Block[]> {
    return this.#ready(0);
  }

  /** Takes from the front what is done, and waits for what is not while more than `waitingMax` blocks wait. */
  async #ready(waitingMax: number): Promise<readonly Block[]> {
    const ready: Block[] = [];
    for (let next = this.#making[0]; next !== undefined; next = this.#making[0]) {
      if ('job' in next && this.#threads?.isDone(next.job) === false) {
        if (this.#making.length <= waitingMax) break;
        await this.#threads.done(next.job);
      }
      ready.push('job' in next ? this.#taken(next.job) : next.block);
      this.#making.shift();
    }
    return ready;
  }

  #taken(job: SealJob): Block {
    const threads = this.#threads as SealThreads;
    const cid = cidOfDigest(RAW, threads.take(job));
    if (this.#sink.releasesBytes === true) return { cid, bytes: job.output };
    const bytes = copied(job.output, this.#outputs.take());
    threads.release(job.output);
    return { cid, bytes };
  }

  /** The sink is done with these blocks. */
  release(blocks: readonly Block[]): void {
    for (const { bytes } of blocks) {
      if (bytes.buffer instanceof SharedArrayBuffer) this.#threads?.release(bytes);
      else this.#outputs.give(bytes);
    }
  }

  /** The rest of the content, which is shorter than a block: its full chunks and the short last one. */
  sealEnd(plaintext: Bytes): Bytes {
    const chunks = Math.floor(plaintext.length / CHUNK_BYTES);
    const first = this.#blocks * CHUNKS_PER_BLOCK;
    this.#endBytes = plaintext.length;
    const sealed = new Uint8Array(sealedContentBytes(plaintext.length));
    const at = this.#cipher.sealChunks(first, plaintext.subarray(0, chunks * CHUNK_BYTES), sealed);
    this.#cipher.sealChunk(first + chunks, plaintext.subarray(chunks * CHUNK_BYTES), sealed.subarray(at));
    return sealed;
  }

  async #startThreads(): Promise<void> {
    const { SealThreads, threadCount } = await import('./seal-threads.ts');
    const count = threadCount(this.#parallel);
    if (count > 0) this.#threads = new SealThreads(this.#provider.name, this.#keys, count, batchBytesOf(this.#sink));
  }

  #sealHere(first: number, plaintext: Bytes): Block {
    const bytes = this.#outputs.take();
    this.#cipher.sealChunks(first, plaintext, bytes);
    return { cid: cidOf(RAW, bytes), bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads?.[Symbol.asyncDispose]();
  }
}

function copied(bytes: Bytes, into: Bytes): Bytes {
  into.set(bytes);
  return into;
}

const batchBytesOf = ({ batchBytes = limits.sealBatchBytes }: BlockSink): number => batchBytes;

/** Collects blocks, and hands a batch to the sink while the next one fills: at most one is under way, at most one is filling. */
class Batches implements AsyncDisposable {
  readonly #sink: BlockSink;
  readonly #release: (blocks: readonly Block[]) => void;
  readonly #signal: AbortSignal | undefined;
  #filling: Block[] = [];
  #fillingBytes = 0;
  #underWay: Promise<void> = Promise.resolve();
  blocks = 0;
  bytes = 0;

  constructor(sink: BlockSink, release: (blocks: readonly Block[]) => void, { signal }: SealOptions) {
    this.#sink = sink;
    this.#release = release;
    this.#signal = signal;
  }

  async add(block: Block): Promise<void> {
    this.#filling.push(block);
    this.#fillingBytes += block.bytes.length;
    this.blocks++;
    this.bytes += block.bytes.length;
    if (this.#fillingBytes < batchBytesOf(this.#sink)) return;
    await this.#underWay;
    this.#underWay = this.#put(this.#filling);
    // Awaited before the next batch, or by `rest`.
    this.#underWay.catch(() => undefined);
    this.#filling = [];
    this.#fillingBytes = 0;
  }

  async #put(batch: readonly Block[]): Promise<void> {
    await this.#sink.put(batch, this.#signal);
    if (this.#sink.releasesBytes === true) this.#release(batch);
  }

  /** Waits for the batch under way and answers the blocks that are in none. */
  async rest(): Promise<readonly Block[]> {
    await this.#underWay;
    return this.#filling;
  }

  /** After a failure elsewhere too, nothing is left running that writes to the sink. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.catch(() => undefined);
  }
}
