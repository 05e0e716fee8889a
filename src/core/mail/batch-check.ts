/**
 * A batch is looked at whole before its first message is written: every line that cannot be sent as it stands is found now and named,
 * so that a list is mended once and not line by line; so are two lines that claim one id for different messages. What only sealing or the store can tell fails later, alone.
 */
import { bytesOf } from '../base/bytes.ts';
import { fail, OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { requireDurability } from '../storage/commit.ts';
import type { BadLine, BatchLine } from './batch-list.ts';
import type { BatchRequest, LineFailure } from './batch-types.ts';
import { checkExpiry, draftOf, type Draft } from './draft.ts';
import { bytesInput, fileInput } from './input.ts';
import { combined, type AddressBook, type Refusal } from './recipients.ts';
import type { MailRoom } from './room.ts';

export const failureOf = ({ line, id }: { readonly line: number; readonly id?: string | undefined }, { code, message }: OmniplexError): LineFailure => ({
  ...{ line, ...(id !== undefined && { id }), code, message },
});

/** What a line asks for, with what the whole batch has in common. Throws what `draftOf` throws, and E_NOT_FOUND, E_IO for its file. */
export async function draftOfLine(room: MailRoom, book: AddressBook, request: BatchRequest, { line: _, content, ...fields }: BatchLine): Promise<Draft> {
  const { list: __, folder: ___, onItem: ____, onProgress: _____, to = [], ...options } = request;
  const input = 'file' in content ? await fileInput(content.file) : bytesInput(bytesOf(content.text));
  return draftOf(room, book, { ...options, ...fields, to: [...fields.to, ...to], input });
}

/**
 * Throws, with nothing written: what is wrong with the request itself or with recipients of all lines; E_BATCH_LIST with every line that
 * cannot be sent; where names are all that is wrong, the one error for them (E_NAME_UNKNOWN, E_UNVERIFIED, E_REVOKED, ...).
 */
export async function requireSendable(room: MailRoom, book: AddressBook, list: ReadonlyArray<BatchLine | BadLine>, request: BatchRequest): Promise<void> {
  const { to = [], passphrase, allowUnverified = false, expires, durability = room.settings.durability } = request;
  passphrase?.requireForSealing();
  checkExpiry(expires, room.home.clock.now());
  requireDurability(room.store, durability);
  const refusalsOf = async (names: readonly string[]) => (passphrase === undefined ? book.refusals([...new Set(names)], { allowUnverified }) : []);
  const ofAll = await refusalsOf(to);
  if (ofAll.length > 0) throw combined(ofAll);
  const refusals = await refusalsOf(list.flatMap((item) => ('error' in item ? [] : item.to)));
  const refused = new Map(refusals.map((refusal) => [refusal.name, refusal]));
  const bad: LineFailure[] = [];
  const ids = new ClaimedIds();
  let onlyNames = true;
  for (const item of list) {
    request.signal?.throwIfAborted();
    const name = 'error' in item ? undefined : item.to.find((one) => refused.has(one));
    const looked = name === undefined ? await lookAt(room, book, request, item) : (refused.get(name) as Refusal).error;
    if (looked instanceof OmniplexError) {
      bad.push(failureOf('error' in item ? { line: item.line } : item, looked));
      onlyNames &&= name !== undefined;
    } else ids.claim(looked);
  }
  const conflicts = ids.conflicts();
  if (bad.length + conflicts.length === 0) return;
  onlyNames &&= conflicts.length === 0;
  bad.push(...conflicts);
  bad.sort((a, b) => a.line - b.line);
  if (onlyNames) throw combined(refusals);
  throw fail('E_BATCH_LIST', { bad: bad.length, total: list.length, lines: bad.slice(0, limits.batchFailuresListed) });
}

interface GoodLine {
  readonly item: BatchLine;
  readonly asked: Pick<Draft, 'recipients'> & Pick<Draft['request'], 'expires' | 'receipt'>;
}

/** The lines that have one id are one message: what `contentOfId` is made of, with the name of a file for its bytes. */
class ClaimedIds {
  readonly #first = new Map<string, GoodLine>();
  readonly #others = new Map<string, number[]>();

  claim(line: GoodLine): void {
    const { id } = line.item;
    if (id === undefined) return;
    const first = this.#first.get(id);
    if (first === undefined) this.#first.set(id, line);
    else if (!isSameMessage(first, line)) this.#others.set(id, [...(this.#others.get(id) ?? []), line.item.line]);
  }

  /** Each line of them, the first of its id too. */
  conflicts(): readonly LineFailure[] {
    return [...this.#others].flatMap(([id, others]) => {
      const first = (this.#first.get(id) as GoodLine).item.line;
      const conflict = (line: number, other: number): LineFailure => ({ line, id, code: 'E_ID_CONFLICT', message: `lines ${Math.min(line, other)} and ${Math.max(line, other)} have the id ${JSON.stringify(id)} for different messages` });
      return [conflict(first, others[0] as number), ...others.map((line) => conflict(line, first))];
    });
  }
}

function isSameMessage(one: GoodLine, other: GoodLine): boolean {
  const [a, b] = [one.item.content, other.item.content];
  const isSameContent = 'file' in a ? 'file' in b && a.file === b.file : 'text' in b && a.text === b.text;
  const rest = ({ asked: { recipients, expires, receipt } }: GoodLine) => [expires ?? '', receipt ?? '', ...recipients.map(({ identity }) => identity.toString()).toSorted()].join('\n');
  return isSameContent && rest(one) === rest(other);
}

async function lookAt(room: MailRoom, book: AddressBook, request: BatchRequest, item: BatchLine | BadLine): Promise<GoodLine | OmniplexError> {
  if ('error' in item) return item.error;
  try {
    const { recipients, request: { expires, receipt } } = await draftOfLine(room, book, request, item);
    return { item, asked: { recipients, expires, receipt } };
  } catch (error) {
    if (error instanceof OmniplexError) return error;
    throw error;
  }
}
