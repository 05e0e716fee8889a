/** The durability of a message that is there already, and how it is raised. What is told was read back, not remembered. */
import type { Cid } from '../base/cid.ts';
import { OmniplexError } from '../base/errors.ts';
import { copyMessageToCold, requireDurability, type ReachedDurability } from '../storage/commit.ts';
import type { Durability, MessageRecord, TierName } from '../storage/ports.ts';
import { promiseAgain } from '../storage/promise.ts';
import type { Store } from '../storage/store.ts';
import { isWanted } from '../storage/wanted.ts';
import type { MailRoom } from './room.ts';

export interface Raised {
  readonly durability: ReachedDurability;
  readonly changed: boolean;
  readonly shortfall?: OmniplexError;
}

/**
 * What holds now, and more where more was asked. `held`: the tiers that were found to hold all of it. Throws E_NOT_SUPPORTED. What a cold tier
 * refuses is answered as a shortfall. What was demoted since is durable as cold is, and is written down so before it is told.
 */
export async function raiseDurability(room: MailRoom, cid: Cid, asked: Durability, held: readonly TierName[], signal?: AbortSignal): Promise<Raised> {
  const { store } = room;
  requireDurability(store, asked);
  const record = await store.hot.message(cid);
  if (!isWanted(record)) return { durability: gone(asked), changed: false };
  const whole = record.tiers.filter((tier) => held.includes(tier));
  const level = whole.some((tier) => tier !== 'hot') ? 'cold' : 'hot';
  const found: ReachedDurability = { asked, true: level, copies: copiesOf(store, { tiers: whole }), announcements: level };
  if (asked !== 'cold') {
    const isUntold = level === 'cold' && room.home.outbox.find(cid)?.durability.true === 'hot';
    return { durability: isUntold && !(await acknowledge(room, record)) ? gone(asked) : found, changed: false };
  }
  try {
    await copyMessageToCold(store, cid, { ...(signal && { signal }) });
  } catch (error) {
    if (!(error instanceof OmniplexError)) throw error;
    return { durability: found, changed: false, shortfall: error };
  }
  const after = (await store.hot.message(cid)) ?? record;
  const changed = after.tiers.length > record.tiers.length;
  if (changed && !(await acknowledge(room, record))) return { durability: gone(asked), changed: false };
  return { durability: { asked, true: 'cold', copies: copiesOf(store, after), announcements: 'cold' }, changed };
}

/** Removed meanwhile: nothing holds. */
const gone = (asked: Durability): ReachedDurability => ({ asked, true: 'accepted', copies: {}, announcements: 'hot' });

/** False when it was removed meanwhile. */
async function acknowledge({ home, store }: MailRoom, { cid }: MessageRecord): Promise<boolean> {
  if (!(await promiseAgain(store, cid, 'cold'))) return false;
  const entry = home.outbox.find(cid);
  if (entry !== undefined) home.outbox.settle(entry.number, { atMs: home.clock.now(), durability: 'cold' });
  return true;
}

/** Copies of every block, by tier. */
const copiesOf = (store: Store, { tiers }: Pick<MessageRecord, 'tiers'>): Readonly<Partial<Record<TierName, number>>> =>
  Object.fromEntries(tiers.map((tier) => [tier, tier === 'hot' ? 1 : store.coldTier(tier).copies]));
