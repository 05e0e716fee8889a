/**
 * Send: every name is checked before anything is written; the content is sealed into the store in one pass; the message is journaled in
 * the home, committed with its announcements, journaled in the store, and settled. What is answered is what is true: a durability that
 * was not reached is said beside the result. With an id a repeat is the same effect, whichever process or home repeats it.
 */
import { rfc3339 } from '../base/clock.ts';
import { equalBytes } from '../base/bytes.ts';
import { sameCid, type Cid } from '../base/cid.ts';
import { count } from '../base/count.ts';
import { fail, isError, OmniplexError, warning } from '../base/errors.ts';
import { exists } from '../base/files.ts';
import type { OutboxEntry, RecipientState } from '../home/index.ts';
import { isEnough } from '../storage/commit.ts';
import type { Operation, TierName } from '../storage/ports.ts';
import { isExpired } from '../storage/expiry.ts';
import { promiseAgain } from '../storage/promise.ts';
import { enterWriters } from '../storage/writers.ts';
import { deliver, type Delivery } from './deliver.ts';
import { contentOfId, draftOf, keyOfId, type Draft } from './draft.ts';
import { raiseDurability } from './durability.ts';
import { adopt, beginFlights, isDead, isUnderWay, reconcile } from './flight.ts';
import { digestOfInput } from './input.ts';
import { standingOf } from './losses.ts';
import { openOperationResult, type OperationResult } from './operation.ts';
import { supersede } from './outbox-cancel.ts';
import { outcome, type Outcome } from './outcome.ts';
import { AddressBook } from './recipients.ts';
import type { MailRoom } from './room.ts';
import { sealDraft, type Sealed } from './seal-send.ts';
import type { DurabilityResult, SendRequest, SendResult } from './send-types.ts';
import { openSender, type SenderInUse } from './sender.ts';
import { withSentCar } from './sent-car.ts';

/**
 * Throws, with nothing sent: E_USAGE, E_NO_RECIPIENT, E_NAME_AMBIGUOUS, E_NAME_UNKNOWN, E_UNVERIFIED, E_REVOKED, E_BUNDLE_EXPIRED, E_PREKEY_EXPIRY, E_TOO_MANY,
 * E_NOT_SUPPORTED, E_ID_CONFLICT, E_EXISTS, E_DISK_FULL, E_BUDGET, E_HOME_COPIED. Throws E_UNKNOWN_OUTCOME when the store does not say.
 * Beside the result: E_DURABILITY; E_CANCELLED, E_INCOMPLETE (the repeat of an id whose message was cancelled, or let go; the CAR of `out` was not written).
 */
export async function send(room: MailRoom, request: SendRequest): Promise<Outcome<SendResult>> {
  const draft = await draftOf(room, new AddressBook(room), request);
  const { out } = request;
  if (out !== undefined && (await exists(out))) throw fail('E_EXISTS', { path: out });
  await room.original();
  await reconcile(room);
  using sender = await openSender(room);
  const [sent] = await sendDrafts(room, sender, [draft]);
  if (sent === undefined || sent instanceof OmniplexError) throw sent;
  if (out !== undefined) return await withSentCar(room, sent, { name: out, introduce: request.introduce === true, signal: request.signal });
  return outcome(sent.result, sent.changed, sent.error);
}

export type Sent = Outcome<SendResult> & { readonly cid: Cid };

/** Sends drafts together, each step of all of them in one flush. In the order given; what fails, fails alone. */
export async function sendDrafts(room: MailRoom, sender: SenderInUse, drafts: readonly Draft[]): Promise<ReadonlyArray<Sent | OmniplexError>> {
  using _share = await enterWriters(room.store);
  // All of them end before one that was aborted is told: nobody closes the store under the others.
  const settled = await Promise.allSettled(drafts.map((draft) => asAnswer(() => sendOrSeal(room, sender, draft))));
  const answers = settled.map((one): Sent | OmniplexError | Sealed => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  const sealed = answers.filter((answer): answer is Sealed => 'draft' in answer);
  const delivered = await deliver(room, sealed.map((one) => one.send));
  const finished = new Map<unknown, Sent | OmniplexError>();
  for (const [i, one] of sealed.entries()) {
    const answer = delivered[i] as Delivery | OmniplexError;
    finished.set(one, await asAnswer(() => finish(room, sender, one, answer)));
  }
  return answers.map((answer) => finished.get(answer) ?? (answer as Sent | OmniplexError));
}

/** Errors of the registry are answers; anything else, and an abort, is not. */
async function asAnswer<T>(act: () => Promise<T>): Promise<T | OmniplexError> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof OmniplexError) return error;
    throw error;
  }
}

async function sendOrSeal(room: MailRoom, sender: SenderInUse, draft: Draft): Promise<Sent | Sealed> {
  const { id } = draft.request;
  const known = id === undefined ? undefined : await room.store.hot.operation(keyOfId(room, sender, id));
  if (known === undefined) {
    const again = await toldBefore(room, sender, id);
    return { ...(await sealDraft(room, sender, draft)), again };
  }
  const { lost, held } = await standingOf(room.store, known.cid, draft.request.signal);
  return lost ? sealAgain(room, sender, draft, known) : repeat(room, sender, draft, known, held);
}

/** What this home told somebody under this id, and the store does not remember. Throws E_CANCELLED, and E_INCOMPLETE where sending it again would give it twice, or against what was wanted. */
async function toldBefore(room: MailRoom, { record }: SenderInUse, id: string | undefined): Promise<Cid | undefined> {
  const entry = id === undefined ? undefined : room.home.outbox.find(id, record.id);
  if (entry?.cid === undefined || entry.store !== room.store.id) return undefined;
  const { cid, recipients } = entry;
  const isAll = (...states: readonly RecipientState[]): boolean => recipients.length > 0 && recipients.every(({ state }) => states.includes(state));
  if (isAll('cancelled')) throw fail('E_CANCELLED', { cid: cid.toString() });
  const why = isAll('received', 'opened', 'refused') ? 'everybody has it' : await whyNotAgain(room, entry, cid);
  if (why !== undefined) throw fail('E_INCOMPLETE', { why: `message ${cid.toString()} has this id, which the store does not remember: ${why}`, hint: `Nothing was sent. \`omniplex outbox show ${cid.toString()}\` tells how far it has come; to send the file all the same, give a new --id.`, retry: 'no' });
  return recipients.some(({ state }) => ['announced', 'received', 'opened', 'refused', 'lost'].includes(state)) ? cid : undefined;
}

async function whyNotAgain({ home, store }: MailRoom, entry: OutboxEntry, cid: Cid): Promise<string | undefined> {
  if (entry.letGoAtMs !== undefined) return 'it was removed from the store';
  if (isExpired(entry, home.clock.now())) return 'it has expired';
  const isAnnounced = entry.recipients.some(({ state }) => state === 'announced');
  return isAnnounced && (await standingOf(store, cid)).held.length > 0 ? 'it is there, and announced' : undefined;
}

/** The effect of the id is lost: the same content is another message now, which takes the id over. Throws E_ID_CONFLICT. */
async function sealAgain(room: MailRoom, sender: SenderInUse, draft: Draft, lost: Operation): Promise<Sealed> {
  const sealed = await sealDraft(room, sender, draft);
  if (sealed.send.operation === undefined || !equalBytes(sealed.send.operation.content, lost.content)) {
    await sealed.withdraw();
    throw fail('E_ID_CONFLICT', { id: draft.request.id });
  }
  return { ...sealed, again: lost.cid, send: { ...sealed.send, replaces: lost.cid } };
}

async function finish(room: MailRoom, sender: SenderInUse, sealed: Sealed, delivery: Delivery | OmniplexError): Promise<Sent> {
  const { draft, send: sent } = sealed;
  if (delivery instanceof OmniplexError) {
    if (!isError(delivery, 'E_UNKNOWN_OUTCOME')) await sealed.withdraw();
    // the store knows the id by a keyed hash only, and names that
    throw isError(delivery, 'E_ID_CONFLICT') ? fail('E_ID_CONFLICT', { id: draft.request.id }, delivery) : delivery;
  }
  if (delivery.outcome === 'repeated' && delivery.operation !== undefined) {
    // Another process was first with the same id and content: what we sealed is garbage.
    await sealed.withdraw();
    const known = openOperationResult(room.crypto, sender.secret.expose(), delivery.operation.key, delivery.operation.result);
    return asRepeat(room, await asLeft(room, answerOf(draft, delivery.cid, known, delivery.durability, false, delivery.shortfall), known));
  }
  const lost = sent.replaces ?? (isLost(room, sealed.again) ? sealed.again : undefined);
  if (lost !== undefined) await supersede(room, lost);
  if (sealed.again !== undefined) room.warn(warning('W_SENT_AGAIN', { id: draft.request.id, cid: sealed.again.toString() }));
  const known = { bytes: sealed.contentBytes, blocks: sent.blocks, expiresAtMs: sent.expiresAtMs, forwardSecret: sealed.address.forwardSecret };
  return answerOf(draft, sent.cid, known, delivery.durability, true, delivery.shortfall);
}

const isLost = ({ home }: MailRoom, cid: Cid | undefined): boolean => cid !== undefined && home.outbox.find(cid)?.recipients.some(({ state }) => state === 'lost') === true;

/** The effect is there: the content is compared, not sealed again. Throws E_ID_CONFLICT, E_MAC. */
async function repeat(room: MailRoom, sender: SenderInUse, draft: Draft, operation: Operation, held: readonly TierName[]): Promise<Sent> {
  const { request, durability } = draft;
  const digest = await digestOfInput(request.input, request.signal);
  if (!equalBytes(contentOfId(room, sender, draft, digest), operation.content)) throw fail('E_ID_CONFLICT', { id: request.id });
  const known = openOperationResult(room.crypto, sender.secret.expose(), operation.key, operation.result);
  const raised = await raiseDurability(room, operation.cid, durability, held, request.signal);
  await remember(room, sender, draft, operation, known, raised.durability);
  const sent = answerOf(draft, operation.cid, known, raised.durability, raised.changed, raised.shortfall);
  return asRepeat(room, await asLeft(room, sent, known));
}

/** Who is told of it now. A repeat announces nothing, so what was cancelled or let go since is not sent, and must not read so. */
async function asLeft({ home, store }: MailRoom, sent: Sent, { recipients }: OperationResult): Promise<Sent> {
  const { result, cid } = sent;
  const isGone = result.durability.true === 'accepted';
  const rows = await Promise.all(recipients.map(({ inbox }) => store.hot.inbox.find(inbox, cid)));
  const announced = isGone ? 0 : rows.filter((row) => row !== undefined).length;
  const cancelled = (home.outbox.find(cid)?.recipients ?? []).filter(({ state }) => state === 'cancelled').map(({ name }) => name);
  const error = leftOut({ cid: cid.toString(), total: recipients.length, announced, cancelled, isGone }) ?? sent.error;
  return { ...sent, result: { ...result, recipients: { ...result.recipients, announced } }, ...(error && { error }) };
}

function leftOut({ cid, total, announced, cancelled, isGone }: { readonly cid: string; readonly total: number; readonly announced: number; readonly cancelled: readonly string[]; readonly isGone: boolean }): OmniplexError | undefined {
  const withNewId = 'Send the file again with a new --id: `omniplex send FILE --to NAME`.';
  if (cancelled.length > 0 && cancelled.length === total) return fail('E_CANCELLED', { cid });
  if (isGone) return fail('E_INCOMPLETE', { why: `message ${cid} was removed from this store, or has expired: nobody is told of it any more`, hint: `The id stays with it, and nothing was sent again. ${withNewId}`, retry: 'no' });
  if (cancelled.length > 0) return fail('E_INCOMPLETE', { why: `message ${cid} was cancelled for ${cancelled.join(', ')}, who are not told again`, hint: `The others have it. For those left out: ${withNewId}`, retry: 'no' });
  if (announced < total) return fail('E_INCOMPLETE', { why: `not told of message ${cid} in this store: ${total - announced} of ${count(total, 'recipient')}`, hint: `\`omniplex outbox resend ${cid}\` tells whoever it was not cancelled for.`, retry: 'no' });
  return undefined;
}

async function asRepeat({ store }: MailRoom, sent: Sent): Promise<Sent> {
  const atMs = (await store.hot.message(sent.cid))?.storedAtMs;
  return { ...sent, result: { ...sent.result, sentBefore: atMs === undefined ? null : rfc3339(atMs) } };
}

/** A home that did not send it itself, or died before it knew, has an entry from now on: to wait for receipts, to resend. */
async function remember(room: MailRoom, sender: SenderInUse, draft: Draft, operation: Operation, known: OperationResult, durability: DurabilityResult): Promise<void> {
  const { cid } = operation;
  const there = room.home.outbox.find(cid);
  if (there !== undefined && isKnown(there, cid)) return reunite(room, there, draft.request.id, sender.record.id);
  // whoever sent it may have died before the journal was told, and his home with him: what is answered now is written down first
  await promiseAgain(room.store, cid, durability.true, operation);
  const names = new Map(draft.recipients.map(({ identity, name }) => [identity.toString(), name]));
  const recipients = known.recipients.map(({ identity, inbox }) => ({ identity, inbox, name: names.get(identity.toString()) ?? identity.toString() }));
  const { createdMs: createdAtMs, request } = draft;
  const { id, receipt } = request;
  const common = { id, identity: sender.record.id, cid, createdAtMs, name: draft.name === '' ? undefined : draft.name, receipt };
  const flights = beginFlights(room, [{ ...common, bytes: known.bytes, expiresAtMs: known.expiresAtMs, durability: durability.asked, recipients }]);
  using flight = flights[0];
  const entry = flight && room.home.outbox.entry(flight.number);
  if (entry === undefined) return;
  if (!isKnown(entry, cid)) await adopt(room, entry.number, { cid, bytes: known.bytes, durability: durability.true });
}

/** Another send of this id sealed a message that never came to be, took the id, and died: the id goes back to the message that stands. */
function reunite(room: MailRoom, there: OutboxEntry, id: string | undefined, identity: Cid): void {
  const holder = id === undefined ? undefined : room.home.outbox.find(id, identity);
  if (holder !== undefined && holder.number !== there.number && holder.store === room.store.id && isDead(holder) && !isUnderWay(room, holder)) room.home.outbox.replace(holder.number, there.number);
}

/** The entry is of this message, and how it went is written down. */
const isKnown = (entry: OutboxEntry, cid: Cid): boolean =>
  entry.cid !== undefined && sameCid(entry.cid, cid) && entry.settledAtMs !== undefined && entry.recipients.every(({ state }) => state !== 'unknown' && state !== 'failed');

function answerOf(
  { request, recipients, durability: asked }: Draft,
  cid: Cid,
  known: Pick<OperationResult, 'bytes' | 'blocks' | 'expiresAtMs' | 'forwardSecret'>,
  durability: DurabilityResult,
  changed: boolean,
  shortfall?: OmniplexError,
): Sent {
  const total = recipients.length;
  const result: SendResult = {
    cid: cid.toString(),
    ...(request.id !== undefined && { id: request.id }),
    bytes: known.bytes,
    blocks: known.blocks,
    recipients: { total, announced: durability.true === 'accepted' ? 0 : total, names: recipients.map(({ name }) => name) },
    durability: { ...durability, asked },
    // Version 1 has no stanza that is classical only: X-Wing is a hybrid, a passphrase is symmetric.
    postQuantum: true,
    forwardSecret: known.forwardSecret,
    expires: known.expiresAtMs === 0 ? null : rfc3339(known.expiresAtMs),
  };
  const error = isEnough(durability.true, asked) ? undefined : fail('E_DURABILITY', { asked, true: durability.true }, shortfall);
  return { ...outcome(result, changed, error), cid };
}
