/**
 * Writing down a promise. Who removes a message, or cancels it for one of its recipients, writes a release when it is gone; ours may come behind it in
 * the journal and would then be the last word. So we look once more when ours is on the disk, and let go in our turn what went. What is wanted
 * again by then, by a resend or an import, is promised again.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { StoreContext } from './context.ts';
import type { Acknowledgement, Journal, Operation } from './ports.ts';
import { isWanted } from './wanted.ts';

export interface PromiseContext extends Pick<StoreContext, 'hot' | 'clock'> {
  readonly journal: Pick<Journal, 'append' | 'release'>;
}

/** How often others may change their minds while we write. */
const TRIES = 3;

/** Durable when it resolves. False when the message is no longer wanted here, or was forgotten: then nothing is promised. */
export async function promise({ hot, journal, clock }: PromiseContext, first: Acknowledgement): Promise<boolean> {
  const { cid } = first;
  let one = first;
  for (let tries = 1; ; tries++) {
    await journal.append([one]);
    const told = await wantedBy(hot, cid);
    const gone = told === undefined ? undefined : one.inboxes.filter((inbox) => !isAmong(inbox, told));
    if (gone?.length === 0) return true;
    await journal.release([{ cid, atMs: clock.now(), reason: 'removed', ...(gone && { inboxes: gone }) }]);
    const now = await wantedBy(hot, cid);
    if (now === undefined) return false;
    if (tries === TRIES || gone?.some((inbox) => isAmong(inbox, now)) === false) return gone !== undefined;
    one = { ...first, atMs: clock.now(), inboxes: now };
  }
}

/** A message that is there, promised as it stands: to whoever is told of it now. False, and nothing written, when it was removed or is gone. */
export async function promiseAgain(store: PromiseContext, cid: Cid, durability: Acknowledgement['durability'], operation?: Omit<Operation, 'cid'>): Promise<boolean> {
  const record = await store.hot.message(cid);
  if (!isWanted(record)) return false;
  const { bytes, expiresAtMs } = record;
  const inboxes = await toldInboxes(store.hot, cid);
  return promise(store, { cid, durability, atMs: store.clock.now(), inboxes, bytes, expiresAtMs, ...(operation && { operation }) });
}

/** The inboxes that are told of it; undefined when nobody wants it here. */
const wantedBy = async (hot: StoreContext['hot'], cid: Cid): Promise<readonly Bytes[] | undefined> => (isWanted(await hot.message(cid)) ? toldInboxes(hot, cid) : undefined);

const toldInboxes = async (hot: StoreContext['hot'], cid: Cid) => (await hot.inbox.ofMessage(cid)).map(({ inbox }) => inbox);

const isAmong = (inbox: Bytes, some: readonly Bytes[]): boolean => some.some((other) => equalBytes(inbox, other));
