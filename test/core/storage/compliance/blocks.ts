/** What every tier promises of blocks. Run by each adapter on tiers of its own. */
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../../src/core/base/bytes.ts';
import { cidOfDigest, DAG_CBOR, RAW, type Cid } from '../../../../src/core/base/cid.ts';
import { fail } from '../../../../src/core/base/errors.ts';
import { limits } from '../../../../src/core/base/limits.ts';
import type { BlockTier } from '../../../../src/core/storage/ports.ts';
import type { ManualClock } from '../../../support/clock.ts';
import { all, blockOf, blocksOf, rejectsWith, seeded } from '../blocks.ts';

export interface TierUnderTest<T extends BlockTier> {
  readonly tier: T;
  readonly clock: ManualClock;
  /** The same data through a second door, as another process would open it. */
  open(): Promise<T>;
  /** Writes other bytes where the tier keeps this block. */
  damage(cid: Cid): Promise<void>;
}

export function blockTierCompliance<T extends BlockTier>(name: string, make: () => Promise<TierUnderTest<T>>): void {
  describe(`${name}: blocks`, () => {
    it('gives back what was put, and undefined for what was not', async () => {
      const { tier } = await make();
      const lengths = [0, 1, 4_096, 16_383, 16_384, 16_385, limits.contentBlockBytes, limits.blockBytesMax];
      const blocks = lengths.map((length, i) => blockOf(i, length));
      await tier.put(blocks);
      for (const { cid, bytes } of blocks) expect(equalBytes((await tier.get(cid)) ?? new Uint8Array(1), bytes)).toBe(true);
      expect(await tier.get(blockOf('absent').cid)).toBeUndefined();
      const many = await tier.getMany([blockOf('absent').cid, ...blocks.map(({ cid }) => cid)]);
      expect(many.map((bytes) => bytes?.length)).toEqual([undefined, ...lengths]);
    });

    it('refuses a block over the limit and keeps none of its company', async () => {
      const { tier } = await make();
      const good = blockOf('good');
      await rejectsWith(tier.put([good, blockOf('large', limits.blockBytesMax + 1)]), 'E_BLOCK_TOO_LARGE');
      expect(await tier.has([good.cid])).toEqual([false]);
    });

    it('takes a block twice as one', async () => {
      const { tier } = await make();
      const block = blockOf('twice', 5_000);
      await tier.put([block, block]);
      await Promise.all([tier.put([block]), tier.put([block])]);
      expect(await tier.usage()).toEqual({ blocks: 1, bytes: 5_000 });
    });

    it('finds a block by its digest, whatever its codec', async () => {
      const { tier } = await make();
      const block = blockOf('codec');
      await tier.put([block]);
      expect(await tier.has([cidOfDigest(DAG_CBOR, block.cid.multihash.digest), cidOfDigest(RAW, block.cid.multihash.digest)])).toEqual([true, true]);
    });

    it('is the same through another door, and after closing', async () => {
      const { tier, open } = await make();
      const block = blockOf('door', 20_000);
      await tier.put([block]);
      const other = await open();
      expect(await other.has([block.cid])).toEqual([true]);
      await tier.close();
      expect((await other.get(block.cid))?.length).toBe(20_000);
      await other.close();
    });

    it('answers has in order', async () => {
      const { tier } = await make();
      const blocks = blocksOf(20);
      await tier.put(blocks.filter((_, i) => i % 3 === 0));
      expect(await tier.has(blocks.map(({ cid }) => cid))).toEqual(blocks.map((_, i) => i % 3 === 0));
      expect(await tier.has([])).toEqual([]);
    });

    it('removes what is there, and counts it', async () => {
      const { tier } = await make();
      const blocks = blocksOf(10, 300);
      await tier.put(blocks);
      expect(await tier.remove([...blocks.slice(0, 4), blockOf('absent')].map(({ cid }) => cid))).toBe(4);
      expect(await tier.remove(blocks.slice(0, 4).map(({ cid }) => cid))).toBe(0);
      expect(await tier.usage()).toEqual({ blocks: 6, bytes: 1_800 });
      expect(await tier.get((blocks[0] as { cid: Cid }).cid)).toBeUndefined();
    });

    it('removes as garbage only what nobody put again since', async () => {
      const { tier, clock } = await make();
      const [old, renewed] = [blockOf('old'), blockOf('renewed')];
      await tier.put([old, renewed]);
      const then = clock.now();
      clock.advance(60_000);
      await tier.put([renewed, blockOf('new')]);
      expect(await tier.removeOlder([old.cid, renewed.cid, blockOf('new').cid], then)).toBe(1);
      expect(await tier.has([old.cid, renewed.cid, blockOf('new').cid])).toEqual([false, true, true]);
    });

    it('lists every block once, in a fixed order, and continues behind any of them', async () => {
      const { tier, clock } = await make();
      const blocks = blocksOf(60, 10);
      await tier.put(blocks);
      const listed = await all(tier.blocks());
      const digests = listed.map(({ cid }) => cid.multihash.digest.toString());
      expect(new Set(digests)).toEqual(new Set(blocks.map(({ cid }) => cid.multihash.digest.toString())));
      expect(digests.length).toBe(60);
      expect(listed.every(({ bytes, storedAtMs }) => bytes === 10 && storedAtMs === clock.now())).toBe(true);
      for (const at of [0, 1, 30, 58, 59]) {
        const rest = await all(tier.blocks(listed[at]?.cid));
        expect(rest.map(({ cid }) => cid.multihash.digest.toString())).toEqual(digests.slice(at + 1));
      }
      // a cursor outlives the block it names
      await tier.remove([listed[29]?.cid as Cid]);
      expect((await all(tier.blocks(listed[29]?.cid))).length).toBe(30);
    });

    it('never gives wrong bytes: damage is E_BLOCK_CORRUPT, and putting the block again heals it', async () => {
      const { tier, damage } = await make();
      for (const length of [1, 100, 100_000]) {
        const block = blockOf(`damaged ${length}`, length);
        await tier.put([block]);
        await damage(block.cid);
        await rejectsWith(tier.get(block.cid), 'E_BLOCK_CORRUPT');
        await rejectsWith(tier.getMany([block.cid]), 'E_BLOCK_CORRUPT');
        await tier.put([block]);
        expect((await tier.get(block.cid))?.length).toBe(length);
      }
    });

    it('drops wrong bytes and never right ones', async () => {
      const { tier, damage } = await make();
      const [bad, good] = [blockOf('bad', 5_000), blockOf('good', 5_000)];
      await tier.put([bad, good]);
      await damage(bad.cid);
      expect([await tier.dropDamaged(bad.cid), await tier.dropDamaged(bad.cid), await tier.dropDamaged(good.cid), await tier.dropDamaged(blockOf('absent').cid)]).toEqual([true, false, false, false]);
      expect(await tier.has([bad.cid, good.cid])).toEqual([false, true]);
      expect(await tier.usage()).toEqual({ blocks: 1, bytes: 5_000 });
      await rejectsWith(tier.dropDamaged(good.cid, AbortSignal.abort(fail('E_TIMEOUT', { after: '1s', doing: 'dropping' }))), 'E_TIMEOUT');
    });

    it('keeps what is put while its damaged bytes are dropped', async () => {
      const { tier, damage, open } = await make();
      const other = await open();
      for (let i = 0; i < 20; i++) {
        const block = blockOf(`race ${i}`, 5_000);
        await tier.put([block]);
        await damage(block.cid);
        await Promise.all([other.dropDamaged(block.cid), tier.put([block]), other.dropDamaged(block.cid)]);
        expect(equalBytes((await other.get(block.cid)) ?? new Uint8Array(0), block.bytes)).toBe(true);
      }
    });

    it('never gives bytes of a block that was put under a wrong name', async () => {
      const { tier } = await make();
      const { cid } = blockOf('right');
      await tier.put([{ cid, bytes: seeded('wrong', 100) }]);
      await rejectsWith(tier.get(cid), 'E_BLOCK_CORRUPT');
    });

    it('stops when its signal is aborted', async () => {
      const { tier } = await make();
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(tier.put(blocksOf(3), signal)).rejects.toThrow('enough');
      await expect(tier.get(blockOf(1).cid, signal)).rejects.toThrow('enough');
    });

    it('keeps what many writers put at the same time', async () => {
      const { tier, open } = await make();
      const other = await open();
      const groups = Array.from({ length: 40 }, (_, i) => blocksOf(10, 200, i * 5));
      await Promise.all(groups.map((group, i) => (i % 2 === 0 ? tier : other).put(group)));
      const every = blocksOf(205, 200);
      expect((await tier.has(every.map(({ cid }) => cid))).every(Boolean)).toBe(true);
      expect(await tier.usage()).toEqual({ blocks: 205, bytes: 41_000 });
      await other.close();
    });
  });
}
