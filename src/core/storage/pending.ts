/**
 * Messages that came in part: a CAR that was split carries each part alone, and days may lie between them. Their blocks are no garbage
 * while they wait. One note a message, forgotten when it is whole or when `pendingImportMs` have passed.
 */
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { parseCid, type Cid } from '../base/cid.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import type { StoreContext } from './context.ts';

const PREFIX = 'import/';
const KIND = 'note of an import';

const nameOf = (cid: Cid): string => PREFIX + cid.toString();

export async function notePending(store: StoreContext, cid: Cid): Promise<void> {
  const name = nameOf(cid);
  const note = encode({ v: 1, at: store.clock.now() });
  for (;;) if (await store.hot.setNote(name, note, await store.hot.note(name))) return;
}

export async function settlePending(store: StoreContext, cid: Cid): Promise<void> {
  const name = nameOf(cid);
  for (;;) {
    const there = await store.hot.note(name);
    if (there === undefined || (await store.hot.setNote(name, undefined, there))) return;
  }
}

export interface PendingImport {
  readonly cid: Cid;
  readonly atMs: number;
}

export async function pendingImports(store: StoreContext): Promise<readonly PendingImport[]> {
  const pending: PendingImport[] = [];
  for (const name of await store.hot.notes(PREFIX)) {
    const note = await store.hot.note(name);
    if (note === undefined) continue;
    try {
      const reader = new Reader(KIND, decode(KIND, note));
      reader.version(1);
      pending.push({ cid: parseCid(name.slice(PREFIX.length)), atMs: reader.int('at') });
    } catch (error) {
      // a note of another making keeps nothing
      if (!isError(error, 'E_FORMAT', 'E_NOT_CANONICAL', 'E_CID_INVALID')) throw error;
    }
  }
  return pending;
}

/** Gives up those that no part came for in `pendingImportMs` before `untilMs`. */
export async function forgetPending(store: StoreContext, untilMs: number): Promise<void> {
  for (const { cid, atMs } of await pendingImports(store)) if (atMs + limits.pendingImportMs <= untilMs) await settlePending(store, cid);
}
