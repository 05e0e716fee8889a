/**
 * Writes canonical dag-cbor of our own small model, in one pass: a third of what the library takes, which serves every model, and it was
 * a fifth of a small message (`bench messages`). Reading stays the library's, and what is read must be what the library writes, so that
 * a slip here would be refused by every reader, ours first.
 * What it does not promise: knowledge of any format. `encode` in codec.ts is the door.
 * Spec: https://ipld.io/specs/codecs/dag-cbor/spec/ (RFC 8949, 4.2.1, with keys by length first)
 */
import { CID } from 'multiformats/cid';
import { utf8, type Bytes } from './bytes.ts';
import type { Cid } from './cid.ts';
import { limits } from './limits.ts';

/** What our structured formats are made of. Floats and negative integers do not occur in any of them. */
export type Value = null | boolean | number | string | Bytes | Cid | readonly Value[] | { readonly [key: string]: Value | undefined };

/** Major types, in place. */
const UINT = 0x00;
const BYTES = 0x40;
const TEXT = 0x60;
const LIST = 0x80;
const MAP = 0xa0;
/** Tag 42: a CID, behind the NUL that is the multibase prefix of binary. */
const CID_TAG = Uint8Array.of(0xd8, 0x2a);
const [FALSE, TRUE, NULL] = [0xf4, 0xf5, 0xf6];

const HEAD_BYTES_MAX = 9;
const SCRATCH_BYTES = 64 * 1024;
/** No map of our formats has more. */
const FEW_KEYS = 16;

let scratch = new Uint8Array(SCRATCH_BYTES);
let at = 0;

/** The bytes of a value; keys whose value is undefined are left out. RangeError on what is outside the model, or nested too deep. */
export function write(value: Value): Bytes {
  at = 0;
  try {
    writeValue(value, 0);
    return scratch.slice(0, at);
  } finally {
    // what was encoded may be about to be sealed
    if (scratch.length > limits.blockBytesMax) scratch = new Uint8Array(SCRATCH_BYTES);
    else scratch.fill(0, 0, at);
  }
}

function makeRoom(bytes: number): void {
  if (at + bytes <= scratch.length) return;
  const larger = new Uint8Array(Math.max(scratch.length * 2, at + bytes));
  larger.set(scratch.subarray(0, at));
  scratch.fill(0);
  scratch = larger;
}

function writeRaw(bytes: Bytes): void {
  makeRoom(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

/** Major type and argument, as short as it goes. */
function writeHead(major: number, n: number): void {
  makeRoom(HEAD_BYTES_MAX);
  if (n < 24) {
    scratch[at++] = major | n;
    return;
  }
  const [code, width] = n < 0x100 ? [24, 1] : n < 0x1_0000 ? [25, 2] : n < 0x1_0000_0000 ? [26, 4] : [27, 8];
  scratch[at++] = major | code;
  for (let i = width - 1, rest = n; i >= 0; i--, rest = Math.floor(rest / 256)) scratch[at + i] = rest % 256;
  at += width;
}

function writeText(text: string): void {
  if (isAscii(text)) {
    writeHead(TEXT, text.length);
    makeRoom(text.length);
    for (let i = 0; i < text.length; i++) scratch[at++] = text.charCodeAt(i);
    return;
  }
  if (!text.isWellFormed()) throw new RangeError('only well-formed text is encoded');
  const bytes = utf8.encode(text);
  writeHead(TEXT, bytes.length);
  writeRaw(bytes);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

const byLength = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

function byUtf8Length(a: string, b: string): number {
  const [x, y] = [utf8.encode(a), utf8.encode(b)];
  return x.length - y.length || Buffer.compare(x, y);
}

function writeMap(map: { readonly [key: string]: Value | undefined }, depth: number): void {
  const keys = sortedKeys(map);
  writeHead(MAP, keys.length);
  for (const key of keys) {
    writeText(key);
    writeValue(map[key] as Value, depth + 1);
  }
}

/** Ours are few and mostly in order already: they are sorted in place, for every array made here is felt in the cost of a small message. */
function sortedKeys(map: { readonly [key: string]: Value | undefined }): readonly string[] {
  const keys = Object.keys(map);
  if (keys.length > FEW_KEYS || !keys.every(isAscii)) return keys.filter((key) => map[key] !== undefined).sort(byUtf8Length);
  let count = 0;
  for (const key of keys) {
    if (map[key] === undefined) continue;
    let place = count++;
    for (; place > 0 && byLength(keys[place - 1] as string, key) > 0; place--) keys[place] = keys[place - 1] as string;
    keys[place] = key;
  }
  keys.length = count;
  return keys;
}

function writeValue(value: Value, depth: number): void {
  if (depth > limits.codecDepthMax) throw new RangeError('value nested too deep to encode');
  if (typeof value === 'string') return writeText(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) throw new RangeError('only integers from 0 to 2^53-1 are encoded');
    return writeHead(UINT, value);
  }
  if (value === null || typeof value === 'boolean') {
    makeRoom(1);
    scratch[at++] = value === null ? NULL : value ? TRUE : FALSE;
    return;
  }
  if (typeof value !== 'object') throw new RangeError(`a value of type ${typeof value} is not encoded`);
  if (value instanceof Uint8Array) {
    writeHead(BYTES, value.length);
    return writeRaw(value);
  }
  if (Array.isArray(value)) {
    writeHead(LIST, value.length);
    for (const item of value as readonly Value[]) writeValue(item, depth + 1);
    return;
  }
  const cid = CID.asCID(value);
  if (cid === null) return writeMap(value as { readonly [key: string]: Value | undefined }, depth);
  writeRaw(CID_TAG);
  writeHead(BYTES, cid.bytes.length + 1);
  scratch[at++] = 0;
  writeRaw(cid.bytes);
}
