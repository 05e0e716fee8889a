/**
 * Making a message the store's: record, announcements and operation in one step, copies as the asked durability wants them, and the
 * acknowledgement in the journal, in this order. What is answered is what is true; a shortfall is an answer, not an exception,
 * for the message stands. Nobody is told of a durability before it is reached.
 */
import { sameCid, type Cid } from '../base/cid.ts';
import { fail, OmniplexError } from '../base/errors.ts';
import { requireColdCopies, type ColdCopy } from './cold-copy.ts';
import type { StoreContext } from './context.ts';
import { changed, withMessage } from './message-lock.ts';
import { durabilities, type ColdTierName, type Durability, type MessageCommit, type Operation, type TierName } from './ports.ts';
import { promise, promiseAgain } from './promise.ts';

export interface CommitOptions {
  readonly durability: Durability;
  /** All cold tiers of the store by default. */
  readonly tiers?: readonly ColdTierName[];
  readonly minCopies?: number;
  readonly signal?: AbortSignal;
}

export interface ReachedDurability {
  readonly asked: Durability;
  readonly true: Durability;
  /** Copies of every block, by tier. */
  readonly copies: Readonly<Partial<Record<TierName, number>>>;
  readonly announcements: 'hot' | 'cold';
}

export interface Committed {
  readonly outcome: 'stored' | 'repeated';
  readonly operation: Operation | undefined;
  readonly durability: ReachedDurability;
  /** Why the durability is lower than asked. */
  readonly shortfall?: OmniplexError;
}

/** Throws E_NOT_SUPPORTED for `replicated` where the hot tier has no replicas, before anything is written. */
export function requireDurability(store: StoreContext, durability: Durability): void {
  if (durability === 'replicated' && !store.hot.canReplicate) throw fail('E_NOT_SUPPORTED', { what: 'durability replicated', backend: 'the embedded hot tier' });
}

/**
 * The blocks must have been put, all of them, before. Throws E_ID_CONFLICT, E_NOT_SUPPORTED, E_DISK_FULL, E_STORE_CORRUPT; after any of
 * these the message is not the store's.
 */
export async function commitMessage(store: StoreContext, commit: MessageCommit, options: CommitOptions): Promise<Committed> {
  requireDurability(store, options.durability);
  const { outcome, operation } = await store.hot.commit(commit);
  const cid = operation?.cid ?? commit.message.cid;
  const { copy, shortfall } = options.durability === 'cold' ? await tryCold(store, cid, options) : {};
  const reached = await reachedDurability(store, cid, options.durability, copy);
  if (!(await writeDown(store, cid, commit, reached.true, operation))) return { outcome, operation, durability: { ...reached, true: 'accepted', copies: {} } };
  return { outcome, operation, durability: reached, ...(shortfall && { shortfall }) };
}

/** The message at hand, or the one that the same id made before. False when that one is no longer wanted: a repeat does not bring it back. */
function writeDown(store: StoreContext, cid: Cid, { message, announcements }: MessageCommit, durability: Durability, operation: Operation | undefined): Promise<boolean> {
  if (!sameCid(cid, message.cid)) return promiseAgain(store, cid, durability, operation);
  const inboxes = announcements.map(({ inbox }) => inbox);
  return promise(store, { cid, durability, atMs: store.clock.now(), inboxes, bytes: message.bytes, expiresAtMs: message.expiresAtMs, ...(operation && { operation }) });
}

/** Every block and the announcements into cold, hot as it is: what raises a message to `cold`. Throws as `requireColdCopies`, E_LOCKED. */
export function copyMessageToCold(store: StoreContext, cid: Cid, { tiers = [...store.cold.keys()], minCopies = 1, signal }: Omit<CommitOptions, 'durability'>): Promise<ColdCopy> {
  return withMessage(store, cid, { signal }, async (record, lock) => {
    const copy = await requireColdCopies(store, cid, tiers, minCopies, { signal });
    const added = copy.tiers.filter((tier) => !record.tiers.includes(tier));
    if (added.length > 0) await changed(store, record, lock, { tiers: [...record.tiers, ...added] });
    return copy;
  });
}

async function tryCold(store: StoreContext, cid: Cid, options: CommitOptions): Promise<{ copy?: ColdCopy; shortfall?: OmniplexError }> {
  try {
    return { copy: await copyMessageToCold(store, cid, options) };
  } catch (error) {
    if (error instanceof OmniplexError) return { shortfall: error };
    if (options.signal?.aborted === true) return { shortfall: fail('E_INTERRUPTED', {}, error) };
    throw error;
  }
}

async function reachedDurability(store: StoreContext, cid: Cid, asked: Durability, copy: ColdCopy | undefined): Promise<ReachedDurability> {
  const record = await store.hot.message(cid);
  const copies: Partial<Record<TierName, number>> = {};
  for (const tier of record?.tiers ?? []) copies[tier] = tier === 'hot' ? 1 : store.coldTier(tier).copies;
  const level: Durability = copy === undefined ? 'hot' : 'cold';
  return { asked, true: level, copies, announcements: level };
}

/** True when `reached` is at least `asked`. */
export const isEnough = (reached: Durability, asked: Durability): boolean => durabilities.indexOf(reached) >= durabilities.indexOf(asked);
