/**
 * Receipts that came for me: each is the signed word of a recipient about a message that I sent him. It moves the outbox, never back, is
 * kept as evidence, and leaves the inbox; it is never shown as mail. A receipt from somebody the message was not sent to says nothing.
 * A send-only identity may live in several homes, so what one of them reads stays in the inbox for the others.
 * What it does not promise: that the recipient's clock is right, or that a person has seen anything.
 */
import { sameCid, type Cid } from '../base/cid.ts';
import type { Bytes } from '../base/bytes.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { IdentityRecord, OutboxEntry } from '../home/index.ts';
import { readReceipt, type Receipt } from '../message/receipt.ts';
import type { ReceivedAnnouncement } from '../storage/ports.ts';
import type { FiledRow } from './arrivals.ts';
import type { MailRoom } from './room.ts';
import { InboxScan, type ScannedMail } from './scan.ts';

export interface AppliedReceipts {
  /** That moved the outbox. */
  readonly applied: number;
  /** Of nobody the message went to, about no message of ours, or not well-formed. */
  readonly ignored: number;
  /** By a recipient whose newer keys are not known here: they wait for his bundle. For each the number of the outbox entry that it is about. */
  readonly waiting: readonly number[];
}

/** Receipts may still move these. */
const UNSETTLED = ['unknown', 'announced', 'received', 'refused', 'failed', 'lost', 'cancelled'] as const;

const NONE: AppliedReceipts = { applied: 0, ignored: 0, waiting: [] };

const sum = (a: AppliedReceipts, b: AppliedReceipts): AppliedReceipts => ({ applied: a.applied + b.applied, ignored: a.ignored + b.ignored, waiting: [...a.waiting, ...b.waiting] });

/**
 * Takes in what came for these identities, by default all of mine. Goes on where the last look of this home ended, so that other mail is
 * opened once for this; opens the key ring only when something that may be a receipt has come.
 * Throws E_HOME_COPIED in a copy, when there is one: the receipts are the original's.
 */
export async function applyReceipts(room: MailRoom, identities?: readonly IdentityRecord[], signal?: AbortSignal): Promise<AppliedReceipts> {
  let result = NONE;
  for (const identity of identities ?? room.home.people.identities.list('true ORDER BY name')) result = sum(result, await applyFor(room, identity, signal));
  return result;
}

function applyFor(room: MailRoom, identity: IdentityRecord, signal: AbortSignal | undefined): Promise<AppliedReceipts> {
  return identity.sendOnly ? applyShared(room, identity, signal) : applyOwn(room, identity, signal);
}

async function applyOwn(room: MailRoom, identity: IdentityRecord, signal: AbortSignal | undefined): Promise<AppliedReceipts> {
  const mark = new Mark(room, identity);
  const scan = new InboxScan(room, { readers: [identity], after: await mark.after(), receiptsOnly: true, signal });
  let result = NONE;
  let waiting: ReceivedAnnouncement | undefined;
  for await (const mail of scan) {
    using _opened = mail.opened;
    if (!mail.isReceipt) continue;
    const one = await applyReceipt(room, mail);
    if (one.waiting.length > 0) waiting ??= mail.row;
    result = sum(result, one);
  }
  if (waiting !== undefined) mark.set(waiting, waiting.position - 1);
  else if (scan.last !== undefined) mark.set(scan.last, scan.last.position);
  return result;
}

/** Nothing leaves this inbox, and a home may learn of a message after its receipts came: so all that may matter is looked at each time. */
async function applyShared(room: MailRoom, identity: IdentityRecord, signal: AbortSignal | undefined): Promise<AppliedReceipts> {
  const { sinceMs, known } = await awaited(room);
  const skip = ({ row }: FiledRow): boolean => row.receivedAtMs + limits.futureToleranceMs < sinceMs || known.has(row.cid.toString());
  let result = NONE;
  for await (const mail of new InboxScan(room, { readers: [identity], receiptsOnly: true, skip, signal })) {
    using _opened = mail.opened;
    if (mail.isReceipt) result = sum(result, await applyReceipt(room, mail));
  }
  return result;
}

/**
 * Since when receipts may matter, and which were taken in. A home that took over a message from the record of its id made its entry
 * later than the message was stored.
 */
async function awaited({ home, store }: MailRoom): Promise<{ readonly sinceMs: number; readonly known: ReadonlySet<string> }> {
  let sinceMs = Infinity;
  const known = new Set<string>();
  for (let before: number | undefined = Number.MAX_SAFE_INTEGER; before !== undefined; ) {
    const page = home.outbox.list({ before, limit: limits.pageItemsMax, states: UNSETTLED, where: ({ receipt }) => receipt !== undefined });
    for (const { createdAtMs, cid, recipients } of page.entries) {
      sinceMs = Math.min(sinceMs, createdAtMs, (cid && (await store.hot.message(cid)))?.storedAtMs ?? Infinity);
      for (const { evidence } of recipients) for (const receipt of evidence) known.add(receipt.cid.toString());
    }
    before = page.next;
  }
  return { sinceMs, known };
}

/** Up to where this home has looked for receipts in this store. A hot tier that was rebuilt counts anew: then the row is another. */
class Mark {
  readonly #room: MailRoom;
  readonly #setting: string;

  constructor(room: MailRoom, identity: IdentityRecord) {
    this.#room = room;
    this.#setting = `receipts/${room.store.id}/${identity.id.toString()}`;
  }

  async after(): Promise<number> {
    const mark = this.#room.home.settings.get(this.#setting) as { readonly after: number; readonly inbox: Bytes; readonly cid: Cid; readonly position: number } | undefined;
    const row = mark && (await this.#room.store.hot.inbox.find(mark.inbox, mark.cid));
    return mark !== undefined && row?.position === mark.position ? mark.after : 0;
  }

  set({ inbox, cid, position }: ReceivedAnnouncement, after: number): void {
    this.#room.home.settings.set(this.#setting, { after, inbox, cid, position });
  }
}

/** Of a message that is a receipt by its media type. */
export async function applyReceipt(room: MailRoom, mail: ScannedMail): Promise<AppliedReceipts> {
  const { identity, row } = mail;
  await room.original();
  const judgement = await judge(room, mail, identity);
  if (typeof judgement === 'object') return { ...NONE, waiting: [judgement.waitsFor] };
  if (!identity.sendOnly) await room.store.hot.inbox.acknowledge(row.inbox, row.cid, room.home.clock.now());
  return judgement === 'known' ? NONE : { ...NONE, [judgement]: 1 };
}

type Judgement = 'applied' | 'known' | 'ignored' | { readonly waitsFor: number };

async function judge({ home }: MailRoom, { opened }: ScannedMail, identity: IdentityRecord): Promise<Judgement> {
  const { message, provenance } = opened;
  const receipt = await receiptIn(opened);
  const entry = receipt && home.outbox.find(receipt.of);
  if (receipt === undefined || entry?.identity === undefined || !sameCid(entry.identity, identity.id)) return 'ignored';
  const places = placesOf(entry, provenance.identity);
  if (places.length === 0) return 'ignored';
  if (!provenance.signed) return { waitsFor: entry.number };
  const { state } = receipt;
  // his clock may be ahead of mine; what he claims stands in the receipt itself
  const atMs = Math.min(receipt.atMs, home.clock.now());
  const evidence = { state, cid: message.cid, atMs, key: message.messageKey.expose().slice() };
  const moved = places.map((place) => home.outbox.setRecipientState(entry.number, place, { state, atMs, evidence }));
  return moved.includes(true) ? 'applied' : 'known';
}

/** Undefined when it is none but for its name. */
async function receiptIn({ message }: ScannedMail['opened']): Promise<Receipt | undefined> {
  try {
    return await readReceipt(message);
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

const placesOf = ({ recipients }: OutboxEntry, signer: Cid | undefined): readonly number[] =>
  signer === undefined ? [] : recipients.flatMap(({ identity }, place) => (sameCid(identity, signer) ? [place] : []));
