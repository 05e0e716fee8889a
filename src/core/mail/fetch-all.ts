/**
 * Everything that is to be handled, as files in one folder: the receiver of a cron job or a pipeline. It can be stopped and run again: a
 * file that holds its message already is left as it is. Two messages of one name get two files, also when their content is the same: the plain
 * name counts as a message's own only where this home has opened that message before, and no other of this run has it. What it does not promise:
 * that a message which was opened elsewhere first gets a file beside an equal one of another message that is no longer listed. One that fails is
 * said and passed by.
 */
import { join } from 'node:path';
import { rfc3339 } from '../base/clock.ts';
import { count } from '../base/count.ts';
import { fail, incomplete, isError, OmniplexError, type ErrorCode } from '../base/errors.ts';
import { exists, makePrivateFolder } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { readersOf } from './arrivals.ts';
import { safeFileName } from './file-name.ts';
import { finishFetch, MailReader, remember, type FetchOptions, type FetchResult } from './fetch.ts';
import { applyIfOriginal, parsePosition } from './inbox.ts';
import type { OpenedMail } from './opener.ts';
import { outcome, type Outcome } from './outcome.ts';
import { holdsExactly, nameBeside, writeFile, type Written } from './output.ts';
import { judgeSender } from './provenance.ts';
import type { MailRoom } from './room.ts';
import { InboxScan, type PassedBy, type ScannedMail } from './scan.ts';
import { forReceiver, noteIfLost } from './unfetchable.ts';

export interface FetchAllRequest extends FetchOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** At most so many messages. */
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
  /** Each as it is done. */
  readonly onItem?: ((item: FetchedItem) => void) | undefined;
  /** Bytes of content so far, of all messages. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** `hint`: what to do about this one. */
export interface FetchFailure {
  readonly cid: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export type FetchedItem = (FetchResult & { readonly changed: boolean }) | FetchFailure;

export interface FetchAllResult {
  /** Files that were written now. */
  readonly fetched: number;
  /** Messages whose own file was there already, bit for bit. */
  readonly unchanged: number;
  readonly failed: number;
  readonly bytes: number;
  readonly unreadable: number;
  readonly passed: readonly PassedBy[];
  readonly arriving: number;
  readonly messages: ReadonlyArray<FetchResult & { readonly changed: boolean }>;
  readonly failures: readonly FetchFailure[];
  readonly next: string | null;
}

/** After these the next message would fail the same way. */
const ENDS: readonly ErrorCode[] = ['E_DISK_FULL', 'E_IO', 'E_STORE_CORRUPT', 'E_HOME_CORRUPT', 'E_HOME_COPIED', 'E_BUSY'];

/** The outcome has E_INCOMPLETE when a message failed. Throws what makes a list fail; E_DISK_FULL, E_IO: then what was written stands. */
export async function fetchAll(room: MailRoom, request: FetchAllRequest): Promise<Outcome<FetchAllResult>> {
  const { folder, after, signal, limit = limits.pageItemsMax, onItem, onProgress } = request;
  await makePrivateFolder(folder);
  const scan = new InboxScan(room, { readers: readersOf(room), after: parsePosition(after), signal });
  const messages: Array<FetchResult & { changed: boolean }> = [];
  const failures: FetchFailure[] = [];
  const takers: Takers = new Map();
  let full = false;
  let bytesDone = 0;
  for await (const mail of scan) {
    using _opened = mail.opened;
    if (mail.isReceipt) {
      await applyIfOriginal(room, mail);
      continue;
    }
    const item = await fetchItem(room, mail, takers, { ...request, onProgress: (bytes) => onProgress?.(bytesDone + bytes) });
    if ('code' in item) failures.push(item);
    else {
      messages.push(item);
      bytesDone += item.bytes;
    }
    onItem?.(item);
    full = messages.length + failures.length >= limit;
    if (full) break;
  }
  const fetched = messages.filter(({ changed }) => changed);
  const counts = { fetched: fetched.length, unchanged: messages.length - fetched.length, failed: failures.length, bytes: fetched.reduce((sum, { bytes }) => sum + bytes, 0) };
  const result = { ...counts, ...(await scan.rest()), messages, failures, next: full ? String(scan.position) : null };
  const error = failures.length === 0 ? undefined : incomplete(failures.map(({ code }) => code), { why: `not fetched: ${failures.length} of ${count(messages.length + failures.length, 'message')}`, hint: 'What was fetched stands. Beside each of the others stands what to do about it; then run it again.' });
  return outcome(result, messages.some(({ changed, acknowledged }) => changed || acknowledged), error);
}

async function fetchItem(room: MailRoom, { opened }: ScannedMail, takers: Takers, request: FetchAllRequest): Promise<FetchedItem> {
  const { cid } = opened.message;
  try {
    request.signal?.throwIfAborted();
    requireLive(room, opened);
    judgeSender(room, cid, opened.provenance, request.allowUnverified === true);
    const { written, changed, reader } = await intoFolder(room, opened, takers, request);
    takers.set(written.out as string, cid.toString());
    const { result, error } = await finishFetch(room, opened, written, reader, request);
    if (error !== undefined) throw error;
    return { ...result, changed };
  } catch (error) {
    if (!(error instanceof OmniplexError) || request.signal?.aborted === true || ENDS.includes(error.code)) throw error;
    await noteIfLost(room, error, cid, request.signal);
    const { code, message, hint } = forReceiver(error, cid, true);
    return { cid: cid.toString(), code, message, hint };
  }
}

function requireLive({ home }: MailRoom, { message }: OpenedMail): void {
  const { expiresMs } = message.metadata;
  if (expiresMs !== 0 && expiresMs <= home.clock.now()) throw fail('E_EXPIRED', { what: 'the message', at: rfc3339(expiresMs) });
}

interface InFolder {
  readonly written: Written;
  readonly changed: boolean;
  readonly reader: MailReader;
}

/** Whose the files are that this run wrote or found: the CID by the path. */
type Takers = Map<string, string>;

/**
 * Under its own name; where another message has that, with the end of its CID in the name, which is looked for first: it can be no other's.
 * Throws E_EXISTS when both are taken.
 */
async function intoFolder(room: MailRoom, opened: OpenedMail, takers: Takers, request: FetchAllRequest): Promise<InFolder> {
  const { cid, metadata } = opened.message;
  const { folder, signal, onProgress, ephemeral = false } = request;
  const name = safeFileName(metadata.name);
  const [plain, beside] = [join(folder, name), join(folder, nameBeside(name, cid))];
  const reader = new MailReader(room, opened, { signal, onProgress });
  const isOpened = () => room.home.messages.find(cid) !== undefined;
  const holds = async (path: string) => (await exists(path)) && (await holdsExactly(path, metadata.bytes, () => reader.pieces()));
  const write = async (path: string, settle: () => Promise<void>) => writtenUnlessTaken(writeFile(path, reader.pieces(), settle));
  const there = (out: string): InFolder => ({ written: { out, bytes: metadata.bytes }, changed: false, reader });

  let found = await holds(beside);
  if (!found) {
    const written = await write(plain, () => remember(room, opened, ephemeral));
    if (written !== undefined) return { written, changed: true, reader };
    if ((takers.get(plain) ?? cid.toString()) === cid.toString() && isOpened() && (await holds(plain))) return there(plain);
    // Nothing is remembered before the file is there: else a run that was killed would take the plain name for this message's.
    const second = await write(beside, async () => undefined);
    if (second !== undefined) {
      await remember(room, opened, ephemeral);
      return { written: second, changed: true, reader };
    }
    found = await holds(beside);
  }
  if (!found) throw fail('E_EXISTS', { path: beside });
  if (!isOpened()) await remember(room, opened, ephemeral);
  return there(beside);
}

async function writtenUnlessTaken(writing: Promise<Written>): Promise<Written | undefined> {
  try {
    return await writing;
  } catch (error) {
    if (isError(error, 'E_EXISTS')) return undefined;
    throw error;
  }
}
