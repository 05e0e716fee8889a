/**
 * Every block of one message, found by walking the public structure of its manifest: link nodes, then raw blocks, from left to right.
 * Hostile input: an imported manifest may link anything. The padded length fixes the whole shape, so the walk ends, and its memory is one
 * node's links a level. It proves that blocks are named, not that they are there.
 */
import type { Bytes } from '../base/bytes.ts';
import { DAG_CBOR, RAW, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodeManifest } from '../message/manifest.ts';
import { blocksUnder, decodeNode, linkLayout } from '../message/nodes.ts';

/**
 * `structure` stays hot when a message is demoted: manifests with links, and link nodes. `content` goes: raw blocks, and a manifest that
 * has all its content inline.
 */
export interface ClosurePart {
  readonly role: 'structure' | 'content';
  readonly cids: readonly Cid[];
}

/** The bytes of a block on the way down; undefined when it is not there. */
export type Load = (cid: Cid) => Promise<Bytes | undefined>;

/**
 * The blocks of `cid`, its own first, in parts of at most `limits.linksMax`. A raw block is a message of one block.
 * Throws E_BLOCKS_MISSING when the manifest or a node is not there, E_FORMAT and others when it is not one.
 */
export async function* closureOf(cid: Cid, load: Load): AsyncGenerator<ClosurePart> {
  if (cid.code === RAW) return yield { role: 'content', cids: [cid] };
  const manifest = decodeManifest(await loaded(cid, cid, load));
  const { depth, blocks } = linkLayout(manifest.content.bytes);
  const { links } = manifest.content;
  yield { role: links.length === 0 ? 'content' : 'structure', cids: [cid] };
  yield* under(cid, { links, depth, blocks }, load);
}

interface Level {
  readonly links: readonly Cid[];
  readonly depth: number;
  readonly blocks: number;
}

async function* under(message: Cid, { links, depth, blocks }: Level, load: Load): AsyncGenerator<ClosurePart> {
  if (links.length === 0) return;
  if (depth === 0) return yield { role: 'content', cids: links };
  yield { role: 'structure', cids: links };
  const span = blocksUnder(depth);
  for (const [i, link] of links.entries()) {
    const level = { depth: depth - 1, blocks: Math.min(span, blocks - i * span) };
    const count = Math.ceil(level.blocks / blocksUnder(level.depth));
    const below = decodeNode(await loaded(message, link, load), count, level.depth === 0 ? RAW : DAG_CBOR);
    yield* under(message, { ...level, links: below }, load);
  }
}

async function loaded(message: Cid, cid: Cid, load: Load): Promise<Bytes> {
  const bytes = await load(cid);
  if (bytes === undefined) throw fail('E_BLOCKS_MISSING', { cid: message.toString(), missing: 1 });
  return bytes;
}

export interface MessageSize {
  /** Of all its blocks, manifest and nodes included. */
  readonly bytes: number;
  readonly blocks: number;
}

/** What the record of a message says of its size. Reads manifest and nodes only: the padded length fixes the rest. Throws as `closureOf`. */
export async function sizeOf(cid: Cid, load: Load): Promise<MessageSize> {
  const root = await loaded(cid, cid, load);
  if (cid.code === RAW) return { bytes: root.length, blocks: 1 };
  const { blocks, nodes, lastBlockBytes } = linkLayout(decodeManifest(root).content.bytes);
  let bytes = root.length + Math.max(0, blocks - 1) * limits.contentBlockBytes + lastBlockBytes;
  let isRoot = true;
  for await (const { role, cids } of closureOf(cid, load)) {
    if (role === 'structure' && !isRoot) for (const node of cids) bytes += (await loaded(cid, node, load)).length;
    isRoot = false;
  }
  return { bytes, blocks: 1 + blocks + nodes };
}

/** Cuts a part into batches of blocks that are handled, and held in memory, together. */
export function* batched(cids: readonly Cid[], size: number): Generator<readonly Cid[]> {
  for (let at = 0; at < cids.length; at += size) yield cids.slice(at, at + size);
}
