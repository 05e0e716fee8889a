/**
 * Demote: cold holds every block of a message and its announcements, read back and hashed; then hot lets go of the content.
 * Announcements, manifests with links and link nodes stay hot. Idempotent, and can be killed anywhere: no copy goes before the other was
 * read, and hot stays named in the record until its last block went, so that the next run finds and finishes it.
 */
import type { Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { runBulk, type ActOptions, type BulkOptions, type BulkPlan, type BulkResult } from './bulk.ts';
import { batched, closureOf } from './closure.ts';
import { requireColdCopies } from './cold-copy.ts';
import type { StoreContext } from './context.ts';
import { changed, stillHeld, withMessage } from './message-lock.ts';
import type { ColdTierName, Lock, MessageRecord } from './ports.ts';
import { isPinned, type Selection } from './selection.ts';

export interface DemoteOptions extends BulkOptions {
  /** All cold tiers of the store by default. */
  readonly tiers?: readonly ColdTierName[];
  /** Verified cold copies, summed over the tiers, below which the message stays hot. */
  readonly minCopies?: number;
}

export interface DemoteResult extends BulkResult {
  /** Fewest verified cold copies among the messages that moved; undefined when none did. */
  readonly copies: { readonly min: number | undefined };
  readonly plan?: BulkPlan & { readonly to: ReadonlyArray<{ readonly tier: ColdTierName; readonly copies: number }> };
}

const coldTiersOf = (record: MessageRecord): readonly ColdTierName[] => record.tiers.filter((tier) => tier !== 'hot');

export async function demote(store: StoreContext, selection: Selection, options: DemoteOptions = {}): Promise<DemoteResult> {
  const tiers = options.tiers ?? [...store.cold.keys()];
  const to = tiers.map((tier) => ({ tier, copies: store.coldTier(tier).copies }));
  const minCopies = options.minCopies ?? 1;
  let fewest: number | undefined;
  const { plan, ...result } = await runBulk(
    store,
    selection,
    {
      verb: 'demote',
      parameters: [minCopies, ...tiers],
      isDue: (record) => record.tiers.includes('hot') || tiers.some((tier) => !record.tiers.includes(tier)),
      act: async ({ cid }, how) => {
        const done = await demoteMessage(store, cid, { ...how, tiers, minCopies });
        if (done !== undefined) fewest = Math.min(fewest ?? done.copies, done.copies);
        return done?.bytes;
      },
    },
    options,
  );
  return { ...result, copies: { min: fewest }, ...(plan && { plan: { ...plan, to } }) };
}

export interface DemoteMessageOptions extends ActOptions {
  readonly tiers: readonly ColdTierName[];
  readonly minCopies: number;
}

/** Bytes that left hot; undefined when nothing was to do. Throws E_PINNED, E_COPIES_TOO_FEW, E_BLOCKS_MISSING, E_LOCKED. */
export function demoteMessage(store: StoreContext, cid: Cid, { tiers, minCopies, onBlocks, ...how }: DemoteMessageOptions): Promise<{ bytes: number; copies: number } | undefined> {
  const { signal } = how;
  return withMessage(store, cid, how, async (found, lock) => {
    refusePinned(store, found);
    const copy = await requireColdCopies(store, cid, tiers, minCopies, { signal, onBlocks: onBlocks && ((blocks) => onBlocks(blocks / tiers.length)) });
    const cold = [...new Set([...coldTiersOf(found), ...copy.tiers])];
    const isNew = cold.length > coldTiersOf(found).length;
    // hot stays named until the last block went: a run killed between is found again by `tier = hot`
    const named = isNew ? await changed(store, found, lock, { tiers: [...found.tiers.filter((tier) => tier === 'hot'), ...cold] }) : found;
    const bytes = await letGo(store, cid, lock, signal);
    if (named.tiers.includes('hot')) await changed(store, named, lock, { tiers: cold });
    return bytes > 0 || isNew || named.tiers.includes('hot') ? { bytes, copies: copy.copies } : undefined;
  });
}

function refusePinned(store: StoreContext, record: MessageRecord): void {
  if (!isPinned(record, store.clock.now())) return;
  const until = record.pinnedUntilMs === Number.MAX_SAFE_INTEGER ? 'it is unpinned' : rfc3339(record.pinnedUntilMs);
  throw fail('E_PINNED', { cid: record.cid.toString(), until });
}

/** Takes the content out of hot. Answers how many bytes the tier is lighter by. */
async function letGo(store: StoreContext, cid: Cid, lock: Lock, signal?: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const { role, cids } of closureOf(cid, async (one) => (await store.read(one, signal))?.bytes)) {
    if (role !== 'content') continue;
    for (const batch of batched(cids, limits.copyBatchBlocks)) {
      stillHeld(lock);
      bytes += await store.hot.letGo(batch, signal);
    }
  }
  return bytes;
}
