/**
 * Many messages in one run: one unlock, one check of all lines before anything is written, one report. Small messages go in groups whose
 * every step is one flush; a large one goes alone, so that memory stays flat. A line that fails later, fails alone and is named; with ids
 * the rest can be sent again by running the same list.
 */
import { count } from '../base/count.ts';
import { fail, incomplete, isError, registry, OmniplexError, type ErrorCode, type Warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { draftOfLine, failureOf, requireSendable } from './batch-check.ts';
import { readBatchList, type BatchLine } from './batch-list.ts';
import type { BatchRequest, BatchResult, LineFailure } from './batch-types.ts';
import type { Draft } from './draft.ts';
import { reconcile } from './flight.ts';
import { outcome, type Outcome } from './outcome.ts';
import { AddressBook } from './recipients.ts';
import type { MailRoom } from './room.ts';
import { sendDrafts, type Sent } from './send.ts';
import { openSender, type SenderInUse } from './sender.ts';

/** After these the next line would fail the same way: the rest is left. */
const ENDS: readonly ErrorCode[] = ['E_DISK_FULL', 'E_BUDGET', 'E_STORE_CORRUPT', 'E_HOME_CORRUPT', 'E_REVOKED', 'E_INTERRUPTED', 'E_TERMINATED', 'E_TIMEOUT'];

/**
 * Throws, with nothing sent: what `requireSendable` finds (E_BATCH_LIST, or what is wrong with a name), E_TOO_MANY, E_USAGE, E_NOT_SUPPORTED.
 * Beside the result: E_INCOMPLETE when a line failed, or the reason of an abort.
 */
export async function sendBatch(room: MailRoom, request: BatchRequest): Promise<Outcome<BatchResult>> {
  const list = await readBatchList(request.list.open(request.signal), request.folder);
  const book = new AddressBook(room);
  await requireSendable(room, book, list, request);
  await room.original();
  await reconcile(room);
  using sender = await openSender(room);
  // All of them are good lines, or the check would have thrown.
  const lines = list.filter((item): item is BatchLine => !('error' in item));
  const batch = new Batch(warnOnce(room), sender, book, request, lines);
  for (const item of lines) {
    if (batch.ended) break;
    await batch.add(item);
  }
  return await batch.finish();
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

const mayHelp = (codes: readonly ErrorCode[]): boolean => codes.some((code) => registry[code].retry !== 'no');

type Item = { readonly line: number; readonly id?: string | undefined } & ({ readonly draft: Draft } | { readonly error: OmniplexError });

class Batch {
  readonly #room: MailRoom;
  readonly #sender: SenderInUse;
  readonly #book: AddressBook;
  readonly #request: BatchRequest;
  readonly #lines: readonly BatchLine[];
  readonly #failures: LineFailure[] = [];
  readonly #reasons: Partial<Record<ErrorCode, number>> = {};
  #group: Item[] = [];
  #groupBytes = 0;
  #sent = 0;
  #repeated = 0;
  #done = 0;
  #end: OmniplexError | undefined;

  constructor(room: MailRoom, sender: SenderInUse, book: AddressBook, request: BatchRequest, lines: readonly BatchLine[]) {
    this.#room = room;
    this.#sender = sender;
    this.#book = book;
    this.#request = request;
    this.#lines = lines;
  }

  get #total(): number {
    return this.#lines.length;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  async add(item: BatchLine): Promise<void> {
    const next = await this.#draft(item);
    const bytes = 'draft' in next ? (next.draft.request.input.bytes ?? limits.batchGroupBytes) : 0;
    if (this.#group.length === limits.batchGroupItems || (this.#group.length > 0 && this.#groupBytes + bytes > limits.batchGroupBytes)) await this.#flush();
    this.#group.push(next);
    this.#groupBytes += bytes;
  }

  async #draft(item: BatchLine): Promise<Item> {
    const { line, id } = item;
    try {
      return { line, id, draft: await draftOfLine(this.#room, this.#book, this.#request, item) };
    } catch (error) {
      if (!(error instanceof OmniplexError)) throw error;
      return { line, id, error };
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
    if (error !== undefined) {
      this.#reasons[error.code] = (this.#reasons[error.code] ?? 0) + 1;
      if (this.#failures.length < limits.batchFailuresListed) this.#failures.push(failureOf({ line, id }, error));
    }
    const failure = error && { error: { code: error.code, message: error.message } };
    const sent = answer instanceof OmniplexError ? { changed: false } : { changed: answer.changed, cid: answer.result.cid };
    await this.#request.onItem?.({ line, ok: error === undefined, ...sent, ...(id !== undefined && { id }), ...failure });
    this.#request.onProgress?.(this.#done, this.#total);
  }

  async finish(): Promise<Outcome<BatchResult>> {
    await this.#flush();
    const left = this.#lines.slice(this.#done);
    const [first, last] = [left[0], left.at(-1)];
    const untried = this.#end && first && last && { count: left.length, first: first.line, last: last.line, code: this.#end.code };
    if (untried !== undefined) this.#reasons[untried.code] = (this.#reasons[untried.code] ?? 0) + untried.count;
    const failed = this.#total - this.#sent - this.#repeated;
    const counts = { total: this.#total, sent: this.#sent, repeated: this.#repeated, failed, reasons: this.#reasons };
    const result = { ...counts, failures: this.#failures, ...(untried && { untried }) };
    return outcome(result, this.#sent > 0, this.#error(failed));
  }

  /** A line without an id is another message each time it is sent. */
  #shortOf(why: string, cause?: OmniplexError): OmniplexError {
    if (this.#lines.some(({ id }) => id === undefined)) {
      const hint = 'What was sent stands. Run a list of the failed lines only: a line without an id would be sent a second time.';
      return fail('E_INCOMPLETE', { why, hint, retry: 'no' }, cause);
    }
    const codes = Object.keys(this.#reasons) as ErrorCode[];
    const conflict = codes.includes('E_ID_CONFLICT') ? ' A line whose id was used for other content needs a new id.' : '';
    const again = mayHelp(codes) ? 'Run the same list again' : 'See to what failed, then run the list again';
    return incomplete(codes, { why, hint: `What was sent stands. ${again}: every line has an id, so nothing is sent twice.${conflict}` }, cause);
  }

  #error(failed: number): OmniplexError | undefined {
    if (isError(this.#end, 'E_INTERRUPTED', 'E_TERMINATED', 'E_TIMEOUT')) return this.#end;
    const { E_DURABILITY: short = 0, ...others } = this.#reasons;
    if (failed > 0) return this.#shortOf(`not sent: ${failed} of ${count(this.#total, 'message')}`, this.#end);
    if (short > 0) return this.#shortOf(`less durable than asked: ${short} of ${count(this.#total, 'message')}`);
    const withdrawn = Object.values(others).reduce((sum, n) => sum + n, 0);
    return withdrawn > 0 ? fail('E_INCOMPLETE', { why: `cancelled or let go since they were sent: ${withdrawn} of ${count(this.#total, 'message')}`, retry: 'no', hint: 'Their ids stay with them. To send them again give their lines new ids.' }) : undefined;
  }
}
