/**
 * A message that is committed long after its first block was put: the grace time of gc may have run out meanwhile, on a slow pipe, in a machine
 * that slept, or by a clock that was set. Then its blocks are looked for, and no collection runs until it is committed.
 */
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { StoreContext } from './context.ts';
import { holdersOf } from './holders.ts';

/** Undefined when it is young enough. Otherwise held until it is disposed of. Throws E_BLOCKS_MISSING: a collection took some; E_LOCKED: one is at it, and takes long. */
export async function holdOffGc(store: StoreContext, cid: Cid, begunAtMs: number, signal?: AbortSignal): Promise<AsyncDisposable | undefined> {
  if (store.clock.now() - begunAtMs < limits.gcGraceMs / 2) return undefined;
  await using held = new AsyncDisposableStack();
  held.use(await store.locks.acquire('gc', { holder: store.holder, waitMs: limits.lockLeaseMs, ...(signal && { signal }) }));
  if ((await holdersOf(store.tiers, cid, { signal })) !== undefined) return held.move();
  throw fail('E_BLOCKS_MISSING', { cid: cid.toString(), missing: 'some', hint: 'A garbage collection took them: it went on for longer than a day, or the clock was set. Nobody was told of it; send it again.' });
}
