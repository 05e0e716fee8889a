/** What every cold tier promises: blocks, and the announcements of a message as a unit. */
import { describe, expect, it } from 'vitest';
import type { ColdTier } from '../../../../src/core/storage/ports.ts';
import { all, blockOf, seeded } from '../blocks.ts';
import { blockTierCompliance, type TierUnderTest } from './blocks.ts';

export function coldTierCompliance(name: string, make: () => Promise<TierUnderTest<ColdTier>>): void {
  blockTierCompliance(name, make);

  describe(`${name}: announcements`, () => {
    const packet = (seed: number) => seeded(`packet ${seed}`, 192);

    it('reads them back, replaced whole, and none where there are none', async () => {
      const { tier, open } = await make();
      const { cid } = blockOf('message');
      expect(await tier.announcements(cid)).toEqual([]);
      await tier.putAnnouncements(cid, [packet(1), packet(2), packet(3)]);
      expect(await tier.announcements(cid)).toEqual([packet(1), packet(2), packet(3)]);
      await tier.putAnnouncements(cid, [packet(4)]);
      const other = await open();
      expect(await other.announcements(cid)).toEqual([packet(4)]);
      await other.close();
    });

    it('names every message that has some, and forgets one', async () => {
      const { tier } = await make();
      const cids = Array.from({ length: 30 }, (_, i) => blockOf(i).cid);
      for (const cid of cids) await tier.putAnnouncements(cid, [packet(1)]);
      const named = (await all(tier.announced())).map(String);
      expect(new Set(named)).toEqual(new Set(cids.map(String)));
      expect(named.length).toBe(30);
      await tier.forget(cids[3] as (typeof cids)[0]);
      await tier.forget(cids[3] as (typeof cids)[0]);
      expect(await tier.announcements(cids[3] as (typeof cids)[0])).toEqual([]);
      expect((await all(tier.announced())).length).toBe(29);
    });

    it('takes packets of one length only', async () => {
      const { tier } = await make();
      await expect((async () => tier.putAnnouncements(blockOf('m').cid, [seeded(1, 191)]))()).rejects.toThrow(RangeError);
    });

    it('says how many copies a put means', async () => {
      const { tier } = await make();
      expect(tier.copies).toBeGreaterThanOrEqual(1);
    });
  });
}
