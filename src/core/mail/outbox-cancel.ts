/**
 * Cancelling: the announcements that nobody has handled yet are taken back, and stay so: a cancelled message is not resent. When that is all of
 * them the message is no longer wanted in the store either. It is not an erasure: who has looked into his inbox may have the message, and other
 * stores keep what they have.
 */
import { count } from '../base/count.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { rfc3339 } from '../base/clock.ts';
import type { Cid } from '../base/cid.ts';
import type { OutboxEntry, RecipientState } from '../home/index.ts';
import { copyAnnouncements } from '../storage/cold-copy.ts';
import { giveUp } from '../storage/losses.ts';
import { remove } from '../storage/remove.ts';
import { entryOf, messageView, upToDate, type OutboxMessage } from './outbox.ts';
import { outcome, type Outcome } from './outcome.ts';
import type { MailRoom } from './room.ts';

export interface CancelResult extends OutboxMessage {
  /** Recipients who are told no more. */
  readonly withdrawn: readonly string[];
  /** Recipients who had it already: they handled it, or say so. */
  readonly kept: readonly string[];
  /** When somebody last read the whole of it out of this store; null = nobody has. Whoever it was has it. */
  readonly read: string | null;
}

export interface CancelRequest {
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes in the receipts that came back first. Throws E_NOT_FOUND, E_TOO_LATE (everybody had it), and what unlocking the key ring throws, when
 * receipts may have come. Beside the result E_INCOMPLETE, when somebody had it.
 */
export async function cancel(room: MailRoom, key: Cid | string, { dryRun = false, signal }: CancelRequest = {}): Promise<Outcome<CancelResult>> {
  await room.original();
  const entry = await upToDate(room, entryOf(room, key).number, signal);
  const { cid } = entry;
  if (cid === undefined || entry.store !== room.store.id) throw fail('E_NOT_FOUND', { what: 'the message of this outbox entry' });
  const record = await room.store.hot.message(cid);
  const { withdrawn, kept } = await sides(room, entry, cid);
  const names = (places: readonly number[]) => places.map((place) => entry.recipients[place]?.name ?? '');
  if (kept.length > 0 && withdrawn.length === 0) throw fail('E_TOO_LATE', { cid: cid.toString(), names: names(kept).join(', ') });
  const read = record === undefined || record.readAtMs === 0 ? null : rfc3339(record.readAtMs);
  const answer = (now: OutboxEntry, changed: boolean) =>
    outcome({ ...messageView(now, room.home.clock.now()), withdrawn: names(withdrawn), kept: names(kept), read }, changed, tooLate(names(kept), entry));
  if (dryRun) return answer(entry, false);
  const isGone = kept.length === 0 && (await letGo(room, cid));
  if (kept.length > 0) await withdraw(room, entry, cid, withdrawn);
  markCancelled(room, entry, withdrawn);
  return answer(room.home.outbox.entry(entry.number), isGone || withdrawn.length > 0);
}

/** A recipient's word, or the store's that his inbox was handled. */
const HAS_IT: readonly RecipientState[] = ['received', 'opened', 'refused'];

/** By their places. Who was cancelled before, and who was never told, is on neither side. */
async function sides({ store }: MailRoom, { recipients }: OutboxEntry, cid: Cid): Promise<{ readonly withdrawn: readonly number[]; readonly kept: readonly number[] }> {
  const rows = await Promise.all(recipients.map(({ inbox }) => store.hot.inbox.find(inbox, cid)));
  const places = [...recipients.keys()];
  const kept = places.filter((place) => rows[place]?.acknowledgedAtMs !== undefined || HAS_IT.includes(recipients[place]?.state as RecipientState));
  const isTold = (place: number) => rows[place] !== undefined || ['announced', 'lost'].includes(recipients[place]?.state as RecipientState);
  return { kept, withdrawn: places.filter((place) => !kept.includes(place) && isTold(place)) };
}

/** Every announcement and the record, with a release in the journal. False when it was gone already, and that was known. */
async function letGo({ store }: MailRoom, cid: Cid): Promise<boolean> {
  const record = await store.hot.message(cid);
  if (record?.removed === true) return false;
  if (record === undefined) return giveUp(store, cid);
  const { planId } = await remove(store, { cids: [cid] }, { dryRun: true });
  const { moved } = await remove(store, { cids: [cid] }, planId === undefined ? {} : { confirm: planId });
  return moved > 0;
}

/** The release last, as in `remove`. Killed before it, the inboxes count as forgotten until the cancel is run again. */
async function withdraw({ store }: MailRoom, { recipients }: OutboxEntry, cid: Cid, places: readonly number[]): Promise<void> {
  const inboxes = places.map((place) => recipients[place]?.inbox as Uint8Array);
  for (const inbox of inboxes) await store.hot.inbox.withdraw(inbox, cid);
  const record = await store.hot.message(cid);
  for (const tier of record?.tiers ?? []) if (tier !== 'hot') await copyAnnouncements(store, cid, store.coldTier(tier));
  await store.journal.release([{ cid, atMs: store.clock.now(), reason: 'removed', inboxes }]);
}

function markCancelled({ home }: MailRoom, { number }: OutboxEntry, places: readonly number[]): void {
  const atMs = home.clock.now();
  home.transaction(() => places.forEach((place) => home.outbox.setRecipientState(number, place, { state: 'cancelled', atMs })));
}

const tooLate = (kept: readonly string[], { recipients }: OutboxEntry): OmniplexError | undefined =>
  kept.length === 0 ? undefined : fail('E_INCOMPLETE', { why: `${kept.length} of ${count(recipients.length, 'recipient')} had it already: ${kept.join(', ')}`, retry: 'no' });

/** A lost message that was sent again: nobody waits for it any more. What cannot be let go now stays lost, and says so itself. */
export async function supersede(room: MailRoom, cid: Cid): Promise<void> {
  try {
    await letGo(room, cid);
  } catch (error) {
    if (!isError(error)) throw error;
    return;
  }
  const entry = room.home.outbox.find(cid);
  if (entry === undefined || entry.store !== room.store.id) return;
  markCancelled(room, entry, entry.recipients.flatMap(({ state }, place) => (state === 'lost' || state === 'announced' ? [place] : [])));
}
