/** A lock a message: whoever moves it between tiers, removes or collects it does so alone, on the record as it is then. */
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import type { StoreContext } from './context.ts';
import type { Lock, MessageChange, MessageRecord } from './ports.ts';

export interface MessageLockOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to queue behind whoever has the message; 0 by default. */
  readonly waitMs?: number | undefined;
}

const messageLock = (store: StoreContext, cid: Cid, { signal, waitMs = 0 }: MessageLockOptions): Promise<Lock> =>
  store.locks.acquire(`message/${cid.toString()}`, { holder: store.holder, waitMs, ...(signal && { signal }) });

/** Under the message's lock, on the record as it is now. Throws E_NOT_FOUND when it was removed meanwhile, E_LOCKED. */
export function withMessage<T>(store: StoreContext, cid: Cid, options: MessageLockOptions, act: (record: MessageRecord, lock: Lock) => Promise<T>): Promise<T> {
  return withRecord(store, cid, options, (record, lock) => {
    if (record.removed) throw fail('E_NOT_FOUND', { what: `message ${cid.toString()}` });
    return act(record, lock);
  });
}

/** As `withMessage`, for removed ones too. */
export async function withRecord<T>(store: StoreContext, cid: Cid, options: MessageLockOptions, act: (record: MessageRecord, lock: Lock) => Promise<T>): Promise<T> {
  await using lock = await messageLock(store, cid, options);
  const record = await store.hot.message(cid);
  if (record === undefined) throw fail('E_NOT_FOUND', { what: `message ${cid.toString()}` });
  // awaited here: the lock is released when this function returns
  return await act(record, lock);
}

/** The lease passed on: whatever we would do now is another holder's business. */
export function stillHeld(lock: Lock): void {
  lock.lost.throwIfAborted();
}

export const changed = (store: StoreContext, record: MessageRecord, lock: Lock, change: MessageChange): Promise<MessageRecord> => {
  stillHeld(lock);
  return store.hot.change(record.cid, record.version, change, lock);
};

