/**
 * The inbox: what was announced to me and is still to be handled, as mail. Receipts among it move the outbox and are not shown.
 * A list opens metadata only; it marks nothing as read and tells no sender anything.
 */
import type { Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import type { Filter } from '../base/filter.ts';
import { limits } from '../base/limits.ts';
import type { ReceiptWish } from '../message/sealed.ts';
import { knownLoss } from '../storage/losses.ts';
import { readersOf, unhandledRows } from './arrivals.ts';
import { applyReceipt } from './apply-receipts.ts';
import { safeFileName } from './file-name.ts';
import { Opener, type OpenedMail, type OpenerOptions } from './opener.ts';
import { outcome, type Outcome } from './outcome.ts';
import { senderView, type SenderView } from './provenance.ts';
import type { MailRoom } from './room.ts';
import { InboxScan, type PassedBy, type ScannedMail } from './scan.ts';

/** `lost`: not opened here yet, and some of it is nowhere in the store, as far as anybody has looked. */
export const mailStates = ['unread', 'opened', 'expired', 'lost'] as const;
export type MailState = (typeof mailStates)[number];

/** What --where knows of a message in an inbox. */
export const inboxFields = { sender: 'text', verified: 'bool', received: 'age', size: 'size', state: mailStates, name: 'text', to: 'text' } as const;

export interface InboxMessage {
  readonly cid: string;
  /** The contact's name, or mine; null for a stranger. */
  readonly sender: string | null;
  readonly verified: boolean;
  readonly received: string;
  /** Length of the content. */
  readonly bytes: number;
  readonly state: MailState;
  /** As the sender calls it, cleaned; null when he does not. */
  readonly name: string | null;
  /** Which identity of mine it came to. */
  readonly to: string;
  /** What a stranger calls himself. */
  readonly claimedName?: string;
}

export interface InboxRequest {
  readonly where?: Filter<typeof inboxFields> | undefined;
  readonly limit?: number | undefined;
  /** `next` of an earlier page. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface InboxList {
  readonly messages: readonly InboxMessage[];
  /** Where the next page begins; null when there is none. */
  readonly next: string | null;
  /** Announcements passed by: forged, damaged, gone, for nobody here. */
  readonly unreadable: number;
  /** Of those, what each names and why it was passed by; as many as a page has items. */
  readonly passed: readonly PassedBy[];
  /** Streams that have begun and not ended. */
  readonly arriving: number;
  /** Receipts that moved the outbox meanwhile. */
  readonly receipts: number;
}

/** Throws E_USAGE. */
export function parsePosition(after: string | undefined): number {
  if (after === undefined) return 0;
  const position = Number(after);
  if (!/^\d{1,16}$/.test(after) || !Number.isSafeInteger(position)) throw fail('E_USAGE', { why: '--after takes the `next` of an earlier page' });
  return position;
}

/** Oldest first. Throws E_NO_IDENTITY, E_PASSPHRASE, E_STORE_CORRUPT. */
export async function listInbox(room: MailRoom, { where, limit = limits.pageItemsMax, after, signal }: InboxRequest = {}): Promise<Outcome<InboxList>> {
  if (limit > limits.pageItemsMax) throw fail('E_TOO_MANY', { what: 'items of one page', count: limit, max: limits.pageItemsMax });
  const readers = readersOf(room);
  const scan = new InboxScan(room, { readers, after: parsePosition(after), signal });
  const messages: InboxMessage[] = [];
  let receipts = 0;
  let full = false;
  for await (const mail of scan) {
    using _opened = mail.opened;
    if (mail.isReceipt) receipts += await applyIfOriginal(room, mail);
    else if (where === undefined || where.matches(await filterRecord(room, mail), room.home.clock.now())) messages.push(await inboxMessage(room, mail));
    full = messages.length === limit;
    if (full) break;
  }
  const next = full && (await isMore(unhandledRows(room, readers, scan.position, signal))) ? String(scan.position) : null;
  return outcome({ messages, next, ...(await scan.rest()), receipts }, receipts > 0);
}

const isMore = async (rows: AsyncGenerator<unknown>): Promise<boolean> => {
  const { done } = await rows.next();
  await rows.return(undefined);
  return done !== true;
};

/** A copied home may look, and leaves the receipts to the original. */
export async function applyIfOriginal(room: MailRoom, mail: ScannedMail): Promise<number> {
  try {
    return (await applyReceipt(room, mail)).applied;
  } catch (error) {
    if (isError(error, 'E_HOME_COPIED')) return 0;
    throw error;
  }
}

async function stateOf({ home, store }: MailRoom, { message }: OpenedMail): Promise<MailState> {
  const { expiresMs } = message.metadata;
  if (expiresMs !== 0 && expiresMs <= home.clock.now()) return 'expired';
  if (home.messages.find(message.cid) !== undefined) return 'opened';
  return (await knownLoss(store.hot, message.cid)) === undefined ? 'unread' : 'lost';
}

const shownName = ({ message }: OpenedMail): string | null => (message.metadata.name === '' ? null : safeFileName(message.metadata.name));

export async function inboxMessage(room: MailRoom, { row, identity, opened }: ScannedMail): Promise<InboxMessage> {
  const { name, verified, claimedName } = opened.provenance;
  return {
    cid: opened.message.cid.toString(),
    sender: name ?? null,
    verified,
    received: rfc3339(row.receivedAtMs),
    bytes: opened.message.metadata.bytes,
    state: await stateOf(room, opened),
    name: shownName(opened),
    to: identity.name,
    ...(claimedName !== undefined && { claimedName }),
  };
}

const filterRecord = async (room: MailRoom, { row, identity, opened }: ScannedMail) => ({
  sender: opened.provenance.name,
  verified: opened.provenance.verified,
  received: row.receivedAtMs,
  size: opened.message.metadata.bytes,
  state: await stateOf(room, opened),
  name: shownName(opened) ?? undefined,
  to: identity.name,
});

export interface ShownMessage {
  readonly cid: string;
  readonly sender: SenderView;
  readonly name: string | null;
  readonly mediaType: string | null;
  readonly bytes: number;
  readonly created: string;
  readonly expires: string | null;
  /** When this store was told; null for a message that was not announced here. */
  readonly received: string | null;
  readonly acknowledged: string | null;
  readonly state: MailState;
  /** Which identity of mine it is for; null for one that is sealed to a passphrase. */
  readonly to: string | null;
  readonly receiptAsked: ReceiptWish | null;
  /** Recipients, this one included: who they are is not said. */
  readonly recipients: number;
}

/** One message as far as its metadata. Throws as `Opener.open`; an expired one is shown as expired. */
export async function showMessage(room: MailRoom, cid: Cid, options: OpenerOptions = {}): Promise<ShownMessage> {
  using opened = await new Opener(room, options).open(cid);
  const { message, provenance, identity, arrival } = opened;
  const { metadata, manifest } = message;
  const row = arrival?.row;
  return {
    cid: cid.toString(),
    sender: senderView(provenance),
    name: shownName(opened),
    mediaType: metadata.mediaType === '' ? null : metadata.mediaType,
    bytes: metadata.bytes,
    created: rfc3339(metadata.createdMs),
    expires: metadata.expiresMs === 0 ? null : rfc3339(metadata.expiresMs),
    received: row === undefined ? null : rfc3339(row.receivedAtMs),
    acknowledged: row?.acknowledgedAtMs === undefined ? null : rfc3339(row.acknowledgedAtMs),
    state: await stateOf(room, opened),
    to: identity?.name ?? null,
    receiptAsked: metadata.receipt ?? null,
    recipients: manifest.stanzas.length,
  };
}
