/** What acts on many messages tell on the way and in the end, and the record that a job leaves. */
import { describe, expect, it } from 'vitest';
import { fail } from '../../../src/core/base/errors.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import type { BulkItem, BulkProgress } from '../../../src/core/storage/bulk.ts';
import { asJob } from '../../../src/core/storage/jobs.ts';
import { messageFilterFields } from '../../../src/core/storage/selection.ts';
import { rejectsWith } from './blocks.ts';
import { freshStore, send } from './store.ts';

const hot = { where: parseFilter('tier = hot', messageFilterFields) };

describe('an act on many messages', () => {
  it('tells each message: planned, moved, kept, left', async () => {
    const { store } = await freshStore();
    const [moved, kept, pinned] = [await send(store, 1, 300_000), await send(store, 2, 300_000), await send(store, 3, 300_000)];
    await store.demote({ cids: [kept.cid] });
    await store.pin([pinned.cid]);
    const items: BulkItem[] = [];
    const onItem = (item: BulkItem) => void items.push(item);
    const cids = [moved.cid, kept.cid, pinned.cid];
    const { plan } = await store.demote({ cids }, { dryRun: true, onItem });
    expect(plan).toMatchObject({ messages: 2, to: [{ tier: 'files', copies: 1 }] });
    expect(items.splice(0).map(({ cid, outcome, bytes }) => [cid.toString(), outcome, bytes])).toEqual([moved, pinned].map(({ cid, bytes }) => [cid.toString(), 'planned', bytes]));
    await store.demote({ cids }, { onItem });
    expect(items).toMatchObject([
      { cid: moved.cid, outcome: 'moved', bytes: expect.any(Number) as number },
      { cid: kept.cid, outcome: 'kept', bytes: 0 },
      { cid: pinned.cid, outcome: 'left', code: 'E_PINNED' },
    ]);
  });

  it('gives the one message’s own error, and the codes of many', async () => {
    const { store } = await freshStore();
    const [one, two] = [await send(store, 1, 300_000), await send(store, 2, 300_000)];
    expect((await store.demote({ cids: [two.cid] })).shortfall).toBeUndefined();
    await store.pin([one.cid]);
    expect((await store.demote({ cids: [one.cid] })).shortfall).toMatchObject({ code: 'E_PINNED', exit: 6 });
    // one of a filter's run is one of many
    expect((await store.demote(hot)).shortfall).toMatchObject({ code: 'E_INCOMPLETE' });
    await store.pin([two.cid]);
    const both = await store.demote({ cids: [one.cid, two.cid] });
    expect(both.shortfall).toMatchObject({ code: 'E_INCOMPLETE', exit: 12, retry: 'no', details: { reasons: { E_PINNED: 2 } } });
  });

  it('is a failure, and no part of a success, when the run ended before anything moved', async () => {
    const { store } = await freshStore();
    for (let i = 0; i < 3; i++) await send(store, i, 300_000);
    store.coldTier('files').put = async () => {
      throw fail('E_DISK_FULL', { path: 'cold' });
    };
    expect(await store.demote(hot)).toMatchObject({ matched: 3, moved: 0, left: 3, reasons: { E_DISK_FULL: 3 }, shortfall: { code: 'E_DISK_FULL', exit: 1 } });
  });

  it('shows how far it is within a message, never backwards, and ends at the whole', async () => {
    const { store } = await freshStore();
    await send(store, 1, 40 * 262_144);
    await send(store, 2, 300_000);
    const seen: BulkProgress[] = [];
    await store.demote(hot, { onProgress: (progress) => void seen.push(progress) });
    const bytes = seen.map((one) => one.bytes);
    expect(bytes.length).toBeGreaterThan(3);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ done: 2, total: 2, bytes: seen.at(-1)?.totalBytes });
    expect(seen.some(({ done, bytes: some }) => done === 0 && some > 0)).toBe(true);
  });

  it('waits for a named message as long as it is told, for one of many not at all', async () => {
    const { store, open, clock } = await freshStore();
    const message = await send(store, 1, 300_000);
    const other = await open();
    const lock = await other.locks.acquire(`message/${message.cid.toString()}`, { holder: 'other', waitMs: 0 });
    expect((await store.demote({ cids: [message.cid] })).shortfall).toMatchObject({ code: 'E_LOCKED', exit: 6, details: { holder: expect.stringContaining('other') as string } });
    expect(await store.demote(hot, { lockWaitMs: 60_000 })).toMatchObject({ left: 1, reasons: { E_LOCKED: 1 } });
    const waiting = store.demote({ cids: [message.cid] }, { lockWaitMs: 60_000 });
    await lock.release();
    // the clock of the test stands: the waiter sleeps until it moves
    const wake = setInterval(() => clock.advance(10), 1);
    expect(await waiting).toMatchObject({ moved: 1, left: 0 });
    clearInterval(wake);
  });
});

describe('the record of a job', () => {
  it('says how it ended: well, in part, or not at all', async () => {
    const { store, clock } = await freshStore();
    const counts = { moved: 1 };
    const done = await asJob(store, 'demote', async () => clock.advance(1_500), () => ({ counts }));
    expect(done).toMatchObject({ error: undefined, ms: 1_500 });
    expect(await store.lastJob('demote')).toMatchObject({ exit: 0, code: undefined, counts });
    await asJob(store, 'demote', async () => clock.advance(1), () => ({ counts, error: fail('E_INCOMPLETE', { why: 'x' }) }));
    expect(await store.lastJob('demote')).toMatchObject({ exit: 12, code: 'E_INCOMPLETE' });
    const fails = (error: unknown) => asJob(store, 'demote', async () => { clock.advance(1); throw error; }, () => ({ counts }));
    await rejectsWith(fails(fail('E_LOCKED', { name: 'demote', holder: 'x' })), 'E_LOCKED');
    expect(await store.lastJob('demote')).toMatchObject({ exit: 6, code: 'E_LOCKED', counts: {} });
    await expect(fails(new Error('bug'))).rejects.toThrow('bug');
    expect(await store.lastJob('demote')).toMatchObject({ exit: 70, code: undefined });
  });

  it('is the error of a job that cannot leave it', async () => {
    const { store, clock } = await freshStore();
    const act = async () => {
      clock.advance(1);
      store.hot.setNote = async () => {
        throw fail('E_DISK_FULL', { path: 'hot' });
      };
      return 1;
    };
    expect(await asJob(store, 'gc', act, () => ({ counts: {} }))).toMatchObject({ result: 1, error: { code: 'E_DISK_FULL' } });
  });
});

describe('a list', () => {
  it('takes what one of the tiers has', async () => {
    const { store } = await freshStore();
    const [only, both, cold] = [await send(store, 1, 100), await send(store, 2, 100, { durability: 'cold' }), await send(store, 3, 300_000)];
    await store.demote({ cids: [cold.cid] });
    const listed = async (...tiers: ('hot' | 'files')[]) => (await store.list({ tiers, limit: 10 })).messages.map(({ cid }) => cid.toString());
    expect(await listed('hot')).toEqual([only, both].map(({ cid }) => cid.toString()));
    expect(await listed('files')).toEqual([both, cold].map(({ cid }) => cid.toString()));
    expect((await listed('hot', 'files')).length).toBe(3);
    const page = await store.list({ tiers: ['files'], limit: 1 });
    expect((await store.list({ tiers: ['files'], limit: 1, after: page.next })).messages).toMatchObject([{ cid: cold.cid }]);
  });
});
