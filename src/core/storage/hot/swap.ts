/**
 * Putting a rebuilt hot tier in the place of a broken one. The new file is whole and flushed before it is called `hot.db.ready`; from then
 * on whoever comes finishes the swap, so that it can be killed anywhere. The broken file is kept under another name.
 * The log of the broken file is renamed before the new one gets its name: SQLite would take it for the new one's. Processes that have the
 * old file open see that its name leads elsewhere before their next write; SQLite itself does the same check before it deletes a log.
 */
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { rfc3339, type Clock } from '../../base/clock.ts';
import { exists, fileError, isMissing, syncFolder } from '../../base/files.ts';

export const readyOf = (path: string): string => `${path}.ready`;

/** Under the rebuild's lock. Answers where the broken file is kept; undefined when there was none, or nothing to finish. */
export async function finishSwap(path: string, clock: Clock): Promise<string | undefined> {
  if (!(await exists(readyOf(path)))) return undefined;
  const stamp = stampOf(clock);
  const kept = join(dirname(path), `${basename(path)}.broken-${stamp}`);
  const wasThere = await moveIfThere(path, kept);
  await moveIfThere(`${path}-wal`, `${kept}-wal`);
  await rm(`${path}-shm`, { force: true });
  await moveIfThere(readyOf(path), path);
  await syncFolder(dirname(path));
  return wasThere ? kept : undefined;
}

/** A time that can stand in a file's name. */
export const stampOf = (clock: Clock): string => rfc3339(clock.now()).replaceAll(/[:.]/g, '-');

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
