/** Pins: until when the hot copy of a message is kept. A pinned message is brought to hot first, and neither demoted nor evicted. */
import { runBulk, type BulkOptions, type BulkResult } from './bulk.ts';
import type { Cid } from '../base/cid.ts';
import type { StoreContext } from './context.ts';
import { changed, withMessage } from './message-lock.ts';
import { promoteMessage } from './promote.ts';

export interface PinOptions extends BulkOptions {
  /** For good by default. */
  readonly ttlMs?: number;
}

/** Never shortens a pin. */
export function pin(store: StoreContext, cids: readonly Cid[], options: PinOptions = {}): Promise<BulkResult> {
  const pinUntilMs = options.ttlMs === undefined ? Number.MAX_SAFE_INTEGER : store.clock.now() + options.ttlMs;
  return runBulk(
    store,
    { cids },
    {
      verb: 'pin',
      parameters: [options.ttlMs ?? 'for good'],
      isDue: (record) => record.pinnedUntilMs < pinUntilMs || !record.tiers.includes('hot'),
      act: ({ cid }, how) => promoteMessage(store, cid, { ...how, pinUntilMs }),
    },
    options,
  );
}

export function unpin(store: StoreContext, cids: readonly Cid[], options: BulkOptions = {}): Promise<BulkResult> {
  return runBulk(
    store,
    { cids },
    {
      verb: 'unpin',
      parameters: [],
      isDue: (record) => record.pinnedUntilMs !== 0,
      act: ({ cid }, how) =>
        withMessage(store, cid, how, async (record, lock) => {
          if (record.pinnedUntilMs === 0) return undefined;
          await changed(store, record, lock, { pinnedUntilMs: 0 });
          return 0;
        }),
    },
    options,
  );
}
