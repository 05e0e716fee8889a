/** Where a message is: which tiers hold all of it. Its structure is read and hashed on the way; content blocks are looked for, and read and hashed where that is asked. */
import type { Cid } from '../base/cid.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { batched, closureOf, type Load } from './closure.ts';
import type { BlockTier, TierName } from './ports.ts';

export interface LookOptions {
  readonly signal?: AbortSignal | undefined;
  /** Copies whose bytes are known to be wrong. */
  readonly isBad?: ((tier: TierName, cid: Cid) => boolean) | undefined;
  /** Content is read and hashed too: a copy with wrong bytes is none. Before anything is promised of it, and before a loss is taken back. */
  readonly hash?: boolean | undefined;
}

/**
 * The tiers that hold every block: none of them alone may, as long as all together do. Undefined when a block is nowhere, or nowhere whole.
 * Throws E_IO, E_STORE_CORRUPT where a tier does not say, and the others do not have it.
 */
export async function holdersOf(tiers: readonly BlockTier[], cid: Cid, { signal, isBad = () => false, hash = false }: LookOptions = {}): Promise<readonly TierName[] | undefined> {
  const look = hash ? holdsWhole : holds;
  const holders = new Set(tiers);
  try {
    for await (const { cids } of closureOf(cid, loadFrom(tiers, signal))) {
      for (const some of batched(cids, limits.pageItemsMax)) {
        const silent: unknown[] = [];
        const there = await Promise.all(
          tiers.map(async (tier) => {
            const has = await look(tier, some, signal).catch((error: unknown) => void silent.push(error));
            return some.map((one, i) => has?.[i] === true && !isBad(tier.tier, one));
          }),
        );
        const isNowhere = some.some((_, i) => !there.some((has) => has[i]));
        if (silent.length > 0 && (isNowhere || silent.some((error) => !isError(error, 'E_IO', 'E_STORE_CORRUPT')))) throw silent[0];
        if (isNowhere) return undefined;
        tiers.forEach((tier, t) => void (there[t]?.every(Boolean) || holders.delete(tier)));
      }
    }
    return [...holders].map(({ tier }) => tier);
  } catch (error) {
    if (isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_FORMAT', 'E_NOT_CANONICAL')) return undefined;
    throw error;
  }
}

const holds = (tier: BlockTier, cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[]> => tier.has(cids, signal);

/** One block in memory at a time. */
async function holdsWhole(tier: BlockTier, cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[]> {
  const whole: boolean[] = [];
  for (const cid of cids) {
    try {
      whole.push((await tier.get(cid, signal)) !== undefined);
    } catch (error) {
      if (!isError(error, 'E_BLOCK_CORRUPT')) throw error;
      whole.push(false);
    }
  }
  return whole;
}

/** As `holdersOf`, where a tier that does not answer is as good as one that lacks it. */
export async function readableHolders(tiers: readonly BlockTier[], cid: Cid, options: LookOptions = {}): Promise<readonly TierName[] | undefined> {
  try {
    return await holdersOf(tiers, cid, options);
  } catch (error) {
    if (isError(error, 'E_IO')) return undefined;
    throw error;
  }
}

/** From the first tier that has the block whole. Where none has and one did not answer, its error is thrown. */
export function loadFrom(tiers: readonly BlockTier[], signal?: AbortSignal): Load {
  return async (cid) => {
    let trouble: unknown;
    for (const tier of tiers) {
      try {
        const bytes = await tier.get(cid, signal);
        if (bytes !== undefined) return bytes;
      } catch (error) {
        if (!isError(error)) throw error;
        trouble ??= error;
      }
    }
    if (trouble !== undefined) throw trouble;
    return undefined;
  };
}
