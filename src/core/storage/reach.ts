/**
 * What of a store somebody needs: every block that a living message, an announcement or an unfinished import reaches. A message that cannot be
 * walked ends it with an error, since its blocks would look as if nobody needed them; so does one that only cold knows.
 */
import type { Cid } from '../base/cid.ts';
import { fail, isError } from '../base/errors.ts';
import { closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';
import type { BlockSets } from './digest-set.ts';
import { holdersOf } from './holders.ts';
import { bindingAt, soundFacts } from './journal-facts.ts';
import { pendingImports } from './pending.ts';
import type { MessageRecord } from './ports.ts';
import { unknownToHot } from './restore.ts';

export interface ReachOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onMessage?: (record: MessageRecord, isBuried: boolean) => void;
}

/** Removed, or expired, by then. */
export const isDead = (record: MessageRecord, untilMs: number): boolean =>
  (record.removed && record.removedAtMs <= untilMs) || (record.expiresAtMs !== 0 && record.expiresAtMs <= untilMs);

/** Keeps what is needed, and buries the messages that were dead by `untilMs`. Throws E_BLOCKS_MISSING, E_BLOCK_CORRUPT, E_STORE_CORRUPT and as `closureOf`. */
export async function markReached(store: StoreContext, sets: BlockSets, untilMs: number, { signal, onMessage }: ReachOptions = {}): Promise<void> {
  const load = async (cid: Cid) => (await store.read(cid, signal))?.bytes;
  for await (const record of store.hot.messages()) {
    signal?.throwIfAborted();
    const isBuried = isDead(record, untilMs);
    onMessage?.(record, isBuried);
    if (isBuried) sets.bury(record);
    else for await (const { cids } of closureOf(record.cid, load)) sets.keep(cids);
  }
  for await (const cid of store.hot.inbox.announced()) if (!sets.isBuried(cid)) sets.keep([cid]);
  for (const { cid } of await pendingImports(store)) await keepWhatIsThere(sets, cid, load);
  await refuseUnknown(store);
}

/** An import in parts: some of it may be missing still. */
async function keepWhatIsThere(sets: BlockSets, cid: Cid, load: (cid: Cid) => Promise<Uint8Array | undefined>): Promise<void> {
  sets.keep([cid]);
  try {
    for await (const { cids } of closureOf(cid, load)) sets.keep(cids);
  } catch (error) {
    if (!isError(error, 'E_BLOCKS_MISSING')) throw error;
  }
}

/**
 * A message that is announced in cold, or that the journal promises and whose blocks are there, and that is unknown to hot was lost there:
 * nothing may go before it is brought back.
 */
async function refuseUnknown(store: StoreContext): Promise<void> {
  const facts = await soundFacts(store.journal);
  for (const tier of store.cold.values()) {
    const [lost] = await unknownToHot(store.hot, tier, () => Promise.resolve(facts.released));
    if (lost !== undefined) throw unknown(store, lost, `is in ${tier.tier}`);
  }
  for (const [, { cid }] of bindingAt(facts, store.clock.now())) {
    if ((await store.hot.message(cid)) === undefined && (await holdersOf(store.tiers, cid)) !== undefined) throw unknown(store, cid, 'was acknowledged, its blocks are there');
  }
}

const unknown = ({ hot }: StoreContext, cid: Cid, what: string) => fail('E_STORE_CORRUPT', { tier: 'hot', path: hot.place, why: `message ${cid.toString()} ${what} and it is unknown here` });
