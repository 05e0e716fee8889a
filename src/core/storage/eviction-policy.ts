/** The order in which hot content should go. What may go at all is not a policy's to decide: see eviction.ts. */
import type { HotTier, MessageRecord } from './ports.ts';

export interface EvictionPolicy {
  readonly name: string;
  /** Messages in the order in which they should go, for as long as the caller asks for more. One order for all processes. */
  candidates(hot: HotTier, nowMs: number): AsyncIterable<MessageRecord>;
}

/** Least recently used: the last whole fetch counts, else the day it was stored. */
export const lru: EvictionPolicy = { name: 'lru', candidates: (hot, nowMs) => hot.messagesByUse(nowMs) };
