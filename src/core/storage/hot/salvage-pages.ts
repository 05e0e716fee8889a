/**
 * Reads rows out of a broken SQLite file page by page, without its trees: every leaf page of a table says itself where its rows lie.
 * Newest version of each page first from the write-ahead log, then from the file. Hostile input: every offset and length is bounded, what
 * does not decode is passed over. It cannot tell which table a row is of, nor whether it was deleted: the caller must recognise its rows
 * by digest or checksum. Pages on the free list, which hold what was deleted, are left out where the list can be read.
 * Spec: https://sqlite.org/fileformat2.html, sections 1.3, 1.5, 1.6, 2.1 and 4.1
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { textOf, type Bytes } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES } from '../sqlite-log.ts';

export type SalvagedValue = null | number | string | Bytes;

const TABLE_LEAF = 0x0d;
const FILE_HEADER_BYTES = 100;

/** Page size is ours, not the file's word: a flipped header must not hide all pages. */
const PAGE = limits.sqlitePageBytes;

class PageFile {
  readonly #db: number | undefined;
  readonly #wal: number | undefined;
  readonly #logged: ReadonlyMap<number, number>;
  readonly pages: number;

  constructor(path: string) {
    this.#db = isFile(path) ? openSync(path, 'r') : undefined;
    this.#wal = openIfThere(`${path}-wal`);
    this.#logged = this.#wal === undefined ? new Map() : loggedPages(this.#wal);
    this.pages = Math.max(this.#db === undefined ? 0 : Math.floor(fstatSync(this.#db).size / PAGE), ...this.#logged.keys(), 0);
  }

  /** Pages count from 1. */
  read(page: number): Bytes | undefined {
    const logged = this.#logged.get(page);
    if (logged !== undefined && this.#wal !== undefined) return readFully(this.#wal, logged, PAGE);
    return this.#db === undefined ? undefined : readFully(this.#db, (page - 1) * PAGE, PAGE);
  }

  close(): void {
    if (this.#db !== undefined) closeSync(this.#db);
    if (this.#wal !== undefined) closeSync(this.#wal);
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function openIfThere(path: string): number | undefined {
  try {
    return isFile(path) ? openSync(path, 'r') : undefined;
  } catch {
    return undefined;
  }
}

function readFully(file: number, position: number, length: number): Bytes | undefined {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = readSync(file, bytes, at, length - at, position + at);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Offset of the newest committed frame of each page. A frame counts when it carries the salts of the first one and a commit follows. */
function loggedPages(wal: number): ReadonlyMap<number, number> {
  const committed = new Map<number, number>();
  const header = readFully(wal, 0, LOG_HEADER_BYTES);
  if (header === undefined) return committed;
  const first = readFully(wal, LOG_HEADER_BYTES, FRAME_HEADER_BYTES);
  // the header may be the part that is damaged: then the first frame says which log it is
  const salts = first === undefined ? viewOf(header).getBigUint64(16) : viewOf(first).getBigUint64(8);
  let pending = new Map<number, number>();
  for (let at = LOG_HEADER_BYTES; ; at += FRAME_HEADER_BYTES + PAGE) {
    const frame = readFully(wal, at, FRAME_HEADER_BYTES);
    if (frame === undefined || viewOf(frame).getBigUint64(8) !== salts) return committed;
    pending.set(viewOf(frame).getUint32(0), at + FRAME_HEADER_BYTES);
    if (viewOf(frame).getUint32(4) === 0) continue;
    for (const [page, offset] of pending) committed.set(page, offset);
    pending = new Map();
  }
}

/** The pages of the free list; as many as can be read. */
function freePages(file: PageFile): ReadonlySet<number> {
  const free = new Set<number>();
  const first = file.read(1);
  let trunk = first === undefined ? 0 : viewOf(first).getUint32(32);
  while (trunk > 1 && trunk <= file.pages && !free.has(trunk)) {
    free.add(trunk);
    const page = file.read(trunk);
    if (page === undefined) break;
    const count = Math.min(viewOf(page).getUint32(4), PAGE / 4 - 2);
    for (let i = 0; i < count; i++) free.add(viewOf(page).getUint32(8 + 4 * i));
    trunk = viewOf(page).getUint32(0);
  }
  return free;
}

export interface SalvagedRow {
  readonly rowid: number;
  /** In the order of the columns; the one that stands for the rowid is null. */
  readonly values: readonly SalvagedValue[];
}

/** Every row that can be read. */
export function* salvageRows(path: string): Generator<SalvagedRow> {
  const file = new PageFile(path);
  try {
    const free = freePages(file);
    for (let number = 1; number <= file.pages; number++) {
      if (free.has(number)) continue;
      const page = file.read(number);
      const header = number === 1 ? FILE_HEADER_BYTES : 0;
      if (page?.[header] === TABLE_LEAF) yield* rowsOf(file, page, header);
    }
  } finally {
    file.close();
  }
}

function* rowsOf(file: PageFile, page: Bytes, header: number): Generator<SalvagedRow> {
  const view = viewOf(page);
  const cells = Math.min(view.getUint16(header + 3), Math.floor((PAGE - header - 8) / 2));
  for (let i = 0; i < cells; i++) {
    const at = view.getUint16(header + 8 + 2 * i);
    const cell = at < PAGE ? cellAt(file, page, at) : undefined;
    const values = cell === undefined ? undefined : valuesOf(cell.payload);
    if (cell !== undefined && values !== undefined) yield { rowid: cell.rowid, values };
  }
}

/** SQLite's varint: big-endian, seven bits a byte, the ninth byte whole. Undefined past the end or beyond 2^53. */
function varint(bytes: Bytes, at: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    if (i === 8) return undefined;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + i + 1 };
    if (value > Number.MAX_SAFE_INTEGER / 128) return undefined;
  }
  return undefined;
}

/** A cell of a table's leaf, its overflow pages joined. */
function cellAt(file: PageFile, page: Bytes, at: number): { rowid: number; payload: Bytes } | undefined {
  const size = varint(page, at);
  const rowid = size === undefined ? undefined : varint(page, size.next);
  if (size === undefined || rowid === undefined || size.value > limits.blockBytesMax + PAGE) return undefined;
  const most = PAGE - 35;
  const least = Math.floor(((PAGE - 12) * 32) / 255) - 23;
  const spread = least + ((size.value - least) % (PAGE - 4));
  const local = size.value <= most ? size.value : spread <= most ? spread : least;
  if (rowid.next + local > PAGE) return undefined;
  const payload = new Uint8Array(size.value);
  payload.set(page.subarray(rowid.next, rowid.next + local));
  if (local === size.value) return { rowid: rowid.value, payload };
  if (rowid.next + local + 4 > PAGE) return undefined;
  const whole = followOverflow(file, viewOf(page).getUint32(rowid.next + local), payload, local);
  return whole === undefined ? undefined : { rowid: rowid.value, payload: whole };
}

function followOverflow(file: PageFile, first: number, payload: Bytes, from: number): Bytes | undefined {
  let at = from;
  for (let next = first; at < payload.length; ) {
    const page = next === 0 || next > file.pages ? undefined : file.read(next);
    if (page === undefined) return undefined;
    const part = page.subarray(4, 4 + Math.min(PAGE - 4, payload.length - at));
    payload.set(part, at);
    at += part.length;
    next = viewOf(page).getUint32(0);
  }
  return payload;
}

function valuesOf(payload: Bytes): readonly SalvagedValue[] | undefined {
  const head = varint(payload, 0);
  if (head === undefined || head.value > payload.length) return undefined;
  const values: SalvagedValue[] = [];
  let body = head.value;
  for (let at = head.next; at < head.value; ) {
    const type = varint(payload, at);
    if (type === undefined) return undefined;
    at = type.next;
    const read = valueAt(payload, body, type.value);
    if (read === undefined) return undefined;
    values.push(read.value);
    body += read.bytes;
  }
  return values;
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

function valueAt(payload: Bytes, at: number, type: number): { value: SalvagedValue; bytes: number } | undefined {
  if (type === 0) return { value: null, bytes: 0 };
  if (type === 8 || type === 9) return { value: type - 8, bytes: 0 };
  const bytes = type >= 12 ? Math.floor((type - 12) / 2) : INTEGER_BYTES[type];
  if (bytes === undefined || at + bytes > payload.length) return undefined;
  const raw = payload.subarray(at, at + bytes);
  if (type < 12) return integer(raw);
  if (type % 2 === 0) return { value: raw, bytes };
  try {
    return { value: textOf(raw), bytes };
  } catch {
    return undefined;
  }
}

/** Two's complement, big-endian. None of our columns holds one beyond 2^53. */
function integer(raw: Bytes): { value: number; bytes: number } | undefined {
  let value = (raw[0] as number) << 24 >> 24;
  for (const byte of raw.subarray(1)) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? { value, bytes: raw.length } : undefined;
}
