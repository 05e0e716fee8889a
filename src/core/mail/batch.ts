/**
 * Many messages in one run: one unlock, one check of all names before anything is written, one report. Small messages go in groups whose
 * every step is one flush; a large one goes alone, so that memory stays flat. A line that fails, fails alone; with ids the rest can be
 * sent again by running the same list.
 */
import { bytesOf } from '../base/bytes.ts';
import { fail, isError, OmniplexError, type ErrorCode, type Warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { readBatchList, type BadLine, type BatchLine } from './batch-list.ts';
import { draftOf, type Draft } from './draft.ts';
import { reconcile } from './flight.ts';
import { bytesInput, fileInput, type PlainInput } from './input.ts';
import { outcome, type Outcome } from './outcome.ts';
import { AddressBook, combined } from './recipients.ts';
import type { MailRoom } from './room.ts';
import type { SendOptions } from './send-types.ts';
import { sendDrafts, type Sent } from './send.ts';
import { openSender, type SenderInUse } from './sender.ts';

export interface BatchRequest extends SendOptions {
  /** NDJSON, see batch-list.ts. */
  readonly list: PlainInput;
  /** Added to every line's own recipients. */
  readonly to?: readonly string[] | undefined;
  /** Relative `file`s are looked for here. */
  readonly folder: string;
  /** Each line's answer, in the order of the list. Awaited: a slow writer slows the batch. */
  readonly onItem?: ((item: BatchItem) => void | Promise<void>) | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface BatchItem {
  readonly line: number;
  readonly ok: boolean;
  readonly changed: boolean;
  readonly cid?: string;
  readonly id?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export interface BatchResult {
  readonly total: number;
  /** Sent by this run. */
  readonly sent: number;
  /** Their ids had their effect before. */
  readonly repeated: number;
  readonly failed: number;
  readonly reasons: Readonly<Partial<Record<ErrorCode, number>>>;
}

/** After these the next line would fail the same way: the rest is left. */
const ENDS: readonly ErrorCode[] = ['E_DISK_FULL', 'E_BUDGET', 'E_STORE_CORRUPT', 'E_HOME_CORRUPT', 'E_REVOKED', 'E_INTERRUPTED', 'E_TERMINATED', 'E_TIMEOUT'];

/**
 * Throws, with nothing sent: what is wrong with any name (E_NAME_UNKNOWN, E_UNVERIFIED, E_REVOKED, ...), E_TOO_MANY, E_USAGE, E_NOT_SUPPORTED.
 * Beside the result: E_INCOMPLETE when a line failed, or the reason of an abort.
 */
export async function sendBatch(room: MailRoom, request: BatchRequest): Promise<Outcome<BatchResult>> {
  const list = await readBatchList(request.list.open(request.signal), request.folder);
  const book = new AddressBook(room);
  await checkNames(book, list, request);
  await room.original();
  await reconcile(room);
  using sender = await openSender(room);
  const batch = new Batch(warnOnce(room), sender, book, request, list.length);
  for (const item of list) {
    if (batch.ended) break;
    await batch.add(item);
  }
  return await batch.finish();
}

/** Every name of every line, before the first is written. */
async function checkNames(book: AddressBook, list: ReadonlyArray<BatchLine | BadLine>, { to = [], passphrase, allowUnverified = false }: BatchRequest): Promise<void> {
  if (passphrase !== undefined) return;
  const names = new Set([...to, ...list.flatMap((item) => ('error' in item ? [] : item.to))]);
  const refusals = await book.refusals([...names], { allowUnverified });
  if (refusals.length > 0) throw combined(refusals);
}

/** Ten thousand messages to one contact are one warning. */
function warnOnce(room: MailRoom): MailRoom {
  const told = new Set<string>();
  const warn = (one: Warning): void => {
    if (told.has(one.message)) return;
    told.add(one.message);
    room.warn(one);
  };
  return { ...room, warn };
}

type Item = { readonly line: number; readonly id?: string | undefined } & ({ readonly draft: Draft } | { readonly error: OmniplexError });

class Batch {
  readonly #room: MailRoom;
  readonly #sender: SenderInUse;
  readonly #book: AddressBook;
  readonly #request: BatchRequest;
  readonly #total: number;
  readonly #reasons: Partial<Record<ErrorCode, number>> = {};
  #group: Item[] = [];
  #groupBytes = 0;
  #sent = 0;
  #repeated = 0;
  #done = 0;
  #end: OmniplexError | undefined;

  constructor(room: MailRoom, sender: SenderInUse, book: AddressBook, request: BatchRequest, total: number) {
    this.#room = room;
    this.#sender = sender;
    this.#book = book;
    this.#request = request;
    this.#total = total;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  async add(item: BatchLine | BadLine): Promise<void> {
    const next = 'error' in item ? item : await this.#draft(item);
    const bytes = 'draft' in next ? (next.draft.request.input.bytes ?? limits.batchGroupBytes) : 0;
    if (this.#group.length === limits.batchGroupItems || (this.#group.length > 0 && this.#groupBytes + bytes > limits.batchGroupBytes)) await this.#flush();
    this.#group.push(next);
    this.#groupBytes += bytes;
  }

  async #draft({ line, content, ...fields }: BatchLine): Promise<Item> {
    const { list: _, folder: __, onItem: ___, onProgress: ____, to = [], ...options } = this.#request;
    try {
      const input = 'file' in content ? await fileInput(content.file) : bytesInput(bytesOf(content.text));
      const draft = await draftOf(this.#room, this.#book, { ...options, ...fields, to: [...fields.to, ...to], input });
      return { line, id: fields.id, draft };
    } catch (error) {
      if (!(error instanceof OmniplexError)) throw error;
      return { line, id: fields.id, error };
    }
  }

  /** Sends the group and reports it, in order. */
  async #flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#groupBytes = 0;
    if (this.ended) return;
    const drafts = group.flatMap((item) => ('draft' in item ? [item.draft] : []));
    const answers = (await sendDrafts(this.#room, this.#sender, drafts))[Symbol.iterator]();
    for (const item of group) await this.#report(item, 'draft' in item ? (answers.next().value as Sent | OmniplexError) : item.error);
  }

  async #report({ line, id }: Item, answer: Sent | OmniplexError): Promise<void> {
    const error = answer instanceof OmniplexError ? answer : answer.error;
    this.#done++;
    if (answer instanceof OmniplexError) {
      if (ENDS.includes(answer.code)) this.#end ??= answer;
    } else if (answer.changed) this.#sent++;
    else this.#repeated++;
    if (error !== undefined) this.#reasons[error.code] = (this.#reasons[error.code] ?? 0) + 1;
    const failure = error && { error: { code: error.code, message: error.message } };
    const sent = answer instanceof OmniplexError ? { changed: false } : { changed: answer.changed, cid: answer.result.cid };
    await this.#request.onItem?.({ line, ok: error === undefined, ...sent, ...(id !== undefined && { id }), ...failure });
    this.#request.onProgress?.(this.#done, this.#total);
  }

  async finish(): Promise<Outcome<BatchResult>> {
    await this.#flush();
    const left = this.#total - this.#done;
    if (this.#end !== undefined && left > 0) this.#reasons[this.#end.code] = (this.#reasons[this.#end.code] ?? 0) + left;
    const failed = this.#total - this.#sent - this.#repeated;
    const result = { total: this.#total, sent: this.#sent, repeated: this.#repeated, failed, reasons: this.#reasons };
    return outcome(result, this.#sent > 0, this.#error(failed));
  }

  #error(failed: number): OmniplexError | undefined {
    if (isError(this.#end, 'E_INTERRUPTED', 'E_TERMINATED', 'E_TIMEOUT')) return this.#end;
    const short = this.#reasons.E_DURABILITY ?? 0;
    if (failed > 0) return fail('E_INCOMPLETE', { why: `${failed} of ${this.#total} messages were not sent` }, this.#end);
    return short > 0 ? fail('E_INCOMPLETE', { why: `${short} of ${this.#total} messages have not reached the durability that was asked` }) : undefined;
  }
}
