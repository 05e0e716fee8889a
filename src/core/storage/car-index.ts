/**
 * The block that makes a CAR ours: which messages it carries, the packets that announce them, bundles and receipts beside them.
 *
 *     {v: 1, kind: "omniplex/car", sections, messages: [{cid, packets: [link]}], bundles: [link], receipts: [link]}
 *
 * A packet is a raw block of 192 bytes. `sections` is the number of blocks in the file, so that one that was cut between two blocks is
 * known to be. A message whose blocks do not fit one file is listed in each file that has some of them. The index is a root, as are the
 * manifests; a file with very many messages has several indexes. Spec: docs/formats/store.md, CAR.
 */
import type { Block } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { DAG_CBOR, isCid, RAW, type Cid } from '../base/cid.ts';
import { decode, encodeBlock, Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

const VERSION = 1;
export const CAR_KIND = 'omniplex/car';
const KIND = 'CAR index';

export interface CarMessage {
  readonly cid: Cid;
  readonly packets: readonly Cid[];
}

export interface CarIndex {
  readonly sections: number;
  readonly messages: readonly CarMessage[];
  readonly bundles: readonly Cid[];
  /** Which of the messages are receipts, as the exporter says. */
  readonly receipts: readonly Cid[];
}

/** Encoded size of one link, and of a message without its packets, rounded up. */
export const LINK_BYTES = 44;
export const CAR_MESSAGE_BYTES = 2 * LINK_BYTES;

export const encodeIndex = ({ sections, messages, bundles, receipts }: CarIndex): Block =>
  encodeBlock({ v: VERSION, kind: CAR_KIND, sections, messages: messages.map(({ cid, packets }) => ({ cid, packets })), bundles, receipts });

/** Hostile input. Undefined when the block is something else; throws E_FORMAT, E_VERSION_NEWER when it is an index and not well-formed. */
export function decodeIndex(bytes: Bytes): CarIndex | undefined {
  const value = decode(KIND, bytes);
  if (typeof value !== 'object' || value === null || (value as { kind?: unknown }).kind !== CAR_KIND) return undefined;
  const reader = new Reader(KIND, value);
  reader.version(VERSION);
  reader.text('kind', CAR_KIND.length);
  const index: CarIndex = {
    sections: reader.int('sections', 1, limits.carBlocksMax),
    messages: reader.list('messages', limits.carMessagesMax).map(readMessage),
    bundles: links(reader.list('bundles', limits.carMessagesMax)),
    receipts: links(reader.list('receipts', limits.carMessagesMax)),
  };
  reader.done();
  return index;
}

function readMessage(value: unknown): CarMessage {
  const reader = new Reader(`${KIND}.messages`, value);
  const message = { cid: reader.cid('cid', DAG_CBOR), packets: links(reader.list('packets', limits.announcementsMax), RAW) };
  reader.done();
  return message;
}

function links(items: readonly unknown[], codec?: number): readonly Cid[] {
  return items.map((item) => {
    if (!isCid(item) || (codec !== undefined && item.code !== codec)) throw fail('E_FORMAT', { kind: KIND, why: 'a link to a block of another codec, or no link' });
    return item;
  });
}
