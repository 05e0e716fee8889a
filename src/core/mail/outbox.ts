/**
 * What became of the messages that this home sent: listed, shown, waited for. Before anything is answered, sends that died half-way are
 * settled by asking the store, what it lost turns `lost`, and receipts that came back are taken in. Only the latter needs a private key, and only when there may be one.
 */
import { parseCid, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import type { Filter, FilterFields, FilterRecord } from '../base/filter.ts';
import { limits } from '../base/limits.ts';
import { EXPIRES_MS_MAX } from '../packet/packet.ts';
import { recipientStates, type Delivery, type OutboxEntry, type RecipientState } from '../home/index.ts';
import { durabilities, type Durability } from '../storage/ports.ts';
import { isExpired } from '../storage/expiry.ts';
import { applyReceipts } from './apply-receipts.ts';
import { reconcile, reconciled } from './flight.ts';
import { learnNews, learnOf } from './news.ts';
import { outcome, type Outcome } from './outcome.ts';
import type { MailRoom } from './room.ts';

export interface OutboxRecipient {
  readonly name: string;
  readonly state: RecipientState;
  /** When it came to this state; RFC 3339. */
  readonly at: string | null;
  /** Every state that it came through. */
  readonly times: Readonly<Partial<Record<RecipientState, string>>>;
  /** Error code of the last failure, or of what a refusal is for. */
  readonly code?: string;
  /** Of a refusal: the reason in words, and what ends it. */
  readonly why?: string;
  readonly hint?: string;
}

interface OutboxFacts {
  /** Null for a message that never came to be. */
  readonly cid: string | null;
  readonly id?: string;
  readonly name: string | null;
  readonly bytes: number | null;
  readonly created: string;
  readonly expires: string | null;
  /** Why nobody can fetch it from its store any more, as far as this home knows; null while it can. */
  readonly ended: 'expired' | 'removed' | null;
  readonly durability: { readonly asked: Durability; readonly true: Durability };
  /** What was asked of the recipients. */
  readonly receipt: 'received' | 'opened' | null;
  /** Of the recipient who is the least far; a message to a passphrase is announced to nobody, and known or unknown. */
  readonly state: RecipientState;
}

export interface OutboxMessage extends OutboxFacts {
  readonly recipients: readonly OutboxRecipient[];
}

export interface OutboxItem extends OutboxFacts {
  readonly recipients: { readonly total: number; readonly names: readonly string[]; readonly states: Readonly<Partial<Record<RecipientState, number>>> };
}

export interface OutboxList {
  readonly messages: readonly OutboxItem[];
  /** Give it as `after` to go on; null at the end. */
  readonly next: string | null;
}

/** What --where knows of a message in the outbox. `state`: one recipient's is enough; `durability`: what was reached. */
export const outboxFields = {
  state: recipientStates,
  to: 'text',
  id: 'text',
  name: 'text',
  size: 'size',
  created: 'age',
  expires: 'left',
  receipt: ['received', 'opened'],
  durability: durabilities,
  ended: ['expired', 'removed'],
} as const satisfies FilterFields;

export type OutboxFilter = Filter<typeof outboxFields>;

export interface OutboxListRequest {
  readonly where?: OutboxFilter | undefined;
  readonly sinceMs?: number | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** From the one that needs looking after to the one that is done. */
const LEAST_FAR: readonly RecipientState[] = ['lost', 'unknown', 'failed', 'refused', 'announced', 'received', 'opened', 'cancelled'];

function factsOf(entry: OutboxEntry, nowMs: number): OutboxFacts {
  const { cid, id, name, bytes, createdAtMs, expiresAtMs, durability, receipt, recipients, settledAtMs } = entry;
  const alone: RecipientState = settledAtMs === undefined ? 'unknown' : 'announced';
  return {
    cid: cid?.toString() ?? null,
    ...(id !== undefined && { id }),
    ...{ name: name ?? null, bytes: bytes ?? null, created: rfc3339(createdAtMs), expires: expiresAtMs === 0 ? null : rfc3339(expiresAtMs) },
    ended: endOf(entry, nowMs),
    ...{ durability, receipt: receipt ?? null, state: LEAST_FAR.find((state) => recipients.some((one) => one.state === state)) ?? alone },
  };
}

const endOf = (entry: Pick<OutboxEntry, 'expiresAtMs' | 'letGoAtMs'>, nowMs: number): OutboxFacts['ended'] => (isExpired(entry, nowMs) ? 'expired' : entry.letGoAtMs === undefined ? null : 'removed');

/** A recipient's clock says what it likes. */
const timeText = (ms: number): string => rfc3339(Math.min(ms, EXPIRES_MS_MAX));

/** The only reason that a receiver of this program has: his setting, and what he knows of the sender. The word itself carries none. */
const refusalOf = (name: string, cid: string): Pick<OutboxRecipient, 'code' | 'why' | 'hint'> => ({
  code: 'E_UNVERIFIED',
  why: `${name} had it, and tells no more: by the setting \`receipts\` there only a verified contact is told, and you are none, or your keys were replaced or revoked`,
  hint: `Let ${name} have your newest bundle and compare the twelve words: \`omniplex contact verify\` there, then \`omniplex inbox ack ${cid}\`, gives the receipt that you asked for.`,
});

function recipientView({ name, state, times, code }: Delivery, cid: Cid | undefined): OutboxRecipient {
  const at = times[state];
  const reached = recipientStates.flatMap((one) => (times[one] === undefined ? [] : [[one, timeText(times[one])] as const]));
  const reason = state === 'refused' && cid !== undefined ? refusalOf(name, cid.toString()) : code !== undefined && { code };
  return { name, state, at: at === undefined ? null : timeText(at), times: Object.fromEntries(reached), ...reason };
}

export const messageView = (entry: OutboxEntry, nowMs: number): OutboxMessage => ({ ...factsOf(entry, nowMs), recipients: entry.recipients.map((one) => recipientView(one, entry.cid)) });

function itemView(entry: OutboxEntry, nowMs: number): OutboxItem {
  const states: Partial<Record<RecipientState, number>> = {};
  for (const { state } of entry.recipients) states[state] = (states[state] ?? 0) + 1;
  return { ...factsOf(entry, nowMs), recipients: { total: entry.recipients.length, names: entry.recipients.map(({ name }) => name), states } };
}

const fieldsOf = ({ recipients, id, name, bytes, createdAtMs, expiresAtMs, letGoAtMs, receipt, durability, settledAtMs }: OutboxEntry, nowMs: number): FilterRecord<typeof outboxFields> => ({
  state: recipients.length > 0 ? recipients.map(({ state }) => state) : settledAtMs === undefined ? 'unknown' : 'announced',
  to: recipients.map((recipient) => recipient.name),
  ...{ id, name, receipt },
  size: bytes,
  created: createdAtMs,
  expires: expiresAtMs === 0 ? undefined : expiresAtMs,
  durability: durability.true,
  ended: endOf({ expiresAtMs, letGoAtMs }, nowMs) ?? undefined,
});

export const matches = (where: OutboxFilter, entry: OutboxEntry, nowMs: number): boolean => where.matches(fieldsOf(entry, nowMs), nowMs);

/** Newest first. Opens no key. Throws E_USAGE for a cursor that is none. */
export async function listOutbox(room: MailRoom, { where, sinceMs = 0, limit = limits.listItems, after }: OutboxListRequest = {}): Promise<Outcome<OutboxList>> {
  const settled = await reconcile(room);
  const { entries, next } = room.home.outbox.list({
    limit: Math.min(limit, limits.pageItemsMax),
    ...(after !== undefined && { before: cursorOf(after) }),
    where: (entry) => entry.createdAtMs >= sinceMs && (where === undefined || matches(where, entry, room.home.clock.now())),
  });
  const messages: OutboxItem[] = [];
  for (const entry of entries) messages.push(itemView(entry.letGoAtMs === undefined ? entry : await learnOf(room, entry.number), room.home.clock.now()));
  return outcome({ messages, next: next?.toString() ?? null }, settled > 0);
}

function cursorOf(after: string): number {
  if (!/^\d{1,15}$/.test(after)) throw fail('E_USAGE', { why: '--after wants the `next` of the page before' });
  return Number(after);
}

/** A CID, or the key of --id: of the identity that acts, where one is chosen. Throws E_NOT_FOUND. */
export function entryOf({ home, acting }: MailRoom, key: Cid | string): OutboxEntry {
  const entry = home.outbox.find(typeof key === 'string' ? (cidIn(key) ?? key) : key, typeof key === 'string' ? actor(acting) : undefined);
  if (entry === undefined) throw fail('E_NOT_FOUND', { what: `an outbox entry for "${key.toString().slice(0, 80)}"` });
  return entry;
}

function cidIn(text: string): Cid | undefined {
  try {
    return parseCid(text);
  } catch {
    return undefined;
  }
}

function actor(acting: MailRoom['acting']): Cid | undefined {
  try {
    return acting().id;
  } catch (error) {
    if (isError(error, 'E_NO_IDENTITY')) return undefined;
    throw error;
  }
}

/** Throws E_NOT_FOUND; what unlocking the key ring throws, when receipts may have come. */
export async function showOutbox(room: MailRoom, key: Cid | string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Outcome<OutboxMessage>> {
  const before = entryOf(room, key);
  const entry = await upToDate(room, before.number, signal);
  const [view, was] = [entry, before].map((one) => messageView(one, room.home.clock.now())) as [OutboxMessage, OutboxMessage];
  return outcome(view, JSON.stringify(view) !== JSON.stringify(was));
}

/** Settled, with what the store lost and the receipts that came. */
export async function upToDate(room: MailRoom, number: number, signal?: AbortSignal): Promise<OutboxEntry> {
  await settled(room, number);
  await collectReceipts(room, number, signal);
  return room.home.outbox.entry(number);
}

/** With what the store lost, and without asking for a key. */
export async function settled(room: MailRoom, number: number): Promise<OutboxEntry> {
  await learnNews(room);
  return reconciled(room, await learnOf(room, number));
}

/**
 * Takes in the receipts that came for whoever sent it. Answers how many about this message wait, since the keys that signed them are not known
 * here. Throws what unlocking the key ring throws, when one may have come, and E_HOME_COPIED.
 */
export async function collectReceipts(room: MailRoom, number: number, signal?: AbortSignal): Promise<number> {
  const entry = room.home.outbox.entry(number);
  const identity = entry.identity && room.home.people.identityOf(entry.identity);
  if (identity === undefined || entry.receipt === undefined || !entry.recipients.some(({ state }) => isOpen(state))) return 0;
  const { waiting } = await applyReceipts(room, [identity], signal);
  return waiting.filter((one) => one === number).length;
}

/** More may be heard of it. */
const isOpen = (state: RecipientState): boolean => state !== 'opened';

export interface WaitRequest {
  readonly state: 'received' | 'opened';
  /** How long; undefined = until the signal ends it. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called whenever a recipient moved. */
  readonly onChange?: ((message: OutboxMessage) => void) | undefined;
}

const hasReached = (state: RecipientState, wanted: WaitRequest['state']): boolean => state === 'opened' || state === wanted;

/** Everybody has come to it, or nobody who has not ever will. */
const isOver = (entry: OutboxEntry, wanted: WaitRequest['state']): boolean =>
  entry.recipients.every(({ state, evidence }) => hasReached(state, wanted) || state === 'lost' || state === 'cancelled' || evidence.some((word) => word.state === 'refused'));

/**
 * Until every recipient has come to this state. Throws E_NOT_FOUND (no such entry, nobody to wait for), and E_USAGE when nothing was asked
 * of the recipients that could tell it.
 * Beside the result E_MESSAGE_LOST, or E_MISSING_RECIPIENTS when time ran out, a recipient refuses, or it was cancelled or removed. Of one that has expired a word may
 * still come: from who fetched it in time, or takes it off his list.
 */
export async function waitOutbox(room: MailRoom, key: Cid | string, { state: wanted, timeoutMs, signal, onChange }: WaitRequest): Promise<Outcome<OutboxMessage>> {
  const first = entryOf(room, key);
  refuseVainWait(first, wanted);
  const { clock } = room.home;
  const deadline = timeoutMs === undefined ? Infinity : clock.monotonic() + timeoutMs;
  let told = JSON.stringify(messageView(first, clock.now()));
  let changed = false;
  for (;;) {
    const entry = await upToDate(room, first.number, signal);
    const view = messageView(entry, clock.now());
    const now = JSON.stringify(view);
    if (now !== told) {
      changed = true;
      told = now;
      onChange?.(view);
    }
    const left = deadline - clock.monotonic();
    if (view.ended === 'removed' || isOver(entry, wanted) || left <= 0) return outcome(view, changed, missing(entry, wanted, view.ended));
    await clock.sleep(Math.min(left, limits.receiptPollMs), signal);
  }
}

function refuseVainWait({ receipt, recipients }: OutboxEntry, wanted: WaitRequest['state']): void {
  if (recipients.every(({ state }) => hasReached(state, wanted)) && recipients.length > 0) return;
  if (recipients.length === 0) throw fail('E_NOT_FOUND', { what: 'a recipient to wait for' });
  if (receipt === undefined) throw fail('E_USAGE', { why: 'no receipt was asked for: send with --receipt' });
  if (receipt === 'received' && wanted === 'opened') throw fail('E_USAGE', { why: 'it was sent with --receipt received: nobody says when it is opened' });
}

function missing({ cid, recipients }: OutboxEntry, wanted: WaitRequest['state'], ended: OutboxFacts['ended']): OmniplexError | undefined {
  if (recipients.some(({ state }) => state === 'lost')) return fail('E_MESSAGE_LOST', { cid: cid?.toString() });
  const late = recipients.filter(({ state }) => !hasReached(state, wanted)).length;
  if (late === 0) return undefined;
  const hint = whyVain(recipients, ended, String(cid));
  return fail('E_MISSING_RECIPIENTS', { missing: late, total: recipients.length, state: wanted, ...(hint !== undefined && { hint }) });
}

/** Where waiting longer brings nothing. */
function whyVain(recipients: OutboxEntry['recipients'], ended: OutboxFacts['ended'], cid: string): string | undefined {
  if (ended !== null) return `${ended === 'expired' ? 'It has expired' : 'It was removed from the store'}: who has not fetched it yet cannot any more. For him send the file again: \`omniplex send FILE --to NAME\`.`;
  return recipients.some(({ state }) => state === 'refused') ? `Waiting ends no refusal: \`omniplex outbox show ${cid}\` tells its reason, and what does.` : undefined;
}
