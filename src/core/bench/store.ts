/**
 * The embedded hot tier beside bare node:sqlite with SHA-256: what naming, checking and sharing a block costs over storing it.
 * A put is durable: flushed to the device that holds the folder, so it is wall time that counts; a get is served from the page cache,
 * and hashed, as every get is. Both sides write blocks of their own that nobody wrote before.
 */
import { join } from 'node:path';
import type { Block } from '../base/block.ts';
import { equalBytes, hexOf, type Bytes } from '../base/bytes.ts';
import { cidOf, digestOf, RAW, sha256, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { EmbeddedHotTier } from '../storage/hot/embedded.ts';
import { BareSqlite, removeDatabase } from './bare-sqlite.ts';
import type { Bench, BenchRun, Group } from './bench.ts';
import { atLeast } from './report.ts';

const budget = atLeast(0.7);

interface Shape {
  readonly name: string;
  readonly blockBytes: number;
  /** Blocks of one transaction. */
  readonly batch: number;
  /** Blocks to read from. */
  readonly stored: number;
}

const shapes: readonly Shape[] = [
  { name: '4KiB', blockBytes: 4_096, batch: limits.groupCommitBlocks, stored: 2_000 },
  { name: '256KiB', blockBytes: 262_144, batch: 32, stored: 64 },
];

/** Blocks that were never seen before: a counter in bytes that are random otherwise. */
class FreshBlocks {
  readonly #template: Bytes;
  #count = 0;

  constructor(run: BenchRun, bytes: number) {
    this.#template = run.rng.bytes(bytes);
  }

  take(count: number): readonly Bytes[] {
    return Array.from({ length: count }, () => {
      const bytes = this.#template.slice();
      new DataView(bytes.buffer).setFloat64(0, ++this.#count);
      return bytes;
    });
  }
}

interface Pair extends AsyncDisposable {
  readonly hot: EmbeddedHotTier;
  readonly bare: BareSqlite;
}

async function openPair({ folder, clock, rng }: BenchRun): Promise<Pair> {
  const at = (name: string) => join(folder, `${name}-${hexOf(rng.bytes(4))}.db`);
  const path = at('hot');
  EmbeddedHotTier.create(path);
  const hot = await EmbeddedHotTier.open(path, clock);
  const bare = new BareSqlite(at('bare'));
  return {
    hot,
    bare,
    async [Symbol.asyncDispose]() {
      bare[Symbol.dispose]();
      await hot.close();
      removeDatabase(path);
    },
  };
}

const named = (bytes: Bytes): Block => ({ cid: cidOf(RAW, bytes), bytes });

function putGroup({ name, blockBytes }: Shape, batch: number): Group {
  const id = `store.put.${name}${batch === 1 ? '.one' : ''}`;
  return {
    ids: [id],
    async run(run) {
      await using pair = await openPair(run);
      const fresh = new FreshBlocks(run, blockBytes);
      let blocks: readonly Bytes[] = [];
      const before = (calls: number): void => {
        blocks = fresh.take(batch * calls);
      };
      const contestant = (contestantName: string, act: (some: readonly Bytes[]) => unknown) => ({
        name: contestantName,
        awaits: true,
        before,
        calls: batch === 1 ? 20 : 1,
        run: (index: number) => act(batch === 1 ? blocks.slice(index % 20, (index % 20) + 1) : blocks),
      });
      const [limit, subject] = await run.measure([
        contestant('SQLite + SHA-256', (some) => pair.bare.put(some.map((bytes) => ({ digest: sha256(bytes), bytes })))),
        contestant('hot tier', (some) => pair.hot.put(some.map(named))),
      ]);
      const label = batch === 1 ? `put ${name}, each flushed` : `put ${name}, ${batch} a transaction`;
      return [run.row({ id, label, unit: 'ops/s', basis: 'wall', subject, limit, amount: batch, budget, details: { blockBytes, batch } })];
    },
  };
}

function getGroup({ name, blockBytes, batch, stored }: Shape): Group {
  const id = `store.get.${name}`;
  return {
    ids: [id],
    async run(run) {
      await using pair = await openPair(run);
      const fresh = new FreshBlocks(run, blockBytes);
      const cids: Cid[] = [];
      for (let left = stored; left > 0; left -= batch) {
        const blocks = fresh.take(Math.min(left, batch)).map(named);
        cids.push(...blocks.map(({ cid }) => cid));
        await pair.hot.put(blocks);
        pair.bare.put(blocks.map(({ cid, bytes }) => ({ digest: digestOf(cid), bytes })));
      }
      // a prime step visits all of them in no order that the file knows
      const at = (index: number): Cid => cids[(index * 7_919) % cids.length] as Cid;
      const missing = () => fail('E_BUG', { why: 'a block that was put is not there' });
      const [limit, subject] = await run.measure([
        {
          name: 'SQLite + SHA-256',
          run: (index) => {
            const digest = digestOf(at(index));
            const bytes = pair.bare.get(digest);
            if (bytes === undefined || !equalBytes(sha256(bytes), digest)) throw missing();
            return bytes;
          },
        },
        {
          name: 'hot tier',
          awaits: true,
          run: async (index) => {
            if ((await pair.hot.get(at(index))) === undefined) throw missing();
          },
        },
      ]);
      return [run.row({ id, label: `get ${name}`, unit: 'ops/s', basis: 'cpu', subject, limit, budget, details: { blockBytes } })];
    },
  };
}

export const store: Bench = {
  name: 'store',
  groups: () => shapes.flatMap((shape) => [putGroup(shape, shape.batch), putGroup(shape, 1), getGroup(shape)]),
};
