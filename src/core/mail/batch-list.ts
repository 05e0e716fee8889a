/**
 * The list of a batch: NDJSON, one message a line. Each line is read by itself, so that all bad ones are found in one run.
 *
 *     {"file": "a.pdf", "to": ["alice"], "id": "a-1"}
 *     {"text": "hello", "to": "bob", "name": "hello.txt", "expires": "7d", "receipt": "opened"}
 */
import { resolve } from 'node:path';
import { concat, textOf, type Bytes } from '../base/bytes.ts';
import { fail, OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { receiptWishes, type ReceiptWish } from '../message/sealed.ts';

export interface BatchLine {
  /** From 1. */
  readonly line: number;
  readonly content: { readonly file: string } | { readonly text: string };
  /** May be empty where the whole batch has recipients, or a passphrase. */
  readonly to: readonly string[];
  readonly id?: string;
  readonly name?: string;
  readonly mediaType?: string;
  readonly expires?: string;
  readonly receipt?: ReceiptWish;
}

export interface BadLine {
  readonly line: number;
  readonly error: OmniplexError;
}

const NEWLINE = 0x0a;

/** The lines of a list. Empty ones are passed over. Throws E_TOO_MANY for more lines or bytes than a batch has, and what the input throws. */
export async function readBatchList(pieces: AsyncIterable<Bytes>, folder: string): Promise<ReadonlyArray<BatchLine | BadLine>> {
  const items: Array<BatchLine | BadLine> = [];
  let bytes = 0;
  let line = 0;
  for await (const text of lines(pieces)) {
    line++;
    bytes += text.length;
    if (bytes > limits.batchBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of a batch list', count: bytes, max: limits.batchBytesMax });
    if (text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) continue;
    if (items.length === limits.batchItemsMax) throw fail('E_TOO_MANY', { what: 'messages of a batch', count: items.length + 1, max: limits.batchItemsMax });
    items.push(readLine(line, text, folder));
  }
  return items;
}

/** Lines without their ends. One that is too long comes cut, one byte over the limit, and is refused when it is read. */
async function* lines(pieces: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  let held: Bytes = new Uint8Array(0);
  const keep = (part: Bytes): void => {
    const room = limits.batchLineBytesMax + 1 - held.length;
    if (room > 0 && part.length > 0) held = concat(held, part.subarray(0, room));
  };
  for await (const piece of pieces) {
    let at = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, at)) {
      keep(piece.subarray(at, end));
      yield held;
      held = new Uint8Array(0);
      at = end + 1;
    }
    keep(piece.subarray(at));
  }
  if (held.length > 0) yield held;
}

function readLine(line: number, bytes: Bytes, folder: string): BatchLine | BadLine {
  try {
    return { line, ...parseLine(bytes, folder) };
  } catch (error) {
    if (error instanceof OmniplexError) return { line, error };
    throw error;
  }
}

const refuse = (why: string): OmniplexError => fail('E_USAGE', { why });

/** Hostile input. Throws E_USAGE, which does not repeat the line. */
function parseLine(bytes: Bytes, folder: string): Omit<BatchLine, 'line'> {
  if (bytes.length > limits.batchLineBytesMax) throw refuse(`a line has at most ${limits.batchLineBytesMax} bytes`);
  const { file, text, to, ...fields } = parseObject(bytes);
  const { id, name, mediaType, expires, receipt, ...unknown } = fields;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw refuse(`a line has no field "${stranger.slice(0, 40)}"`);
  const recipients = to === undefined ? [] : typeof to === 'string' ? [to] : to;
  if (!Array.isArray(recipients) || (to !== undefined && recipients.length === 0) || !recipients.every((one) => typeof one === 'string')) {
    throw refuse('a line says in `to` one name or several');
  }
  if ((file === undefined) === (text === undefined)) throw refuse('a line has either `file` or `text`');
  const content = file === undefined ? { text: textField('text', text) } : { file: resolve(folder, textField('file', file)) };
  const texts = Object.entries({ id, name, mediaType, expires }).filter(([, value]) => value !== undefined).map(([field, value]) => [field, textField(field, value)]);
  return { content, to: recipients as readonly string[], ...(Object.fromEntries(texts) as object), ...(receipt !== undefined && { receipt: wishField(receipt) }) };
}

function parseObject(bytes: Bytes): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(textOf(bytes));
  } catch (cause) {
    throw fail('E_USAGE', { why: 'a line is one JSON object' }, cause);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw refuse('a line is one JSON object');
  return { ...value };
}

function textField(field: string, value: unknown): string {
  if (typeof value !== 'string' || !value.isWellFormed()) throw refuse(`\`${field}\` is text`);
  return value;
}

function wishField(value: unknown): ReceiptWish {
  const wish = receiptWishes.find((known) => known === value);
  if (wish === undefined) throw refuse(`\`receipt\` is ${receiptWishes.join(' or ')}`);
  return wish;
}

