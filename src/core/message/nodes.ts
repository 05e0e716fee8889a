/**
 * The tree of links under a manifest: raw blocks of ciphertext, below link nodes {v, links} when there are more than one node holds.
 * The padded length of the content fixes the whole shape, so no other shape is accepted, and a range is found without a search.
 * Spec: docs/PROTOCOL.md, Content and Links.
 */
import type { Block } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { DAG_CBOR, isCid, RAW, type Cid } from '../base/cid.ts';
import { decode, encodeBlock, Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CHUNK_BYTES, SEALED_CHUNK_BYTES, sealedContentBytes } from '../crypto/cobblestone.ts';

const VERSION = 1;
const { contentBlockBytes, linksMax } = limits;

export const CHUNKS_PER_BLOCK = contentBlockBytes / SEALED_CHUNK_BYTES;
/** Plaintext of one full block. */
export const BLOCK_PLAINTEXT_BYTES = CHUNKS_PER_BLOCK * CHUNK_BYTES;

export interface LinkLayout {
  /** Chunks of the content stream, the short last one included. */
  readonly chunks: number;
  /** Raw blocks. */
  readonly blocks: number;
  /** Ciphertext in the last raw block; 0 when there is none. */
  readonly lastBlockBytes: number;
  /** Ciphertext inline in the manifest; 0 when the last block holds the end, and the manifest has no `tail`. */
  readonly tailBytes: number;
  /** Levels of link nodes between the manifest and the raw blocks. */
  readonly depth: number;
  /** Links in the manifest. */
  readonly links: number;
  /** Link nodes, on all levels. */
  readonly nodes: number;
}

/** The shape of content of `bytes` padded bytes. Asserts that they are within `limits.contentBytesMax`. */
export function linkLayout(bytes: number): LinkLayout {
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > limits.contentBytesMax) throw new RangeError(`content has 0 to ${limits.contentBytesMax} bytes`);
  const sealedBytes = sealedContentBytes(bytes);
  const restBytes = sealedBytes % contentBlockBytes;
  const inline = restBytes <= limits.tailBytesMax;
  const blocks = Math.floor(sealedBytes / contentBlockBytes) + (inline ? 0 : 1);
  let depth = 0;
  let links = blocks;
  let nodes = 0;
  while (links > linksMax) {
    links = Math.ceil(links / linksMax);
    nodes += links;
    depth++;
  }
  const lastBlockBytes = blocks === 0 ? 0 : inline ? contentBlockBytes : restBytes;
  return { chunks: Math.floor(bytes / CHUNK_BYTES) + 1, blocks, lastBlockBytes, tailBytes: inline ? restBytes : 0, depth, links, nodes };
}

/** Raw blocks under one link, `depth` levels of nodes above them. */
export const blocksUnder = (depth: number): number => linksMax ** depth;

const encodeNode = (links: readonly Cid[]): Block => encodeBlock({ v: VERSION, links });

/** Hostile input: a link node that must hold exactly `count` links, to raw blocks or to nodes. Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER. */
export function decodeNode(bytes: Bytes, count: number, linksTo: typeof RAW | typeof DAG_CBOR): readonly Cid[] {
  const reader = new Reader('link node', decode('link node', bytes));
  reader.version(VERSION);
  const links = readLinks('link node', reader.list('links', linksMax), count, linksTo);
  reader.done();
  return links;
}

/** Hostile input: a link node out of its place, so that its number of links is its own word. Throws as `decodeNode` does. */
export function describeNode(bytes: Bytes): { readonly links: number; readonly linksTo: 'raw' | 'dag-cbor' } {
  const reader = new Reader('link node', decode('link node', bytes));
  reader.version(VERSION);
  const items = reader.list('links', linksMax);
  reader.done();
  const codec = isCid(items[0]) ? items[0].code : RAW;
  if (items.length === 0) throw fail('E_FORMAT', { kind: 'link node', why: 'no links' });
  return { links: readLinks('link node', items, items.length, codec).length, linksTo: codec === RAW ? 'raw' : 'dag-cbor' };
}

/** Hostile input: decoded links, of which there must be `count`, all of one codec. */
export function readLinks(kind: string, items: readonly unknown[], count: number, codec: number): readonly Cid[] {
  if (items.length !== count) throw fail('E_FORMAT', { kind, why: `${items.length} links where its length asks for ${count}` });
  for (const item of items) {
    if (!isCid(item) || item.code !== codec) throw fail('E_FORMAT', { kind, why: 'a link to a block of another codec, or no link' });
  }
  return items as readonly Cid[];
}

/**
 * Builds the tree from left to right while the length is still unknown: at most `limits.linksMax` links a level are held.
 * `add` and `finish` answer the nodes that became complete.
 */
export class LinkTree {
  readonly #levels: Cid[][] = [[]];

  add(cid: Cid): Block[] {
    const nodes: Block[] = [];
    this.#push(0, cid, nodes);
    return nodes;
  }

  #push(level: number, cid: Cid, nodes: Block[]): void {
    const links = (this.#levels[level] ??= []);
    if (links.length === linksMax) this.#close(level, nodes);
    (this.#levels[level] as Cid[]).push(cid);
  }

  #close(level: number, nodes: Block[]): void {
    const node = encodeNode(this.#levels[level] as Cid[]);
    this.#levels[level] = [];
    nodes.push(node);
    this.#push(level + 1, node.cid, nodes);
  }

  /** The links of the manifest, and the last nodes. */
  finish(): { links: readonly Cid[]; nodes: readonly Block[] } {
    const nodes: Block[] = [];
    for (let level = 0; level + 1 < this.#levels.length; level++) this.#close(level, nodes);
    return { links: this.#levels.at(-1) ?? [], nodes };
  }
}

/** The links of raw blocks `from` up to, not including, `to`, in order, a node's worth at a time; only nodes on their path are loaded. */
export async function* blockLinks(
  root: { readonly links: readonly Cid[]; readonly depth: number; readonly blocks: number },
  from: number,
  to: number,
  load: (cid: Cid) => Promise<Bytes>,
): AsyncGenerator<readonly Cid[]> {
  if (from >= to) return;
  if (root.depth === 0) {
    yield root.links.slice(from, to);
    return;
  }
  const span = blocksUnder(root.depth);
  for (let i = Math.floor(from / span); i * span < to; i++) {
    const blocks = Math.min(span, root.blocks - i * span);
    const depth = root.depth - 1;
    const links = decodeNode(await load(root.links[i] as Cid), Math.ceil(blocks / blocksUnder(depth)), depth === 0 ? RAW : DAG_CBOR);
    yield* blockLinks({ links, depth, blocks }, Math.max(0, from - i * span), Math.min(blocks, to - i * span), load);
  }
}
