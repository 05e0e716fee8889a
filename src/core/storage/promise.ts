/**
 * Writing down a promise. Who removes a message, or cancels it for one of its recipients, writes a release at his time; ours may come behind it in
 * the journal and would then be the last word. So we look at the record once more when ours is on the disk, and let go in our turn what went.
 */
import { equalBytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { StoreContext } from './context.ts';
import type { Acknowledgement, Journal, MessageRecord, Operation } from './ports.ts';

export interface PromiseContext extends Pick<StoreContext, 'hot' | 'clock'> {
  readonly journal: Pick<Journal, 'append' | 'release'>;
}

/** Durable when it resolves. False when the message is no longer wanted here, or was forgotten: then nothing is promised. */
export async function promise({ hot, journal, clock }: PromiseContext, one: Acknowledgement): Promise<boolean> {
  await journal.append([one]);
  const { cid } = one;
  const atMs = clock.now();
  if (!isWanted(await hot.message(cid))) {
    await journal.release([{ cid, atMs, reason: 'removed' }]);
    return false;
  }
  const told = await toldInboxes(hot, cid);
  const inboxes = one.inboxes.filter((inbox) => !told.some((other) => equalBytes(inbox, other)));
  if (inboxes.length > 0) await journal.release([{ cid, atMs, reason: 'removed', inboxes }]);
  return true;
}

/** A message that is there, promised as it stands: to whoever is told of it now. False, and nothing written, when it was removed or is gone. */
export async function promiseAgain(store: PromiseContext, cid: Cid, durability: Acknowledgement['durability'], operation?: Omit<Operation, 'cid'>): Promise<boolean> {
  const record = await store.hot.message(cid);
  if (!isWanted(record)) return false;
  const { bytes, expiresAtMs } = record;
  const inboxes = await toldInboxes(store.hot, cid);
  return promise(store, { cid, durability, atMs: store.clock.now(), inboxes, bytes, expiresAtMs, ...(operation && { operation }) });
}

const isWanted = (record: MessageRecord | undefined): record is MessageRecord => record !== undefined && !record.removed;

const toldInboxes = async (hot: StoreContext['hot'], cid: Cid) => (await hot.inbox.ofMessage(cid)).map(({ inbox }) => inbox);
