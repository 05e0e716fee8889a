/**
 * A message in cold tiers: every block and its announcements written, read back and hashed. Only then may another copy go.
 * A tier that fails is passed over and named; a damaged block there is written anew from a good copy.
 */
import type { Block } from '../base/block.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError, OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { batched, closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';
import type { ColdTier, ColdTierName } from './ports.ts';

export interface ColdCopy {
  /** Tiers that hold every block and the announcements, as read back just now. */
  readonly tiers: readonly ColdTierName[];
  /** What these tiers promise together. */
  readonly copies: number;
  readonly failed: ReadonlyArray<{ readonly tier: ColdTierName; readonly error: OmniplexError }>;
}

export interface ColdCopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** So many blocks more are in a tier, read back: each counts once a tier. */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
}

async function copyToCold(store: StoreContext, cid: Cid, tiers: readonly ColdTierName[], options: ColdCopyOptions = {}): Promise<ColdCopy> {
  const held: ColdTier[] = [];
  const failed: Array<{ tier: ColdTierName; error: OmniplexError }> = [];
  for (const name of tiers) {
    const tier = store.coldTier(name);
    try {
      await copyBlocks(store, cid, tier, options);
      await copyAnnouncements(store, cid, tier);
      held.push(tier);
    } catch (error) {
      if (!(error instanceof OmniplexError) || options.signal?.aborted === true) throw error;
      failed.push({ tier: name, error });
    }
  }
  return { tiers: held.map(({ tier }) => tier), copies: held.reduce((sum, { copies }) => sum + copies, 0), failed };
}

/** As `copyToCold`. Throws the tiers' own error when none holds it, E_COPIES_TOO_FEW when too few do. */
export async function requireColdCopies(store: StoreContext, cid: Cid, tiers: readonly ColdTierName[], minCopies: number, options?: ColdCopyOptions): Promise<ColdCopy> {
  const copy = await copyToCold(store, cid, tiers, options);
  if (copy.copies >= minCopies) return copy;
  const [first] = copy.failed;
  if (first !== undefined && copy.tiers.length === 0) throw first.error;
  throw fail('E_COPIES_TOO_FEW', { cid: cid.toString(), copies: copy.copies, needed: minCopies }, first?.error);
}

async function copyBlocks(store: StoreContext, cid: Cid, tier: ColdTier, { signal, onBlocks }: ColdCopyOptions): Promise<void> {
  for await (const { cids } of closureOf(cid, async (one) => (await store.read(one, signal))?.bytes)) {
    for (const batch of batched(cids, limits.copyBatchBlocks)) {
      await copyBatch(store, cid, tier, batch, signal);
      onBlocks?.(batch.length);
    }
  }
}

async function copyBatch(store: StoreContext, message: Cid, tier: ColdTier, cids: readonly Cid[], signal?: AbortSignal): Promise<void> {
  const there = await goodOnes(tier, cids, signal);
  const missing = cids.filter((_, i) => !there[i]);
  if (missing.length === 0) return;
  const blocks: Block[] = [];
  for (const cid of missing) {
    const found = await store.read(cid, signal);
    if (found === undefined) throw fail('E_BLOCKS_MISSING', { cid: message.toString(), missing: 1 });
    blocks.push({ cid, bytes: found.bytes });
  }
  await tier.put(blocks, signal);
  const written = await tier.getMany(missing, signal);
  const absent = missing.find((_, i) => written[i] === undefined);
  if (absent !== undefined) throw fail('E_BLOCKS_MISSING', { cid: message.toString(), missing: 1 });
}

/** Which of these blocks the tier gives back whole. Damage counts as absence here: it is about to be overwritten. */
async function goodOnes(tier: ColdTier, cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[]> {
  try {
    return (await tier.getMany(cids, signal)).map((bytes) => bytes !== undefined);
  } catch (error) {
    if (!isError(error, 'E_BLOCK_CORRUPT')) throw error;
  }
  const good: boolean[] = [];
  for (const cid of cids) {
    good.push(
      await tier.get(cid, signal).then(
        (bytes) => bytes !== undefined,
        (error: unknown) => {
          if (isError(error, 'E_BLOCK_CORRUPT')) return false;
          throw error;
        },
      ),
    );
  }
  return good;
}

/** Written also when there are none: that a tier lists the message is how a lost hot tier finds it again. */
export async function copyAnnouncements(store: StoreContext, cid: Cid, tier: ColdTier): Promise<void> {
  const packets = (await store.hot.inbox.ofMessage(cid)).map(({ packet }) => packet);
  await tier.putAnnouncements(cid, packets);
  const written = await tier.announcements(cid);
  if (written.length !== packets.length || written.some((packet, i) => !equalBytes(packet, packets[i] as Uint8Array))) {
    throw fail('E_STORE_CORRUPT', { tier: tier.tier, path: tier.place, why: 'announcements read back are not those written' });
  }
}
