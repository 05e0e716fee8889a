/**
 * Receipts that I give: a signed message back to the sender, when he asked for one, by the receiver's setting. Only handling a message
 * sends anything, and a receipt is never answered by one. The store keeps a record of each, so that however often and from however many
 * processes a message is handled, a sender is told each state once; one that the store lost is given again. A receipt is sealed to the sender's identity key and does not expire:
 * he may come for it late. Spec: docs/PROTOCOL.md, Receipts.
 */
import { bytesOf, type Bytes } from '../base/bytes.ts';
import { digestOf, type Cid } from '../base/cid.ts';
import { fail, isError, warning } from '../base/errors.ts';
import { label } from '../crypto/kdf.ts';
import type { IdentityRecord } from '../home/index.ts';
import { decodeBundle } from '../identity/bundle.ts';
import { introductionOf, knownHistory } from '../identity/history.ts';
import { introducedRecipient, recipientKeyFor, type Recipient } from '../identity/recipients.ts';
import type { Sender } from '../message/prepare.ts';
import { encodeReceipt, isReceipt, RECEIPT_MEDIA_TYPE, type Receipt, type ReceiptState } from '../message/receipt.ts';
import { sealMessage } from '../message/seal.ts';
import type { Introduction } from '../message/sealed.ts';
import { commitMessage } from '../storage/commit.ts';
import { giveUp } from '../storage/losses.ts';
import type { Operation } from '../storage/ports.ts';
import { enterWriters } from '../storage/writers.ts';
import { Announcer } from './announce.ts';
import { standingOf } from './losses.ts';
import type { OpenedMail } from './opener.ts';
import type { Provenance } from './provenance.ts';
import type { MailRoom } from './room.ts';

export interface GivenReceipt {
  readonly state: ReceiptState;
  /** The contact's name, what a stranger calls himself, or his id. */
  readonly to: string;
  /** False when it had been given before. */
  readonly changed: boolean;
}

const OPERATION_LABEL = label('receipt-operation');

/**
 * The receipt that is due for this message now, if one is. `receivedAtMs` is when its announcement came. Why none was sent although one was
 * asked for is a warning, W_NO_RECEIPT. Throws E_HOME_COPIED, E_DISK_FULL and what else the store throws; then none was given.
 */
export async function giveReceipt(room: MailRoom, opened: OpenedMail, receivedAtMs: number): Promise<GivenReceipt | undefined> {
  const { message, provenance, identity } = opened;
  const due = dueReceipt(room, opened, receivedAtMs);
  if (due === undefined || identity === undefined) return undefined;
  try {
    return await give(room, identity, provenance, due);
  } catch (error) {
    if (!isError(error, 'E_REVOKED', 'E_BUNDLE_EXPIRED', 'E_NAME_UNKNOWN', 'E_NOT_SUPPORTED')) throw error;
    room.warn(warning('W_NO_RECEIPT', { cid: message.cid.toString(), why: error.message }));
    return undefined;
  }
}

/** What may be said, by the sender's wish, the setting and what happened. */
function dueReceipt({ home, settings }: MailRoom, { message, provenance }: OpenedMail, receivedAtMs: number): Receipt | undefined {
  const { metadata, cid: of } = message;
  if (metadata.receipt === undefined || isReceipt(metadata) || !provenance.signed || settings.receipts === 'never') return undefined;
  const record = home.messages.find(of);
  if (settings.receipts === 'verified' && !provenance.verified) {
    // whoever was told more, while he was verified, is not told that nothing will be told
    const hasTold = record?.receipts.some((state) => state !== 'refused') === true;
    return hasTold ? undefined : { of, state: 'refused', atMs: home.clock.now() };
  }
  if (metadata.receipt === 'opened' && record !== undefined) return { of, state: 'opened', atMs: record.openedAtMs };
  return { of, state: 'received', atMs: receivedAtMs };
}

async function give(room: MailRoom, identity: IdentityRecord, provenance: Provenance, receipt: Receipt): Promise<GivenReceipt> {
  const { home, crypto, identities, store } = room;
  const recipient = recipientOf(room, provenance);
  const { state, of } = receipt;
  const answer = { state, to: recipient.name };
  using secret = await identities.outboxSecret(identity.name);
  const key = crypto.hmacSha256(secret.expose(), OPERATION_LABEL, digestOf(of), bytesOf(state));
  const given = await store.hot.operation(key);
  const lost = given !== undefined && (await standingOf(store, given.cid)).lost ? given.cid : undefined;
  // what this home noted does not count: a store that was put back to an older copy has forgotten, and the sender has not heard
  if (lost === undefined && given !== undefined) return { ...answer, changed: false };
  await room.original();
  const operation = (cid: Cid): Operation => ({ key, content: key, cid, result: new Uint8Array(0) });
  const sent = await send(room, identity, recipient, receipt, { eraseSecret: secret.expose(), operation, replaces: lost });
  if (lost !== undefined) await giveUp(store, lost);
  const known = home.messages.find(of);
  home.transaction(() => {
    home.receipts.put({ ...receipt, cid: sent.cid, identity: identity.id, to: recipient.identity });
    if (known !== undefined) home.messages.put({ ...known, receipts: [state] });
  });
  return { ...answer, changed: sent.outcome === 'stored' };
}

/** Throws E_NAME_UNKNOWN when his bundle is not known. */
function recipientOf({ home }: MailRoom, { identity, introduction }: Provenance): Recipient {
  const known = identity && knownHistory(home, identity) ? introductionOf(home, identity) : introduction;
  if (identity === undefined || known === undefined) throw fail('E_NAME_UNKNOWN', { kind: 'contact', names: identity?.toString() ?? 'nobody' });
  const recipient = introducedRecipient(home, known);
  return { ...recipient, name: home.people.identityOf(identity)?.name ?? recipient.name };
}

/** Answers which receipt stands: another process may have been first. */
async function send(
  room: MailRoom,
  { name }: IdentityRecord,
  recipient: Recipient,
  receipt: Receipt,
  { eraseSecret, operation, replaces }: { readonly eraseSecret: Bytes; readonly operation: (cid: Cid) => Operation; readonly replaces: Cid | undefined },
): Promise<{ readonly cid: Cid; readonly outcome: 'stored' | 'repeated' }> {
  const { home, crypto, identities, store } = room;
  const nowMs = home.clock.now();
  const key = recipientKeyFor(recipient, 0, nowMs);
  if (recipient.inbox === undefined) throw fail('E_NOT_SUPPORTED', { what: `a receipt to "${recipient.name}"`, backend: 'a bundle without an inbox' });
  const { sender, introduction } = signedAs(room, name, await identities.signerFor(name));
  const metadata = { name: '', mediaType: RECEIPT_MEDIA_TYPE, createdMs: nowMs, expiresMs: 0 };
  const request = { sender, recipients: [key.recipient], metadata, padding: 'padme', eraseSecret, ...(introduction && { introduction }) } as const;
  using _share = await enterWriters(store);
  const sealed = await sealMessage(crypto, request, [encodeReceipt(receipt)], store.hot, { parallel: 0 });
  using _messageKey = sealed.messageKey;
  using _headerKey = sealed.headerKey;
  const { cid, bytes, blocks } = sealed;
  const announcements = new Announcer(sealed, [recipient.inbox], { expiresMs: 0, priority: false, qos: 0 }).announce('single', cid);
  const commit = { message: { cid, bytes, blocks, expiresAtMs: 0, tiers: ['hot'] as const }, announcements, operation: operation(cid), ...(replaces && { replaces }) };
  const committed = await commitMessage(store, commit, { durability: 'hot' });
  return { cid: committed.operation?.cid ?? cid, outcome: committed.outcome };
}

/**
 * A receipt names the first bundle that has its signing keys: whoever has that one or any later with the same keys can check it, for a sender
 * knows me by the bundle he sealed to, not by my newest. Where the keys were ever changed, it brings the new ones along.
 */
function signedAs({ home, identities }: MailRoom, name: string, signer: Sender): { readonly sender: Sender; readonly introduction?: Introduction } {
  const { identity, bundleSeq } = signer;
  const record = home.people.bundle(identity, bundleSeq);
  if (record === undefined) throw fail('E_HOME_CORRUPT', { path: home.path, why: `it lacks bundle ${bundleSeq} of "${name}"` });
  const { from } = decodeBundle(record.block).signing;
  const sender = { ...signer, bundleSeq: from };
  return from === 1 ? { sender } : { sender, introduction: { genesis: identities.handOut(name).genesis.block, bundle: record.block } };
}
