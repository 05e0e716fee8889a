/**
 * The flags of a packet: 16 bits of word 0, big-endian, bit 0 the least significant.
 * This file knows which bits go together; which of them a packet type may carry is in types.ts.
 * Spec: docs/PROTOCOL.md, Packet.
 */

export const FLAG = {
  newSession: 1 << 0,
  fragStart: 1 << 1,
  fragCont: 1 << 2,
  fragEnd: 1 << 3,
  priority: 1 << 4,
  pqPriority: 1 << 5,
  pqFallback: 1 << 6,
  fec: 1 << 7,
  dup: 1 << 8,
} as const;

const QOS_SHIFT = 9;
const QOS_MASK = 3 << QOS_SHIFT;
const FRAGMENT_MASK = FLAG.fragStart | FLAG.fragCont | FLAG.fragEnd;
const CLAIM_MASK = FLAG.pqPriority | FLAG.pqFallback;
const RESERVED_MASK = 0xffff & ~(FLAG.newSession | FRAGMENT_MASK | FLAG.priority | CLAIM_MASK | FLAG.fec | FLAG.dup | QOS_MASK);

export type Qos = 0 | 1 | 2;

/** What a data packet is to its message: all of it, or the opening, a content block or the manifest of a stream. */
export type FragmentRole = 'single' | 'start' | 'content' | 'end';

const roleBits: Readonly<Record<FragmentRole, number>> = {
  single: FLAG.fragStart | FLAG.fragEnd,
  start: FLAG.fragStart,
  content: FLAG.fragCont,
  end: FLAG.fragEnd,
};

export interface Flags {
  readonly fragment: FragmentRole | undefined;
  readonly priority: boolean;
  readonly dup: boolean;
  readonly qos: Qos;
}

/** Hostile input: any 16 bits. Answers why these bits do not go together, or undefined when they do. */
export function flagsRefusal(bits: number): string | undefined {
  if ((bits & RESERVED_MASK) !== 0) return 'a reserved flag is set';
  if ((bits & QOS_MASK) === QOS_MASK) return 'there is no quality of service 3';
  const fragment = bits & FRAGMENT_MASK;
  if ((fragment & FLAG.fragCont) !== 0 && fragment !== FLAG.fragCont) return 'FragCont goes with neither FragStart nor FragEnd';
  if ((bits & CLAIM_MASK) !== 0 && (bits & FLAG.newSession) === 0) return 'PQ_Priority and PQ_Fallback go with NewSession only';
  return undefined;
}

/** Of bits that `flagsRefusal` let pass. */
export function fragmentOf(bits: number): FragmentRole | undefined {
  switch (bits & FRAGMENT_MASK) {
    case FLAG.fragStart:
      return 'start';
    case FLAG.fragCont:
      return 'content';
    case FLAG.fragEnd:
      return 'end';
    case FLAG.fragStart | FLAG.fragEnd:
      return 'single';
    default:
      return undefined;
  }
}

/** Of bits that `flagsRefusal` let pass. */
export const qosOf = (bits: number): Qos => ((bits & QOS_MASK) >> QOS_SHIFT) as Qos;

export const flagBits = (flags: Flags): number =>
  (flags.fragment === undefined ? 0 : roleBits[flags.fragment]) |
  (flags.priority ? FLAG.priority : 0) |
  (flags.dup ? FLAG.dup : 0) |
  (flags.qos << QOS_SHIFT);
