/**
 * Promote: hot holds every block of a message again; cold stays as it is.
 * Idempotent, and can be killed anywhere: the record names hot only once every block is there, and the next run puts what is missing.
 */
import type { Block } from '../base/block.ts';
import { RAW, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { runBulk, type ActOptions, type BulkOptions, type BulkResult } from './bulk.ts';
import { batched, closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';
import { makeRoom } from './eviction.ts';
import { changed, stillHeld, withMessage } from './message-lock.ts';
import type { Lock, MessageRecord } from './ports.ts';
import type { Selection } from './selection.ts';

export interface PromoteOptions extends BulkOptions {
  /** Pins the hot copy for so long. */
  readonly ttlMs?: number;
}

export interface PromoteResult extends BulkResult {
  /** Fewest copies, hot and cold, of a message that moved, as its record has it; undefined when none did. */
  readonly copies: { readonly min: number | undefined };
}

export async function promote(store: StoreContext, selection: Selection, options: PromoteOptions = {}): Promise<PromoteResult> {
  const until = options.ttlMs === undefined ? 0 : store.clock.now() + options.ttlMs;
  let fewest: number | undefined;
  const result = await runBulk(
    store,
    selection,
    {
      verb: 'promote',
      parameters: [options.ttlMs ?? 0],
      isDue: (record) => !record.tiers.includes('hot') || record.pinnedUntilMs < until,
      act: async ({ cid, tiers }, how) => {
        const bytes = await promoteMessage(store, cid, { ...how, pinUntilMs: until });
        const copies = tiers.reduce((sum, tier) => sum + (tier === 'hot' ? 0 : store.coldTier(tier).copies), 1);
        if (bytes !== undefined) fewest = Math.min(fewest ?? copies, copies);
        return bytes;
      },
    },
    options,
  );
  return { ...result, copies: { min: fewest } };
}

/** Bytes that came back; undefined when hot held every block already and no pin was added. Throws E_BUDGET, E_BLOCKS_MISSING, E_LOCKED. */
export function promoteMessage(store: StoreContext, cid: Cid, { pinUntilMs = 0, ...how }: { readonly pinUntilMs?: number } & ActOptions = {}): Promise<number | undefined> {
  return withMessage(store, cid, how, async (record, lock) => {
    if (!record.tiers.includes('hot')) await makeRoom(store, await missingBytes(store, record, how), { except: cid, signal: how.signal });
    const bytes = await fillHot(store, record, lock, how);
    const pins = record.pinnedUntilMs < pinUntilMs;
    const adds = !record.tiers.includes('hot');
    if (pins || adds) await changed(store, record, lock, { ...(pins && { pinnedUntilMs: pinUntilMs }), ...(adds && { tiers: ['hot', ...record.tiers] }) });
    return bytes > 0 || pins || adds ? bytes : undefined;
  });
}

/** At most what hot still lacks of it: a message that cannot come whole is refused before any of it is copied. */
async function missingBytes(store: StoreContext, record: MessageRecord, { signal }: ActOptions): Promise<number> {
  let present = 0;
  for await (const { cids } of closureOf(record.cid, async (cid) => (await store.read(cid, signal))?.bytes)) {
    const content = cids.filter(({ code }) => code === RAW);
    present += (await store.hot.has(content, signal)).filter((there) => there).length;
  }
  return Math.max(0, record.bytes - present * limits.contentBlockBytes);
}

async function fillHot(store: StoreContext, record: MessageRecord, lock: Lock, { signal, onBlocks }: ActOptions): Promise<number> {
  let bytes = 0;
  for await (const { cids } of closureOf(record.cid, async (cid) => (await store.read(cid, signal))?.bytes)) {
    for (const batch of batched(cids, limits.copyBatchBlocks)) {
      stillHeld(lock);
      onBlocks?.(batch.length);
      const there = await store.hot.has(batch, signal);
      const missing = batch.filter((_, i) => !there[i]);
      if (missing.length === 0) continue;
      const blocks = await readCold(store, record, missing, signal);
      const size = blocks.reduce((sum, block) => sum + block.bytes.length, 0);
      await makeRoom(store, size, { except: record.cid, signal });
      await store.hot.put(blocks, signal);
      bytes += size;
    }
  }
  return bytes;
}

async function readCold(store: StoreContext, record: MessageRecord, cids: readonly Cid[], signal?: AbortSignal): Promise<Block[]> {
  const blocks: Block[] = [];
  for (const cid of cids) {
    const found = await store.read(cid, signal);
    if (found === undefined) throw fail('E_BLOCKS_MISSING', { cid: record.cid.toString(), missing: 1 });
    blocks.push({ cid, bytes: found.bytes });
  }
  return blocks;
}

