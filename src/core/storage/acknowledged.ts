/**
 * What we promised against what is there: the journal compared with the tiers. `present`: every block is somewhere and every inbox is told.
 * `unannounced`: the blocks are there, an inbox is not told. `lost`: blocks are missing. What was removed or collected on purpose, or has
 * expired, was kept long enough and counts as present.
 */
import { equalBytes, hexOf } from '../base/bytes.ts';
import { parseCid, type Cid } from '../base/cid.ts';
import { isError } from '../base/errors.ts';
import { closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';
import { acknowledgedSince, releasedOf } from './journal-facts.ts';
import type { Acknowledgement, Durability } from './ports.ts';
import { announceFromCold } from './restore.ts';
import { isExpired } from './selection.ts';

export interface Missed {
  readonly cid: Cid;
  readonly level: Durability;
  readonly atMs: number;
  /** Inboxes that are concerned, by their digests in hexadecimal. */
  readonly to: readonly string[];
}

export interface AcknowledgedResult {
  readonly total: Readonly<Partial<Record<Durability, number>>>;
  readonly present: number;
  readonly unannounced: readonly Missed[];
  readonly lost: readonly Missed[];
  /** Announcements that were made again, where that was asked. */
  readonly announcedAgain: number;
}

export interface AcknowledgedOptions {
  readonly repair?: boolean;
  readonly signal?: AbortSignal;
}

/** `repair` announces again from cold what can be. Throws E_STORE_CORRUPT when the journal itself is damaged. */
export async function verifyAcknowledged(store: StoreContext, sinceMs: number, { repair = false, signal }: AcknowledgedOptions = {}): Promise<AcknowledgedResult> {
  const acknowledged = await acknowledgedSince(store.journal, sinceMs);
  const released = await releasedOf(store.journal, new Set(acknowledged.keys()));
  const total: Partial<Record<Durability, number>> = {};
  const unannounced: Missed[] = [];
  const lost: Missed[] = [];
  let [present, announcedAgain] = [0, 0];
  for (const [text, acknowledgement] of acknowledged) {
    signal?.throwIfAborted();
    const { durability: level, atMs, inboxes } = acknowledgement;
    total[level] = (total[level] ?? 0) + 1;
    const cid = parseCid(text);
    if (released.has(text) || isExpired(acknowledgement, store.clock.now())) {
      present++;
    } else if (!(await isWhole(store, cid, signal))) {
      lost.push({ cid, level, atMs, to: inboxes.map(hexOf) });
    } else {
      const untold = await untoldInboxes(store, acknowledgement);
      if (untold.length === 0) present++;
      else if (repair && (await announceAgain(store, acknowledgement))) announcedAgain += untold.length;
      else unannounced.push({ cid, level, atMs, to: untold.map(hexOf) });
    }
  }
  return { total, present, unannounced, lost, announcedAgain };
}

async function isWhole(store: StoreContext, cid: Cid, signal?: AbortSignal): Promise<boolean> {
  try {
    for await (const { cids } of closureOf(cid, async (one) => (await store.read(one, signal))?.bytes)) {
      const missing = new Set(cids.map((_, i) => i));
      for (const tier of store.tiers) (await tier.has(cids, signal)).forEach((has, i) => has && missing.delete(i));
      if (missing.size > 0) return false;
    }
    return true;
  } catch (error) {
    if (isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_FORMAT', 'E_NOT_CANONICAL')) return false;
    throw error;
  }
}

async function untoldInboxes(store: StoreContext, { cid, inboxes }: Acknowledgement) {
  const told = (await store.hot.inbox.ofMessage(cid)).map(({ inbox }) => inbox);
  return inboxes.filter((inbox) => !told.some((one) => equalBytes(one, inbox)));
}

/** From the packets that cold keeps. True when every inbox is told now. */
async function announceAgain(store: StoreContext, acknowledgement: Acknowledgement): Promise<boolean> {
  for (const tier of store.cold.values()) await announceFromCold(store.hot, tier, acknowledgement.cid);
  return (await untoldInboxes(store, acknowledgement)).length === 0;
}
