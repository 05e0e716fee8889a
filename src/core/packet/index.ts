/**
 * The face of the room: what others may use. The keys (keys.ts) have their own door, since they load BLAKE3.
 */
export { decodePacket, encodeInto, encodePacket, maskInto, maskPacket, unmaskPacket, verifyPacket } from './codec.ts';
export { describePacket, type PacketDescription } from './describe.ts';
export type { FragmentRole, Qos } from './flags.ts';
export { Fragmenter, type Announced } from './fragmenter.ts';
export type { PacketKey, PacketMask } from './keys.ts';
export {
  blockCid, inboxCid, isStreamPacket, ruleOf, stanzaNumber, type CoverWords, type DataPacket, type DataWords, type MaskedPacket, type Packet, type PacketFields,
  type PacketWords, type PlainWords, type StreamPacket,
} from './packet.ts';
export { Reassembler, type StreamEffect, type StreamEvent } from './reassembler.ts';
export { isPseudonymous, isSessionless, pseudonymFor, sessionlessId } from './sessionless.ts';
export type { PacketType } from './types.ts';
