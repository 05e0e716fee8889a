/**
 * One shape for acts on many messages: count and name the plan, then act one message at a time. What cannot be done is left, counted by
 * its code, and the rest goes on; a full disk, a passed deadline or a broken store ends the run. Done work stands: run it again for the rest.
 */
import type { Cid } from '../base/cid.ts';
import { count } from '../base/count.ts';
import { fail, incomplete, isError, OmniplexError, type ErrorCode } from '../base/errors.ts';
import type { StoreContext } from './context.ts';
import { PlanName } from './plan.ts';
import type { MessageRecord } from './ports.ts';
import { selected, type Selection } from './selection.ts';

export interface BulkOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BulkProgress) => void;
  /** Each message as it is settled; of a dry run, what would be. The run waits for it. */
  readonly onItem?: ((item: BulkItem) => void | Promise<void>) | undefined;
  /**
   * How long a filter's run waits for another run of the same act, and named messages for whoever has them; 0 (the default) not at all.
   * A filter's run passes over a message that somebody has.
   */
  readonly lockWaitMs?: number;
  /** For acts that need confirmation: the planId that a dry run gave; of one named message its CID will do. */
  readonly confirm?: string;
}

export interface BulkProgress {
  readonly done: number;
  readonly total: number;
  /** Of messages with something to do, as far as they are: `totalBytes` at the end. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface BulkItem {
  readonly cid: Cid;
  /** `kept`: there was nothing to do. */
  readonly outcome: 'planned' | 'moved' | 'kept' | 'left';
  readonly bytes: number;
  /** Why it was left. */
  readonly code?: ErrorCode;
}

export interface BulkPlan {
  readonly messages: number;
  readonly bytes: number;
}

export interface BulkResult {
  readonly matched: number;
  readonly moved: number;
  readonly bytes: number;
  readonly left: number;
  readonly reasons: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly plan?: BulkPlan;
  readonly planId?: string;
  /** Why something was left: the message's own error where it is about one, else E_INCOMPLETE. */
  readonly shortfall?: OmniplexError;
}

/** How an act is to go about one message. */
export interface ActOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for whoever has the message. */
  readonly waitMs?: number;
  /** So many blocks more are done. */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
}

export interface BulkAct {
  readonly verb: string;
  /** Options that make another plan of the same messages. */
  readonly parameters: ReadonlyArray<string | number>;
  readonly needsConfirmation?: boolean;
  /** A named message that was removed is one with nothing to do, not a missing one; a lost one can be acted on. */
  readonly seesGone?: boolean;
  /** Whether there is anything to do, as far as the record tells. For the plan; `act` looks itself. */
  isDue(record: MessageRecord): boolean;
  /** Bytes that moved; undefined when there was nothing to do. */
  act(record: MessageRecord, options: ActOptions): Promise<number | undefined>;
}

/** Codes after which the next message would fail the same way. */
const ENDS: readonly ErrorCode[] = ['E_DISK_FULL', 'E_IO'];

export async function runBulk(store: StoreContext, selection: Selection, act: BulkAct, options: BulkOptions): Promise<BulkResult> {
  const nowMs = store.clock.now();
  const plan = await survey(store, selection, act, nowMs, options);
  const { matched, messages, bytes, planId } = plan;
  if (options.dryRun === true) return { matched, moved: 0, bytes: 0, left: 0, reasons: {}, plan: { messages, bytes }, planId };
  if (matched === 0) return { matched, moved: 0, bytes: 0, left: 0, reasons: {}, planId };
  if (act.needsConfirmation === true && messages > 0) requireConfirmed(act.verb, planId, isNameOf(selection, options.confirm) ? planId : options.confirm);
  const run = new BulkRun(act, options, plan);
  if ('cids' in selection) return withError(await run.over(selected(store, selection, nowMs, act), options.lockWaitMs), run.last, planId, matched === 1);
  await using _lock = await store.locks.acquire(act.verb, { holder: store.holder, waitMs: options.lockWaitMs ?? 0, ...(options.signal && { signal: options.signal }) });
  return withError(await run.over(selected(store, selection, nowMs, act)), run.last, planId, false);
}

/** Of one message the name says as much as a plan. */
const isNameOf = (selection: Selection, confirmed: string | undefined): boolean => 'cids' in selection && selection.cids.length === 1 && selection.cids[0]?.toString() === confirmed;

/** Throws E_DECLINED when nothing was confirmed, E_PLAN_CHANGED when another plan was. Both name the plan as it is now. */
export function requireConfirmed(what: string, planId: string, confirmed: string | undefined): void {
  if (confirmed === undefined) throw fail('E_DECLINED', { what, confirm: planId, planId });
  if (confirmed !== planId) throw fail('E_PLAN_CHANGED', { planId, confirmed });
}

interface Survey extends BulkPlan {
  readonly matched: number;
  readonly planId: string;
}

async function survey(store: StoreContext, selection: Selection, act: BulkAct, nowMs: number, { dryRun, signal, onItem }: BulkOptions): Promise<Survey> {
  const name = new PlanName(act.verb, ...act.parameters);
  let matched = 0;
  let bytes = 0;
  for await (const record of selected(store, selection, nowMs, act)) {
    signal?.throwIfAborted();
    matched++;
    if (!act.isDue(record)) continue;
    name.add('message', record.cid);
    bytes += record.bytes;
    if (dryRun === true) await onItem?.({ cid: record.cid, outcome: 'planned', bytes: record.bytes });
  }
  return { matched, messages: name.items, bytes, planId: name.name() };
}

class BulkRun {
  readonly #act: BulkAct;
  readonly #options: BulkOptions;
  readonly #plan: Survey;
  readonly #reasons: Partial<Record<ErrorCode, number>> = {};
  #done = 0;
  #settledBytes = 0;
  /** Why the last one that was left was left. */
  last: OmniplexError | undefined;

  constructor(act: BulkAct, options: BulkOptions, plan: Survey) {
    this.#act = act;
    this.#options = options;
    this.#plan = plan;
  }

  async over(records: AsyncIterable<MessageRecord>, waitMs = 0): Promise<BulkResult> {
    let [moved, bytes] = [0, 0];
    for await (const record of records) {
      const { item, error } = await this.#one(record, waitMs);
      await this.#options.onItem?.(item);
      if (item.outcome === 'moved') moved++;
      bytes += item.bytes;
      this.last = error ?? this.last;
      const ends = error !== undefined && (error.code === 'E_TIMEOUT' || ENDS.includes(error.code));
      if (error !== undefined) this.#leave(error.code, ends ? Math.max(1, this.#plan.matched - this.#done) : 1);
      if (ends) break;
      this.#done++;
      if (this.#act.isDue(record)) this.#settledBytes += record.bytes;
      this.#tell(0);
    }
    const left = Object.values(this.#reasons).reduce((sum, n) => sum + n, 0);
    return { matched: Math.max(this.#plan.matched, this.#done), moved, bytes, left, reasons: this.#reasons };
  }

  async #one(record: MessageRecord, waitMs: number): Promise<{ readonly item: BulkItem; readonly error?: OmniplexError }> {
    const { cid } = record;
    const { signal } = this.#options;
    let blocks = 0;
    const onBlocks = (more: number): void => {
      blocks += more;
      this.#tell(Math.round(record.bytes * Math.min(1, blocks / Math.max(1, record.blocks))));
    };
    try {
      signal?.throwIfAborted();
      const bytes = await this.#act.act(record, { signal, waitMs, onBlocks });
      return { item: { cid, outcome: bytes === undefined ? 'kept' : 'moved', bytes: bytes ?? 0 } };
    } catch (thrown) {
      const error = errorToLeave(thrown, signal);
      return { item: { cid, outcome: 'left', bytes: 0, code: error.code }, error };
    }
  }

  #leave(code: ErrorCode, messages: number): void {
    this.#reasons[code] = (this.#reasons[code] ?? 0) + messages;
  }

  #tell(underwayBytes: number): void {
    const { matched: total, bytes: totalBytes } = this.#plan;
    this.#options.onProgress?.({ done: this.#done, total, bytes: this.#settledBytes + underwayBytes, totalBytes });
  }
}

/**
 * The own error of the one message that was named, and of what ended the run before anything moved: either is the whole story. Of many
 * messages the codes tell more.
 */
function withError(result: BulkResult, last: OmniplexError | undefined, planId: string, isOne: boolean): BulkResult {
  const { matched, moved, left, reasons } = result;
  if (last === undefined) return { ...result, planId };
  if (isOne || (moved === 0 && ENDS.includes(last.code))) return { ...result, planId, shortfall: last };
  const codes = Object.entries(reasons).map(([code, n]) => `${n} ${code}`);
  return { ...result, planId, shortfall: incomplete(Object.keys(reasons) as ErrorCode[], { why: `left: ${left} of ${count(matched, 'message')} (${codes.join(', ')})`, reasons }, last) };
}

/** A deadline leaves the rest; any other end of the signal is the caller's to report, and so is what is not ours. */
function errorToLeave(error: unknown, signal: AbortSignal | undefined): OmniplexError {
  const cause = signal?.aborted === true ? signal.reason : error;
  if (!(cause instanceof OmniplexError)) throw cause;
  if (signal?.aborted === true && !isError(cause, 'E_TIMEOUT')) throw cause;
  if (cause.code === 'E_STORE_CORRUPT') throw cause;
  return cause;
}
