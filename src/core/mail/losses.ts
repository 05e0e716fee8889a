/** Losses as the sender meets them: the warning, how a message of his stands, and a loss that was found without an audit. */
import type { Cid } from '../base/cid.ts';
import { warning } from '../base/errors.ts';
import { holdersOf } from '../storage/holders.ts';
import { soundFacts } from '../storage/journal-facts.ts';
import { forgetLoss, noteLosses } from '../storage/losses.ts';
import type { TierName } from '../storage/ports.ts';
import { recordAgain } from '../storage/restore.ts';
import type { Store } from '../storage/store.ts';
import type { MailRoom } from './room.ts';

const LOST_SETTING = 'outbox/lost';

/** The first command after a loss says so, once. */
export function warnOfLost({ home, warn }: Pick<MailRoom, 'home' | 'warn'>): void {
  const told = (home.settings.get(LOST_SETTING) as number | undefined) ?? 0;
  const any = home.outbox.list({ limit: 1, states: ['lost'] }).entries.length > 0;
  const count = any ? home.outbox.counts().lost : 0;
  if (count > told) warn(warning('W_LOST', { count }));
  if (count !== told) home.settings.set(LOST_SETTING, count);
}

export interface Standing {
  /** It was promised, not let go, and some of it is nowhere. */
  readonly lost: boolean;
  /** The tiers that hold every block, each read and hashed. Empty when the message was lost or let go, or only all tiers together hold it. */
  readonly held: readonly TierName[];
}

/**
 * How a message stands now. All of it is read and hashed, whatever an audit found: what is answered next promises it. Throws
 * E_STORE_CORRUPT when the journal, which knows what was let go, is damaged, and E_IO when a tier does not answer: nobody sends twice on a guess.
 */
export async function standingOf(store: Store, cid: Cid, signal?: AbortSignal): Promise<Standing> {
  const record = await store.hot.message(cid);
  if (record?.removed === true) return { lost: false, held: [] };
  const held = await holdersOf(store.tiers, cid, { signal, hash: true });
  if (record !== undefined && held !== undefined) {
    await forgetLoss(store.hot, cid);
    return { lost: false, held };
  }
  const { released, acknowledged } = await soundFacts(store.journal);
  const promised = released.has(cid.toString()) ? undefined : acknowledged.get(cid.toString());
  // all of it is there and only its record is gone: to seal it again would give it twice
  if (held !== undefined && promised !== undefined && (await recordAgain(store.hot, store.tiers, promised))) return { lost: false, held };
  return { lost: !released.has(cid.toString()), held: [] };
}

/** Notes a loss that was found without an audit, as an audit would. What nobody was promised is none. */
export async function noteLoss(store: Store, cid: Cid): Promise<void> {
  const one = (await soundFacts(store.journal)).acknowledged.get(cid.toString());
  if (one !== undefined) await noteLosses(store.hot, [one]);
}
