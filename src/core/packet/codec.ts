/**
 * The packet codec: 192 bytes to a value and back. The decoder is total: any bytes give a packet or an E_PACKET_* error
 * (E_NOT_IN_VERSION_1 for what the format names and this version lacks), in a fixed order: length, CRC32, version,
 * type, flags, fields. The CRC is a cheap filter against noise; authenticity is word 5, which `verifyPacket` checks.
 * Neither says that a packet is fresh: replays are the business of whoever counts them.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import { crc32 } from 'node:zlib';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import type { PacketKey, PacketMask } from './keys.ts';
import { DIGEST_BYTES, type CoverWords, type MaskedPacket, type Packet, type PacketFields } from './packet.ts';
import { MASKED_BIT, packetTypes, typeName, type PacketType } from './types.ts';
import { AT, MASK_BYTES, maskedRanges, newPacketBytes, PACKET_BYTES, PACKET_VERSION, parseWords, scratch, scratchView, scratchWords, writeWords } from './words.ts';

/**
 * Hostile input: any bytes. The packet keeps them: the caller hands them over and does not write to them again.
 * Throws E_PACKET_LENGTH, E_PACKET_CRC, E_PACKET_VERSION, E_PACKET_TYPE, E_PACKET_FLAGS, E_PACKET_FIELD or E_NOT_IN_VERSION_1.
 * A packet that comes out is well-formed, not authentic; a masked one shows only what a mask leaves open.
 */
export function decodePacket(bytes: Bytes): Packet | MaskedPacket {
  if (bytes.length !== PACKET_BYTES) throw fail('E_PACKET_LENGTH', { bytes: bytes.length });
  scratch.set(bytes);
  const sum = scratchView.getUint32(AT.crc32);
  scratchView.setUint32(AT.crc32, 0);
  if (crc32(scratch) !== sum) throw fail('E_PACKET_CRC');
  const version = scratchView.getUint8(AT.version);
  if (version !== PACKET_VERSION) throw fail('E_PACKET_VERSION', { version });
  const typeByte = scratchView.getUint8(AT.type);
  const type = typeName(typeByte);
  if (type === undefined) throw fail('E_PACKET_TYPE', { type: typeByte.toString(16).padStart(2, '0') });
  if ((typeByte & MASKED_BIT) === 0) {
    if (type === 'cover') throw fail('E_PACKET_FIELD', { field: 'type', why: 'cover exists only masked' });
    return parseWords(bytes, type, false, sum);
  }
  const { lacks } = packetTypes[type];
  if (lacks !== undefined) throw fail('E_NOT_IN_VERSION_1', { what: lacks });
  const inbox = bytes.subarray(AT.inbox, AT.inbox + DIGEST_BYTES);
  return { form: 'masked', type: type as PacketType, inbox, crc32: sum, digest: bytes.subarray(AT.digest), bytes };
}

/** Whether word 5 is the keyed BLAKE3 of words 0 to 4 under this key, compared in constant time. */
export function verifyPacket(packet: Packet, key: PacketKey): boolean {
  scratch.set(packet.bytes);
  scratchView.setUint32(AT.crc32, 0);
  return scratchIsAuthentic(key);
}

/** 192 bytes of a plain packet with word 5 under `key`. Cover has no plain form. Wrong lengths and ranges are assertions. */
export function encodePacket(fields: Exclude<PacketFields, CoverWords>, key: PacketKey): Bytes {
  const out = newPacketBytes();
  encodeInto(out, 0, fields, key);
  return out;
}

/** As `encodePacket`, into `out` from `at` on: a batch pays for one buffer. */
export function encodeInto(out: Bytes, at: number, fields: Exclude<PacketFields, CoverWords>, key: PacketKey): void {
  writeWords(fields, packetTypes[fields.type].code);
  scratch.set(digestOfScratch(key), AT.digest);
  finishInto(out, at);
}

/** 192 bytes of a masked packet: word 5 under `key` over the plain words, type byte as sent; then the mask of that word 5. */
export function maskPacket(fields: PacketFields, key: PacketKey, mask: PacketMask): Bytes {
  const out = newPacketBytes();
  maskInto(out, 0, fields, key, mask);
  return out;
}

/** As `maskPacket`, into `out` from `at` on. */
export function maskInto(out: Bytes, at: number, fields: PacketFields, key: PacketKey, mask: PacketMask): void {
  writeWords(fields, packetTypes[fields.type].code | MASKED_BIT);
  const digest = digestOfScratch(key);
  scratch.set(digest, AT.digest);
  maskScratch(mask.keystream(digest));
  finishInto(out, at);
}

/**
 * Takes the mask off and checks word 5 before anything under the mask is looked at.
 * Throws E_PACKET_DIGEST when either key is another's or a bit was changed, then as `decodePacket`.
 */
export function unmaskPacket(packet: MaskedPacket, key: PacketKey, mask: PacketMask): Packet {
  const keystream = mask.keystream(packet.digest);
  scratch.set(packet.bytes);
  scratchView.setUint32(AT.crc32, 0);
  maskScratch(keystream);
  if (!scratchIsAuthentic(key)) throw fail('E_PACKET_DIGEST');
  scratchView.setUint32(AT.crc32, packet.crc32);
  const bytes = newPacketBytes();
  bytes.set(scratch);
  return parseWords(bytes, packet.type, true, packet.crc32);
}

function maskScratch(keystream: Bytes): void {
  if (keystream.length !== MASK_BYTES) throw new RangeError(`a mask has ${MASK_BYTES} bytes, not ${keystream.length}`);
  let used = 0;
  for (const [from, to] of maskedRanges) {
    for (let at = from; at < to; at++) scratch[at] = (scratch[at] as number) ^ (keystream[used++] as number);
  }
}

/** V8 keeps an array as small as a digest on its heap and moves it out, slowly, when native code asks: so it is copied first. */
const computedDigest = new Uint8Array(PACKET_BYTES).subarray(0, DIGEST_BYTES);
const scratchDigest = scratch.subarray(AT.digest);

function scratchIsAuthentic(key: PacketKey): boolean {
  computedDigest.set(digestOfScratch(key));
  return equalBytes(computedDigest, scratchDigest);
}

function digestOfScratch(key: PacketKey): Bytes {
  const digest = key.hash(scratchWords);
  if (digest.length !== DIGEST_BYTES) throw new RangeError(`word 5 has ${DIGEST_BYTES} bytes, not ${digest.length}`);
  return digest;
}

/** The CRC comes last, over the packet as it is sent. */
function finishInto(out: Bytes, at: number): void {
  scratchView.setUint32(AT.crc32, crc32(scratch));
  out.set(scratch, at);
}
