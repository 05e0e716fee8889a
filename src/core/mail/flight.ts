/**
 * What is between the outbox and the store: a message is journaled in the home before the store commits it, and settled after. Whoever
 * died in between left `unknown`; the next use of the outbox asks the store, and then it is announced or failed, never both, never neither.
 * A send that is still under way, here or in another process, is left alone.
 */
import { sameCid, type Cid } from '../base/cid.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { EntryHolder, NewEntry, OutboxEntry } from '../home/index.ts';
import { liveness, thisProcess } from '../storage/locks/holder.ts';
import type { Durability } from '../storage/ports.ts';
import { promise } from '../storage/promise.ts';
import { isWanted } from '../storage/wanted.ts';
import type { MailRoom } from './room.ts';

/** Entries that this process is at, and how often: two sends may share an id. Empties itself: whoever adds takes away. */
const underWay = new Map<string, number>();

const keyOf = ({ home }: Pick<MailRoom, 'home'>, number: number): string => `${home.id}/${home.path}/${number}`;

export class Flight implements Disposable {
  readonly number: number;
  /** Another send with the same id is at this entry, which stands for that one's message until the store has decided. */
  readonly shared: boolean;
  readonly #key: string;

  constructor(room: MailRoom, number: number, shared: boolean) {
    this.number = number;
    this.shared = shared;
    this.#key = keyOf(room, number);
    underWay.set(this.#key, (underWay.get(this.#key) ?? 0) + 1);
  }

  [Symbol.dispose](): void {
    const left = (underWay.get(this.#key) ?? 0) - 1;
    if (left > 0) underWay.set(this.#key, left);
    else underWay.delete(this.#key);
  }
}

/**
 * Journals messages, all in one flush. An id that this identity has used before keeps its entry while somebody is at it, or when it has
 * this very message; a dead attempt makes room, and an effect in another store keeps its entry without the id.
 */
export function beginFlights(room: MailRoom, entries: ReadonlyArray<Omit<NewEntry, 'store' | 'by'>>): readonly Flight[] {
  const by = thisProcess();
  const { outbox } = room.home;
  return room.home.transaction(() =>
    entries.map((entry) => {
      const known = entry.id === undefined ? undefined : outbox.find(entry.id, entry.identity);
      const shared = known !== undefined && isUnderWay(room, known);
      if (known !== undefined && !shared && !isOf(known, entry.cid)) {
        if (known.store === room.store.id && isDead(known)) outbox.remove(known.number);
        else outbox.releaseId(known.number);
      }
      return new Flight(room, outbox.begin({ ...entry, store: room.store.id, by }).number, shared);
    }),
  );
}

const isOf = (entry: OutboxEntry, cid: Cid | undefined): boolean => cid !== undefined && entry.cid !== undefined && sameCid(cid, entry.cid);

/** Nobody was ever told of it. */
export const isDead = (entry: OutboxEntry): boolean =>
  entry.recipients.length === 0 ? isUnsettled(entry) : entry.recipients.every(({ state }) => state === 'failed' || state === 'unknown');

const isUnsettled = ({ settledAtMs, recipients }: OutboxEntry): boolean => settledAtMs === undefined || recipients.some(({ state }) => state === 'unknown');

const isSame = (a: EntryHolder, b: EntryHolder): boolean => a.pid === b.pid && a.startedTicks === b.startedTicks && a.machine === b.machine;

/** Is somebody still at it? Where the platform cannot tell whether a process is alive, an age decides. */
export function isUnderWay(room: Pick<MailRoom, 'home'>, entry: OutboxEntry): boolean {
  if (!isUnsettled(entry)) return false;
  if (underWay.has(keyOf(room, entry.number))) return true;
  if (entry.by === undefined || isSame(entry.by, thisProcess())) return false;
  const state = liveness(entry.by);
  return state === 'alive' || (state === 'unknown' && room.home.clock.now() - entry.createdAtMs < limits.flightMs);
}

/** Settles the flights that nobody is at any more. Answers how many. Opens no key. A message to a passphrase settles when it is looked at alone. */
export async function reconcile(room: MailRoom): Promise<number> {
  const { home, store } = room;
  const { entries } = home.outbox.list({
    limit: limits.pageItemsMax,
    states: ['unknown'],
    where: (entry) => entry.store === store.id && !isUnderWay(room, entry),
  });
  if (entries.length === 0) return 0;
  await settleAll(room, entries);
  return entries.length;
}

/** The entry, settled first if nobody is at it any more. */
export async function reconciled(room: MailRoom, entry: OutboxEntry): Promise<OutboxEntry> {
  if (!isUnsettled(entry) || entry.store !== room.store.id || isUnderWay(room, entry)) return entry;
  await settleAll(room, [entry]);
  return room.home.outbox.entry(entry.number);
}

async function settleAll(room: MailRoom, entries: readonly OutboxEntry[]): Promise<void> {
  const journaled = await journaledSince(room, Math.min(...entries.map(({ createdAtMs }) => createdAtMs)));
  for (const entry of entries) await settleFromStore(room, entry, journaled);
}

/** CIDs that were acknowledged since, by text. */
async function journaledSince({ store }: MailRoom, atMs: number): Promise<ReadonlySet<string>> {
  const cids = new Set<string>();
  try {
    for await (const { cid } of store.journal.since(atMs)) cids.add(cid.toString());
  } catch (error) {
    // What a damaged journal does not say is written down again: twice does no harm.
    if (!isError(error, 'E_STORE_CORRUPT')) throw error;
  }
  return cids;
}

async function settleFromStore({ home, store }: MailRoom, { number, cid, bytes, recipients, expiresAtMs }: OutboxEntry, journaled: ReadonlySet<string>): Promise<void> {
  const atMs = home.clock.now();
  const durability: Durability = 'hot';
  const record = cid === undefined ? undefined : await store.hot.message(cid);
  let stands = isWanted(record);
  // From here on the sender is told that it stands: that is an acknowledgement.
  if (cid !== undefined && stands && !journaled.has(cid.toString())) {
    const operation = await store.hot.operationOf(cid);
    stands = await promise(store, { cid, durability, atMs, inboxes: recipients.map(({ inbox }) => inbox), bytes: bytes ?? 0, expiresAtMs, operation });
  }
  home.outbox.settle(number, stands ? { atMs, durability, state: 'announced' } : { atMs, state: 'failed', code: 'E_INTERRUPTED' });
}

/**
 * What the store holds under an id, written into this home's outbox: after a race that another process won, or in a home that did not send it.
 * One message has one entry: where there is one of it already, the one at hand goes, and its id with it to the other.
 */
export async function adopt(room: MailRoom, number: number, message: { readonly cid: Cid; readonly bytes: number; readonly durability: Durability }): Promise<void> {
  const { home, store } = room;
  const { outbox } = home;
  const atMs = home.clock.now();
  const { number: stays, recipients } = outbox.find(message.cid) ?? outbox.entry(number);
  const packets = await Promise.all(recipients.map(async ({ inbox }) => (await store.hot.inbox.find(inbox, message.cid))?.packet));
  home.transaction(() => {
    if (stays !== number) outbox.replace(number, stays);
    outbox.amend(stays, { ...message, packets });
    outbox.settle(stays, { atMs, durability: message.durability, state: 'announced' }).recipients.forEach(({ state }, place) => {
      if (state === 'failed') outbox.setRecipientState(stays, place, { state: 'announced', atMs });
    });
  });
}
