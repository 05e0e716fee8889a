/**
 * Putting a rebuilt hot tier in the place of a broken one. The new file is whole and flushed before it is called `hot.db.ready`; from then
 * on whoever comes finishes the swap, so that it can be killed anywhere. The broken file is kept under another name.
 * Whoever finishes the swap of another first lets the new file prove itself: anybody may have left something under its name. A file that
 * was made to pass by somebody who can write in the store is not found out: he could have written to hot.db itself.
 * The log of the broken file is renamed before the new one gets its name: SQLite would take it for the new one's. Processes that have the
 * old file open see that its name leads elsewhere before their next write; SQLite itself does the same check before it deletes a log.
 */
import { lstat, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { isError } from '../../base/errors.ts';
import { exists, fileError, isMissing, syncFolder } from '../../base/files.ts';
import { moveAside, stampOf } from '../aside.ts';
import type { Fence } from '../ports.ts';
import { readClosed, SqliteFile } from '../sqlite.ts';
import { hotShape } from './schema.ts';

export const readyOf = (path: string): string => `${path}.ready`;

/**
 * Under the rebuild's lock. Answers where the broken file is kept; undefined when there was none, or nothing to finish. What is not the work
 * of a rebuild newer than hot.db is moved aside, or left where it cannot be moved. Throws E_VERSION_NEWER, E_BUSY, E_IO (it cannot be read).
 */
export async function finishSwap(path: string, clock: Clock): Promise<string | undefined> {
  const ready = readyOf(path);
  if (!(await exists(ready))) return undefined;
  if (await isOfRebuild(path, clock)) return swapIn(path, clock);
  await moveAside(ready, clock).catch(() => undefined);
  return undefined;
}

type Floor = Pick<Fence, 'epoch' | 'counter'>;

/** A rebuild writes the fence of its own lock as the floor of all others: no copy of hot.db has one that is newer, and a fresh file has none. */
async function isOfRebuild(path: string, clock: Clock): Promise<boolean> {
  const ready = readyOf(path);
  const stats = await lstat(ready).catch((error: unknown) => {
    throw fileError(ready, error);
  });
  if (!stats.isFile()) return false;
  let floor: Floor | undefined;
  try {
    floor = readClosed(ready, hotShape, (db) => floorOf(db.prepare(FLOOR).get()));
  } catch (error) {
    if (isError(error, 'E_STORE_CORRUPT')) return false;
    throw error;
  }
  if (floor === undefined) return false;
  const old = await floorOfOld(path, clock);
  return old === undefined || old.epoch < floor.epoch || (old.epoch === floor.epoch && old.counter < floor.counter);
}

const FLOOR = "SELECT epoch, counter FROM fences WHERE name = ''";

const floorOf = (row: unknown): Floor | undefined => row as Floor | undefined;

/** Undefined: hot.db has none, is not there, or is too broken to say. */
async function floorOfOld(path: string, clock: Clock): Promise<Floor | undefined> {
  let file: SqliteFile | undefined;
  try {
    const old = (file = await SqliteFile.open(path, hotShape, clock));
    return await old.read(() => floorOf(old.sql(FLOOR).get()));
  } catch (error) {
    if (isError(error, 'E_STORE_CORRUPT', 'E_IO')) return undefined;
    throw error;
  } finally {
    file?.close();
  }
}

/** As `finishSwap`, for a new file that its maker vouches for. */
export async function swapIn(path: string, clock: Clock): Promise<string | undefined> {
  const stamp = stampOf(clock);
  const kept = join(dirname(path), `${basename(path)}.broken-${stamp}`);
  const wasThere = await moveIfThere(path, kept);
  await moveIfThere(`${path}-wal`, `${kept}-wal`);
  // an index of SQLite's, not worth keeping; a folder of that name is
  await rm(`${path}-shm`, { force: true }).catch(() => moveIfThere(`${path}-shm`, `${kept}-shm`));
  await moveIfThere(readyOf(path), path);
  await syncFolder(dirname(path));
  return wasThere ? kept : undefined;
}

/** A time that can stand in a file's name. */

async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw fileError(from, error);
  }
}

/** The new file gets the name that announces it. It must be closed, so that it has no log. */
export async function announceReady(built: string, path: string): Promise<void> {
  const ready = readyOf(path);
  await rename(built, ready).catch((error: unknown) => {
    throw fileError(ready, error);
  });
  await syncFolder(dirname(path));
}
