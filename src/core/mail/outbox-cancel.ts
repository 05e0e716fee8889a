/**
 * Cancelling: the announcements that nobody has handled yet are taken back. When that is all of them the message is no longer wanted in the
 * store either. It is not an erasure: who has looked into his inbox may have the message, and other stores keep what they have.
 */
import { fail, type OmniplexError } from '../base/errors.ts';
import type { Cid } from '../base/cid.ts';
import type { OutboxEntry } from '../home/index.ts';
import { copyAnnouncements } from '../storage/cold-copy.ts';
import { remove } from '../storage/remove.ts';
import { reconciled } from './flight.ts';
import { entryOf, messageView, type OutboxMessage } from './outbox.ts';
import { outcome, type Outcome } from './outcome.ts';
import type { MailRoom } from './room.ts';

export interface CancelResult extends OutboxMessage {
  /** Recipients who are told no more. */
  readonly withdrawn: readonly string[];
  /** Recipients who had handled it. */
  readonly kept: readonly string[];
}

/** Throws E_NOT_FOUND. Beside the result E_INCOMPLETE, when somebody had handled it. */
export async function cancel(room: MailRoom, key: Cid | string, { dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<Outcome<CancelResult>> {
  await room.original();
  const entry = await reconciled(room, entryOf(room, key));
  const { cid } = entry;
  if (cid === undefined || entry.store !== room.store.id) throw fail('E_NOT_FOUND', { what: 'the message of this outbox entry' });
  const told = await toldRecipients(room, entry, cid);
  const withdrawn = told.filter(({ handled }) => !handled).map(({ place }) => place);
  const kept = told.filter(({ handled }) => handled).map(({ place }) => place);
  const names = (places: readonly number[]) => places.map((place) => entry.recipients[place]?.name ?? '');
  const answer = (now: OutboxEntry, changed: boolean) => outcome({ ...messageView(now), withdrawn: names(withdrawn), kept: names(kept) }, changed, tooLate(kept.length, entry));
  if (dryRun) return answer(entry, false);
  const removed = kept.length === 0 && (await removeMessage(room, cid));
  if (!removed) await withdraw(room, entry, cid, withdrawn);
  const atMs = room.home.clock.now();
  room.home.transaction(() => withdrawn.forEach((place) => room.home.outbox.setRecipientState(entry.number, place, { state: 'failed', atMs })));
  return answer(room.home.outbox.entry(entry.number), removed || withdrawn.length > 0);
}

async function toldRecipients({ store }: MailRoom, { recipients }: OutboxEntry, cid: Cid): Promise<ReadonlyArray<{ readonly place: number; readonly handled: boolean }>> {
  const rows = await Promise.all(recipients.map(({ inbox }) => store.hot.inbox.find(inbox, cid)));
  return rows.flatMap((row, place) => (row === undefined ? [] : [{ place, handled: row.acknowledgedAtMs !== undefined }]));
}

/** Every announcement and the record, with a release in the journal. False when it was gone already. */
async function removeMessage({ store }: MailRoom, cid: Cid): Promise<boolean> {
  const record = await store.hot.message(cid);
  if (record === undefined || record.removed) return false;
  const { planId } = await remove(store, { cids: [cid] }, { dryRun: true });
  const { moved } = await remove(store, { cids: [cid] }, planId === undefined ? {} : { confirm: planId });
  return moved > 0;
}

async function withdraw({ store }: MailRoom, { recipients }: OutboxEntry, cid: Cid, places: readonly number[]): Promise<void> {
  for (const place of places) await store.hot.inbox.withdraw(recipients[place]?.inbox as Uint8Array, cid);
  const record = await store.hot.message(cid);
  for (const tier of record?.tiers ?? []) if (tier !== 'hot') await copyAnnouncements(store, cid, store.coldTier(tier));
}

const tooLate = (kept: number, { recipients }: OutboxEntry): OmniplexError | undefined =>
  kept === 0 ? undefined : fail('E_INCOMPLETE', { why: `${kept} of ${recipients.length} recipients had handled it` });
