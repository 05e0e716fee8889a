/**
 * One shape for acts on many messages: count and name the plan, then act one message at a time. What cannot be done is left, counted by
 * its code, and the rest goes on; a full disk, a passed deadline or a broken store ends the run. Done work stands: run it again for the rest.
 */
import { fail, isError, OmniplexError, type ErrorCode } from '../base/errors.ts';
import type { StoreContext } from './context.ts';
import { PlanName } from './plan.ts';
import type { MessageRecord } from './ports.ts';
import { selected, type Selection } from './selection.ts';

export interface BulkOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BulkProgress) => void;
  /** How long a filter's run waits for another run of the same act; 0 (the default) not at all. */
  readonly lockWaitMs?: number;
  /** For acts that need confirmation: the planId that a dry run gave. */
  readonly confirm?: string;
}

export interface BulkProgress {
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
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
}

export interface BulkAct {
  readonly verb: string;
  /** Options that make another plan of the same messages. */
  readonly parameters: ReadonlyArray<string | number>;
  readonly needsConfirmation?: boolean;
  /** Whether there is anything to do, as far as the record tells. For the plan; `act` looks itself. */
  isDue(record: MessageRecord): boolean;
  /** Bytes that moved; undefined when there was nothing to do. */
  act(record: MessageRecord, signal: AbortSignal | undefined): Promise<number | undefined>;
}

/** Codes after which the next message would fail the same way. */
const ENDS: readonly ErrorCode[] = ['E_DISK_FULL', 'E_IO'];

export async function runBulk(store: StoreContext, selection: Selection, act: BulkAct, options: BulkOptions): Promise<BulkResult> {
  const nowMs = store.clock.now();
  const plan = await survey(store, selection, act, nowMs);
  const { matched, messages, bytes, planId } = plan;
  if (options.dryRun === true) return { matched, moved: 0, bytes: 0, left: 0, reasons: {}, plan: { messages, bytes }, planId };
  if (matched === 0) return { matched, moved: 0, bytes: 0, left: 0, reasons: {}, planId };
  if (act.needsConfirmation === true) requireConfirmed(act.verb, planId, options.confirm);
  if ('cids' in selection) return { ...(await runAll(store, selection, act, options, matched, nowMs)), planId };
  await using _lock = await store.locks.acquire(act.verb, { holder: store.holder, waitMs: options.lockWaitMs ?? 0, ...(options.signal && { signal: options.signal }) });
  return { ...(await runAll(store, selection, act, options, matched, nowMs)), planId };
}

/** Throws E_DECLINED when nothing was confirmed, E_PLAN_CHANGED when another plan was. Both name the plan as it is now. */
export function requireConfirmed(what: string, planId: string, confirmed: string | undefined): void {
  if (confirmed === undefined) throw fail('E_DECLINED', { what, confirm: planId, planId });
  if (confirmed !== planId) throw fail('E_PLAN_CHANGED', { planId, confirmed });
}

async function survey(store: StoreContext, selection: Selection, act: BulkAct, nowMs: number) {
  const name = new PlanName(act.verb, ...act.parameters);
  let matched = 0;
  let bytes = 0;
  for await (const record of selected(store, selection, nowMs)) {
    matched++;
    if (!act.isDue(record)) continue;
    name.add('message', record.cid);
    bytes += record.bytes;
  }
  return { matched, messages: name.items, bytes, planId: name.name() };
}

async function runAll(store: StoreContext, selection: Selection, act: BulkAct, options: BulkOptions, total: number, nowMs: number): Promise<BulkResult> {
  const reasons: Partial<Record<ErrorCode, number>> = {};
  const leave = (code: ErrorCode, count = 1): void => void (reasons[code] = (reasons[code] ?? 0) + count);
  let [done, moved, bytes] = [0, 0, 0];
  for await (const record of selected(store, selection, nowMs)) {
    try {
      options.signal?.throwIfAborted();
      const size = await act.act(record, options.signal);
      if (size !== undefined) {
        moved++;
        bytes += size;
      }
    } catch (error) {
      const code = codeToLeave(error, options.signal);
      if (code === 'E_TIMEOUT' || ENDS.includes(code)) {
        leave(code, Math.max(1, total - done));
        break;
      }
      leave(code);
    }
    done++;
    options.onProgress?.({ done, total, bytes });
  }
  const left = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return { matched: Math.max(total, done), moved, bytes, left, reasons };
}

/** A deadline leaves the rest; any other end of the signal is the caller's to report, and so is what is not ours. */
function codeToLeave(error: unknown, signal: AbortSignal | undefined): ErrorCode {
  const cause = signal?.aborted === true ? signal.reason : error;
  if (!(cause instanceof OmniplexError)) throw cause;
  if (signal?.aborted === true && !isError(cause, 'E_TIMEOUT')) throw cause;
  if (cause.code === 'E_STORE_CORRUPT') throw cause;
  return cause.code;
}
