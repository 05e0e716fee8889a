/** Sealing on several threads gives the very bytes that one thread gives, in order, and holds no more than it should. */
import { describe, expect, it } from 'vitest';
import type { Block, BlockSink } from '../../../src/core/base/block.ts';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW, sameCid } from '../../../src/core/base/cid.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { nativeProvider } from '../../../src/core/crypto/native.ts';
import { readContent, sealMessage } from '../../../src/core/message/index.ts';
import { SealThreads, threadCount } from '../../../src/core/message/seal-threads.ts';
import { seededRng } from '../crypto/support.ts';
import { MemoryBlocks, native, open, sample, seedOf, sessionKeys, toSession } from './support.ts';

const MIB = 1 << 20;
const content = sample(MIB + 77_777);

/** `content`, over and over, until `enough` says so, with turns of the event loop between the pieces, as slow input has them. */
async function* endless(enough: (pieces: number) => boolean, turns = 1): AsyncGenerator<Bytes> {
  for (let pieces = 0; !enough(pieces); pieces++) {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    yield content;
  }
}

/** Writes over what it was given as soon as it may, and keeps copies. */
class ReleasingBlocks implements BlockSink {
  readonly releasesBytes = true;
  readonly kept = new MemoryBlocks();
  shared = 0;

  async put(blocks: readonly Block[]): Promise<void> {
    await this.kept.put(blocks.map(({ cid, bytes }) => ({ cid, bytes: Uint8Array.from(bytes) })));
    this.shared += blocks.filter(({ bytes }) => bytes.buffer instanceof SharedArrayBuffer).length;
    await new Promise((resolve) => setImmediate(resolve));
    for (const { bytes } of blocks) bytes.fill(0xee);
  }
}

const sealWith = (sink: BlockSink, parallel: number, enough: (pieces: number) => boolean) =>
  sealMessage(nativeProvider(seededRng('threads')), toSession(), endless(enough, 4_000), sink, { parallel });

describe('threads', () => {
  it.each([1, 2])('%i seal to the same message as the main one alone, whatever the sink does with the bytes', async (parallel) => {
    const releasing = new ReleasingBlocks();
    let count = 0;
    // Until the threads have started and their blocks have come through, which takes as long as it takes.
    const shared = await sealWith(releasing, parallel, (pieces) => ((count = pieces), releasing.shared > 20 || pieces === 3_000));
    expect(releasing.shared).toBeGreaterThan(20);
    const [alone, keeping] = [new MemoryBlocks(), new MemoryBlocks()];
    const expected = await sealWith(alone, 0, (pieces) => pieces === count);
    const kept = await sealWith(keeping, parallel, (pieces) => pieces === count);
    for (const [sealed, blocks] of [[shared, releasing.kept], [kept, keeping]] as const) {
      expect(sameCid(sealed.cid, expected.cid)).toBe(true);
      expect(blocks.given.map(({ cid }) => cid.toString())).toEqual(alone.given.map(({ cid }) => cid.toString()));
      expect(blocks.given.slice(0, -1).every(({ cid, bytes }) => sameCid(cidOf(RAW, bytes), cid))).toBe(true);
    }
    using opened = await open(expected.cid, expected.manifest.bytes, sessionKeys);
    let at = 0;
    for await (const piece of readContent(opened, alone)) {
      for (let i = 0; i < piece.length; i += 4_099) if (piece[i] !== content[(at + i) % content.length]) throw new Error(`byte ${at + i} is wrong`);
      at += piece.length;
    }
    expect(at).toBe(count * content.length);
  });

  it('are as many as asked for, never more than the limit', () => {
    expect([0, 1, 2, 1_000].map(threadCount)).toEqual([0, 1, 2, limits.sealThreadsMax]);
    expect(threadCount(undefined)).toBeLessThanOrEqual(limits.sealThreadsMax);
  });

  it('reject what waits when they end', async () => {
    const keys = { aeadKey: seedOf('a'), baseNonce: seedOf('n', 12), commitment: seedOf('c') };
    const threads = new SealThreads('native', keys, 1, limits.sealBatchBytes);
    expect(threads.hasRoom).toBe(false);
    const job = threads.submit(0, new Uint8Array(262_144));
    const done = threads.done(job);
    done.catch(() => undefined);
    await threads[Symbol.asyncDispose]();
    if (!threads.isDone(job)) await expect(done).rejects.toThrow('ended');
  });
});

/** What the threads and the main one may have before it: two batches of the sink's, and those that wait for them. */
const MAKING = limits.sealBatchesAhead * limits.sealBatchBytes + (limits.sealBlocksHereMax + 2) * 262_144;

describe('a slow sink', () => {
  it('holds the input back: two batches, and the blocks in the making', async () => {
    let read = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let putBytes = 0;
    const most: number[] = [];
    const sink: BlockSink = {
      async put(blocks) {
        await gate;
        putBytes += blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
      },
    };
    async function* counted(): AsyncGenerator<Bytes> {
      for (let i = 0; i < 64; i++) {
        if (i === 40) throw new Error('read on although nothing was taken');
        read += MIB;
        yield content.subarray(0, MIB);
        most.push(read - putBytes);
        if (read - putBytes > 2 * limits.sealBatchBytes + MAKING) release();
      }
    }
    const sealing = sealMessage(native, toSession(), counted(), sink, { parallel: 1 });
    // Nothing more happens until the gate opens: the sealer waits for the first batch.
    for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBeLessThanOrEqual(2 * limits.sealBatchBytes + MAKING + 2 * MIB);
    release();
    await expect(sealing).rejects.toThrow('read on');
    expect(Math.max(...most)).toBeLessThanOrEqual(2 * limits.sealBatchBytes + MAKING + 2 * MIB);
  });

  it('gets the manifest last', async () => {
    const order: string[] = [];
    const sink: BlockSink = {
      async put(blocks) {
        order.push(...blocks.map(({ cid }) => (cid.code === RAW ? 'raw' : 'structured')));
      },
    };
    await sealMessage(native, toSession(), endless((pieces) => pieces === 20), sink, { parallel: 0 });
    expect(order.indexOf('structured')).toBe(order.length - 1);
  });
});
