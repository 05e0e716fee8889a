/** What `store verify --repair` does before a store can be opened at all: finish a swap, make lock table, journal and hot tier whole again. */
import { rename } from 'node:fs/promises';
import { systemClock, type Clock } from '../base/clock.ts';
import { isError } from '../base/errors.ts';
import { exists, fileError, isMissing } from '../base/files.ts';
import { systemRng, type Rng } from '../base/rng.ts';
import { FileColdTier } from './cold/files.ts';
import { EmbeddedHotTier } from './hot/embedded.ts';
import { stampOf } from './aside.ts';
import { finishSwap, readyOf } from './hot/swap.ts';
import { FileJournal, type MendedFile } from './journal.ts';
import { layoutOf, readDescription, type StoreLayout } from './layout.ts';
import { EmbeddedLockManager } from './locks/embedded.ts';
import { rebuildHot, type RebuildReport } from './rebuild.ts';

export interface RepairReport {
  /** The lock table was damaged, kept aside and made anew: locks that were held are gone, their fences stale. */
  readonly locksRenewed: boolean;
  /** Files of the journal that were damaged: what the records in them said that did not prove themselves is not known any more. */
  readonly journalMended: readonly MendedFile[];
  /** Undefined: the hot tier opens. Whether everything in it is sound is for `verify` to say. */
  readonly rebuilt: RebuildReport | undefined;
}

export interface RepairOptions {
  readonly clock?: Clock;
  readonly rng?: Rng;
  readonly holder?: string;
}

/** Changes nothing in a store that opens. Throws E_NO_STORE, E_LOCKED, E_BUSY, E_VERSION_NEWER, E_DISK_FULL. */
export async function repairStore(path: string, { clock = systemClock, rng = systemRng, holder = 'omniplex' }: RepairOptions = {}): Promise<RepairReport> {
  const layout = layoutOf(path);
  await readDescription(layout);
  const locksRenewed = await renewLocks(layout, clock);
  // the hot tier may be the broken part: no fence can be raised in it now, the rebuilt one refuses all older ones
  const locks = await EmbeddedLockManager.open(layout.locks, { clock, rng, raiseFence: async () => undefined });
  try {
    if (await exists(readyOf(layout.hot))) {
      await using _lock = await locks.acquire('rebuild', { holder, waitMs: 0 });
      await finishSwap(layout.hot, clock);
    }
    await using opened = new AsyncDisposableStack();
    const journal = opened.adopt(await FileJournal.open(layout.journal, clock), (one) => one.close());
    // first: a rebuild is told by the journal what is missing
    const journalMended = await journal.mend(stampOf(clock));
    if (await opens(layout.hot, clock)) return { locksRenewed, journalMended, rebuilt: undefined };
    const cold = opened.adopt(await FileColdTier.open(layout, clock), (one) => one.close());
    return { locksRenewed, journalMended, rebuilt: await rebuildHot({ layout, clock, holder, locks, cold: [cold], journal }) };
  } finally {
    await locks.close();
  }
}

async function opens(path: string, clock: Clock): Promise<boolean> {
  try {
    await (await EmbeddedHotTier.open(path, clock)).close();
    return true;
  } catch (error) {
    if (isError(error, 'E_STORE_CORRUPT')) return false;
    throw error;
  }
}

/** True when the lock table did not open and was made anew, with an epoch above every fence that the hot tier remembers. */
async function renewLocks(layout: StoreLayout, clock: Clock): Promise<boolean> {
  try {
    await (await EmbeddedLockManager.open(layout.locks, { clock, rng: systemRng, raiseFence: async () => undefined })).close();
    return false;
  } catch (error) {
    if (!isError(error, 'E_STORE_CORRUPT')) throw error;
  }
  const stamp = stampOf(clock);
  for (const suffix of ['', '-wal', '-shm']) {
    await rename(layout.locks + suffix, `${layout.locks}.broken-${stamp}${suffix}`).catch((error: unknown) => {
      if (!isMissing(error)) throw fileError(layout.locks, error);
    });
  }
  EmbeddedLockManager.create(layout.locks, (await highestEpoch(layout.hot, clock)) + 1);
  return true;
}

async function highestEpoch(path: string, clock: Clock): Promise<number> {
  try {
    const hot = await EmbeddedHotTier.open(path, clock);
    try {
      return await hot.highestEpoch();
    } finally {
      await hot.close();
    }
  } catch (error) {
    // a hot tier that does not open is about to be rebuilt, and the new one knows no fence
    if (isError(error, 'E_STORE_CORRUPT')) return 0;
    throw error;
  }
}
