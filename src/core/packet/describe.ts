/**
 * A packet as plain data for people, without any key: what its 192 bytes say, and what they do not show.
 * It does not verify word 5: whoever has no key cannot tell a genuine packet from a forged one, and the answer says so.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import { hexOf, type Bytes } from '../base/bytes.ts';
import { rfc3339 } from '../base/clock.ts';
import { decodePacket } from './codec.ts';
import { blockCid, inboxCid, ruleOf, type MaskedPacket, type Packet } from './packet.ts';
import { packetTypes } from './types.ts';
import { PACKET_VERSION } from './words.ts';

interface Common {
  readonly kind: 'packet';
  readonly bytes: number;
  readonly version: number;
  readonly type: string;
  /** The type byte without its mask bit, in hexadecimal. */
  readonly code: string;
  readonly masked: boolean;
  /** CID of the inbox block. */
  readonly inbox: string;
  readonly crc32: string;
  /** Word 5, in hexadecimal. */
  readonly digest: string;
  /** What the bytes do not show to somebody without a key, a sentence each. */
  readonly hidden: readonly string[];
}

/** What `omniplex inspect` prints of a packet. Bytes are lower-case hexadecimal, times RFC 3339. */
export type PacketDescription = Common &
  (
    | { readonly masked: true }
    | {
        readonly masked: false;
        readonly flags: readonly string[];
        readonly fragment: string | null;
        readonly index: number;
        readonly qos: number;
        readonly timeoutMs: number;
        readonly session: string;
        readonly sequence: number;
        readonly sender: string;
        /** CID of the block that the packet is about. */
        readonly block: string;
        readonly blockBytesMax: number;
        readonly salt: string;
        readonly expires: string | null;
      }
  );

/** Hostile input: any bytes. Throws as `decodePacket`. */
export function describePacket(bytes: Bytes): PacketDescription {
  const packet = decodePacket(bytes);
  return packet.form === 'masked' ? describeMasked(packet) : describePlain(packet);
}

const common = (packet: Packet | MaskedPacket) =>
  ({
    kind: 'packet',
    bytes: packet.bytes.length,
    version: PACKET_VERSION,
    type: packet.type,
    code: packetTypes[packet.type].code.toString(16).padStart(2, '0'),
    inbox: inboxCid(packet).toString(),
    crc32: packet.crc32.toString(16).padStart(8, '0'),
    digest: hexOf(packet.digest),
  }) as const;

const describeMasked = (packet: MaskedPacket): PacketDescription => ({
  ...common(packet),
  masked: true,
  hidden: [
    'flags, timeout, session, sequence, index, sender, block, salt and expiry lie under a mask; only the two ends of the session can take it off',
    'whether word 5 is authentic: that takes the keys of the session',
  ],
});

function describePlain(packet: Packet): PacketDescription {
  if (packet.type === 'cover') throw new Error('cover has no plain form to describe');
  return {
    ...common(packet),
    masked: false,
    flags: flagNames(packet),
    fragment: packet.fragment ?? null,
    index: packet.index,
    qos: packet.qos,
    timeoutMs: packet.timeoutMs,
    session: hexOf(packet.session),
    sequence: packet.sequence,
    sender: hexOf(packet.sender),
    block: blockCid(packet).toString(),
    blockBytesMax: ruleOf(packet).bytesMax,
    salt: hexOf(packet.salt),
    expires: packet.expiresMs === 0 ? null : rfc3339(packet.expiresMs),
    hidden: [
      'who sent it: the sender word is a pseudonym, new for each message and inbox, unless the sender chose to show an identity',
      'whether it belongs to a session, or else which recipient stanza its sequence number means',
      'whether word 5 is authentic, and so whether any of this is true: that takes the key of the message or of the session',
    ],
  };
}

/** In the words of docs/PROTOCOL.md. */
function flagNames(packet: Packet): string[] {
  const fragment = { single: ['FragStart', 'FragEnd'], start: ['FragStart'], content: ['FragCont'], end: ['FragEnd'] };
  const names = packet.fragment === undefined ? [] : fragment[packet.fragment];
  return [...names, ...(packet.priority ? ['Priority'] : []), ...(packet.dup ? ['Dup'] : [])];
}
