/**
 * CARv1 as OmniPlex writes and reads it: a header with roots, then blocks. Reading is a stream with one block in memory, every
 * block hashed, no length believed before it is bounded. (@ipld/car puts no bound on the length of a section.)
 * What it does not promise: that the roots are there, or that blocks come in any order.
 * Spec: https://ipld.io/specs/transport/car/carv1/
 */
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import type { Block } from './block.ts';
import { bytesOf, concat, equalBytes, type Bytes } from './bytes.ts';
import { CID_BYTES, checkedCid, decodeCid, verified, type Cid } from './cid.ts';
import { fail, isError } from './errors.ts';
import { limits } from './limits.ts';

const KIND = 'CAR';
const VARINT_BYTES_MAX = 8;

function varint(value: number): Bytes {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...out, rest);
    out.push((rest % 128) | 0x80);
  }
}

export function carHeader(roots: readonly Cid[]): Bytes {
  const header = dagCbor.encode({ version: 1, roots });
  return concat(varint(header.length), header);
}

export const carSection = ({ cid, bytes }: Block): Bytes => concat(varint(CID_BYTES + bytes.length), cid.bytes, bytes);

/** A small CAR, whole. */
export const encodeCar = (roots: readonly Cid[], blocks: readonly Block[]): Bytes => concat(carHeader(roots), ...blocks.map(carSection));

/** How a CARv1 begins, behind the length of its header (1 to 3 bytes): a map of two whose first key is the text "roots". */
export const CAR_MARK: Bytes = Uint8Array.of(0xa2, 0x65, 0x72, 0x6f, 0x6f, 0x74, 0x73);

/** Takes exact numbers of bytes from pieces of any size. */
class Source {
  readonly #pieces: AsyncIterator<Bytes>;
  #rest: Bytes = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Bytes>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Undefined at the end of the input; E_FORMAT when it ends within. */
  async take(length: number): Promise<Bytes | undefined> {
    const parts: Bytes[] = [];
    let have = 0;
    while (have < length) {
      if (this.#rest.length === 0) {
        const next = await this.#pieces.next();
        if (next.done === true) {
          if (have === 0) return undefined;
          throw fail('E_FORMAT', { kind: KIND, why: 'it is cut short' });
        }
        this.#rest = next.value;
        continue;
      }
      const part = this.#rest.subarray(0, length - have);
      this.#rest = this.#rest.subarray(part.length);
      have += part.length;
      parts.push(part);
    }
    return concat(...parts);
  }

  async must(length: number): Promise<Bytes> {
    const bytes = length === 0 ? new Uint8Array(0) : await this.take(length);
    if (bytes === undefined) throw fail('E_FORMAT', { kind: KIND, why: 'it is cut short' });
    return bytes;
  }

  /** Undefined at the end of the input. One spelling only: a last byte of zero is refused. */
  async varint(): Promise<number | undefined> {
    let value = 0;
    for (let i = 0, scale = 1; i < VARINT_BYTES_MAX; i++, scale *= 128) {
      const byte = (i === 0 ? await this.take(1) : await this.must(1))?.[0];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (i > 0 && byte === 0) break;
        return value;
      }
    }
    throw fail('E_FORMAT', { kind: KIND, why: 'a length is not well-formed' });
  }

  async end(): Promise<void> {
    await this.#pieces.return?.();
  }
}

/** A map of two, `roots` first: how every CAR of version 1 begins behind its first length. */
const HEADER_START = Uint8Array.from([0xa2, 0x65, ...bytesOf('roots')]);

/** Another kind of file, rather than a damaged one. */
const notOne = (place: string) =>
  fail('E_FORMAT', { kind: KIND, why: `${place} does not begin like one`, hint: 'Was another file meant? A CAR is what `send --out` and `store export` write; `omniplex inspect FILE` tells what a file is.' });

function readHeader(bytes: Bytes): readonly Cid[] {
  try {
    const header = dagCbor.decode<Record<string, unknown>>(bytes as Uint8Array<ArrayBuffer>);
    const { version, roots, ...rest } = header;
    if (version === 1 && Array.isArray(roots) && Object.keys(rest).length === 0 && equalBytes(dagCbor.encode(header), bytes)) {
      return roots.map((root) => checkedCid(CID.asCID(root) ?? (root as CID)));
    }
  } catch (cause) {
    throw fail('E_FORMAT', { kind: KIND, why: 'its header cannot be read' }, cause);
  }
  throw fail('E_FORMAT', { kind: KIND, why: 'its header is not that of version 1, in canonical form' });
}

export interface Car {
  readonly roots: readonly Cid[];
  /** Once, in the order of the file; each hashed. Throws E_FORMAT, E_CID_INVALID, E_BLOCK_CORRUPT, E_BLOCK_TOO_LARGE. */
  readonly blocks: AsyncIterable<Block>;
}

/** Hostile input. Throws E_FORMAT when the header is not one. `place` names the file in errors. */
export async function readCar(pieces: AsyncIterable<Bytes>, place: string): Promise<Car> {
  const source = new Source(pieces);
  try {
    const length = await source.varint();
    if (length === undefined || length < HEADER_START.length || length > limits.blockBytesMax) throw notOne(place);
    const start = await source.take(HEADER_START.length).catch(() => undefined);
    if (start === undefined || !equalBytes(start, HEADER_START)) throw notOne(place);
    return { roots: readHeader(concat(start, await source.must(length - start.length))), blocks: readBlocks(source, place) };
  } catch (error) {
    await source.end();
    throw error;
  }
}

async function* readBlocks(source: Source, place: string): AsyncGenerator<Block> {
  try {
    for (;;) {
      const length = await source.varint();
      if (length === undefined) return;
      if (length < CID_BYTES) throw fail('E_FORMAT', { kind: KIND, why: 'a section is too short for a block' });
      if (length > limits.blockBytesMax + CID_BYTES) throw fail('E_BLOCK_TOO_LARGE', { bytes: length - CID_BYTES, max: limits.blockBytesMax });
      const section = await source.must(length);
      const cid = decodeSectionCid(section);
      yield { cid, bytes: verified(cid, section.subarray(CID_BYTES), place) };
    }
  } finally {
    await source.end();
  }
}

function decodeSectionCid(section: Bytes): Cid {
  try {
    return decodeCid(section.subarray(0, CID_BYTES));
  } catch (cause) {
    throw isError(cause) ? cause : fail('E_FORMAT', { kind: KIND, why: 'a section does not begin with a CID' }, cause);
  }
}

/** Bytes at hand as pieces. */
export async function* piecesOf(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}
