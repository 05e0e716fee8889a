/**
 * Resending: the same packets to the same inboxes, as often as one likes; who was told already is not told twice, and who was withdrawn by a
 * cancel stays so. A message whose record is gone while its blocks are there is the store's again; one whose blocks are gone is lost, and the
 * outbox and the store say so.
 */
import { rfc3339 } from '../base/clock.ts';
import { count } from '../base/count.ts';
import { fail, incomplete, OmniplexError, type ErrorCode } from '../base/errors.ts';
import type { Cid } from '../base/cid.ts';
import type { Delivery, OutboxEntry } from '../home/index.ts';
import { sizeOf, type Load } from '../storage/closure.ts';
import { commitMessage } from '../storage/commit.ts';
import { holdersOf } from '../storage/holders.ts';
import { isExpired } from '../storage/expiry.ts';
import type { Announcement } from '../storage/ports.ts';
import { isUnderWay, reconciled } from './flight.ts';
import { noteLoss } from './losses.ts';
import { entryOf, matches, messageView, type OutboxFilter, type OutboxMessage } from './outbox.ts';
import { outcome, type Outcome } from './outcome.ts';
import type { MailRoom } from './room.ts';

export interface ResendRequest {
  /** Only to these recipients of it, by name. */
  readonly to?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One message. Throws E_NOT_FOUND, E_NAME_UNKNOWN (no recipient of it), E_CANCELLED, E_EXPIRED, E_BUSY (it is being sent just now),
 * E_MESSAGE_LOST (then its recipients who were told of it are `lost`).
 */
export async function resend(room: MailRoom, key: Cid | string, { to, signal }: ResendRequest = {}): Promise<Outcome<OutboxMessage>> {
  await room.original();
  const entry = entryOf(room, key);
  const changed = await resendEntry(room, entry, to, signal);
  return outcome(messageView(room.home.outbox.entry(entry.number), room.home.clock.now()), changed);
}

export interface ResendAllRequest {
  readonly where: OutboxFilter;
  readonly signal?: AbortSignal | undefined;
}

export interface ResendAllResult {
  readonly matched: number;
  readonly resent: number;
  readonly left: number;
  readonly reasons: Readonly<Partial<Record<ErrorCode, number>>>;
}

/** Every message that matches and was not cancelled, oldest first. What cannot be resent is left and counted; E_INCOMPLETE beside the result then. */
export async function resendAll(room: MailRoom, { where, signal }: ResendAllRequest): Promise<Outcome<ResendAllResult>> {
  await room.original();
  const { entries } = room.home.outbox.list({ limit: Number.MAX_SAFE_INTEGER, where: (entry) => !isCancelled(entry) && matches(where, entry, room.home.clock.now()) });
  const reasons: Partial<Record<ErrorCode, number>> = {};
  let [resent, left] = [0, 0];
  for (const entry of entries.toReversed()) {
    signal?.throwIfAborted();
    try {
      if (await resendEntry(room, entry, undefined, signal)) resent++;
    } catch (error) {
      if (!(error instanceof OmniplexError)) throw error;
      reasons[error.code] = (reasons[error.code] ?? 0) + 1;
      left++;
    }
  }
  const error = left === 0 ? undefined : incomplete(Object.keys(reasons) as ErrorCode[], { why: `not resent: ${left} of ${count(entries.length, 'message')}` });
  return outcome({ matched: entries.length, resent, left, reasons }, resent > 0, error);
}

async function resendEntry(room: MailRoom, begun: OutboxEntry, to: readonly string[] | undefined, signal: AbortSignal | undefined): Promise<boolean> {
  const chosen = places(begun, to).filter((place) => begun.recipients[place]?.state !== 'cancelled');
  if (chosen.length === 0 && begun.recipients.length > 0) throw fail('E_CANCELLED', { cid: begun.cid?.toString() });
  const entry = await reconciled(room, begun);
  const { cid } = requireSendable(room, entry);
  const held = await holdersOf(room.store.tiers, cid, { signal, hash: true });
  if (held === undefined) throw await lose(room, entry, cid);
  const announcements = announcementsOf(entry, cid, chosen);
  const size = await sizeOf(cid, loader(room, signal));
  const commit = { message: { cid, ...size, expiresAtMs: entry.expiresAtMs, tiers: held }, announcements };
  const { outcome: stored, durability } = await commitMessage(room.store, commit, { durability: 'hot', ...(signal && { signal }) });
  if (durability.true === 'accepted') throw fail('E_BUSY', { what: `message ${cid.toString()}, which somebody removed at the same time,` });
  return markAnnounced(room, entry, chosen) || stored === 'stored';
}

const isCancelled = ({ recipients }: OutboxEntry): boolean => recipients.length > 0 && recipients.every(({ state }) => state === 'cancelled');

function places({ recipients, cid }: OutboxEntry, to: readonly string[] | undefined): readonly number[] {
  const all = recipients.map((_, place) => place);
  if (to === undefined || to.length === 0) return all;
  const unknown = to.filter((name) => !recipients.some((recipient) => recipient.name === name));
  if (unknown.length > 0) throw fail('E_NAME_UNKNOWN', { kind: `recipient of ${cid?.toString() ?? 'it'}`, names: unknown.map((name) => `"${name.slice(0, 80)}"`).join(', ') });
  return all.filter((place) => to.includes((recipients[place] as Delivery).name));
}

function requireSendable(room: MailRoom, entry: OutboxEntry): { readonly cid: Cid } {
  const { cid, store, expiresAtMs } = entry;
  if (cid === undefined) throw fail('E_NOT_FOUND', { what: 'the message of this outbox entry, which was never sealed to its end,' });
  if (store !== room.store.id) throw fail('E_NOT_FOUND', { what: `message ${cid.toString()}, which went to another store,` });
  if (isExpired(entry, room.home.clock.now())) throw fail('E_EXPIRED', { what: `message ${cid.toString()}`, at: rfc3339(expiresAtMs), hint: 'Nobody can open it any more. Send the file again, as a new message: `omniplex send FILE --to NAME`.' });
  if (isUnderWay(room, entry)) throw fail('E_BUSY', { what: `message ${cid.toString()}` });
  return { cid };
}

const loader = ({ store }: MailRoom, signal?: AbortSignal): Load => async (cid) => (await store.read(cid, signal))?.bytes;

/** Recipients who were told of it and have not said that they have it. What was never acknowledged stays `failed`. */
async function lose({ home, store }: MailRoom, { number, recipients, durability }: OutboxEntry, cid: Cid): Promise<OmniplexError> {
  await noteLoss(store, cid);
  const atMs = home.clock.now();
  if (durability.true !== 'accepted') {
    home.transaction(() =>
      recipients.forEach(({ state }, place) => {
        if (state === 'announced' || state === 'unknown') home.outbox.setRecipientState(number, place, { state: 'lost', atMs, code: 'E_MESSAGE_LOST' });
      }),
    );
  }
  return fail('E_MESSAGE_LOST', { cid: cid.toString() });
}

/** The very packets of the first time. A recipient whose packet was never made is told nothing. */
const announcementsOf = ({ recipients, expiresAtMs }: OutboxEntry, cid: Cid, chosen: readonly number[]): readonly Announcement[] =>
  chosen.flatMap((place) => {
    const { inbox, packet } = recipients[place] as Delivery;
    return packet === undefined ? [] : [{ inbox, packet, cid, expiresAtMs }];
  });

function markAnnounced({ home }: MailRoom, { number, recipients, durability }: OutboxEntry, chosen: readonly number[]): boolean {
  const atMs = home.clock.now();
  return home.transaction(() => {
    home.outbox.setLetGo(number, undefined);
    if (durability.true === 'accepted') home.outbox.settle(number, { atMs, durability: 'hot' });
    const moved = chosen.filter((place) => {
      const { state } = recipients[place] as Delivery;
      const isTold = state === 'announced' || state === 'received' || state === 'opened' || state === 'refused';
      return !isTold && home.outbox.setRecipientState(number, place, { state: 'announced', atMs });
    });
    return moved.length > 0;
  });
}
