/**
 * Where a message is sealed into: hot while the budget lasts, else cold. A message that outgrows what hot can make room for is moved over
 * as it is written, so that its length need not be known. Link nodes and manifests with links are in hot either way.
 * Nothing is announced by it; blocks of a message that was never committed are garbage after the grace time.
 */
import type { Block, BlockSink } from '../base/block.ts';
import { RAW, type Cid } from '../base/cid.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodeManifest } from '../message/manifest.ts';
import { CidList } from './cid-list.ts';
import type { StoreContext } from './context.ts';
import { makeRoom, overBudget } from './eviction.ts';
import type { ColdTier, TierName } from './ports.ts';

const sizeOf = (blocks: readonly Block[]): number => blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);

export class ContentSink implements BlockSink {
  readonly releasesBytes = true;
  readonly batchBytes = limits.storeBatchBytes;
  readonly #store: StoreContext;
  /** What this sink has put, or is putting, into hot. */
  readonly #inHot = new CidList();
  readonly #underWay = new Set<Promise<void>>();
  /** Of puts that have not ended: the tier does not count them yet. */
  #pendingBytes = 0;
  #putBytes = 0;
  #spilled: Promise<ColdTier> | undefined;
  /** Room to make before the first block; then each put asks for its own. */
  #expectedBytes: number;

  constructor(store: StoreContext, expectedBytes = 0) {
    this.#store = store;
    this.#expectedBytes = expectedBytes;
  }

  /** What lies in the store by now, or is on its way there. */
  get putBytes(): number {
    return this.#putBytes;
  }

  /** Throws E_BUDGET when hot is full and the store has no cold tier, E_DISK_FULL. */
  async put(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    const content = blocks.filter(({ cid }) => cid.code === RAW);
    const structure = blocks.filter(({ cid }) => cid.code !== RAW);
    if (content.length > 0) await this.#putWhereItFits(content, signal);
    if (structure.length > 0) await this.#putWhereItFits(structure, signal);
  }

  async #putWhereItFits(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    const bytes = sizeOf(blocks);
    this.#putBytes += bytes;
    this.#pendingBytes += bytes;
    try {
      if (this.#spilled === undefined && (await this.#fits(signal))) return await this.#putHot(blocks, signal);
    } finally {
      this.#pendingBytes -= bytes;
    }
    this.#spilled ??= this.#spill();
    await putChecked(await this.#spilled, blocks, signal);
    const stays = blocks.filter((block) => !isContent(block));
    if (stays.length > 0) await this.#store.hot.put(stays, signal);
  }

  async #putHot(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    for (const { cid } of blocks) this.#inHot.add(cid);
    const put = this.#store.hot.put(blocks, signal);
    this.#underWay.add(put);
    try {
      await put;
    } finally {
      this.#underWay.delete(put);
    }
    if (this.#spilled === undefined) return;
    // another put found the tier full meanwhile: whether what it moves over includes these is not known, so they are moved again
    await putChecked(await this.#spilled, blocks, signal);
    await this.#store.hot.remove(blocks.filter(isContent).map(({ cid }) => cid), signal);
  }

  async #fits(signal?: AbortSignal): Promise<boolean> {
    const expected = this.#expectedBytes;
    this.#expectedBytes = 0;
    try {
      await makeRoom(this.#store, Math.max(expected, this.#pendingBytes), { signal });
      return this.#spilled === undefined;
    } catch (error) {
      if (isError(error, 'E_BUDGET')) return false;
      throw error;
    }
  }

  /** Moves what went into hot so far; content leaves it once cold gave it back. */
  async #spill(): Promise<ColdTier> {
    const [tier] = this.#store.cold.values();
    if (tier === undefined) throw overBudget(this.#store.hotBudgetBytes);
    await Promise.allSettled(this.#underWay);
    for (const cids of this.#inHot.batches(limits.copyBatchBlocks)) {
      const blocks = (await this.#store.hot.getMany(cids)).map((bytes, i) => ({ cid: cids[i] as Cid, bytes }));
      const present = blocks.filter((block): block is Block => block.bytes !== undefined);
      await putChecked(tier, present);
      await this.#store.hot.remove(present.filter(({ cid }) => cid.code === RAW).map(({ cid }) => cid));
    }
    return tier;
  }

  /** After the last put: the tiers that hold every block, for the message's record. */
  async finish(): Promise<readonly TierName[]> {
    return this.#spilled === undefined ? ['hot'] : [(await this.#spilled).tier];
  }
}

/** What hot may be without: raw blocks, and manifests with all their content inline. */
function isContent({ cid, bytes }: Block): boolean {
  if (cid.code === RAW) return true;
  try {
    return decodeManifest(bytes).content.links.length === 0;
  } catch {
    // a link node, or nothing of ours: `commit` and `import` look at it later
    return false;
  }
}

async function putChecked(tier: ColdTier, blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
  await tier.put(blocks, signal);
  const cids = blocks.map(({ cid }) => cid);
  if ((await tier.getMany(cids, signal)).includes(undefined)) throw fail('E_IO', { path: tier.place, why: 'a block that was written is not there' });
}
