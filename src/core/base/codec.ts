/**
 * Canonical dag-cbor: what is decoded must encode again to the same bytes, else it is refused.
 * The library alone accepts unsorted keys and other second spellings; a signed format may have one spelling only.
 * Spec: https://ipld.io/specs/codecs/dag-cbor/spec/
 */
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { equalBytes, type Bytes } from './bytes.ts';
import { checkedCid, cidOf, DAG_CBOR, type Cid } from './cid.ts';
import { TIME_MS_MAX } from './clock.ts';
import { read } from './codec-read.ts';
import { write, type Value } from './codec-write.ts';
import { fail } from './errors.ts';
import { limits } from './limits.ts';

export type { Value } from './codec-write.ts';

/** Canonical bytes of a value. Keys whose value is undefined are left out. A value outside the model is an assertion. */
export const encode = (value: Value): Bytes => write(value);

/** Encodes and names in one step. */
export function encodeBlock(value: Value): { cid: Cid; bytes: Bytes } {
  const bytes = encode(value);
  return { cid: cidOf(DAG_CBOR, bytes), bytes };
}

/**
 * Hostile input. Throws E_FORMAT (not dag-cbor, not our model) or E_NOT_CANONICAL (a second spelling).
 * `kind` is the format's name for the error text.
 */
export function decode(kind: string, bytes: Bytes): Value {
  if (bytes.length > limits.blockBytesMax) throw fail('E_FORMAT', { kind, why: 'longer than a block may be' });
  let value: Value;
  try {
    value = read(bytes) as Value;
  } catch (cause) {
    throw fail('E_FORMAT', { kind, why: 'not dag-cbor' }, cause);
  }
  checkModel(kind, value, 0);
  if (!equalBytes(dagCbor.encode(value), bytes)) throw fail('E_NOT_CANONICAL', { kind });
  return value;
}

function checkModel(kind: string, value: unknown, depth: number): void {
  if (depth > limits.codecDepthMax) throw fail('E_FORMAT', { kind, why: `nested deeper than ${limits.codecDepthMax}` });
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw fail('E_FORMAT', { kind, why: 'text that is not UTF-8' });
    return;
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) throw fail('E_FORMAT', { kind, why: 'a number that is not an integer from 0 to 2^53-1' });
    return;
  }
  if (typeof value !== 'object') throw fail('E_FORMAT', { kind, why: `a value of type ${typeof value}` });
  const cid = CID.asCID(value);
  if (cid !== null) {
    checkedCid(cid);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) checkModel(kind, item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw fail('E_FORMAT', { kind, why: 'a field named __proto__' });
    checkModel(kind, item, depth + 1);
  }
}

/**
 * A strict reader of one decoded map: every field is taken by name and type, and `done()` refuses what is left.
 * All throw E_FORMAT naming the format and the field.
 */
export class Reader {
  readonly #kind: string;
  readonly #rest: Map<string, unknown>;

  constructor(kind: string, value: unknown) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array || CID.asCID(value) !== null) {
      throw fail('E_FORMAT', { kind, why: 'not a map' });
    }
    this.#kind = kind;
    this.#rest = new Map(Object.entries(value));
  }

  #take(field: string): unknown {
    const value = this.#rest.get(field);
    if (value === undefined) throw this.#wrong(field, 'missing');
    this.#rest.delete(field);
    return value;
  }

  #wrong(field: string, why: string): Error {
    return fail('E_FORMAT', { kind: this.#kind, why: `field ${field} ${why}` });
  }

  has(field: string): boolean {
    return this.#rest.has(field);
  }

  /** Names of the fields not yet taken: for maps whose keys are data. */
  names(): readonly string[] {
    return [...this.#rest.keys()];
  }

  /** The version field `v`. A newer one is E_VERSION_NEWER, any other than `version` is E_FORMAT. */
  version(version: number): void {
    const v = this.int('v');
    if (v > version) throw fail('E_VERSION_NEWER', { kind: this.#kind, version: v, known: version });
    if (v !== version) throw this.#wrong('v', `is ${v}, not ${version}`);
  }

  int(field: string, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#take(field);
    if (typeof value !== 'number' || value < min || value > max) throw this.#wrong(field, `is not an integer from ${min} to ${max}`);
    return value;
  }

  /** Milliseconds since the epoch that a date can say: later ones would throw where they are shown. */
  time(field: string, min = 0): number {
    return this.int(field, min, TIME_MS_MAX);
  }

  bytes(field: string, length?: number, max?: number): Bytes {
    const value = this.#take(field);
    if (!(value instanceof Uint8Array)) throw this.#wrong(field, 'is not bytes');
    if (length !== undefined && value.length !== length) throw this.#wrong(field, `has ${value.length} bytes, not ${length}`);
    if (max !== undefined && value.length > max) throw this.#wrong(field, `has more than ${max} bytes`);
    return value;
  }

  text(field: string, max: number): string {
    const value = this.#take(field);
    if (typeof value !== 'string') throw this.#wrong(field, 'is not text');
    if (value.length > max) throw this.#wrong(field, `is longer than ${max} characters`);
    return value;
  }

  bool(field: string): boolean {
    const value = this.#take(field);
    if (typeof value !== 'boolean') throw this.#wrong(field, 'is not true or false');
    return value;
  }

  /** A link. `codec` narrows it to raw or dag-cbor. */
  cid(field: string, codec?: number): Cid {
    const value = this.#take(field);
    const cid = CID.asCID(value);
    if (cid === null) throw this.#wrong(field, 'is not a link');
    if (codec !== undefined && cid.code !== codec) throw this.#wrong(field, 'links a block of another codec');
    return checkedCid(cid);
  }

  list(field: string, max: number): readonly unknown[] {
    const value = this.#take(field);
    if (!Array.isArray(value)) throw this.#wrong(field, 'is not a list');
    if (value.length > max) throw this.#wrong(field, `has more than ${max} items`);
    return value;
  }

  map(field: string): Reader {
    return new Reader(`${this.#kind}.${field}`, this.#take(field));
  }

  /** Applies `read` only when the field is there. */
  optional<T>(field: string, read: (reader: this) => T): T | undefined {
    return this.#rest.has(field) ? read(this) : undefined;
  }

  /** Refuses fields that nobody asked for. */
  done(): void {
    const [unknown] = this.#rest.keys();
    if (unknown !== undefined) throw this.#wrong(unknown.slice(0, 60), 'is unknown');
  }
}

/** An optional property of what was read, left out when undefined. */
export const present = <Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } =>
  (value === undefined ? {} : { [name]: value }) as { [N in Name]?: T };
