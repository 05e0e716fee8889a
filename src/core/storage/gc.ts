/**
 * Garbage is what no unexpired, unremoved message reaches, after a grace time. Collecting is planned first and confirmed by the plan's name,
 * which says as of when it was made: what came later is never part of it, and the same plan can be confirmed although time went on.
 * Whoever still needs an old block puts it again, which makes it new; deleting looks at that under the tier's own lock. The grace time of a day
 * is for sends under way; a shorter one is refused while there is any, since their blocks look like those of one that was broken off. A message that
 * cannot be walked stops the run: its blocks would look unreachable. So does one that only cold knows: hot has to be rebuilt first.
 */
import { formatDuration } from '../base/duration.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { requireConfirmed } from './bulk.ts';
import type { StoreContext } from './context.ts';
import { BlockSets, type Buried } from './digest-set.ts';
import { soundFacts } from './journal-facts.ts';
import { withRecord } from './message-lock.ts';
import { PlanName } from './plan.ts';
import type { MessageRecord, TierName } from './ports.ts';
import { forgetPending } from './pending.ts';
import { isDead, markReached } from './reach.ts';
import { withdrawAll } from './remove.ts';
import { forgetLoss } from './losses.ts';
import { requireNoWriters } from './writers.ts';

export interface GcOptions {
  readonly dryRun?: boolean;
  readonly confirm?: string;
  /** At least `limits.gcGraceMsMin`. */
  readonly graceMs?: number;
  readonly lockWaitMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: 'mark' | 'sweep'; readonly done: number }) => void;
}

export interface GcResult {
  /** Removed or expired messages that are forgotten. */
  readonly messages: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly tiers: Readonly<Partial<Record<TierName, { readonly blocks: number; readonly bytes: number }>>>;
  /** Files that a killed process left unfinished. */
  readonly unfinished: number;
  readonly graceMs: number;
  /** What would be garbage but for the grace time. */
  readonly waiting: GcWaiting;
  readonly planId: string;
}

export interface GcWaiting {
  /** Removed or expired. */
  readonly messages: number;
  /** Of no message: of sends that were broken off, or are under way. */
  readonly blocks: number;
  readonly bytes: number;
  /** When the last of them may go; 0 when nothing waits. */
  readonly untilMs: number;
}

/** Adds up what waits, and until when. */
class Waiting {
  readonly #graceMs: number;
  #found: GcWaiting = { messages: 0, blocks: 0, bytes: 0, untilMs: 0 };

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  get found(): GcWaiting {
    return this.#found;
  }

  message({ removed, removedAtMs, expiresAtMs }: MessageRecord): void {
    const { messages, untilMs } = this.#found;
    const deadAtMs = removed ? removedAtMs : expiresAtMs;
    this.#found = { ...this.#found, messages: messages + 1, untilMs: Math.max(untilMs, deadAtMs + this.#graceMs) };
  }

  block(size: number, storedAtMs: number): void {
    const { blocks, bytes, untilMs } = this.#found;
    this.#found = { ...this.#found, blocks: blocks + 1, bytes: bytes + size, untilMs: Math.max(untilMs, storedAtMs + this.#graceMs) };
  }
}

/** Throws E_USAGE, E_DECLINED, E_PLAN_CHANGED, E_LOCKED, E_BLOCKS_MISSING or E_BLOCK_CORRUPT (a message cannot be walked), E_STORE_CORRUPT. */
export async function gc(store: StoreContext, options: GcOptions = {}): Promise<GcResult> {
  const graceMs = options.graceMs ?? limits.gcGraceMs;
  if (graceMs < limits.gcGraceMsMin) throw fail('E_USAGE', { why: `a grace time is at least ${formatDuration(limits.gcGraceMsMin)}` });
  const asOfMs = asOf(options.confirm, store.clock.now());
  using sets = new BlockSets();
  await using _lock = await store.locks.acquire('gc', { holder: store.holder, waitMs: options.lockWaitMs ?? 0, ...(options.signal && { signal: options.signal }) });
  // before anything is marked: what is put from now on is too new, and what was committed by now is marked
  if (graceMs < limits.gcGraceMs) await requireNoWriters(store);
  const plan = await makePlan(store, sets, asOfMs, graceMs, options);
  if (options.dryRun === true) return plan;
  if (plan.messages + plan.blocks > 0) requireConfirmed('gc', plan.planId, options.confirm);
  const { released } = await soundFacts(store.journal);
  for (const one of sets.buried()) await forget(store, one, released, options.signal);
  return await sweep(store, sets, plan, asOfMs, options);
}

/** A plan's name begins with its time: seconds since the epoch, base 36. */
const named = (asOfMs: number, name: string): string => `${(asOfMs / 1000).toString(36)}-${name}`;

const NAMED = /^([0-9a-z]{1,11})(?:-[0-9a-f]{4}){2}$/;

/** Whole seconds, so that a confirmed plan is made anew as of the same moment. A name that is no name of ours is compared, and refused, with the plan of now. */
function asOf(confirm: string | undefined, nowMs: number): number {
  const now = Math.floor(nowMs / 1000);
  const [, time] = NAMED.exec(confirm ?? '') ?? [];
  const seconds = time === undefined ? now : Number.parseInt(time, 36);
  return (Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= now ? seconds : now) * 1000;
}

async function makePlan(store: StoreContext, sets: BlockSets, asOfMs: number, graceMs: number, options: GcOptions): Promise<GcResult> {
  const untilMs = asOfMs - graceMs;
  const name = new PlanName('gc', graceMs);
  const waiting = new Waiting(graceMs);
  await mark(store, sets, { untilMs, asOfMs }, waiting, options);
  for (const { cid } of sets.buried()) name.add('message', cid);
  const messages = name.items;
  const tiers: Partial<Record<TierName, { blocks: number; bytes: number }>> = {};
  let done = 0;
  for (const tier of store.tiers) {
    const count = { blocks: 0, bytes: 0 };
    for await (const { cid, bytes, storedAtMs } of tier.blocks(undefined, options.signal)) {
      options.onProgress?.({ phase: 'sweep', done: ++done });
      if (sets.isKept(cid)) continue;
      if (storedAtMs > untilMs) {
        waiting.block(bytes, storedAtMs);
        continue;
      }
      sets.doom(tier.tier, cid);
      name.add(tier.tier, cid);
      count.blocks++;
      count.bytes += bytes;
    }
    tiers[tier.tier] = count;
  }
  const all = Object.values(tiers);
  const blocks = all.reduce((sum, count) => sum + count.blocks, 0);
  const bytes = all.reduce((sum, count) => sum + count.bytes, 0);
  return { messages, blocks, bytes, tiers, unfinished: 0, graceMs, waiting: waiting.found, planId: named(asOfMs, name.name()) };
}

/** Tells of each message that is dead already and waits. */
function mark(store: StoreContext, sets: BlockSets, { untilMs, asOfMs }: { readonly untilMs: number; readonly asOfMs: number }, waiting: Waiting, { signal, onProgress }: GcOptions): Promise<void> {
  let done = 0;
  const onMessage = (record: MessageRecord, isBuried: boolean): void => {
    onProgress?.({ phase: 'mark', done: ++done });
    if (!isBuried && isDead(record, asOfMs)) waiting.message(record);
  };
  return markReached(store, sets, untilMs, { signal, onMessage });
}

/**
 * The journal first: what is missing without a release counts as lost. One that was removed has its release, unless a promise came behind it.
 * A message that is wanted again meanwhile stops the run.
 */
function forget(store: StoreContext, planned: Buried, released: ReadonlySet<string>, signal?: AbortSignal): Promise<void> {
  return withRecord(store, planned.cid, { signal }, async (record, lock) => {
    if (record.version !== planned.version) throw fail('E_BUSY', { what: `message ${planned.cid.toString()}` });
    if (!released.has(record.cid.toString())) await store.journal.release([{ cid: record.cid, atMs: store.clock.now(), reason: record.removed ? 'removed' : 'expired' }]);
    await withdrawAll(store, record.cid);
    for (const tier of store.cold.values()) await tier.forget(record.cid);
    await store.hot.forget(record.cid, record.version, lock);
    await forgetLoss(store.hot, record.cid);
  });
}

async function sweep(store: StoreContext, sets: BlockSets, plan: GcResult, asOfMs: number, options: GcOptions): Promise<GcResult> {
  const untilMs = asOfMs - plan.graceMs;
  let blocks = 0;
  for (const tier of store.tiers) {
    for (const cids of sets.doomed(tier.tier, limits.pageItemsMax)) {
      options.signal?.throwIfAborted();
      blocks += await tier.removeOlder(cids, untilMs, options.signal);
      options.onProgress?.({ phase: 'sweep', done: blocks });
    }
  }
  await forgetPending(store, untilMs);
  let unfinished = 0;
  // files of whoever copies, too, and he holds no share
  for (const tier of store.cold.values()) unfinished += (await tier.sweep?.(Math.min(untilMs, asOfMs - limits.gcGraceMs))) ?? 0;
  return { ...plan, blocks, unfinished };
}
