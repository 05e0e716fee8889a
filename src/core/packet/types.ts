/**
 * The types of packets. The type fixes what word 3 names: the codec of that block and how much of it may be read
 * before the packet is verified. Types whose content is not yet written are known and refused with a code of their own.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import { DAG_CBOR, RAW, type CidCodec } from '../base/cid.ts';
import { limits } from '../base/limits.ts';
import type { FragmentRole } from './flags.ts';

/** Bit 7 of the type byte: the packet is masked. */
export const MASKED_BIT = 0x80;

export type PacketTypeName =
  | 'data'
  | 'hello'
  | 'rekey'
  | 'notice'
  | 'ack'
  | 'nack'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'control'
  | 'cover';

/** Types that version 1 speaks. */
export type PacketType = 'data' | 'pubrec' | 'pubrel' | 'pubcomp' | 'control' | 'cover';

interface Entry {
  readonly code: number;
  /** What version 1 lacks to read such a packet; undefined for the types it speaks. */
  readonly lacks?: string;
}

export const packetTypes: Readonly<Record<PacketTypeName, Entry>> = {
  data: { code: 0x01 },
  hello: { code: 0x02, lacks: 'the hello block' },
  rekey: { code: 0x03, lacks: 'the rekey block' },
  notice: { code: 0x04, lacks: 'the notice block' },
  ack: { code: 0x10, lacks: 'ranges in acknowledgements' },
  nack: { code: 0x11, lacks: 'ranges in acknowledgements' },
  pubrec: { code: 0x12 },
  pubrel: { code: 0x13 },
  pubcomp: { code: 0x14 },
  control: { code: 0x20 },
  cover: { code: 0x3f },
};

const names: readonly (PacketTypeName | undefined)[] = Array.from({ length: MASKED_BIT }, (_, code) =>
  (Object.keys(packetTypes) as PacketTypeName[]).find((name) => packetTypes[name].code === code),
);

/** Hostile input: a type byte. Bit 7 is ignored. Undefined for a code that no type has. */
export const typeName = (byte: number): PacketTypeName | undefined => names[byte & ~MASKED_BIT];

/** What word 3 names, and how many bytes of it a reader takes at most. */
export interface BlockRule {
  readonly codec: CidCodec;
  readonly bytesMax: number;
}

const structured: BlockRule = { codec: DAG_CBOR, bytesMax: limits.blockBytesMax };
const ciphertext: BlockRule = { codec: RAW, bytesMax: limits.contentBlockBytes };

/** The block that a packet is about; `cover` is about nothing. */
export const blockRule = (type: Exclude<PacketType, 'cover'>, fragment: FragmentRole | undefined): BlockRule =>
  type === 'data' && fragment === 'content' ? ciphertext : structured;
