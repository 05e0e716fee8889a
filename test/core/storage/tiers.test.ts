/** Promote, demote, pins, eviction and messages beyond the budget. */
import { describe, expect, it } from 'vitest';
import { rename, rm } from 'node:fs/promises';
import type { Cid } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { messageFilterFields } from '../../../src/core/storage/selection.ts';
import { all, blockOf, inboxOf, rejectsWith } from './blocks.ts';
import { fetch, forge, freshStore, held, putForged, send } from './store.ts';

const hex = (cid: Cid): string => Buffer.from(cid.multihash.digest).toString('hex');
const where = (text: string) => ({ where: parseFilter(text, messageFilterFields) });

describe('demote', () => {
  it('moves content to cold and keeps manifest and announcements hot', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 700_000, { inboxes: ['ada', 'ben'] });
    const before = await held(store, 'hot');
    const result = await store.demote({ cids: [message.cid] });
    expect(result).toMatchObject({ matched: 1, moved: 1, left: 0, reasons: {}, copies: { min: 1 } });
    expect(result.bytes).toBeGreaterThan(700_000);
    expect([...(await held(store, 'hot'))]).toEqual([hex(message.cid)]);
    expect(await held(store, 'files')).toEqual(before);
    expect((await store.hot.message(message.cid))?.tiers).toEqual(['files']);
    expect((await store.hot.inbox.ofMessage(message.cid)).length).toBe(2);
    expect(await store.coldTier('files').announcements(message.cid)).toEqual(message.announcements.map(({ packet }) => packet));
    expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('takes a manifest with all its content inline out of hot too', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 500);
    await store.demote({ cids: [message.cid] });
    expect((await held(store, 'hot')).size).toBe(0);
    expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('keeps link nodes hot', async () => {
    const { store } = await freshStore();
    const message = forge('deep', 4_200);
    expect(message.structure.length).toBe(3);
    await putForged(store, message);
    await store.demote({ cids: [message.cid] });
    expect(await held(store, 'hot')).toEqual(new Set(message.structure.map(({ cid }) => hex(cid))));
    expect((await held(store, 'files')).size).toBe(4_203);
    const back = await store.promote({ cids: [message.cid] });
    expect(back).toMatchObject({ moved: 1, bytes: 4_200 * 40 });
    expect((await held(store, 'hot')).size).toBe(4_203);
  });

  it('is idempotent, and finishes what was left half-way', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 700_000);
    await store.demote({ cids: [message.cid] });
    const version = (await store.hot.message(message.cid))?.version;
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ matched: 1, moved: 0, bytes: 0, left: 0 });
    expect((await store.hot.message(message.cid))?.version).toBe(version);
    // as a run leaves it that was killed before its last step
    const some = await store.coldTier('files').blocks()[Symbol.asyncIterator]().next();
    const { cid } = some.value as { cid: Cid };
    await store.hot.put([{ cid, bytes: (await store.coldTier('files').get(cid)) as Uint8Array }]);
    await store.hot.change(message.cid, version as number, { tiers: ['hot', 'files'] });
    expect(await store.demote(where('tier = hot'))).toMatchObject({ matched: 1, moved: 1 });
    expect((await held(store, 'hot')).size).toBe(1);
  });

  it('leaves everything where it is when cold gives back wrong bytes', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 700_000);
    const files = store.coldTier('files');
    const original = files.getMany.bind(files);
    let reads = 0;
    files.getMany = async (cids, signal) => {
      if (++reads > 1) throw fail('E_BLOCK_CORRUPT', { cid: 'x', place: files.place });
      return original(cids, signal);
    };
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ moved: 0, left: 1, reasons: { E_BLOCK_CORRUPT: 1 } });
    files.getMany = original;
    expect((await store.hot.message(message.cid))?.tiers).toEqual(['hot']);
    expect((await store.hot.has([message.cid]))[0]).toBe(true);
    expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('leaves hot what has too few copies', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 700_000);
    expect(await store.demote({ cids: [message.cid] }, { minCopies: 3 })).toMatchObject({ moved: 0, left: 1, reasons: { E_COPIES_TOO_FEW: 1 }, copies: { min: undefined } });
    expect((await store.hot.message(message.cid))?.tiers).toEqual(['hot']);
    await rejectsWith(store.demote({ cids: [message.cid] }, { tiers: ['s3'] }), 'E_NOT_SUPPORTED');
  });

  it('heals a damaged cold copy before it trusts it', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000);
    const files = store.coldTier('files');
    await store.copyToCold(message.cid);
    const { writeFile } = await import('node:fs/promises');
    const { shelfOf } = await import('../../../src/core/storage/cold/sharding.ts');
    for await (const { cid } of files.blocks()) await writeFile(`${path}/cold/blocks/${shelfOf(cid).shard}/${shelfOf(cid).file}`, 'damage');
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ moved: 1 });
    expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('names what it would do, and does nothing, in a dry run', async () => {
    const { store, clock } = await freshStore();
    const old = await send(store, 'old', 300_000);
    clock.advance(31 * 86_400_000);
    await send(store, 'new', 300_000);
    const filter = where('tier = hot and stored > 30d and not pinned');
    const plan = await store.demote(filter, { dryRun: true });
    expect(plan).toMatchObject({ matched: 1, moved: 0, plan: { messages: 1, bytes: old.bytes } });
    expect(plan.planId).toMatch(/^[0-9a-f]{4}-[0-9a-f]{4}$/);
    expect((await store.demote(filter, { dryRun: true })).planId).toBe(plan.planId);
    expect((await store.demote(filter, { dryRun: true, minCopies: 2 })).planId).not.toBe(plan.planId);
    expect((await held(store, 'files')).size).toBe(0);
    expect(await store.demote(filter)).toMatchObject({ matched: 1, moved: 1 });
    expect(await store.demote(filter)).toMatchObject({ matched: 0, moved: 0 });
  });

  it('refuses unknown names before it does anything', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 300_000);
    await rejectsWith(store.demote({ cids: [message.cid, blockOf('x').cid] }), 'E_NOT_FOUND');
    expect((await held(store, 'files')).size).toBe(0);
  });

  it('runs once at a time by filter, and skips a message that somebody is at', async () => {
    const { store, open } = await freshStore();
    const message = await send(store, 'm', 300_000);
    const other = await open();
    const job = await other.locks.acquire('demote', { holder: 'nightly', waitMs: 0 });
    await rejectsWith(store.demote(where('tier = hot')), 'E_LOCKED');
    await job.release();
    const lock = await other.locks.acquire(`message/${message.cid.toString()}`, { holder: 'other', waitMs: 0 });
    expect(await store.demote(where('tier = hot'))).toMatchObject({ matched: 1, moved: 0, left: 1, reasons: { E_LOCKED: 1 } });
    await lock.release();
    expect(await store.demote(where('tier = hot'))).toMatchObject({ moved: 1, left: 0 });
  });

  it('leaves the rest at a deadline, and ends at any other signal', async () => {
    const { store } = await freshStore();
    for (let i = 0; i < 5; i++) await send(store, i, 300_000);
    const deadline = new AbortController();
    const result = await store.demote(where('tier = hot'), {
      signal: deadline.signal,
      onProgress: ({ done }) => done === 2 && deadline.abort(fail('E_TIMEOUT', { after: '1s', doing: 'demoting' })),
    });
    expect(result).toMatchObject({ matched: 5, moved: 2, left: 3, reasons: { E_TIMEOUT: 3 } });
    await expect(store.demote(where('tier = hot'), { signal: AbortSignal.abort(new Error('ctrl-c')) })).rejects.toThrow('ctrl-c');
    expect(await store.locks.list()).toEqual([]);
    expect(await store.demote(where('tier = hot'))).toMatchObject({ moved: 3, left: 0 });
  });

  it('writes nothing more once its lock was broken', async () => {
    const { store, open } = await freshStore();
    const message = await send(store, 'm', 700_000);
    const other = await open();
    const files = store.coldTier('files');
    const original = files.putAnnouncements.bind(files);
    files.putAnnouncements = async (cid, packets) => {
      await other.locks.break(`message/${cid.toString()}`);
      return original(cid, packets);
    };
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ moved: 0, left: 1, reasons: { E_FENCE_STALE: 1 } });
    expect((await store.hot.message(message.cid))?.tiers).toEqual(['hot']);
    expect((await held(store, 'hot')).size).toBe(message.blocks);
  });
});

describe('promote', () => {
  it('brings every block back and leaves cold alone', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 700_000);
    await store.demote({ cids: [message.cid] });
    const cold = await held(store, 'files');
    expect(await store.promote({ cids: [message.cid] })).toMatchObject({ matched: 1, moved: 1, left: 0 });
    expect(await held(store, 'hot')).toEqual(cold);
    expect(await held(store, 'files')).toEqual(cold);
    expect((await store.hot.message(message.cid))?.tiers).toEqual(['hot', 'files']);
    expect(await store.promote({ cids: [message.cid] })).toMatchObject({ matched: 1, moved: 0 });
    expect(await store.promote(where('not tier = hot'))).toMatchObject({ matched: 0 });
  });

  it('does not believe a record that says hot', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 700_000);
    await store.demote({ cids: [message.cid] });
    const record = await store.hot.message(message.cid);
    await store.hot.change(message.cid, record?.version as number, { tiers: ['hot', 'files'] });
    expect((await store.promote({ cids: [message.cid] })).bytes).toBeGreaterThan(700_000);
    expect((await held(store, 'hot')).size).toBe(message.blocks);
  });

  it('pins with a time to live, which demote respects until it is over', async () => {
    const { store, clock } = await freshStore();
    const message = await send(store, 'm', 300_000);
    await store.demote({ cids: [message.cid] });
    await store.promote({ cids: [message.cid] }, { ttlMs: 60_000 });
    expect((await store.hot.message(message.cid))?.pinnedUntilMs).toBe(clock.now() + 60_000);
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ moved: 0, left: 1, reasons: { E_PINNED: 1 } });
    clock.advance(60_000);
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ moved: 1 });
  });

  it('says what is missing when cold lost it', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000);
    await store.demote({ cids: [message.cid] });
    await rename(`${path}/cold/blocks`, `${path}/cold/away`);
    expect(await store.promote({ cids: [message.cid] })).toMatchObject({ moved: 0, left: 1, reasons: { E_BLOCKS_MISSING: 1 } });
    await rm(`${path}/cold/blocks`, { recursive: true, force: true });
    await rename(`${path}/cold/away`, `${path}/cold/blocks`);
    expect(await store.promote({ cids: [message.cid] })).toMatchObject({ moved: 1 });
  });

  it('neither loses nor doubles against demotes of the same messages', async () => {
    const { store, open } = await freshStore();
    const messages = [];
    for (let i = 0; i < 4; i++) messages.push(await send(store, i, 300_000));
    const stores = [store, await open(), await open()];
    const cids = messages.map(({ cid }) => cid);
    await Promise.all(stores.flatMap((one) => [one.demote({ cids }), one.promote({ cids }), one.demote({ cids })]));
    for (const { cid, content } of messages) expect(await fetch(store, cid)).toEqual(content);
    expect((await store.verify()).bad).toEqual([]);
    expect((await store.hot.inbox.list(inboxOf('ada'), { limit: 100 })).length).toBe(4);
  });
});

describe('pin', () => {
  it('brings to hot, for good or for a time, never shorter', async () => {
    const { store, clock } = await freshStore();
    const message = await send(store, 'm', 300_000);
    await store.demote({ cids: [message.cid] });
    await store.pin([message.cid], { ttlMs: 1_000 });
    expect(await store.hot.message(message.cid)).toMatchObject({ tiers: ['hot', 'files'], pinnedUntilMs: clock.now() + 1_000 });
    await store.pin([message.cid]);
    expect(await store.pin([message.cid], { ttlMs: 1_000 })).toMatchObject({ moved: 0 });
    expect((await store.hot.message(message.cid))?.pinnedUntilMs).toBe(Number.MAX_SAFE_INTEGER);
    expect(await store.unpin([message.cid])).toMatchObject({ moved: 1 });
    expect(await store.unpin([message.cid])).toMatchObject({ moved: 0 });
    await rejectsWith(store.pin([blockOf('x').cid]), 'E_NOT_FOUND');
  });
});

describe('the hot budget', () => {
  it('lets go of the least recently used content that cold has, and of nothing else', async () => {
    const { store, clock } = await freshStore({ hotBudgetBytes: 2_000_000 });
    const messages = [];
    for (let i = 0; i < 4; i++) {
      clock.advance(1_000);
      messages.push(await send(store, i, 400_000, { durability: i === 1 ? 'hot' : 'cold' }));
    }
    clock.advance(1_000);
    await store.hot.touch((messages[0] as { cid: Cid }).cid, clock.now());
    await store.pin([(messages[2] as { cid: Cid }).cid]);
    // room for one more is made by the only one that is unpinned, in cold, and not just read
    await send(store, 'next', 500_000);
    const tiers = await Promise.all(messages.map(async ({ cid }) => (await store.hot.message(cid))?.tiers));
    expect(tiers).toEqual([['hot', 'files'], ['hot'], ['hot', 'files'], ['files']]);
    for (const { cid, content } of messages) expect(await fetch(store, cid)).toEqual(content);
  });

  it('does not let go of what cold does not give back', async () => {
    const { store, path } = await freshStore({ hotBudgetBytes: 1_000_000 });
    const first = await send(store, 'first', 600_000, { durability: 'cold' });
    await rename(`${path}/cold/blocks`, `${path}/cold/away`);
    await store.evict(1);
    expect(await fetch(store, first.cid)).toEqual(first.content);
    await rm(`${path}/cold/blocks`, { recursive: true, force: true });
    await rename(`${path}/cold/away`, `${path}/cold/blocks`);
  });

  it('streams a message to cold that hot has no room for, from the start or from the middle', async () => {
    const { store } = await freshStore({ hotBudgetBytes: 1_500_000 });
    const large = await send(store, 'large', 3_000_000);
    expect((await store.hot.message(large.cid))?.tiers).toEqual(['files']);
    expect(await fetch(store, large.cid)).toEqual(large.content);
    expect([...(await held(store, 'hot'))]).toEqual([hex(large.cid)]);
    const sink = await store.contentSink(2_000_000);
    await sink.put([blockOf('c', 1_000)]);
    expect(await sink.finish()).toEqual(['files']);
    expect(await store.hot.has([blockOf('c', 1_000).cid])).toEqual([false]);
    const small = await send(store, 'small', 100_000);
    expect((await store.hot.message(small.cid))?.tiers).toEqual(['hot']);
    await send(store, 'filler', 1_390_000);
    // a message that lies in its manifest alone is content too
    for (let i = 0; i < 20; i++) await send(store, `tiny ${i}`, 5_000);
    expect((await store.hot.usage()).bytes).toBeLessThanOrEqual(1_500_000);
    const tiny = await all(store.hot.messages());
    expect(tiny.filter(({ tiers }) => tiers.includes('files')).length).toBeGreaterThan(10);
    expect((await store.verify()).bad).toEqual([]);
  });

  it('keeps every block in one tier when many puts meet the limit together', async () => {
    for (let round = 0; round < 5; round++) {
      const { store } = await freshStore({ hotBudgetBytes: 1_000_000 });
      const sink = await store.contentSink();
      const blocks = Array.from({ length: 60 }, (_, i) => blockOf(`${round}/${i}`, 40_000));
      await Promise.all(blocks.map((block) => sink.put([block])));
      expect(await sink.finish()).toEqual(['files']);
      const cids = blocks.map(({ cid }) => cid);
      expect((await store.coldTier('files').has(cids)).includes(false)).toBe(false);
      expect((await store.hot.has(cids)).includes(true)).toBe(false);
    }
  });

  it('refuses to promote what does not fit', async () => {
    const { store } = await freshStore({ hotBudgetBytes: 1_500_000 });
    const large = await send(store, 'large', 3_000_000);
    const before = await held(store, 'hot');
    expect(await store.promote({ cids: [large.cid] })).toMatchObject({ moved: 0, left: 1, reasons: { E_BUDGET: 1 } });
    expect(await held(store, 'hot'), 'a message that cannot come whole leaves nothing behind').toEqual(before);
    expect(await fetch(store, large.cid)).toEqual(large.content);
  });
});

describe('commit', () => {
  it('answers the durability that is true, and journals it', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 300_000);
    const again = { message: { cid: message.cid, bytes: message.bytes, blocks: message.blocks, expiresAtMs: 0, tiers: ['hot' as const] }, announcements: message.announcements };
    expect((await store.commit(again, { durability: 'hot' })).durability).toEqual({ asked: 'hot', true: 'hot', copies: { hot: 1 }, announcements: 'hot' });
    expect(await store.commit(again, { durability: 'cold' })).toMatchObject({ outcome: 'repeated', durability: { asked: 'cold', true: 'cold', copies: { hot: 1, files: 1 }, announcements: 'cold' } });
    const short = await store.commit(again, { durability: 'cold', minCopies: 2 });
    expect(short.durability.true).toBe('hot');
    expect(short.shortfall?.code).toBe('E_COPIES_TOO_FEW');
    await rejectsWith(store.commit(again, { durability: 'replicated' }), 'E_NOT_SUPPORTED');
    const levels = [];
    for await (const one of store.journal.since(0)) levels.push(one.durability);
    expect(levels).toEqual(['hot', 'hot', 'cold', 'hot']);
  });
});
