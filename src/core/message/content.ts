/**
 * Reads the content of an opened message: whole, or a range of it. Every piece that comes out was authenticated; blocks are fetched
 * ahead, a bounded number of them, and for a range only those that it touches.
 * What it does not promise: that more follows. What was yielded before a throw is an authentic prefix (of the range), no more.
 * Spec: docs/PROTOCOL.md, Opening.
 */
import type { BlockSource } from '../base/block.ts';
import { isZero, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from '../crypto/cobblestone.ts';
import { BLOCK_PLAINTEXT_BYTES, blockLinks, CHUNKS_PER_BLOCK, linkLayout, type LinkLayout } from './nodes.ts';
import type { OpenedMessage } from './open.ts';

export interface ReadOptions {
  /** `end` is not included. Throws E_RANGE unless 0 <= start < end <= length, before anything is fetched. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes yielded so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Some of the opened padded content: `plaintext` begins at byte `start`. `failure` came right after it. */
interface Piece {
  readonly start: number;
  readonly plaintext: Bytes;
  readonly failure?: unknown;
}

/**
 * Pieces of plaintext in order, each the caller's to keep. Throws E_BLOCKS_MISSING, E_BLOCK_CORRUPT and what else the source throws; E_FORMAT for
 * links, lengths and padding that do not hold (padding is checked when all is read); E_CIPHERTEXT at the first chunk that does not open.
 */
export async function* readContent(opened: OpenedMessage, source: BlockSource, options: ReadOptions = {}): AsyncGenerator<Bytes> {
  const { bytes } = opened.metadata;
  const { start, end } = checkedRange(options.range, bytes);
  const until = options.range === undefined ? opened.manifest.content.bytes : end;
  let done = 0;
  for await (const piece of pieces(opened, source, start, until, options.signal)) {
    const from = Math.max(0, start - piece.start);
    const to = Math.min(piece.plaintext.length, Math.max(from, end - piece.start));
    if (options.range === undefined && !isZero(piece.plaintext.subarray(to))) throw fail('E_FORMAT', { kind: 'content', why: 'its padding is not zero' });
    if (to > from) {
      done += to - from;
      yield piece.plaintext.subarray(from, to);
      options.onProgress?.(done);
    }
    if (piece.failure !== undefined) throw piece.failure;
  }
}

function checkedRange(range: ReadOptions['range'], bytes: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: bytes };
  const { start, end } = range;
  const holds = Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start < end && end <= bytes;
  if (!holds) throw fail('E_RANGE', { range: `${start}-${end - 1}`, bytes });
  return range;
}

/** The opened chunks that bytes `start` to `until` of the padded content lie in, block by block. */
async function* pieces(opened: OpenedMessage, source: BlockSource, start: number, until: number, signal: AbortSignal | undefined): AsyncGenerator<Piece> {
  const { content } = opened.manifest;
  const layout = linkLayout(content.bytes);
  const chunks = { first: Math.floor(start / CHUNK_BYTES), end: until === content.bytes ? layout.chunks : Math.ceil(until / CHUNK_BYTES) };
  const firstBlock = Math.floor(chunks.first / CHUNKS_PER_BLOCK);
  const endBlock = Math.min(layout.blocks, Math.ceil(chunks.end / CHUNKS_PER_BLOCK));
  let block = firstBlock;
  for await (const sealed of fetchedBlocks(opened, source, layout, firstBlock, endBlock, signal)) {
    const bytes = block === layout.blocks - 1 ? layout.lastBlockBytes : limits.contentBlockBytes;
    if (sealed.length !== bytes) throw fail('E_FORMAT', { kind: 'content block', why: `${sealed.length} bytes where its place asks for ${bytes}` });
    yield openChunks(opened, layout, block * CHUNKS_PER_BLOCK, sealed, chunks);
    block++;
  }
  const tailChunk = layout.blocks * CHUNKS_PER_BLOCK;
  if (content.tail !== undefined && chunks.end > tailChunk) yield openChunks(opened, layout, tailChunk, content.tail, chunks);
}

/** Opens the wanted chunks of a block whose first chunk has number `first`. A failure comes with the plaintext before it. */
function openChunks({ cipher }: OpenedMessage, layout: LinkLayout, first: number, sealed: Bytes, wanted: { first: number; end: number }): Piece {
  const from = Math.max(first, wanted.first);
  const end = Math.min(wanted.end, first + Math.ceil(sealed.length / SEALED_CHUNK_BYTES));
  const start = from * CHUNK_BYTES;
  const out = new Uint8Array(Buffer.allocUnsafeSlow(Math.min(BLOCK_PLAINTEXT_BYTES, sealed.length)).buffer);
  let length = 0;
  try {
    for (let chunk = from; chunk < end; chunk++) {
      const at = (chunk - first) * SEALED_CHUNK_BYTES;
      length += cipher.openChunk(chunk, chunk === layout.chunks - 1, sealed.subarray(at, at + SEALED_CHUNK_BYTES), out.subarray(length));
    }
  } catch (failure) {
    if (!isError(failure, 'E_CIPHERTEXT')) throw failure;
    return { start, plaintext: out.subarray(0, length), failure };
  }
  return { start, plaintext: out.subarray(0, length) };
}

/** Blocks `from` up to, not including, `to`, in order, fetched ahead. */
async function* fetchedBlocks(
  opened: OpenedMessage,
  source: BlockSource,
  layout: LinkLayout,
  from: number,
  to: number,
  outerSignal: AbortSignal | undefined,
): AsyncGenerator<Bytes> {
  const stop = new AbortController();
  const signal = outerSignal === undefined ? stop.signal : AbortSignal.any([outerSignal, stop.signal]);
  const get = async (cid: Cid): Promise<Bytes> => {
    signal.throwIfAborted();
    const bytes = await source.get(cid, signal);
    if (bytes === undefined) throw fail('E_BLOCKS_MISSING', { cid: opened.cid.toString(), missing: 1, block: cid.toString() });
    return bytes;
  };
  const ahead: Array<Promise<Bytes>> = [];
  const root = { links: opened.manifest.content.links, depth: layout.depth, blocks: layout.blocks };
  try {
    for await (const links of blockLinks(root, from, to, get)) {
      for (const cid of links) {
        if (ahead.length === limits.readAheadBlocksMax) yield await (ahead.shift() as Promise<Bytes>);
        const fetching = get(cid);
        // It may fail before its turn, or never have one.
        fetching.catch(() => undefined);
        ahead.push(fetching);
      }
    }
    while (ahead.length > 0) yield await (ahead.shift() as Promise<Bytes>);
  } finally {
    stop.abort();
  }
}
