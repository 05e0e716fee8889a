/**
 * A receipt: a signed message back, whose content says what became of another message. It never asks for one itself.
 * What it does not promise: that a person has read anything. It is the word of the receiver's machine, under the receiver's keys.
 * Spec: docs/PROTOCOL.md, Receipts.
 */
import type { BlockSource } from '../base/block.ts';
import { concat, type Bytes } from '../base/bytes.ts';
import { DAG_CBOR, type Cid } from '../base/cid.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { readContent } from './content.ts';
import type { OpenedMessage } from './open.ts';

const VERSION = 1;
const KIND = 'receipt';

/** By this media type, and no other sign, a message is a receipt. */
export const RECEIPT_MEDIA_TYPE = 'application/vnd.omniplex.receipt';

export const receiptStates = ['received', 'opened', 'refused'] as const;
export type ReceiptState = (typeof receiptStates)[number];

export interface Receipt {
  /** The manifest of the message that it is about. */
  readonly of: Cid;
  readonly state: ReceiptState;
  /** By the receiver's clock. */
  readonly atMs: number;
}

export const isReceipt = ({ mediaType }: { readonly mediaType: string }): boolean => mediaType === RECEIPT_MEDIA_TYPE;

/** The content to be sealed; its metadata has `RECEIPT_MEDIA_TYPE`, no name and no receipt wish. */
export const encodeReceipt = ({ of, state, atMs }: Receipt): Bytes => encode({ v: VERSION, of, state, at: atMs });

/** Hostile input. Throws E_FORMAT, E_NOT_CANONICAL, E_CID_INVALID, E_VERSION_NEWER. */
export function decodeReceipt(bytes: Bytes): Receipt {
  if (bytes.length > limits.receiptBytesMax) throw fail('E_FORMAT', { kind: KIND, why: `longer than ${limits.receiptBytesMax} bytes` });
  const reader = new Reader(KIND, decode(KIND, bytes));
  reader.version(VERSION);
  const receipt = { of: reader.cid('of', DAG_CBOR), state: readState(reader), atMs: reader.time('at') };
  reader.done();
  return receipt;
}

function readState(reader: Reader): ReceiptState {
  const text = reader.text('state', 16);
  const state = receiptStates.find((known) => known === text);
  if (state === undefined) throw fail('E_FORMAT', { kind: KIND, why: 'field state is unknown' });
  return state;
}

/** A receipt is inline in its manifest, so that manifest and message key alone are evidence. */
const noBlocks: BlockSource = { get: async () => undefined };

/**
 * The receipt in an opened message. Throws E_FORMAT when the message is none: another media type, not inline, or asking for a receipt;
 * E_SIGNATURE when nobody signed it. Who signed it is `opened.sender`: the caller compares it with who was sent to.
 */
export async function readReceipt(opened: OpenedMessage): Promise<Receipt> {
  const { metadata, manifest, sender } = opened;
  if (!isReceipt(metadata)) throw fail('E_FORMAT', { kind: KIND, why: 'another media type' });
  if (metadata.receipt !== undefined) throw fail('E_FORMAT', { kind: KIND, why: 'it asks for a receipt' });
  if (manifest.content.links.length > 0) throw fail('E_FORMAT', { kind: KIND, why: 'not inline' });
  if (sender.kind === 'unsigned') throw fail('E_SIGNATURE', { kind: KIND });
  const pieces: Bytes[] = [];
  for await (const piece of readContent(opened, noBlocks)) pieces.push(piece);
  return decodeReceipt(concat(...pieces));
}
