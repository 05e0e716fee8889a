/** Bits flipped, bytes cut, blocks swapped, lost or of the wrong length: a code, and no plaintext beyond the authenticated prefix. */
import { describe, expect, it } from 'vitest';
import type { BlockSource } from '../../../src/core/base/block.ts';
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, sameCid, type Cid } from '../../../src/core/base/cid.ts';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { encode } from '../../../src/core/base/codec.ts';
import { readContent, type OpenedMessage } from '../../../src/core/message/index.ts';
import { forge } from './forge.ts';
import { codeOf, flipBit, fromAlice, knowsAlice, native, open, openBytes, readAll, readUntilFailure, sample, seal, sessionKeys, toBob, toSession, type MemoryBlocks } from './support.ts';

const CHUNK = 16_384;
const BLOCK = 16 * CHUNK;
const REFUSALS: readonly ErrorCode[] = ['E_FORMAT', 'E_NOT_CANONICAL', 'E_CID_INVALID', 'E_VERSION_NEWER', 'E_NOT_RECIPIENT', 'E_MAC', 'E_NOT_IN_VERSION_1'];

/** A source that gives other bytes for one block, as a store that does not hash would. */
const lying = (blocks: MemoryBlocks, about: Cid, bytes: Bytes | undefined): BlockSource => ({ get: async (cid) => (sameCid(cid, about) ? bytes : blocks.get(cid)) });

describe('a manifest', () => {
  it('under its own name is refused with any bit flipped and at any length cut', async () => {
    const sealed = await seal(toSession(), sample(40));
    const { bytes } = sealed.manifest;
    for (let i = 0; i < bytes.length; i++) {
      expect(await codeOf(() => open(sealed.cid, flipBit(bytes, i * 8 + (i % 8)), sessionKeys))).toBe('E_BLOCK_CORRUPT');
      expect(await codeOf(() => open(sealed.cid, bytes.subarray(0, i), sessionKeys))).toBe('E_BLOCK_CORRUPT');
    }
  });

  it('of a session is refused with any bit flipped, whoever names it', async () => {
    const { manifest } = await seal(toSession(), sample(40));
    const codes = new Set<ErrorCode>();
    for (let bit = 0; bit < manifest.bytes.length * 8; bit++) codes.add(await codeOf(() => openBytes(flipBit(manifest.bytes, bit), sessionKeys)));
    expect(REFUSALS).toEqual(expect.arrayContaining([...codes]));
    expect(codes).toContain('E_MAC');
  });

  it('signed and to a person is refused with a bit flipped in any byte, whoever names it', async () => {
    const { manifest } = await seal(fromAlice(), sample(40));
    const codes = new Set<ErrorCode>();
    for (let i = 0; i < manifest.bytes.length; i++) codes.add(await codeOf(() => openBytes(flipBit(manifest.bytes, i * 8 + ((i * 5) % 8)))));
    expect(REFUSALS).toEqual(expect.arrayContaining([...codes]));
    expect(codes).toContain('E_NOT_RECIPIENT');
  });

  it('is refused at every length cut and with bytes behind it, whoever names it', async () => {
    const { manifest } = await seal(toSession(), sample(40));
    for (let length = 0; length < manifest.bytes.length; length++) expect(await codeOf(() => openBytes(manifest.bytes.subarray(0, length), sessionKeys))).toBe('E_FORMAT');
    expect(await codeOf(() => openBytes(Uint8Array.from([...manifest.bytes, 0]), sessionKeys))).toBe('E_FORMAT');
  });

  it('is not one under a CID of another codec', async () => {
    const { manifest } = await seal(toSession(), sample(40));
    expect(await codeOf(() => open(cidOf(RAW, manifest.bytes), manifest.bytes, sessionKeys))).toBe('E_FORMAT');
  });
});

describe('a block of content', () => {
  it('is refused with a bit flipped in any byte, and any of the last chunk; what came before the chunk is released', async () => {
    const content = sample(CHUNK + 20);
    const sealed = await seal(toSession(), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const [cid] = opened.manifest.content.links as [Cid];
    const bytes = (await sealed.blockStore.get(cid)) as Bytes;
    const bits = [...bytes].flatMap((_, i) => (i < CHUNK + 16 ? [i * 8 + (i % 8)] : [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => i * 8 + bit)));
    for (const bit of bits) {
      const { released, code } = await readUntilFailure(opened, lying(sealed.blockStore, cid, flipBit(bytes, bit)));
      expect(code).toBe('E_CIPHERTEXT');
      expect(released.length).toBe(bit < (CHUNK + 16) * 8 ? 0 : CHUNK);
      expect(equalBytes(released, content.subarray(0, released.length))).toBe(true);
    }
  });

  it('is refused at any other length', async () => {
    const sealed = await seal(toSession(), sample(CHUNK + 20));
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const [cid] = opened.manifest.content.links as [Cid];
    const bytes = (await sealed.blockStore.get(cid)) as Bytes;
    for (const wrong of [bytes.subarray(0, 0), bytes.subarray(0, 16), bytes.subarray(0, CHUNK + 16), bytes.subarray(0, -1), Uint8Array.from([...bytes, 0])]) {
      expect(await readUntilFailure(opened, lying(sealed.blockStore, cid, wrong))).toEqual({ released: new Uint8Array(0), code: 'E_FORMAT' });
    }
  });

  it('in the place of another one is refused', async () => {
    const content = sample(3 * BLOCK);
    const sealed = await seal(toSession(), content);
    const twin = await seal(toSession(), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const [first, second, third] = opened.manifest.content.links as [Cid, Cid, Cid];
    const foreign = twin.blockStore.given[1]?.bytes as Bytes;
    for (const wrong of [await sealed.blockStore.get(first), await sealed.blockStore.get(third), foreign] as Bytes[]) {
      const { released, code } = await readUntilFailure(opened, lying(sealed.blockStore, second, wrong));
      expect([released.length, code]).toEqual([BLOCK, 'E_CIPHERTEXT']);
      expect(equalBytes(released, content.subarray(0, BLOCK))).toBe(true);
    }
  });

  it('that is missing is named, after what came before it', async () => {
    const content = sample(2 * BLOCK + 9);
    const sealed = await seal(toSession(), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const [, second] = opened.manifest.content.links as [Cid, Cid];
    sealed.blockStore.remove(second);
    const { released, code } = await readUntilFailure(opened, sealed.blockStore);
    expect([released.length, code]).toEqual([BLOCK, 'E_BLOCKS_MISSING']);
    expect(equalBytes(await readAll(opened, sealed.blockStore, { range: { start: 5, end: 10 } }), content.subarray(5, 10))).toBe(true);
  });

  it('that the source refuses fails with the reason of the source', async () => {
    const sealed = await seal(toSession(), sample(BLOCK + 1));
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const reason = new Error('disk gone');
    await expect(readAll(opened, { get: async () => Promise.reject(reason) })).rejects.toBe(reason);
  });
});

describe('the tail', () => {
  it('that does not open releases nothing', async () => {
    const unsigned = await seal(toSession(), sample(50));
    const forged = forge(unsigned, { core: ({ content }) => ({ content: { ...content, tail: flipBit(content.tail as Bytes, 7) } }) });
    using opened = await open(forged.cid, forged.bytes, sessionKeys);
    expect(await readUntilFailure(opened, unsigned.blockStore)).toEqual({ released: new Uint8Array(0), code: 'E_CIPHERTEXT' });
  });

  it('of another message under the same key cannot be put in: there is no such message', async () => {
    const [one, two] = [await seal(toSession(), sample(50)), await seal(toSession(), sample(50))];
    const forged = forge(one, { core: ({ content }) => ({ content: { ...content, tail: two.manifest.bytes.slice(0, (content.tail as Bytes).length) } }) });
    using opened = await open(forged.cid, forged.bytes, sessionKeys);
    expect((await readUntilFailure(opened, one.blockStore)).code).toBe('E_CIPHERTEXT');
  });
});

describe('padding', () => {
  it('that is not zero is refused after the content', async () => {
    const sealed = await seal(toSession(), sample(60));
    const forged = forge(sealed, { metadata: (metadata) => ({ ...metadata, bytes: 50 }) });
    using opened = await open(forged.cid, forged.bytes, sessionKeys);
    const { released, code } = await readUntilFailure(opened, sealed.blockStore);
    expect(code).toBe('E_FORMAT');
    expect(released.length).toBeLessThanOrEqual(50);
  });
});

describe('a link node', () => {
  it('that is not what its place asks for is refused', async () => {
    // The layout asks for a node of 4,096 links, and one of 1; nothing below is ever fetched.
    const node = encode({ v: 1, links: [cidOf(RAW, new Uint8Array(1))] });
    const link = cidOf(DAG_CBOR, node);
    const unsigned = await seal(toSession(), sample(5));
    const forged = forge(unsigned, { core: ({ content: { tail: _, ...content } }) => ({ content: { ...content, bytes: 4_097 * BLOCK - 1, links: [link, link] } }) });
    using opened = await open(forged.cid, forged.bytes, sessionKeys);
    const asked: string[] = [];
    const source: BlockSource = { get: async (cid) => (asked.push(cid.toString()), node) };
    expect((await readUntilFailure(opened, source, { range: { start: 0, end: 1 } })).code).toBe('E_FORMAT');
    expect(asked).toEqual([link.toString()]);
  });
});

describe('reading', () => {
  const aborted = async (act: (signal: AbortSignal, opened: OpenedMessage, blocks: BlockSource) => Promise<unknown>) => {
    const sealed = await seal(toSession(), sample(3 * BLOCK));
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    return act(AbortSignal.abort(new Error('stop')), opened, sealed.blockStore);
  };

  it('ends with the signal’s reason', async () => {
    await aborted(async (signal, opened, blocks) => expect(readAll(opened, blocks, { signal })).rejects.toThrow('stop'));
  });

  it('stops what it fetches ahead when its reader leaves', async () => {
    const sealed = await seal(toSession(), sample(5 * BLOCK));
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const signals: AbortSignal[] = [];
    const source: BlockSource = { get: async (cid, signal) => (signals.push(signal as AbortSignal), sealed.blockStore.get(cid)) };
    for await (const _ of readContent(opened, source)) break;
    expect(signals.length).toBeGreaterThan(1);
    expect(signals.every(({ aborted: stopped }) => stopped)).toBe(true);
  });

  it('says how far it is', async () => {
    const sealed = await seal(toSession({ padding: 'padme' }), sample(2 * BLOCK + 7));
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    const seen: number[] = [];
    await readAll(opened, sealed.blockStore, { onProgress: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([BLOCK, 2 * BLOCK, 2 * BLOCK + 7]);
  });

  it('opens nothing of what another provider calls another message', async () => {
    const sealed = await seal(fromAlice(), sample(5));
    using opened = await open(sealed.cid, sealed.manifest.bytes, toBob, knowsAlice, native);
    expect(opened.cid.equals(sealed.cid)).toBe(true);
  });
});
