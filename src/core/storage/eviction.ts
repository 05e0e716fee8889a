/**
 * Room in the hot tier. A policy names candidates, one order for all processes; what may go is not the policy's to decide: only content
 * of messages that are unpinned and in a cold tier, and even that is read back from there and hashed before it goes.
 * The budget is kept by those who write: two that write at the same moment may pass it by what each brings.
 */
import { sameCid, type Cid } from '../base/cid.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { formatSize } from '../base/size.ts';
import type { StoreContext } from './context.ts';
import { demoteMessage } from './demote.ts';
import type { MessageRecord } from './ports.ts';
import { isPinned } from './selection.ts';

/** E_BUDGET: the budget exact for scripts, and as a size for people. */
export const overBudget = (budget: number): OmniplexError => fail('E_BUDGET', { budget, size: formatSize(budget) });

/** Whether hot may let go of it: it is there, it is nowhere else needed, and a cold tier has it. */
export const isEvictable = (record: MessageRecord, nowMs: number): boolean =>
  !record.removed && record.tiers.includes('hot') && record.tiers.length > 1 && !isPinned(record, nowMs);

/** Of the budget, when there is something to evict at all. */
const EVICTED_AT_ONCE = 0.01;

/** Not ours to move just now, or not as good in cold as its record says: the next candidate may be. */
const PASSED_OVER = ['E_LOCKED', 'E_BUSY', 'E_FENCE_STALE', 'E_PINNED', 'E_NOT_FOUND', 'E_COPIES_TOO_FEW', 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_IO', 'E_FORMAT'] as const;

/** Frees at least `bytes` where that can be done. Answers what it freed. */
export async function evict(store: StoreContext, bytes: number, { except, signal }: { except?: Cid | undefined; signal?: AbortSignal | undefined } = {}): Promise<number> {
  let freed = 0;
  if (bytes <= 0) return freed;
  for await (const record of store.evictionPolicy.candidates(store.hot, store.clock.now())) {
    signal?.throwIfAborted();
    if (!isEvictable(record, store.clock.now()) || (except !== undefined && sameCid(record.cid, except))) continue;
    const tiers = record.tiers.filter((tier) => tier !== 'hot');
    try {
      freed += (await demoteMessage(store, record.cid, { tiers, minCopies: 1, signal }))?.bytes ?? 0;
    } catch (error) {
      if (!isError(error, ...PASSED_OVER)) throw error;
    }
    if (freed >= bytes) break;
  }
  return freed;
}

/** Makes sure that hot can take `bytes` more within its budget, evicting where needed. Throws E_BUDGET when it cannot. */
export async function makeRoom(store: StoreContext, bytes: number, options: { except?: Cid | undefined; signal?: AbortSignal | undefined } = {}): Promise<void> {
  const budget = store.hotBudgetBytes;
  const over = (await store.hot.usage()).bytes + bytes - budget;
  if (over <= 0) return;
  if (bytes > budget) throw overBudget(budget);
  // some more at once: the next writer need not look for candidates again
  await evict(store, Math.max(over, Math.floor(budget * EVICTED_AT_ONCE)), options);
  if ((await store.hot.usage()).bytes + bytes > budget) throw overBudget(budget);
}
