/**
 * Bad blocks that nobody needs: no loss, and yet findings until gc collects them. A repair drops each one whose bytes are still wrong then. That
 * takes nothing from a send under way which uses the same block: it puts the right bytes, and right ones are never dropped.
 */
import { isError } from '../base/errors.ts';
import type { StoreContext } from './context.ts';
import { BlockSets } from './digest-set.ts';
import { markReached } from './reach.ts';
import type { BadBlock, VerifyOptions } from './verify-types.ts';

/** What has to be said anew of `bad`, by its index there. None where a wanted message cannot be walked: then nobody can say what is needed. */
export async function garbageAmong(store: StoreContext, bad: readonly BadBlock[], { repair = false, signal }: Pick<VerifyOptions, 'repair' | 'signal'>): Promise<ReadonlyMap<number, BadBlock>> {
  const found = new Map<number, BadBlock>();
  const suspects = [...bad.entries()].filter(([, { code, repaired }]) => code === 'E_BLOCK_CORRUPT' && !repaired);
  if (suspects.length === 0) return found;
  using sets = new BlockSets();
  if (!(await isMarked(store, sets, signal))) return found;
  for (const [i, one] of suspects) {
    const tier = store.tiers.find((each) => each.tier === one.tier);
    if (one.cid === undefined || tier === undefined || sets.isKept(one.cid)) continue;
    found.set(i, { ...one, garbage: true, repaired: repair && (await tier.dropDamaged(one.cid, signal)) });
  }
  return found;
}

async function isMarked(store: StoreContext, sets: BlockSets, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await markReached(store, sets, store.clock.now(), { signal });
    return true;
  } catch (error) {
    if (!isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_STORE_CORRUPT', 'E_FORMAT', 'E_NOT_CANONICAL', 'E_IO')) throw error;
    return false;
  }
}
