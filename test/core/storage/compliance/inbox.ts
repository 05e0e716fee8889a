/** What every inbox promises. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/base/limits.ts';
import type { HotTier } from '../../../../src/core/storage/ports.ts';
import { announcementOf, blockOf, inboxOf, rejectsWith, seeded } from '../blocks.ts';
import type { TierUnderTest } from './blocks.ts';

export function inboxCompliance(name: string, make: () => Promise<TierUnderTest<HotTier>>): void {
  describe(`${name}: inbox`, () => {
    const ada = inboxOf('ada');
    const ben = inboxOf('ben');

    it('lists what was announced, in the order of arrival, by pages', async () => {
      const { tier, clock } = await make();
      const blocks = Array.from({ length: 25 }, (_, i) => blockOf(i));
      for (const block of blocks) await tier.inbox.announce([announcementOf(ada, block), announcementOf(ben, block)]);
      const first = await tier.inbox.list(ada, { limit: 10 });
      const second = await tier.inbox.list(ada, { limit: 100, after: first.at(-1)?.position ?? 0 });
      expect([...first, ...second].map(({ cid }) => cid.toString())).toEqual(blocks.map(({ cid }) => cid.toString()));
      expect(first.every(({ receivedAtMs, acknowledgedAtMs, inbox }) => receivedAtMs === clock.now() && acknowledgedAtMs === undefined && Buffer.compare(inbox, ada) === 0)).toBe(true);
      expect(await tier.inbox.list(inboxOf('nobody'), { limit: 10 })).toEqual([]);
    });

    it('is told of a message once: the first packet stays', async () => {
      const { tier } = await make();
      const block = blockOf('m');
      await tier.inbox.announce([announcementOf(ada, block, 'first'), announcementOf(ada, block, 'second')]);
      await Promise.all([tier.inbox.announce([announcementOf(ada, block, 'third')]), tier.inbox.announce([announcementOf(ada, block, 'fourth')])]);
      expect((await tier.inbox.list(ada, { limit: 10 })).map(({ packet }) => packet)).toEqual([announcementOf(ada, block, 'first').packet]);
    });

    it('lets an acknowledged one leave the list, once, and stay known', async () => {
      const { tier, clock } = await make();
      const block = blockOf('m');
      await tier.inbox.announce([announcementOf(ada, block), announcementOf(ben, block)]);
      clock.advance(5);
      expect(await tier.inbox.acknowledge(ada, block.cid, clock.now())).toBe(true);
      expect(await tier.inbox.acknowledge(ada, block.cid, clock.now() + 9)).toBe(false);
      expect(await tier.inbox.list(ada, { limit: 10 })).toEqual([]);
      expect((await tier.inbox.list(ada, { limit: 10, acknowledged: true })).map(({ acknowledgedAtMs }) => acknowledgedAtMs)).toEqual([clock.now()]);
      expect((await tier.inbox.list(ben, { limit: 10 })).length).toBe(1);
      await tier.inbox.announce([announcementOf(ada, block, 'again')]);
      expect(await tier.inbox.list(ada, { limit: 10 })).toEqual([]);
      await rejectsWith(tier.inbox.acknowledge(inboxOf('nobody'), block.cid, clock.now()), 'E_NOT_FOUND');
    });

    it('finds one, all of a message, and withdraws one', async () => {
      const { tier } = await make();
      const [one, two] = [blockOf(1), blockOf(2)];
      await tier.inbox.announce([announcementOf(ada, one), announcementOf(ben, one), announcementOf(ada, two)]);
      expect((await tier.inbox.find(ada, one.cid))?.cid.toString()).toBe(one.cid.toString());
      expect(await tier.inbox.find(ben, two.cid)).toBeUndefined();
      expect((await tier.inbox.ofMessage(one.cid)).length).toBe(2);
      expect(await tier.inbox.withdraw(ada, one.cid)).toBe(true);
      expect(await tier.inbox.withdraw(ada, one.cid)).toBe(false);
      expect((await tier.inbox.ofMessage(one.cid)).length).toBe(1);
    });

    it('bounds a page, and takes packets and inboxes of one length', async () => {
      const { tier } = await make();
      await rejectsWith(tier.inbox.list(ada, { limit: limits.pageItemsMax + 1 }), 'E_TOO_MANY');
      await expect(tier.inbox.announce([{ ...announcementOf(ada, blockOf(1)), packet: seeded(1, 191) }])).rejects.toThrow(RangeError);
      await expect(tier.inbox.announce([{ ...announcementOf(ada, blockOf(1)), inbox: seeded(1, 31) }])).rejects.toThrow(RangeError);
    });
  });
}
