/** What the suites of this room share: keys, sample packets, bytes put together by hand, and a way to ask for an error's code. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { blake3 } from '@noble/hashes/blake3.js';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { OmniplexError, type ErrorCode } from '../../../src/core/base/errors.ts';
import type { CoverWords, DataWords, PacketFields, PlainWords } from '../../../src/core/packet/packet.ts';
import type { PacketKey, PacketMask } from '../../../src/core/packet/keys.ts';

/** The same bytes on every run. */
export const seeded = (seed: string, length: number): Bytes => new Uint8Array(createHash('shake256', { outputLength: length }).update(seed).digest());

export const rawKey = seeded('digest key', 32);
export const rawMaskKey = seeded('mask key', 32);
const keyed = (key: Bytes, data: Bytes, length: number): Bytes => blake3(Uint8Array.from(data), { key: Uint8Array.from(key), dkLen: length });

/** Straight from noble, so that the codec is not tested against itself. */
export const key: PacketKey = { hash: (data) => keyed(rawKey, data, 32) };
export const otherKey: PacketKey = { hash: (data) => keyed(seeded('another key', 32), data, 32) };
export const mask: PacketMask = { keystream: (digest) => keyed(rawMaskKey, digest, 122) };
export const otherMask: PacketMask = { keystream: (digest) => keyed(seeded('another mask', 32), digest, 122) };

const words = {
  priority: false,
  dup: false,
  qos: 0,
  timeoutMs: 60_000,
  session: seeded('session', 8),
  sequence: 3,
  sender: seeded('sender', 32),
  inbox: seeded('inbox', 32),
  block: seeded('block', 32),
  salt: seeded('salt', 24),
  expiresMs: 1_800_000_000_000,
} as const;

export const single: DataWords = { ...words, type: 'data', fragment: 'single', index: 0 };
export const start: DataWords = { ...words, type: 'data', fragment: 'start', index: 0 };
export const content: DataWords = { ...words, type: 'data', fragment: 'content', index: 7 };
export const end: DataWords = { ...words, type: 'data', fragment: 'end', index: 8 };
export const plain = (type: PlainWords['type']): PlainWords => ({ ...words, type, fragment: undefined, index: 0 });
export const cover: CoverWords = { ...words, type: 'cover', fragment: undefined, index: 0 };
export const plainSamples = [single, start, content, end, plain('pubrec'), plain('pubrel'), plain('pubcomp'), plain('control')] as const;
export const samples: readonly PacketFields[] = [...plainSamples, cover];

/** Sets the CRC to what the bytes ask for. */
export function withCrc(bytes: Bytes): Bytes {
  const out = Uint8Array.from(bytes);
  const view = new DataView(out.buffer);
  view.setUint32(28, 0);
  view.setUint32(28, crc32(out));
  return out;
}

/** Writes into a copy and mends the CRC. */
export function patched(bytes: Bytes, at: number, ...values: readonly number[]): Bytes {
  const out = Uint8Array.from(bytes);
  out.set(values, at);
  return withCrc(out);
}

export function flipBit(bytes: Bytes, bit: number): Bytes {
  const flipped = Uint8Array.from(bytes);
  const at = bit >> 3;
  flipped[at] = (flipped[at] as number) ^ (1 << (bit & 7));
  return flipped;
}

/** The code that the call is refused with, 'none' when it is not. Anything but an OmniplexError is a bug and goes up. */
export function codeOf(act: () => unknown): ErrorCode | 'none' {
  try {
    act();
    return 'none';
  } catch (error) {
    if (error instanceof OmniplexError) return error.code;
    throw error;
  }
}

/** The fields alone, as an encoder takes them. */
export function fieldsOf(packet: PacketFields): PacketFields {
  const { type, fragment, index, priority, dup, qos, timeoutMs, session, sequence, sender, inbox, block, salt, expiresMs } = packet;
  return { type, fragment, index, priority, dup, qos, timeoutMs, session, sequence, sender, inbox, block, salt, expiresMs } as PacketFields;
}
