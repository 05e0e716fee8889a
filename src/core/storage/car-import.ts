/**
 * CARv1 files into the store. Every block is hashed before it is put, every message must be whole before it is the store's, and inboxes are
 * told last: all or nothing for each message. Nothing of a file that is cut or damaged is committed; what it left is garbage after the grace
 * time. A message whose blocks come in several files waits for the rest. Hostile input throughout: one block and the index are in memory.
 */
import type { Block } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { readCar } from '../base/car.ts';
import { DAG_CBOR, type Cid } from '../base/cid.ts';
import { fail, isError, type ErrorCode } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { announcementOf } from './announcing.ts';
import { decodeIndex, type CarIndex, type CarMessage } from './car-index.ts';
import { closureOf, sizeOf } from './closure.ts';
import { commitMessage } from './commit.ts';
import { ContentSink } from './content-sink.ts';
import type { StoreContext } from './context.ts';
import { notePending, settlePending } from './pending.ts';
import type { TierName } from './ports.ts';
import { enterWriters } from './writers.ts';

export interface ImportOptions {
  /** Names the file in errors. */
  readonly place: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly blocks: number; readonly bytes: number }) => void;
}

export interface ImportedMessage {
  readonly cid: Cid;
  /** `repeated`: it was here already, with all these packets. */
  readonly outcome: 'stored' | 'repeated';
  readonly bytes: number;
  readonly blocks: number;
  /** Digests of the inboxes that were told. */
  readonly inboxes: readonly Bytes[];
}

export interface ImportResult {
  readonly messages: readonly ImportedMessage[];
  /** Messages of which other files have the rest. */
  readonly incomplete: ReadonlyArray<{ readonly cid: Cid; readonly missing: number }>;
  /** Messages that are none, or packets that are not theirs. */
  readonly refused: ReadonlyArray<{ readonly cid: Cid; readonly code: ErrorCode }>;
  readonly blocks: number;
  readonly bytes: number;
  /** Some of the blocks were in no tier before. */
  readonly isNew: boolean;
  /** Verified blocks of bundles and introductions, for the identity room to read. */
  readonly bundles: readonly Block[];
  readonly receipts: readonly Cid[];
}

/** Throws E_FORMAT (cut, not a CAR, without its roots), E_BLOCK_CORRUPT, E_CID_INVALID, E_BLOCK_TOO_LARGE, E_TOO_MANY, E_BUDGET, E_DISK_FULL. */
export async function importCar(store: StoreContext, pieces: AsyncIterable<Bytes>, options: ImportOptions): Promise<ImportResult> {
  using _share = await enterWriters(store);
  const intake = new Intake(store, options);
  await intake.read(pieces);
  const tiers = await intake.sink.finish();
  const messages: ImportedMessage[] = [];
  const incomplete: Array<{ cid: Cid; missing: number }> = [];
  const refused: Array<{ cid: Cid; code: ErrorCode }> = [];
  for (const message of intake.messages()) {
    options.signal?.throwIfAborted();
    try {
      const missing = await missingOf(store, message.cid, options.signal);
      if (missing === 0) {
        messages.push(await commitOne(store, message, await intake.packetsOf(message), tiers));
        await settlePending(store, message.cid);
      } else {
        await notePending(store, message.cid);
        incomplete.push({ cid: message.cid, missing });
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused.push({ cid: message.cid, code: error.code });
    }
  }
  const { blocks, bytes, isNew, bundles, receipts } = intake;
  return { messages, incomplete, refused, blocks, bytes, isNew, bundles, receipts };
}

/** What is wrong with one message, and not with the store. */
const isRefusal = (error: unknown) =>
  isError(error, 'E_FORMAT', 'E_NOT_CANONICAL', 'E_CID_INVALID', 'E_NOT_IN_VERSION_1', 'E_PACKET_LENGTH', 'E_PACKET_CRC', 'E_PACKET_VERSION', 'E_PACKET_TYPE', 'E_PACKET_FLAGS', 'E_PACKET_FIELD') ||
  isError(error, 'E_VERSION_NEWER');

class Intake {
  readonly sink: ContentSink;
  readonly bundles: Block[] = [];
  blocks = 0;
  bytes = 0;
  isNew = false;
  readonly #store: StoreContext;
  readonly #options: ImportOptions;
  readonly #indexes: CarIndex[] = [];
  #roots: readonly Cid[] = [];
  readonly #rootsSeen = new Set<string>();
  readonly #packets = new Map<string, Bytes | undefined>();
  readonly #bundleCids = new Set<string>();
  #bundleBytes = 0;
  #waiting: Block[] = [];

  constructor(store: StoreContext, options: ImportOptions) {
    this.#store = store;
    this.#options = options;
    this.sink = new ContentSink(store);
  }

  get receipts(): readonly Cid[] {
    return this.#indexes.flatMap(({ receipts }) => receipts);
  }

  async read(pieces: AsyncIterable<Bytes>): Promise<void> {
    const car = await readCar(pieces, this.#options.place);
    if (car.roots.length > 2 * limits.carMessagesMax) throw fail('E_TOO_MANY', { what: 'roots of a CAR', count: car.roots.length, max: 2 * limits.carMessagesMax });
    this.#roots = car.roots;
    const rootTexts = new Set(car.roots.map(String));
    for await (const block of car.blocks) {
      this.#options.signal?.throwIfAborted();
      if (++this.blocks > limits.carBlocksMax) throw fail('E_TOO_MANY', { what: 'blocks of a CAR', count: this.blocks, max: limits.carBlocksMax });
      this.bytes += block.bytes.length;
      await this.#take(block, rootTexts);
      this.#options.onProgress?.({ blocks: this.blocks, bytes: this.bytes });
    }
    await this.#flush();
    this.#checkEnd();
  }

  async #take(block: Block, rootTexts: ReadonlySet<string>): Promise<void> {
    const text = block.cid.toString();
    if (rootTexts.has(text)) {
      this.#rootsSeen.add(text);
      const index = block.cid.code === DAG_CBOR ? decodeIndex(block.bytes) : undefined;
      if (index !== undefined) return this.#takeIndex(index);
    }
    if (this.#packets.has(text)) {
      this.#packets.set(text, block.bytes);
    } else if (this.#bundleCids.has(text)) {
      this.#bundleBytes += block.bytes.length;
      if (this.#bundleBytes > limits.bundleFileBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of bundles in a CAR', count: this.#bundleBytes, max: limits.bundleFileBytesMax });
      this.bundles.push(block);
    } else {
      this.#waiting.push(block);
      if (this.#waiting.length >= limits.copyBatchBlocks) await this.#flush();
    }
  }

  #takeIndex(index: CarIndex): void {
    this.#indexes.push(index);
    for (const { packets } of index.messages) for (const cid of packets) if (!this.#packets.has(cid.toString())) this.#packets.set(cid.toString(), undefined);
    for (const cid of index.bundles) this.#bundleCids.add(cid.toString());
    const count = this.#packets.size + this.#bundleCids.size;
    if (count > limits.carPacketsMax) throw fail('E_TOO_MANY', { what: 'packets of a CAR', count, max: limits.carPacketsMax });
  }

  async #flush(): Promise<void> {
    const blocks = this.#waiting;
    this.#waiting = [];
    if (blocks.length === 0) return;
    // One that is new is enough to know: only a repeated import asks for all.
    this.isNew ||= await this.#lacksOneOf(blocks);
    await this.sink.put(blocks, this.#options.signal);
  }

  async #lacksOneOf(blocks: readonly Block[]): Promise<boolean> {
    let left = blocks.map(({ cid }) => cid);
    for (const tier of this.#store.tiers) {
      if (left.length === 0) return false;
      const has = await tier.has(left, this.#options.signal);
      left = left.filter((_, i) => has[i] !== true);
    }
    return left.length > 0;
  }

  /** A file cut between two blocks is a well-formed CAR still: roots and the index's count tell. */
  #checkEnd(): void {
    const lost = this.#roots.find((root) => !this.#rootsSeen.has(root.toString()));
    if (lost !== undefined || this.#roots.length === 0) throw fail('E_FORMAT', { kind: 'CAR', why: 'a root is not in it' });
    if (this.#indexes.some(({ sections }) => sections !== this.blocks)) throw fail('E_FORMAT', { kind: 'CAR', why: 'it is cut short, or something was added' });
  }

  /** Those that an index lists; in a file without one, as other tools make it, every root. */
  messages(): readonly CarMessage[] {
    if (this.#indexes.length === 0) return this.#roots.map((cid) => ({ cid, packets: [] }));
    return this.#indexes.flatMap(({ messages }) => messages);
  }

  async packetsOf({ packets }: CarMessage): Promise<readonly Bytes[]> {
    const found: Bytes[] = [];
    for (const cid of packets) {
      // a packet may lie before the index that names it: then it was put as any other block
      const bytes = this.#packets.get(cid.toString()) ?? (await this.#store.read(cid))?.bytes;
      if (bytes === undefined) throw fail('E_FORMAT', { kind: 'CAR', why: 'a packet of its index is not in it' });
      found.push(bytes);
    }
    return found;
  }
}

/** Content blocks that no tier has; 1 when structure is missing, for then nobody can count. */
async function missingOf(store: StoreContext, cid: Cid, signal?: AbortSignal): Promise<number> {
  let missing = 0;
  try {
    for await (const { cids } of closureOf(cid, async (one) => (await store.read(one, signal))?.bytes)) {
      const left = new Set(cids.keys());
      for (const tier of store.tiers) (await tier.has(cids, signal)).forEach((has, i) => has && left.delete(i));
      missing += left.size;
    }
  } catch (error) {
    if (!isError(error, 'E_BLOCKS_MISSING')) throw error;
    return missing + 1;
  }
  return missing;
}

async function commitOne(store: StoreContext, { cid }: CarMessage, packets: readonly Bytes[], tiers: readonly TierName[]): Promise<ImportedMessage> {
  const announcements = packets.map((packet) => announcementOf(cid, packet));
  const size = await sizeOf(cid, async (one) => (await store.read(one))?.bytes);
  const expiresAtMs = announcements.reduce((latest, one) => Math.max(latest, one.expiresAtMs), 0);
  const held = await tiersHolding(store, cid, tiers);
  const { outcome } = await commitMessage(store, { message: { cid, ...size, expiresAtMs, tiers: held }, announcements }, { durability: 'hot' });
  return { cid, outcome, ...size, inboxes: announcements.map(({ inbox }) => inbox) };
}

/** Parts of one message may have come when hot had room and when it had not: then no single tier holds all of it yet. */
async function tiersHolding(store: StoreContext, cid: Cid, likely: readonly TierName[]): Promise<readonly TierName[]> {
  const holding = new Set(store.tiers.filter(({ tier }) => likely.includes(tier)));
  for await (const { cids } of closureOf(cid, async (one) => (await store.read(one))?.bytes)) {
    for (const tier of [...holding]) if ((await tier.has(cids)).includes(false)) holding.delete(tier);
  }
  return [...holding].map(({ tier }) => tier);
}

