/**
 * Sealed messages become the store's: journaled in the home, committed and journaled in the store, settled in the home, in this order,
 * as many at a time as are given: each step of all of them is one flush. An error is the answer of its message alone.
 */
import { sameCid, type Cid } from '../base/cid.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import type { NewEntry } from '../home/index.ts';
import { commitMessage, type Committed } from '../storage/commit.ts';
import { holdOffGc } from '../storage/late-commit.ts';
import type { Announcement, Durability, Operation, TierName } from '../storage/ports.ts';
import { adopt, beginFlights, type Flight } from './flight.ts';
import type { MailRoom } from './room.ts';

/** Its blocks are in the store, every one. */
export interface SealedSend {
  readonly cid: Cid;
  /** All its blocks. */
  readonly bytes: number;
  readonly blocks: number;
  readonly tiers: readonly TierName[];
  readonly expiresAtMs: number;
  /** One a recipient, in the order of `entry.recipients`. */
  readonly announcements: readonly Announcement[];
  readonly operation?: Operation;
  /** The lost message whose id this one takes over. */
  readonly replaces?: Cid;
  readonly durability: Durability;
  readonly entry: Omit<NewEntry, 'store' | 'by'>;
  /** Of a stream: it was journaled before its first block was announced. */
  readonly flight?: Flight;
  readonly signal?: AbortSignal | undefined;
}

/** `cid` is that of the message that stands: another's, where the id had its effect already. */
export type Delivery = Committed & { readonly cid: Cid };

/** In the order given. Rejects only with what is no answer for one message: a bug, an abort. */
export async function deliver(room: MailRoom, messages: readonly SealedSend[]): Promise<ReadonlyArray<Delivery | OmniplexError>> {
  using flights = begin(room, messages);
  const committed = await Promise.all(messages.map((message) => commitOne(room, message)));
  settle(room, messages, flights.list, committed);
  await Promise.all(committed.map((one, i) => adoptIfShared(room, messages[i] as SealedSend, flights.list[i] as Flight, one)));
  return committed.map((one) => ('error' in one ? one.error : one));
}

/** A failure of which it is known whether the message is the store's. */
interface Failed {
  readonly error: OmniplexError;
  readonly outcome: 'absent' | 'unknown';
}

type CommitAnswer = Delivery | Failed;

function begin(room: MailRoom, messages: readonly SealedSend[]): Disposable & { readonly list: readonly Flight[] } {
  const fresh = messages.filter(({ flight }) => flight === undefined);
  const begun = beginFlights(room, fresh.map(({ entry, cid, announcements }) => ({ ...entry, cid, recipients: withPackets(entry, announcements) })))[Symbol.iterator]();
  const list = messages.map(({ flight, cid, entry, announcements }) => {
    if (flight === undefined) return begun.next().value as Flight;
    if (!flight.shared) room.home.outbox.amend(flight.number, { cid, bytes: entry.bytes ?? 0, packets: announcements.map(({ packet }) => packet) });
    return flight;
  });
  return { list, [Symbol.dispose]: () => list.forEach((flight) => flight[Symbol.dispose]()) };
}

const withPackets = (entry: SealedSend['entry'], announcements: readonly Announcement[]): NewEntry['recipients'] =>
  entry.recipients.map((recipient, i) => ({ ...recipient, packet: announcements[i]?.packet }));

async function commitOne(room: MailRoom, message: SealedSend): Promise<CommitAnswer> {
  const { cid, bytes, blocks, tiers, expiresAtMs, announcements, operation, replaces, durability, entry, signal } = message;
  try {
    await using _held = await holdOffGc(room.store, cid, entry.createdAtMs, signal);
    const commit = { message: { cid, bytes, blocks, expiresAtMs, tiers }, announcements, ...(operation && { operation }), ...(replaces && { replaces }) };
    const committed = await commitMessage(room.store, commit, { durability, ...(signal && { signal }) });
    return { ...committed, cid: committed.operation?.cid ?? cid };
  } catch (error) {
    return afterFailure(room, cid, error);
  }
}

/** Whatever failed, only the store knows whether the message stands. When it does not answer either, that is said. */
async function afterFailure(room: MailRoom, cid: Cid, error: unknown): Promise<CommitAnswer> {
  const known = await room.store.hot.message(cid).then((record) => (record === undefined ? 'absent' : 'there'), () => 'unknown');
  if (known === 'absent' && isError(error)) return { error, outcome: 'absent' };
  if (known === 'absent') throw error;
  return { error: fail('E_UNKNOWN_OUTCOME', { what: `the send of ${cid.toString()}` }, error), outcome: 'unknown' };
}

/** One flush. What is unknown stays so: the next use of the outbox asks the store. */
function settle(room: MailRoom, messages: readonly SealedSend[], flights: readonly Flight[], answers: readonly CommitAnswer[]): void {
  const { outbox, clock } = room.home;
  const atMs = clock.now();
  room.home.transaction(() => {
    answers.forEach((answer, i) => {
      const { number, shared } = flights[i] as Flight;
      if (shared) return;
      if ('error' in answer) {
        if (answer.outcome === 'absent') outbox.settle(number, { atMs, state: 'failed', code: answer.error.code });
      } else if (sameCid(answer.cid, (messages[i] as SealedSend).cid)) {
        const { recipients } = outbox.settle(number, { atMs, state: 'announced', durability: answer.durability.true });
        // Somebody took this flight for dead meanwhile; it was not.
        recipients.forEach(({ state }, place) => void (state === 'failed' && outbox.setRecipientState(number, place, { state: 'announced', atMs })));
      }
    });
  });
}

/** The store has one effect of an id. Where that is not what this entry says, the entry follows the store. */
async function adoptIfShared(room: MailRoom, message: SealedSend, { number, shared }: Flight, answer: CommitAnswer): Promise<void> {
  if ('error' in answer || (!shared && sameCid(answer.cid, message.cid))) return;
  const there = room.home.outbox.find(answer.cid);
  // whoever shares an entry leaves it to its owner to make one of two
  if (shared && there !== undefined && there.number !== number) return;
  await adopt(room, number, { cid: answer.cid, bytes: message.entry.bytes ?? 0, durability: answer.durability.true });
}
