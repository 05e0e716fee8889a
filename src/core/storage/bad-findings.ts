/**
 * What audits found bad and nobody took back: a number that a narrower audit raises and never lowers. Only one that looked through all of the
 * store, to its end, says that it is sound again; otherwise a sample that met no bad block would be taken for the news that there is none.
 * It lies in a file of its own, not in the hot tier: a write to one that is broken goes over what a repair could still read.
 */
import { textOf, utf8 } from '../base/bytes.ts';
import { isError, type OmniplexError } from '../base/errors.ts';
import { ownFileError, readBounded, writeWhole } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import type { StoreContext } from './context.ts';
import { storeMutex } from './mutex.ts';

const VERSION = 1;

type Room = Pick<StoreContext, 'layout' | 'clock'>;

/** `bad`: what this audit found and did not repair, with messages that an inbox was not told of. `isWhole`: it looked through everything. Answers why nothing was kept where the file cannot be written: the audit itself has said what it found. */
export async function keepFindings(room: Room, bad: number, isWhole: boolean): Promise<OmniplexError | undefined> {
  const next = (known: number): number => (isWhole ? bad : Math.max(bad, known));
  const known = await badFindings(room);
  if (next(known) === known) return undefined;
  try {
    await using mutex = storeMutex(`${room.layout.audit}.lock`, room.clock);
    await mutex.run(async () => {
      const text = `${JSON.stringify({ v: VERSION, bad: next(await badFindings(room)) })}\n`;
      await writeWhole(room.layout.audit, utf8.encode(text), { replace: true }).catch((error: unknown) => {
        throw isError(error) ? ownFileError(room.layout.audit, error.cause) : error;
      });
    });
    return undefined;
  } catch (error) {
    if (!isError(error, 'E_IO', 'E_DISK_FULL', 'E_BUSY')) throw error;
    return error;
  }
}

/** 0 when no audit found anything that still stands. A file that says nothing does not say that all is well: then it is 1. */
export async function badFindings({ layout }: Pick<Room, 'layout'>): Promise<number> {
  let bytes;
  try {
    bytes = await readBounded(layout.audit, limits.storeFileBytesMax);
  } catch (error) {
    if (isError(error, 'E_NOT_FOUND')) return 0;
    if (isError(error)) return 1;
    throw error;
  }
  try {
    const { v, bad } = JSON.parse(textOf(bytes)) as { readonly v?: unknown; readonly bad?: unknown };
    return v === VERSION && Number.isSafeInteger(bad) && (bad as number) >= 0 ? (bad as number) : 1;
  } catch {
    return 1;
  }
}
