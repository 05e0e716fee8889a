/** What every operation of a store is given: its tiers, its locks, its journal, its time. `Store` is the one that gives it. */
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { Clock } from '../base/clock.ts';
import type { Rng } from '../base/rng.ts';
import type { EvictionPolicy } from './eviction-policy.ts';
import type { StoreLayout } from './layout.ts';
import type { BlockTier, ColdTier, ColdTierName, HotTier, Journal, LockManager, TierName } from './ports.ts';

export interface StoreContext {
  readonly layout: StoreLayout;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Who acts, for the locks that others will see. */
  readonly holder: string;
  readonly hotBudgetBytes: number;
  readonly evictionPolicy: EvictionPolicy;
  readonly hot: HotTier;
  readonly cold: ReadonlyMap<ColdTierName, ColdTier>;
  readonly locks: LockManager;
  readonly journal: Journal;
  /** Hot first, then cold. */
  readonly tiers: readonly BlockTier[];
  /** Throws E_NOT_SUPPORTED when this store has no such tier. */
  coldTier(name: ColdTierName): ColdTier;
  /** A block from the first tier that has it whole; see Store. */
  read(cid: Cid, signal?: AbortSignal): Promise<{ readonly bytes: Bytes; readonly tier: TierName } | undefined>;
}
