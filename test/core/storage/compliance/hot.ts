/** What every hot tier promises: blocks, message records, operations, notes, fences. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/base/limits.ts';
import type { HotTier, MessageCommit } from '../../../../src/core/storage/ports.ts';
import { all, announcementOf, blockOf, inboxOf, rejectsWith, seeded } from '../blocks.ts';
import { blockTierCompliance, type TierUnderTest } from './blocks.ts';
import { inboxCompliance } from './inbox.ts';

const ada = inboxOf('ada');

function commitOf(seed: number | string, extra: Partial<MessageCommit> = {}): MessageCommit {
  const block = blockOf(seed);
  return { message: { cid: block.cid, bytes: 1_000, blocks: 3, expiresAtMs: 0, tiers: ['hot'] }, announcements: [announcementOf(ada, block)], ...extra };
}

const operationOf = (key: string, content: string, seed: number | string) => ({ key: inboxOf(key), content: inboxOf(content), cid: blockOf(seed).cid, result: seeded('result', 40) });

export function hotTierCompliance(name: string, make: () => Promise<TierUnderTest<HotTier>>): void {
  blockTierCompliance(name, make);
  inboxCompliance(name, make);

  describe(`${name}: messages`, () => {
    it('stores record and announcements in one step', async () => {
      const { tier, clock } = await make();
      expect(await tier.commit(commitOf('m'))).toEqual({ outcome: 'stored', operation: undefined });
      expect(await tier.message(blockOf('m').cid)).toMatchObject({
        bytes: 1_000,
        blocks: 3,
        storedAtMs: clock.now(),
        expiresAtMs: 0,
        readAtMs: 0,
        pinnedUntilMs: 0,
        tiers: ['hot'],
        removed: false,
        removedAtMs: 0,
        version: 1,
      });
      expect((await tier.inbox.list(ada, { limit: 10 })).length).toBe(1);
      expect(await tier.message(blockOf('absent').cid)).toBeUndefined();
    });

    it('has one effect however often it is told', async () => {
      const { tier, open } = await make();
      const other = await open();
      const results = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? tier : other).commit(commitOf('m'))));
      expect(results.filter(({ outcome }) => outcome === 'stored').length).toBe(1);
      expect((await tier.message(blockOf('m').cid))?.version).toBe(1);
      expect((await tier.inbox.list(ada, { limit: 10 })).length).toBe(1);
      await other.close();
    });

    it('keeps an operation: same content is repeated, other content refused, nothing else happens', async () => {
      const { tier } = await make();
      const operation = operationOf('id', 'content', 'm');
      expect((await tier.commit(commitOf('m', { operation }))).outcome).toBe('stored');
      const again = await tier.commit(commitOf('other', { operation: { ...operation, cid: blockOf('other').cid } }));
      expect(again.outcome).toBe('repeated');
      expect(again.operation?.cid.toString()).toBe(blockOf('m').cid.toString());
      expect(again.operation?.result).toEqual(operation.result);
      await rejectsWith(tier.commit(commitOf('third', { operation: operationOf('id', 'changed', 'third') })), 'E_ID_CONFLICT');
      expect(await tier.message(blockOf('other').cid)).toBeUndefined();
      expect(await tier.message(blockOf('third').cid)).toBeUndefined();
      expect((await tier.operation(inboxOf('id')))?.cid.toString()).toBe(blockOf('m').cid.toString());
      expect(await tier.operation(inboxOf('nothing'))).toBeUndefined();
    });

    it('has one winner among commits with one id', async () => {
      const { tier, open } = await make();
      const other = await open();
      const commits = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? tier : other).commit(commitOf(i, { operation: operationOf('id', 'same', i) })));
      const results = await Promise.all(commits);
      expect(results.filter(({ outcome }) => outcome === 'stored').length).toBe(1);
      expect(new Set(results.map(({ operation }) => operation?.cid.toString())).size).toBe(1);
      expect((await all(tier.messages())).length).toBe(1);
      await other.close();
    });

    it('one refused commit does not touch those beside it', async () => {
      const { tier } = await make();
      await tier.commit(commitOf('first', { operation: operationOf('id', 'a', 'first') }));
      const settled = await Promise.allSettled([
        tier.commit(commitOf('x')),
        tier.commit(commitOf('y', { operation: operationOf('id', 'b', 'y') })),
        tier.commit(commitOf('z')),
        tier.put([blockOf('beside')]),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect(await tier.message(blockOf('y').cid)).toBeUndefined();
      expect(await tier.message(blockOf('z').cid)).toBeDefined();
    });

    it('adds tiers, and wants a removed message again', async () => {
      const { tier } = await make();
      await tier.commit(commitOf('m'));
      const { cid } = blockOf('m');
      await tier.change(cid, 1, { removed: true });
      await tier.commit(commitOf('m', { message: { cid, bytes: 1_000, blocks: 3, expiresAtMs: 0, tiers: ['files'] } }));
      expect(await tier.message(cid)).toMatchObject({ tiers: ['hot', 'files'], removed: false, removedAtMs: 0, version: 3 });
    });

    it('changes by version, one winner a version', async () => {
      const { tier, open, clock } = await make();
      await tier.commit(commitOf('m'));
      const { cid } = blockOf('m');
      const other = await open();
      const settled = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? tier : other).change(cid, 1, { pinnedUntilMs: i + 1 })));
      expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1);
      expect(settled.filter((one) => one.status === 'rejected' && one.reason.code === 'E_BUSY').length).toBe(9);
      expect((await tier.message(cid))?.version).toBe(2);
      clock.advance(7);
      expect(await tier.change(cid, 2, { removed: true, tiers: ['hot', 'files', 's3'] })).toMatchObject({ removed: true, removedAtMs: clock.now(), version: 3 });
      clock.advance(7);
      expect((await tier.change(cid, 3, { removed: true })).removedAtMs).toBe(clock.now() - 7);
      await rejectsWith(tier.change(blockOf('absent').cid, 1, {}), 'E_NOT_FOUND');
      await other.close();
    });

    it('refuses a fence that is older than one it has seen', async () => {
      const { tier } = await make();
      await tier.commit(commitOf('m'));
      const { cid } = blockOf('m');
      await tier.raiseFence({ name: 'lock', epoch: 2, counter: 5 });
      await rejectsWith(tier.change(cid, 1, {}, { name: 'lock', epoch: 2, counter: 4 }), 'E_FENCE_STALE');
      await rejectsWith(tier.change(cid, 1, {}, { name: 'lock', epoch: 1, counter: 900 }), 'E_FENCE_STALE');
      await rejectsWith(tier.forget(cid, 1, { name: 'lock', epoch: 1, counter: 900 }), 'E_FENCE_STALE');
      expect((await tier.change(cid, 1, {}, { name: 'lock', epoch: 2, counter: 5 })).version).toBe(2);
      expect((await tier.change(cid, 2, {}, { name: 'other', epoch: 1, counter: 1 })).version).toBe(3);
      expect((await tier.change(cid, 3, {}, { name: 'lock', epoch: 3, counter: 1 })).version).toBe(4);
      await rejectsWith(tier.change(cid, 4, {}, { name: 'lock', epoch: 2, counter: 6 }), 'E_FENCE_STALE');
      await tier.raiseFence({ name: 'lock', epoch: 1, counter: 1 });
      await rejectsWith(tier.change(cid, 4, {}, { name: 'lock', epoch: 2, counter: 6 }), 'E_FENCE_STALE');
    });

    it('lists messages in the order of storing, and by use', async () => {
      const { tier, clock } = await make();
      for (let i = 0; i < 30; i++) {
        clock.advance(1_000);
        await tier.commit(commitOf(i));
      }
      const stored = await all(tier.messages());
      expect(stored.map(({ cid }) => cid.toString())).toEqual(Array.from({ length: 30 }, (_, i) => blockOf(i).cid.toString()));
      expect((await all(tier.messages({ after: stored[9]?.position ?? 0, limit: 5 }))).map(({ cid }) => cid.toString())).toEqual(
        Array.from({ length: 5 }, (_, i) => blockOf(10 + i).cid.toString()),
      );
      clock.advance(1_000);
      await tier.touch(blockOf(0).cid, clock.now());
      await tier.touch(blockOf(3).cid, clock.now() + 1);
      await tier.touch(blockOf(3).cid, clock.now() - 500_000);
      await tier.touch(blockOf('absent').cid, clock.now());
      const order = (await all(tier.messagesByUse())).map(({ cid }) => cid.toString());
      expect(order[0]).toBe(blockOf(1).cid.toString());
      expect(order.slice(-2)).toEqual([blockOf(0).cid.toString(), blockOf(3).cid.toString()]);
      expect((await tier.message(blockOf(3).cid))?.version).toBe(1);
    });

    it('forgets record and announcements, and leaves blocks alone', async () => {
      const { tier } = await make();
      await tier.put([blockOf('m')]);
      await tier.commit(commitOf('m'));
      const { cid } = blockOf('m');
      await rejectsWith(tier.forget(cid, 2), 'E_BUSY');
      await tier.forget(cid, 1);
      expect(await tier.message(cid)).toBeUndefined();
      expect(await tier.inbox.ofMessage(cid)).toEqual([]);
      expect(await tier.has([cid])).toEqual([true]);
      await rejectsWith(tier.forget(cid, 1), 'E_NOT_FOUND');
    });

    it('sets a note only on what was expected', async () => {
      const { tier, open } = await make();
      const [a, b] = [seeded('a', 10), seeded('b', 10)];
      expect(await tier.note('n')).toBeUndefined();
      expect(await tier.setNote('n', a, b)).toBe(false);
      expect(await tier.setNote('n', a, undefined)).toBe(true);
      expect(await tier.setNote('n', b, undefined)).toBe(false);
      const other = await open();
      expect(await other.note('n')).toEqual(a);
      const winners = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? tier : other).setNote('n', seeded(i, 10), a)));
      expect(winners.filter(Boolean).length).toBe(1);
      const now = await tier.note('n');
      expect(await tier.setNote('n', undefined, now)).toBe(true);
      expect(await tier.note('n')).toBeUndefined();
      for (const one of ['job/b', 'job/a', 'jobs', 'kob/a']) await tier.setNote(one, a, undefined);
      expect(await tier.notes('job/')).toEqual(['job/a', 'job/b']);
      await rejectsWith(tier.setNote('large', new Uint8Array(limits.noteBytesMax + 1), undefined), 'E_TOO_MANY');
      await other.close();
    });
  });
}
