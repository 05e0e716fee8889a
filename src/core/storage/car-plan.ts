/**
 * Which blocks go into which file of an export, before a byte is written: the header names the roots and the index counts the blocks.
 * Every file can be imported alone and in any order: it has manifest, link nodes and packets of each message it has content of.
 */
import type { Block } from '../base/block.ts';
import type { Cid } from '../base/cid.ts';
import { CID_BYTES, cidOf, RAW } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CAR_MESSAGE_BYTES, encodeIndex, LINK_BYTES, type CarIndex } from './car-index.ts';
import { closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';

/** A section's length and CID: the longest of both. */
const SECTION_BYTES = 4 + CID_BYTES;
/** Header and index, without what each message adds. */
const FILE_BYTES = 4_096;
/** An index stays well under the size of a block. */
const INDEX_BYTES_MAX = limits.blockBytesMax / 2;

export interface ExportMessage {
  readonly cid: Cid;
  readonly packets: readonly Block[];
}

/** Content blocks `from` up to, not including, `to`. */
export interface CarPart extends ExportMessage {
  readonly from: number;
  readonly to: number;
  /** Blocks of the part, its structure included. */
  readonly blocks: number;
}

export interface CarFile {
  readonly parts: readonly CarPart[];
  readonly bundles: readonly Block[];
  readonly indexes: readonly Block[];
}

interface Measured {
  readonly message: ExportMessage;
  readonly structure: number;
  readonly content: number;
  /** Bytes that every file with a piece of it carries. */
  readonly fixedBytes: number;
}

/** Splits at `splitBytes`; one file when it is undefined. Throws E_TOO_MANY, E_USAGE (too small to hold anything), E_BLOCKS_MISSING. */
export async function planCar(
  store: StoreContext,
  messages: readonly ExportMessage[],
  { bundles = [], receipts = [], splitBytes = Number.MAX_SAFE_INTEGER }: { bundles?: readonly Block[]; receipts?: readonly Cid[]; splitBytes?: number | undefined },
): Promise<readonly CarFile[]> {
  const bundleBytes = bundles.reduce((sum, { bytes }) => sum + bytes.length + SECTION_BYTES + LINK_BYTES, 0);
  const packer = new Packer(splitBytes, FILE_BYTES + bundleBytes);
  for (const message of messages) packer.add(await measure(store, message));
  return packer.files.map((parts) => withIndexes(parts, bundles, receipts));
}

async function measure(store: StoreContext, message: ExportMessage): Promise<Measured> {
  let [structure, content, structureBytes] = [0, 0, 0];
  const load = async (cid: Cid) => {
    const found = await store.read(cid);
    structureBytes += (found?.bytes.length ?? 0) + SECTION_BYTES;
    return found?.bytes;
  };
  let isRoot = true;
  for await (const { role, cids } of closureOf(message.cid, load)) {
    if (role === 'structure' || isRoot) structure += cids.length;
    else content += cids.length;
    isRoot = false;
  }
  const packetBytes = message.packets.length * (limits.packetBytes + SECTION_BYTES + LINK_BYTES);
  return { message, structure, content, fixedBytes: structureBytes + packetBytes + CAR_MESSAGE_BYTES + LINK_BYTES };
}

/** Files are filled one after the other: what fits goes on, what does not begins the next, and only what fits no file is cut. */
class Packer {
  readonly files: CarPart[][] = [[]];
  readonly #limit: number;
  readonly #emptyBytes: number;
  #bytes: number;

  constructor(limit: number, emptyBytes: number) {
    this.#limit = limit;
    this.#emptyBytes = emptyBytes;
    this.#bytes = emptyBytes;
  }

  get #left(): number {
    return this.#limit - this.#bytes;
  }

  add(measured: Measured): void {
    const blockBytes = limits.contentBlockBytes + SECTION_BYTES;
    const whole = measured.fixedBytes + measured.content * blockBytes;
    const least = measured.fixedBytes + Math.min(1, measured.content) * blockBytes;
    if (this.#emptyBytes + least > this.#limit) throw fail('E_USAGE', { why: `a file of ${this.#limit} bytes cannot hold part of a message; at least ${this.#emptyBytes + least} are needed` });
    if (whole > this.#left && this.#emptyBytes + whole <= this.#limit) this.#next();
    let from = 0;
    do {
      if (least > this.#left) this.#next();
      const blocks = Math.min(measured.content - from, Math.floor((this.#left - measured.fixedBytes) / blockBytes));
      this.#put(measured, from, from + blocks, measured.fixedBytes + blocks * blockBytes);
      from += blocks;
    } while (from < measured.content);
  }

  #put({ message, structure }: Measured, from: number, to: number, bytes: number): void {
    const parts = this.files.at(-1) as CarPart[];
    if (parts.length >= limits.carMessagesMax) {
      if (this.#limit === Number.MAX_SAFE_INTEGER) throw fail('E_TOO_MANY', { what: 'messages of one CAR', count: parts.length + 1, max: limits.carMessagesMax });
      this.#next();
    }
    (this.files.at(-1) as CarPart[]).push({ ...message, from, to, blocks: structure + to - from });
    this.#bytes += bytes;
  }

  #next(): void {
    this.files.push([]);
    this.#bytes = this.#emptyBytes;
  }
}

function withIndexes(parts: readonly CarPart[], bundles: readonly Block[], receipts: readonly Cid[]): CarFile {
  const groups = grouped(parts);
  const packets = parts.reduce((sum, part) => sum + part.packets.length, 0);
  const sections = groups.length + bundles.length + packets + parts.reduce((sum, { blocks }) => sum + blocks, 0);
  const receiptTexts = new Set(receipts.map(String));
  const indexes = groups.map((group, i): Block => {
    const index: CarIndex = {
      sections,
      messages: group.map((part) => ({ cid: part.cid, packets: part.packets.map(({ cid }) => cid) })),
      bundles: i === 0 ? bundles.map(({ cid }) => cid) : [],
      receipts: group.map(({ cid }) => cid).filter((cid) => receiptTexts.has(cid.toString())),
    };
    return encodeIndex(index);
  });
  return { parts, bundles, indexes };
}

/** Messages of one index each; at least one group, since bundles may travel alone. */
function grouped(parts: readonly CarPart[]): readonly CarPart[][] {
  const groups: CarPart[][] = [[]];
  let bytes = 0;
  for (const part of parts) {
    const size = CAR_MESSAGE_BYTES + LINK_BYTES * (part.packets.length + 1);
    if (bytes + size > INDEX_BYTES_MAX && bytes > 0) {
      groups.push([]);
      bytes = 0;
    }
    (groups.at(-1) as CarPart[]).push(part);
    bytes += size;
  }
  return groups;
}

export const packetBlock = (bytes: Uint8Array): Block => ({ cid: cidOf(RAW, bytes), bytes });
