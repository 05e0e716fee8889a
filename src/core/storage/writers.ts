/**
 * Who puts blocks that no message names yet. A send and an import hold a share of one lock file from before their first block until their
 * message is committed or given up; the operating system drops the share of a process that dies. Whoever finds no share at a moment knows that
 * each block that was put before, and that no message names, is left over. Nothing is ever written to the file.
 */
import type { DatabaseSync } from 'node:sqlite';
import { after, openLock, whenFree } from '../base/process-mutex.ts';
import { fail } from '../base/errors.ts';
import { isBusy } from '../base/sqlite-fault.ts';
import type { StoreContext } from './context.ts';
import { sqliteError } from './sqlite-errors.ts';

type Room = Pick<StoreContext, 'layout' | 'clock'>;

/** Held until it is disposed of. Throws E_BUSY, E_IO, E_DISK_FULL. */
export async function enterWriters({ layout: { writers: path }, clock }: Room): Promise<Disposable> {
  try {
    const db = await whenFree(clock, () => shareOf(path));
    return { [Symbol.dispose]: () => db.close() };
  } catch (error) {
    throw sqliteError(error, 'mutex', path);
  }
}

/** A read transaction is the share; others have theirs beside it. A connection that did not get it is not tried again: its transaction has begun. */
const shareOf = async (path: string): Promise<DatabaseSync> => after(await openLock(path), 'BEGIN; SELECT count(*) FROM sqlite_schema');

/** Throws E_LOCKED while anybody holds a share. */
export async function requireNoWriters({ layout: { writers: path } }: Pick<Room, 'layout'>): Promise<void> {
  try {
    after(await openLock(path), 'BEGIN EXCLUSIVE').close();
  } catch (error) {
    if (isBusy(error)) throw fail('E_LOCKED', { name: 'the store', holder: 'a send or an import that is under way', hint: 'Run it again when it has ended, or without --grace.' }, error);
    throw sqliteError(error, 'mutex', path);
  }
}
