import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, cidOfDigest, DAG_CBOR, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { encode } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { blockLinks, decodeNode, linkLayout, LinkTree } from '../../../src/core/message/nodes.ts';
import { codeOf } from './support.ts';

const CHUNK = 16_384;
const BLOCK = 16 * CHUNK;

const link = (i: number): Cid => {
  const digest = new Uint8Array(32);
  new DataView(digest.buffer).setUint32(0, i);
  return cidOfDigest(RAW, digest);
};

describe('layout', () => {
  // bytes, chunks, blocks, bytes of the last block, bytes of the tail
  it.each([
    [0, 1, 0, 0, 16],
    [1, 1, 0, 0, 17],
    [CHUNK - 1, 1, 0, 0, CHUNK + 15],
    [CHUNK, 2, 1, CHUNK + 32, 0],
    [CHUNK + 1, 2, 1, CHUNK + 33, 0],
    [BLOCK - 1, 16, 1, 262_399, 0],
    [BLOCK, 17, 1, 262_400, 16],
    [BLOCK + 1, 17, 1, 262_400, 17],
    [BLOCK + CHUNK - 1, 17, 1, 262_400, CHUNK + 15],
    [BLOCK + CHUNK, 18, 2, CHUNK + 32, 0],
    [2 * BLOCK, 33, 2, 262_400, 16],
  ])('of %i bytes', (bytes, chunks, blocks, lastBlockBytes, tailBytes) => {
    expect(linkLayout(bytes)).toMatchObject({ chunks, blocks, lastBlockBytes, tailBytes, depth: 0, nodes: 0, links: blocks });
  });

  // blocks of content, depth, links in the manifest, nodes in all
  it.each([
    [4_096, 0, 4_096, 0],
    [4_097, 1, 2, 2],
    [2 * 4_096, 1, 2, 2],
    [2 * 4_096 + 1, 1, 3, 3],
    [4_096 ** 2, 1, 4_096, 4_096],
    [4_096 ** 2 + 1, 2, 2, 4_097 + 2],
    [limits.contentBytesMax / BLOCK, 2, 4, 16_384 + 4],
  ])('of %i blocks', (blocks, depth, links, nodes) => {
    expect(linkLayout(blocks * BLOCK)).toMatchObject({ blocks, depth, links, nodes, tailBytes: 16 });
    expect(linkLayout(blocks * BLOCK - 1)).toMatchObject({ blocks, depth, links, nodes, tailBytes: 0 });
  });

  it('accounts for every byte of ciphertext', () => {
    fc.assert(
      fc.property(fc.maxSafeNat().map((n) => n % (limits.contentBytesMax + 1)), (bytes) => {
        const { chunks, blocks, lastBlockBytes, tailBytes } = linkLayout(bytes);
        const inBlocks = blocks === 0 ? 0 : (blocks - 1) * limits.contentBlockBytes + lastBlockBytes;
        expect(inBlocks + tailBytes).toBe(bytes + 16 * chunks);
        expect(lastBlockBytes).toBeLessThanOrEqual(limits.contentBlockBytes);
        expect(tailBytes).toBeLessThanOrEqual(limits.tailBytesMax);
      }),
    );
  });

  it('asserts its argument', () => {
    for (const bytes of [-1, 0.5, Number.NaN, limits.contentBytesMax + 1]) expect(() => linkLayout(bytes)).toThrow(RangeError);
  });
});

/** A tree as it is built, with its nodes by name. */
function built(count: number): { links: readonly Cid[]; nodes: Map<string, Bytes>; load: (cid: Cid) => Promise<Bytes>; loaded: string[] } {
  const tree = new LinkTree();
  const nodes = new Map<string, Bytes>();
  const keep = (made: readonly { cid: Cid; bytes: Bytes }[]) => made.forEach(({ cid, bytes }) => nodes.set(cid.toString(), bytes));
  for (let i = 0; i < count; i++) keep(tree.add(link(i)));
  const end = tree.finish();
  keep(end.nodes);
  const loaded: string[] = [];
  return { links: end.links, nodes, loaded, load: async (cid) => (loaded.push(cid.toString()), nodes.get(cid.toString()) as Bytes) };
}

async function walked(tree: ReturnType<typeof built>, blocks: number, from: number, to: number): Promise<string[]> {
  const { depth } = linkLayout(blocks * BLOCK);
  const cids: string[] = [];
  for await (const links of blockLinks({ links: tree.links, depth, blocks }, from, to, tree.load)) cids.push(...links.map(String));
  return cids;
}

describe('tree', () => {
  it.each([0, 1, 4_095, 4_096, 4_097, 8_191, 8_192, 8_193])('of %i blocks has the shape of its length and gives them back in order', async (count) => {
    const tree = built(count);
    const layout = linkLayout(count * BLOCK);
    expect(tree.links.length).toBe(layout.links);
    expect(tree.nodes.size).toBe(layout.nodes);
    expect(await walked(tree, count, 0, count)).toEqual(Array.from({ length: count }, (_, i) => link(i).toString()));
    for (const [cid, bytes] of tree.nodes) expect(cidOf(DAG_CBOR, bytes).toString()).toBe(cid);
  });

  it('loads only the nodes on the path of a range', async () => {
    const tree = built(3 * 4_096);
    expect(await walked(tree, 3 * 4_096, 4_095, 4_097)).toEqual([link(4_095), link(4_096)].map(String));
    expect(tree.loaded).toEqual(tree.links.slice(0, 2).map(String));
    tree.loaded.length = 0;
    expect(await walked(tree, 3 * 4_096, 8_192, 8_193)).toEqual([link(8_192).toString()]);
    expect(tree.loaded).toEqual([tree.links[2]?.toString()]);
    tree.loaded.length = 0;
    expect(await walked(tree, 3 * 4_096, 5, 5)).toEqual([]);
    expect(tree.loaded).toEqual([]);
  });

  it('has any range', async () => {
    const tree = built(9_000);
    await fc.assert(
      fc.asyncProperty(fc.nat(9_000), fc.nat(9_000), async (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        expect(await walked(tree, 9_000, from, to)).toEqual(Array.from({ length: to - from }, (_, i) => link(from + i).toString()));
      }),
      { numRuns: 20 },
    );
  });
});

describe('link node', () => {
  const node = (fields: Record<string, unknown>): Bytes => encode(fields as never);
  const three = [link(1), link(2), link(3)];

  it('is refused in any shape but the one its place asks for', async () => {
    expect(decodeNode(node({ v: 1, links: three }), 3, RAW).map(String)).toEqual(three.map(String));
    expect(await codeOf(() => decodeNode(node({ v: 1, links: three }), 2, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 1, links: three }), 4, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 1, links: three }), 3, DAG_CBOR))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 1, links: [...three.slice(0, 2), 7] }), 3, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 1, links: [...three.slice(0, 2), cidOf(DAG_CBOR, new Uint8Array(1))] }), 3, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 1, links: three, more: 1 }), 3, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 0, links: three }), 3, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(node({ v: 2, links: three }), 3, RAW))).toBe('E_VERSION_NEWER');
    expect(await codeOf(() => decodeNode(node({ links: three }), 3, RAW))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeNode(new Uint8Array(0), 3, RAW))).toBe('E_FORMAT');
  });

  it('holds no more than its limit', async () => {
    const many = Array.from({ length: limits.linksMax + 1 }, (_, i) => link(i));
    expect(await codeOf(() => decodeNode(node({ v: 1, links: many }), limits.linksMax + 1, RAW))).toBe('E_FORMAT');
    expect(decodeNode(node({ v: 1, links: many.slice(1) }), limits.linksMax, RAW).length).toBe(limits.linksMax);
  });
});
