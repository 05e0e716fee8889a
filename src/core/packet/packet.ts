/**
 * The packet as a value. Word 0 says what it is, words 1 to 3 name sender, inbox and block by their SHA-256 digests
 * (the type fixes the codec, so no packet can name a block of another), word 4 binds it to one message and one expiry,
 * and word 5 authenticates words 0 to 4. Values of these types were checked: only word 5 is left to `verifyPacket`.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import type { Bytes } from '../base/bytes.ts';
import { cidOfDigest, RAW, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Qos } from './flags.ts';
import { blockRule, type BlockRule, type PacketType } from './types.ts';

export const SESSION_BYTES = 8;
export const DIGEST_BYTES = 32;
export const SALT_BYTES = 24;

/** The last millisecond that a date can say (ECMA-262, Time Values). Nothing expires later. */
export const EXPIRES_MS_MAX = 8_640_000_000_000_000;

/** The words that every packet has. */
export interface PacketWords {
  readonly priority: boolean;
  /** A transmission that repeats an earlier one of the same session. */
  readonly dup: boolean;
  readonly qos: Qos;
  /** For reassembly: counted on the receiver's monotonic clock from the first packet. 0 leaves it to the receiver. */
  readonly timeoutMs: number;
  /** 8 bytes: the session's id, or without one what sessionless.ts derives. */
  readonly session: Bytes;
  /** Unique per transmission within session and direction; without a session the number of the recipient's stanza. */
  readonly sequence: number;
  /** CID_S: a pseudonym, or the digest of the identity's genesis block where policy wants it open. */
  readonly sender: Bytes;
  /** CID_R: the digest of the inbox block. */
  readonly inbox: Bytes;
  /** CID_M: the digest of the block that the packet is about; meaningless in cover. */
  readonly block: Bytes;
  /** The message salt, 24 bytes; must equal the manifest's. */
  readonly salt: Bytes;
  /** ms since the epoch, 0 = none; must equal the sealed one. */
  readonly expiresMs: number;
}

/** Announces a whole message (`single`) or one step of a stream. The opening of either has index 0. */
export type DataWords = PacketWords & { readonly type: 'data' } & (
    | { readonly fragment: 'single' | 'start'; readonly index: 0 }
    | { readonly fragment: 'content' | 'end'; readonly index: number }
  );

/** About one block, not a fragment of anything. */
export type PlainWords = PacketWords & {
  readonly type: 'pubrec' | 'pubrel' | 'pubcomp' | 'control';
  readonly fragment: undefined;
  readonly index: 0;
};

/** Says nothing, and exists only masked. */
export type CoverWords = PacketWords & { readonly type: 'cover'; readonly fragment: undefined; readonly index: 0 };

/** What an encoder is given. */
export type PacketFields = DataWords | PlainWords | CoverWords;

/** What a decoder adds. */
interface Decoded {
  readonly form: 'plain';
  /** It came masked, and its word 5 was checked when the mask was taken off. */
  readonly masked: boolean;
  /** The 192 plain bytes, bit 7 of the type as it was sent. Not to be written to. */
  readonly bytes: Bytes;
  readonly crc32: number;
  /** Word 5. */
  readonly digest: Bytes;
}

export type Packet = PacketFields & Decoded;
export type DataPacket = DataWords & Decoded;
/** One step of a stream. */
export type StreamPacket = DataPacket & { readonly fragment: 'start' | 'content' | 'end' };

/** A packet under its mask: all that can be seen without the key. */
export interface MaskedPacket {
  readonly form: 'masked';
  readonly type: PacketType;
  readonly inbox: Bytes;
  readonly crc32: number;
  readonly digest: Bytes;
  /** The 192 bytes as sent. Not to be written to. */
  readonly bytes: Bytes;
}

export const isStreamPacket = (packet: Packet): packet is StreamPacket => packet.type === 'data' && packet.fragment !== 'single';

/** Codec and size of the block that the packet is about. */
export const ruleOf = (packet: Exclude<PacketFields, CoverWords>): BlockRule => blockRule(packet.type, packet.fragment);

/** The block that the packet is about. */
export const blockCid = (packet: Exclude<PacketFields, CoverWords>): Cid => cidOfDigest(ruleOf(packet).codec, packet.block);

/** The inbox that the packet goes to. */
export const inboxCid = (packet: Pick<PacketWords, 'inbox'>): Cid => cidOfDigest(RAW, packet.inbox);

/**
 * The stanza that a packet without a session names; only that one is tried.
 * Throws E_PACKET_FIELD when no manifest has so many.
 */
export function stanzaNumber(packet: Pick<PacketWords, 'sequence'>): number {
  if (packet.sequence >= limits.recipientsMax) {
    throw fail('E_PACKET_FIELD', { field: 'sequence', why: `a message has at most ${limits.recipientsMax} stanzas` });
  }
  return packet.sequence;
}
