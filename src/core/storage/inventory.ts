/** What is in a store: all of it in numbers, one message with every copy proved, or a list by filter and page. Changes nothing. */
import { RAW, type Cid } from '../base/cid.ts';
import { fail, isError } from '../base/errors.ts';
import type { FilterFields } from '../base/filter.ts';
import { limits } from '../base/limits.ts';
import { pageOf, type Page, type PageQuery } from '../base/page.ts';
import { batched, closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';
import { lastJobs, type JobRun } from './jobs.ts';
import type { BlockTier, LockState, MessageRecord, TierName } from './ports.ts';
import { isExpired } from './expiry.ts';
import { fieldsOf, isPinned, type MessageFilter } from './selection.ts';

export interface StoreSummary {
  readonly messages: { readonly total: number; readonly removed: number; readonly expired: number; readonly pinned: number };
  /** Living messages that are in no cold tier. */
  readonly backlog: { readonly messages: number; readonly bytes: number };
  /** What was stored since the moment that was asked about, and is still wanted. */
  readonly since?: { readonly messages: number; readonly bytes: number };
  readonly hotBudgetBytes: number;
  readonly tiers: ReadonlyArray<{ readonly tier: TierName; readonly place: string; readonly blocks: number; readonly bytes: number }>;
  readonly jobs: readonly JobRun[];
  readonly locks: readonly LockState[];
}

export async function summary(store: StoreContext, { sinceMs }: { readonly sinceMs?: number | undefined } = {}): Promise<StoreSummary> {
  const nowMs = store.clock.now();
  const messages = { total: 0, removed: 0, expired: 0, pinned: 0 };
  const backlog = { messages: 0, bytes: 0 };
  const since = { messages: 0, bytes: 0 };
  for await (const record of store.hot.messages()) {
    messages.total++;
    if (record.removed) messages.removed++;
    else if (isExpired(record, nowMs)) messages.expired++;
    else if (!record.tiers.some((tier) => tier !== 'hot')) {
      backlog.messages++;
      backlog.bytes += record.bytes;
    }
    if (isPinned(record, nowMs)) messages.pinned++;
    if (sinceMs === undefined || record.removed || record.storedAtMs < sinceMs) continue;
    since.messages++;
    since.bytes += record.bytes;
  }
  const tiers = [];
  for (const tier of store.tiers) tiers.push({ tier: tier.tier, place: tier.place, ...(await tier.usage()) });
  return { messages, backlog, ...(sinceMs !== undefined && { since }), hotBudgetBytes: store.hotBudgetBytes, tiers, jobs: await lastJobs(store), locks: await store.locks.list() };
}

export interface CopyState {
  readonly tier: TierName;
  readonly place: string;
  /** Every block is there and hashes to its name. */
  readonly verified: boolean;
  readonly missing: number;
  readonly corrupt: number;
}

export interface MessageState {
  readonly cid: Cid;
  readonly kind: 'message' | 'block';
  readonly bytes: number;
  readonly blocks: number;
  /** Tiers that have at least one of its blocks. Hot keeps the structure of a demoted message: then `verified` is false there. */
  readonly copies: readonly CopyState[];
  /** ms since epoch; undefined = not pinned, or no expiry. */
  readonly pinnedUntilMs: number | undefined;
  readonly expiresAtMs: number | undefined;
  readonly storedAtMs: number | undefined;
  readonly readAtMs: number | undefined;
  readonly removed: boolean;
  readonly announcements: number;
}

/** Reads and hashes every block of every copy. Throws E_NOT_FOUND when no tier has anything of it. */
export async function showMessage(store: StoreContext, cid: Cid, signal?: AbortSignal): Promise<MessageState> {
  const record = await store.hot.message(cid);
  const { copies, blocks, bytes } = await inspectCopies(store, cid, record !== undefined, signal);
  if (record === undefined && copies.length === 0) throw fail('E_NOT_FOUND', { what: cid.toString() });
  const set = (ms: number | undefined) => (ms === undefined || ms === 0 ? undefined : ms);
  return {
    cid,
    kind: record === undefined ? 'block' : 'message',
    bytes: record?.bytes ?? bytes,
    blocks: record?.blocks ?? blocks,
    copies,
    pinnedUntilMs: set(record?.pinnedUntilMs),
    expiresAtMs: set(record?.expiresAtMs),
    storedAtMs: set(record?.storedAtMs),
    readAtMs: set(record?.readAtMs),
    removed: record?.removed ?? false,
    announcements: (await store.hot.inbox.ofMessage(cid)).length,
  };
}

interface Tally {
  readonly tier: BlockTier;
  good: number;
  missing: number;
  corrupt: number;
}

async function inspectCopies(store: StoreContext, cid: Cid, isMessage: boolean, signal?: AbortSignal) {
  const tallies: Tally[] = store.tiers.map((tier) => ({ tier, good: 0, missing: 0, corrupt: 0 }));
  let [blocks, bytes] = [0, 0];
  const parts = isMessage && cid.code !== RAW ? closureOf(cid, async (one) => (await store.read(one, signal))?.bytes) : [{ cids: [cid] }];
  try {
    for await (const { cids } of parts) {
      blocks += cids.length;
      for (const tally of tallies) for (const batch of batched(cids, limits.copyBatchBlocks)) bytes = Math.max(bytes, await tallyBatch(tally, batch, signal));
    }
  } catch (error) {
    if (!isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_FORMAT', 'E_NOT_CANONICAL')) throw error;
    // what lies below a node that is gone cannot be named: no copy is whole
    for (const tally of tallies) tally.missing++;
  }
  const copies = tallies.filter(({ good, corrupt }) => good + corrupt > 0);
  return {
    blocks,
    bytes,
    copies: copies.map(({ tier, missing, corrupt }): CopyState => ({ tier: tier.tier, place: tier.place, verified: missing + corrupt === 0, missing, corrupt })),
  };
}

/** Answers the largest block, which is the size of a single one. */
async function tallyBatch(tally: Tally, cids: readonly Cid[], signal?: AbortSignal): Promise<number> {
  let largest = 0;
  for (const cid of cids) {
    try {
      const found = await tally.tier.get(cid, signal);
      if (found === undefined) tally.missing++;
      else tally.good++;
      largest = Math.max(largest, found?.length ?? 0);
    } catch (error) {
      if (!isError(error, 'E_BLOCK_CORRUPT')) throw error;
      tally.corrupt++;
    }
  }
  return largest;
}

export interface ListOptions {
  readonly where?: MessageFilter | undefined;
  /** Only what one of these tiers holds whole. */
  readonly tiers?: readonly TierName[] | undefined;
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface MessagePage {
  readonly messages: readonly MessageRecord[];
  /** Continues behind this page; undefined at the end. */
  readonly next: number | undefined;
}

/** In the order of storing; removed messages are not listed. Throws E_TOO_MANY over `limits.pageItemsMax`, E_NOT_SUPPORTED for a tier that the store does not have. */
export async function listMessages(store: StoreContext, { where, tiers, after = 0, limit }: ListOptions): Promise<MessagePage> {
  if (limit > limits.pageItemsMax) throw fail('E_TOO_MANY', { what: 'items of one page', count: limit, max: limits.pageItemsMax });
  for (const tier of tiers ?? []) if (tier !== 'hot') store.coldTier(tier);
  const nowMs = store.clock.now();
  const messages: MessageRecord[] = [];
  let last = after;
  for await (const record of store.hot.messages({ after })) {
    if (record.removed || (tiers !== undefined && !tiers.some((tier) => record.tiers.includes(tier)))) continue;
    if (where !== undefined && !where.matches(fieldsOf(record, nowMs), nowMs)) continue;
    if (messages.length === limit) return { messages, next: last };
    messages.push(record);
    last = record.position;
  }
  return { messages, next: undefined };
}

/** What --where can ask of locks. */
export const lockFields = { name: 'text', holder: 'text', state: ['held', 'expired', 'orphaned'], acquired: 'age' } as const satisfies FilterFields;

const ofLocks = {
  keyOf: ({ name }: LockState) => name,
  fieldsOf: ({ name, holder, state, acquiredAtMs }: LockState) => ({ name, holder, state, acquired: acquiredAtMs }),
};

/** By name. */
export const listLocks = async ({ locks }: Pick<StoreContext, 'locks'>, query: PageQuery<typeof lockFields>): Promise<Page<LockState>> => pageOf(await locks.list(), ofLocks, query);
