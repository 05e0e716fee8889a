/**
 * The keys of a packet, as the codec sees them: one that authenticates, one that masks.
 * One-shot keys (a message's header key) come from noble, which takes a new key at no cost; keys of a session from
 * hash-wasm, which is ten times faster once keyed. Where the keys come from is the message's and the session's business.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import type { Bytes } from '../base/bytes.ts';
import { KeyedBlake3, keyedBlake3 } from '../crypto/blake3.ts';
import { MASK_BYTES } from './words.ts';

/** Keyed BLAKE3 under one key. */
export interface PacketKey {
  /** 32 bytes, fresh. */
  hash(data: Bytes): Bytes;
}

/** Keyed BLAKE3 XOF under one mask key. */
export interface PacketMask {
  /** The MASK_BYTES of keystream that word 5 selects. */
  keystream(digest: Bytes): Bytes;
}

/** For one packet or a few: the header key of a message, 32 bytes. Keeps the key itself, so it must not be wiped before the last use. */
export const oneShotKey = (key: Bytes): PacketKey => ({ hash: (data) => keyedBlake3(key, data) });

/** For many: the key of a session in one direction, 32 bytes, copied. */
export const sessionKey = (key: Bytes): Promise<PacketKey> => KeyedBlake3.create(key);

/** The mask of a session in one direction; a key of 32 bytes, copied. */
export async function sessionMask(key: Bytes): Promise<PacketMask> {
  const hasher = await KeyedBlake3.create(key, MASK_BYTES);
  return { keystream: (digest) => hasher.hash(digest) };
}
