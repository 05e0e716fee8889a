/**
 * Handling a message: the receipt that was asked for goes out, then its announcements leave the list of what is to be handled, in this
 * order, so that a crash between the two is made good by doing it again.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { eachOf } from '../base/count.ts';
import { fail, isError, OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { IdentityRecord } from '../home/index.ts';
import type { ReceiptState } from '../message/receipt.ts';
import type { ReceivedAnnouncement } from '../storage/ports.ts';
import { readArrival, readersOf, streamBlocks, type FiledRow } from './arrivals.ts';
import { Opener, type OpenedMail } from './opener.ts';
import { outcome, type Outcome } from './outcome.ts';
import { learnFrom } from './provenance.ts';
import { giveReceipt } from './receipts.ts';
import type { MailRoom } from './room.ts';

export interface AckRequest {
  readonly cids: readonly Cid[];
  readonly signal?: AbortSignal | undefined;
}

export interface AckItem {
  readonly cid: string;
  /** False when it had been handled before. */
  readonly changed: boolean;
  /** What the sender is told; null when he asked for nothing, or gets nothing. */
  readonly receipt: ReceiptState | null;
  /** Whom the receipt is for. */
  readonly receiptTo: string | null;
}

export interface AckResult {
  readonly messages: readonly AckItem[];
  readonly acknowledged: number;
  readonly receipts: number;
}

async function toldOf({ store, identities }: MailRoom, readers: readonly IdentityRecord[], cid: Cid): Promise<readonly FiledRow[]> {
  const told: FiledRow[] = [];
  for (const identity of readers) {
    for (const { digest } of identities.inboxes(identity.name)) {
      const row = await store.hot.inbox.find(digest, cid);
      if (row !== undefined) told.push({ identity, row });
    }
  }
  return told;
}

/** Each of these, or none when one was never announced here: E_NOT_FOUND naming all such, or the ring does not open: E_PASSPHRASE. A message that cannot be opened is handled without a receipt. */
export async function acknowledge(room: MailRoom, { cids, signal }: AckRequest): Promise<Outcome<AckResult>> {
  const readers = readersOf(room);
  const known = await Promise.all(cids.map((cid) => toldOf(room, readers, cid)));
  const missing = cids.filter((_, i) => known[i]?.length === 0);
  if (missing.length > 0) throw fail('E_NOT_FOUND', { what: `an announcement of ${eachOf(missing.map(String))}`, hint: 'None was acknowledged; `omniplex inbox list` shows what is in your inbox.' });
  await room.original();
  // A wrong passphrase must not pass for messages that cannot be opened: they would be handled without their receipts.
  await room.ring();
  const opener = new Opener(room, { signal });
  const messages: AckItem[] = [];
  for (const [i, cid] of cids.entries()) {
    signal?.throwIfAborted();
    messages.push(await acknowledgeOne(room, opener, cid, known[i] as readonly FiledRow[]));
  }
  const result = { messages, acknowledged: messages.filter(({ changed }) => changed).length, receipts: messages.filter(({ receipt }) => receipt !== null).length };
  return outcome(result, result.acknowledged > 0);
}

async function acknowledgeOne(room: MailRoom, opener: Opener, cid: Cid, told: readonly FiledRow[]): Promise<AckItem> {
  using opened = await openIfPossible(opener, cid);
  if (opened !== undefined) learnFrom(room, opened.provenance);
  return handle(room, cid, opened, told);
}

async function openIfPossible(opener: Opener, cid: Cid): Promise<OpenedMail | undefined> {
  try {
    return await opener.open(cid);
  } catch (error) {
    // not for us, forged, damaged, gone: the operator wants it out of the list, whatever it is
    if (error instanceof OmniplexError && !isError(error, 'E_STORE_CORRUPT', 'E_BUSY', 'E_IO', 'E_INTERRUPTED')) return undefined;
    throw error;
  }
}

/**
 * A message at hand, for `fetch --ack`. One that was not announced here has no list to leave; its receipt is given all the same. Undefined
 * when there was neither to do: a passphrase message, say.
 */
export async function acknowledgeOpened(room: MailRoom, opened: OpenedMail): Promise<AckItem | undefined> {
  await room.original();
  const { cid } = opened.message;
  const told = opened.identity === undefined ? [] : await toldOf(room, [opened.identity], cid);
  const item = await handle(room, cid, opened, told);
  return told.length === 0 && item.receipt === null ? undefined : item;
}

async function handle(room: MailRoom, cid: Cid, opened: OpenedMail | undefined, told: readonly FiledRow[]): Promise<AckItem> {
  const nowMs = room.home.clock.now();
  const given = opened && (await giveReceipt(room, opened, told[0]?.row.receivedAtMs ?? nowMs));
  let changed = given?.changed === true;
  for (const filed of told) {
    const { row } = filed;
    if (opened !== undefined && readArrival(filed)?.packet.fragment === 'end') await acknowledgeStream(room, opened, row, nowMs);
    if (await room.store.hot.inbox.acknowledge(row.inbox, cid, nowMs)) changed = true;
  }
  return { cid: cid.toString(), changed, receipt: given?.state ?? null, receiptTo: given?.to ?? null };
}

/** The other packets of the stream, as far as this inbox has them: before the last one, which is what the list shows. */
async function acknowledgeStream(room: MailRoom, { message }: OpenedMail, { inbox }: ReceivedAnnouncement, nowMs: number): Promise<void> {
  const acknowledgeAll = (cids: readonly Cid[]) => Promise.all(cids.map((cid) => acknowledgeIfTold(room, inbox, cid, nowMs)));
  let batch: Cid[] = [];
  for await (const cid of streamBlocks(room, message)) {
    batch.push(cid);
    if (batch.length < limits.groupCommitBlocks) continue;
    await acknowledgeAll(batch);
    batch = [];
  }
  await acknowledgeAll(batch);
}

async function acknowledgeIfTold({ store }: MailRoom, inbox: Bytes, cid: Cid, nowMs: number): Promise<void> {
  try {
    await store.hot.inbox.acknowledge(inbox, cid, nowMs);
  } catch (error) {
    if (!isError(error, 'E_NOT_FOUND')) throw error;
  }
}
