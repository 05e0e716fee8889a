/**
 * Words 0 to 4 of a packet, written and read in one scratch buffer: the inside of codec.ts and mask.ts, for nobody else.
 * The buffer is never handed out and never in use across calls: everything here is synchronous.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import type { Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { FLAG, flagBits, flagsRefusal, fragmentOf, qosOf, type FragmentRole, type Qos } from './flags.ts';
import { DIGEST_BYTES, EXPIRES_MS_MAX, SALT_BYTES, SESSION_BYTES, type Packet, type PacketFields } from './packet.ts';
import { packetTypes, type PacketType, type PacketTypeName } from './types.ts';

export const PACKET_VERSION = 1;
export const PACKET_BYTES = limits.packetBytes;

/** Where each field begins. */
export const AT = {
  version: 0,
  type: 1,
  flags: 2,
  timeout: 4,
  session: 8,
  sequence: 16,
  index: 24,
  crc32: 28,
  sender: 32,
  inbox: 64,
  block: 96,
  salt: 128,
  expires: 152,
  digest: 160,
} as const;

/** What the mask covers: all but version, type, CRC, the inbox and word 5. The keystream is used up in this order. */
export const maskedRanges = [
  [AT.flags, AT.crc32],
  [AT.sender, AT.inbox],
  [AT.block, AT.digest],
] as const;

/** Bytes of keystream that one packet takes. */
export const MASK_BYTES = maskedRanges.reduce((sum, [from, to]) => sum + to - from, 0);

const U32_SPAN = 2 ** 32;

export const scratch = new Uint8Array(PACKET_BYTES);
export const scratchView = new DataView(scratch.buffer);
/** What word 5 authenticates. */
export const scratchWords = scratch.subarray(0, AT.digest);

/**
 * A fresh place for one packet, cut from a slab as Node does for small Buffers: an ArrayBuffer of its own costs more than
 * the digest does. A packet that is kept keeps its slab of 42, and `bytes.buffer` is never to be handed on: others lie beside it.
 */
export function newPacketBytes(): Bytes {
  if (slabAt === slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabAt = 0;
  }
  slabAt += PACKET_BYTES;
  return slab.subarray(slabAt - PACKET_BYTES, slabAt);
}

const SLAB_BYTES = 42 * PACKET_BYTES;
let slab = new Uint8Array(SLAB_BYTES);
let slabAt = 0;

/** A checked packet over its own bytes; the words are cut out when somebody looks. */
class DecodedPacket {
  readonly form = 'plain';
  readonly masked: boolean;
  readonly bytes: Bytes;
  readonly type: PacketType;
  readonly fragment: FragmentRole | undefined;
  readonly flags: number;
  readonly timeoutMs: number;
  readonly sequence: number;
  readonly index: number;
  readonly crc32: number;
  readonly expiresMs: number;

  /** Takes the numbers that need no check from the scratch buffer, which holds the same bytes. */
  constructor(bytes: Bytes, masked: boolean, type: PacketType, flags: number, sequence: number, index: number, expiresMs: number, crc32: number) {
    this.bytes = bytes;
    this.masked = masked;
    this.type = type;
    this.flags = flags;
    this.fragment = fragmentOf(flags);
    this.timeoutMs = scratchView.getUint32(AT.timeout);
    this.sequence = sequence;
    this.index = index;
    this.expiresMs = expiresMs;
    this.crc32 = crc32;
  }

  get priority(): boolean {
    return (this.flags & FLAG.priority) !== 0;
  }

  get dup(): boolean {
    return (this.flags & FLAG.dup) !== 0;
  }

  get qos(): Qos {
    return qosOf(this.flags);
  }

  get session(): Bytes {
    return this.bytes.subarray(AT.session, AT.session + SESSION_BYTES);
  }

  get sender(): Bytes {
    return this.bytes.subarray(AT.sender, AT.sender + DIGEST_BYTES);
  }

  get inbox(): Bytes {
    return this.bytes.subarray(AT.inbox, AT.inbox + DIGEST_BYTES);
  }

  get block(): Bytes {
    return this.bytes.subarray(AT.block, AT.block + DIGEST_BYTES);
  }

  get salt(): Bytes {
    return this.bytes.subarray(AT.salt, AT.salt + SALT_BYTES);
  }

  get digest(): Bytes {
    return this.bytes.subarray(AT.digest);
  }
}

/**
 * The scratch buffer holds hostile plain words of a known version and type; `bytes` are the same and become the packet's.
 * Throws E_PACKET_FLAGS, E_NOT_IN_VERSION_1, E_PACKET_FIELD, in this order.
 */
export function parseWords(bytes: Bytes, type: PacketTypeName, masked: boolean, crc32: number): Packet {
  const flags = scratchView.getUint16(AT.flags);
  const refusal = flagsRefusal(flags) ?? typeRefusal(type, flags);
  if (refusal !== undefined) throw fail('E_PACKET_FLAGS', { why: refusal });
  const lacks = packetTypes[type].lacks ?? ((flags & FLAG.fec) === 0 ? undefined : 'forward error correction');
  if (lacks !== undefined) throw fail('E_NOT_IN_VERSION_1', { what: lacks });

  const sequence = readU64(AT.sequence);
  if (sequence > Number.MAX_SAFE_INTEGER) throw fail('E_PACKET_FIELD', { field: 'sequence', why: 'it is over 2^53-1' });
  const expiresMs = readU64(AT.expires);
  if (expiresMs > EXPIRES_MS_MAX) throw fail('E_PACKET_FIELD', { field: 'expiry', why: 'no date is so late' });
  const index = scratchView.getUint32(AT.index);
  const follows = isFollowing(fragmentOf(flags));
  if (follows ? index === 0 : index !== 0) {
    throw fail('E_PACKET_FIELD', { field: 'index', why: follows ? 'only an opening has index 0' : 'it is not 0' });
  }
  return new DecodedPacket(bytes, masked, type as PacketType, flags, sequence, index, expiresMs, crc32) as Packet;
}

/** Exact up to 2^53, and above it still above: the callers compare with 2^53-1 or less. */
const readU64 = (at: number): number => scratchView.getUint32(at) * U32_SPAN + scratchView.getUint32(at + 4);

/** The content and the end of a stream come after its opening. */
const isFollowing = (fragment: FragmentRole | undefined): boolean => fragment === 'content' || fragment === 'end';

function typeRefusal(type: PacketTypeName, flags: number): string | undefined {
  if ((flags & FLAG.newSession) !== 0 && type !== 'hello') return 'NewSession goes with hello only: no other packet may be unkeyed';
  const fragment = fragmentOf(flags);
  if (type === 'data' && fragment === undefined) return 'a data packet is a single, or the start, content or end of a stream';
  if (type !== 'data' && fragment !== undefined) return 'only data comes in fragments';
  return undefined;
}

/** Fills words 0 to 4 of the scratch buffer, the CRC zero. Wrong lengths and ranges are assertions. */
export function writeWords(fields: PacketFields, typeByte: number): void {
  const { index, fragment } = fields;
  if (isFollowing(fragment) ? index < 1 : index !== 0) throw new RangeError(`a packet that is ${fragment ?? fields.type} has no index ${index}`);
  scratchView.setUint8(AT.version, PACKET_VERSION);
  scratchView.setUint8(AT.type, typeByte);
  scratchView.setUint16(AT.flags, flagBits(fields));
  scratchView.setUint32(AT.timeout, inRange('timeout', fields.timeoutMs, U32_SPAN - 1));
  put('session', fields.session, SESSION_BYTES, AT.session);
  writeU64(AT.sequence, inRange('sequence', fields.sequence, Number.MAX_SAFE_INTEGER));
  scratchView.setUint32(AT.index, inRange('index', index, U32_SPAN - 1));
  scratchView.setUint32(AT.crc32, 0);
  put('sender', fields.sender, DIGEST_BYTES, AT.sender);
  put('inbox', fields.inbox, DIGEST_BYTES, AT.inbox);
  put('block', fields.block, DIGEST_BYTES, AT.block);
  put('salt', fields.salt, SALT_BYTES, AT.salt);
  writeU64(AT.expires, inRange('expiry', fields.expiresMs, EXPIRES_MS_MAX));
}

function inRange(field: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${field} is an integer from 0 to ${max}, not ${value}`);
  return value;
}

function put(field: string, bytes: Bytes, length: number, at: number): void {
  if (bytes.length !== length) throw new RangeError(`${field} has ${length} bytes, not ${bytes.length}`);
  scratch.set(bytes, at);
}

function writeU64(at: number, value: number): void {
  scratchView.setUint32(at, Math.floor(value / U32_SPAN));
  scratchView.setUint32(at + 4, value % U32_SPAN);
}
