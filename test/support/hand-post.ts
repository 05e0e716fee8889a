/**
 * Letters made by hand, step by step, for tests of what a receiver refuses: sealed with a real operator's keys and our own code, changed on
 * the way, put into the store and announced as its maker likes.
 */
import type { Block, BlockSink } from '../../src/core/base/block.ts';
import { bytesOf, type Bytes } from '../../src/core/base/bytes.ts';
import type { Cid } from '../../src/core/base/cid.ts';
import { contactRecipient, recipientKeyFor } from '../../src/core/identity/recipients.ts';
import { Announcer } from '../../src/core/mail/announce.ts';
import { encodeReceipt, RECEIPT_MEDIA_TYPE, sealMessage, type ReceiptState, type SealedMessage, type Sender } from '../../src/core/message/index.ts';
import type { SealRequest } from '../../src/core/message/index.ts';
import type { Announcement } from '../../src/core/storage/ports.ts';
import { forge, type Changes } from '../core/message/forge.ts';
import type { Operator } from './mail.ts';

export interface HandPost {
  readonly content?: Bytes | string;
  readonly metadata?: Partial<SealRequest['metadata']>;
  readonly request?: Partial<SealRequest>;
  /** What is made of the manifest; signed anew by the sender where it says so. */
  readonly changes?: (sender: Sender) => Changes;
  /** What comes into the store of the other blocks. */
  readonly blocks?: (blocks: readonly Block[]) => readonly Block[];
  /** Default: one, authentic. */
  readonly announcements?: (made: readonly Announcement[], message: HandPosted) => readonly Announcement[];
}

/** A receipt by hand, as its maker likes it. */
export const receiptByHand = (of: Cid, state: ReceiptState = 'opened', more: Partial<HandPost> = {}): HandPost => ({
  content: encodeReceipt({ of, state, atMs: 1_000 }),
  metadata: { mediaType: RECEIPT_MEDIA_TYPE },
  ...more,
});

export interface HandPosted {
  readonly cid: Cid;
  readonly manifest: Block;
  readonly sealed: SealedMessage;
  readonly inbox: Bytes;
  readonly announcements: readonly Announcement[];
}

/** `to` is a contact of `from`. */
export async function handPost(from: Operator, to: Operator, { content = 'by hand', metadata, request, changes, blocks = (all) => all, announcements = (made) => made }: HandPost = {}): Promise<HandPosted> {
  const { app } = from;
  const [home, crypto, store] = [await app.home(), await app.crypto(), await app.store()];
  const contact = home.people.contactNamed(to.name);
  if (contact === undefined) throw new Error(`${from.name} does not know ${to.name}`);
  const recipient = contactRecipient(home, contact);
  const sender = await (await app.identities()).signerFor(from.name);
  const kept: Block[] = [];
  const sink: BlockSink = { put: async (some) => void kept.push(...some.map(({ cid, bytes }) => ({ cid, bytes: bytes.slice() }))) };
  const whole: SealRequest = {
    ...{ sender, recipients: [recipientKeyFor(recipient, metadata?.expiresMs ?? 0, home.clock.now()).recipient], padding: 'none', eraseSecret: bytesOf('erase') },
    metadata: { name: '', mediaType: '', createdMs: home.clock.now(), expiresMs: 0, ...metadata },
    ...request,
  };
  const sealed = await sealMessage(crypto, whole, [typeof content === 'string' ? bytesOf(content) : content], sink, { parallel: 0 });
  const made = changes === undefined ? { cid: sealed.cid, bytes: sealed.manifest.bytes } : forge(sealed, changes(sender), crypto);
  const manifest = { cid: made.cid, bytes: made.bytes };
  const inbox = recipient.inbox as Bytes;
  const announcer = new Announcer(sealed, [inbox], { expiresMs: whole.metadata.expiresMs, priority: false, qos: 0 });
  const posted = { cid: manifest.cid, manifest, sealed, inbox, announcements: announcer.announce('single', manifest.cid) };
  await store.hot.put([...blocks(kept.filter(({ cid }) => !cid.equals(sealed.cid))), manifest]);
  const message = { cid: manifest.cid, bytes: manifest.bytes.length, blocks: 1, expiresAtMs: whole.metadata.expiresMs, tiers: ['hot'] as const };
  await store.hot.commit({ message, announcements: announcements(posted.announcements, posted) });
  return posted;
}
