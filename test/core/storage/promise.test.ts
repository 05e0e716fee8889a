/** The order of promises and releases in the journal: whatever a removal meets, the journal's last word is what is true. */
import { describe, expect, it } from 'vitest';
import type { Cid } from '../../../src/core/base/cid.ts';
import { limits } from '../../../src/core/base/limits.ts';
import type { Acknowledgement, Journal } from '../../../src/core/storage/ports.ts';
import { promise, promiseAgain } from '../../../src/core/storage/promise.ts';
import { soundFacts } from '../../../src/core/storage/journal-facts.ts';
import { all, inboxOf } from './blocks.ts';
import { freshStore, send, type StoreUnderTest } from './store.ts';

const [ada, ben] = [inboxOf('ada'), inboxOf('ben')];

async function removeIt({ store }: StoreUnderTest, cid: Cid): Promise<void> {
  const { planId } = await store.remove({ cids: [cid] }, { dryRun: true });
  await store.remove({ cids: [cid] }, { confirm: planId as string });
}

const words = async ({ store }: StoreUnderTest) => (await all(store.journal.entries(0))).map(({ kind }) => kind);

/** A journal to which something happens just before each acknowledgement is on the disk. */
const before = ({ store }: StoreUnderTest, act: () => Promise<void>): Pick<Journal, 'append' | 'release'> => ({
  append: async (some) => {
    await act();
    await store.journal.append(some);
  },
  release: (some) => store.journal.release(some),
});

const promiseOf = (cid: Cid, atMs: number): Acknowledgement => ({ cid, durability: 'hot', atMs, inboxes: [ada, ben], bytes: 1_000, expiresAtMs: 0 });

describe('a promise', () => {
  it('is the last word as long as the message stands', async () => {
    const it = await freshStore();
    const { cid } = await send(it.store, 'm', 1_000, { inboxes: ['ada', 'ben'] });
    expect(await promise(it.store, promiseOf(cid, it.clock.now()))).toBe(true);
    expect(await words(it)).toEqual(['acknowledged', 'acknowledged']);
  });

  it('is let go when the message is removed before the promise is on the disk', async () => {
    const it = await freshStore();
    const { cid } = await send(it.store, 'm', 1_000);
    const journal = before(it, () => removeIt(it, cid));
    expect(await promise({ hot: it.store.hot, clock: it.clock, journal }, promiseOf(cid, it.clock.now()))).toBe(false);
    expect(await words(it)).toEqual(['acknowledged', 'released', 'acknowledged', 'released']);
    expect((await soundFacts(it.store.journal)).released).toEqual(new Set([cid.toString()]));
  });

  it('is let go for the recipient who is cancelled meanwhile, and for nobody else', async () => {
    const it = await freshStore();
    const { cid } = await send(it.store, 'm', 1_000, { inboxes: ['ada', 'ben'] });
    const cancel = async () => {
      await it.store.journal.release([{ cid, atMs: it.clock.now(), reason: 'removed', inboxes: [ben] }]);
      await it.store.hot.inbox.withdraw(ben, cid);
    };
    const journal = before(it, cancel);
    expect(await promise({ hot: it.store.hot, clock: it.clock, journal }, promiseOf(cid, it.clock.now()))).toBe(true);
    expect((await soundFacts(it.store.journal)).acknowledged.get(cid.toString())?.inboxes).toEqual([ada]);
    expect(await it.store.verifyAcknowledged(0)).toMatchObject({ present: 1, unannounced: [], lost: [] });
  });
});

describe('a removal', () => {
  it('has the last word over a promise that is given while it is at it', async () => {
    const it = await freshStore();
    const { store } = it;
    const { cid } = await send(store, 'm', 1_000, { durability: 'cold' });
    const { planId } = await store.remove({ cids: [cid] }, { dryRun: true });
    const forgetsFirst = store.coldTier('files');
    const forget = forgetsFirst.forget.bind(forgetsFirst);
    let promised: boolean | undefined;
    forgetsFirst.forget = async (one) => {
      await forget(one);
      promised = await promiseAgain(store, cid, 'cold');
    };
    await store.remove({ cids: [cid] }, { confirm: planId as string });
    expect(promised, 'the record was not removed yet').toBe(true);
    expect((await soundFacts(store.journal)).released).toEqual(new Set([cid.toString()]));
  });

  it('is taken back by whoever wants the message again while its promise is let go', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const { cid, announcements, bytes, blocks } = await send(store, 'm', 1_000, { inboxes: ['ada', 'ben'] });
    const commit = { message: { cid, bytes, blocks, expiresAtMs: 0, tiers: ['hot' as const] }, announcements };
    let removals = 0;
    const journal = {
      append: async (some: readonly Acknowledgement[]) => {
        if (removals++ === 0) await removeIt(it, cid);
        await store.journal.append(some);
      },
      release: async (some: Parameters<Journal['release']>[0]) => {
        await store.commit(commit, { durability: 'hot' });
        await store.journal.release(some);
      },
    };
    expect(await promise({ hot: store.hot, clock, journal }, promiseOf(cid, clock.now()))).toBe(true);
    const facts = await soundFacts(store.journal);
    expect([facts.released.size, facts.acknowledged.get(cid.toString())?.inboxes.length]).toEqual([0, 2]);
  });
});

describe('a promise of what was there before', () => {
  it('is not given when it was removed, or collected since', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const { cid } = await send(store, 'm', 1_000);
    await removeIt(it, cid);
    expect(await promiseAgain(store, cid, 'hot')).toBe(false);
    clock.advance(2 * limits.gcGraceMs);
    await store.gc({ confirm: (await store.gc({ dryRun: true })).planId });
    expect(await promiseAgain(store, cid, 'hot')).toBe(false);
    expect(await words(it)).toEqual(['acknowledged', 'released']);
  });

  it('names whoever is told of it now', async () => {
    const it = await freshStore();
    const { cid } = await send(it.store, 'm', 1_000, { inboxes: ['ada', 'ben'] });
    await it.store.hot.inbox.withdraw(ben, cid);
    expect(await promiseAgain(it.store, cid, 'cold')).toBe(true);
    expect((await all(it.store.journal.since(0))).at(-1)).toMatchObject({ durability: 'cold', inboxes: [ada] });
  });

  it('is not given by a repeat of the --id: its message stays let go, and a repeat says so', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const first = await send(store, 'first', 1_000, { key: 'id' });
    await removeIt(it, first.cid);
    const again = await send(store, 'again', 1_000, { key: 'id' });
    expect(again).toMatchObject({ repeated: true, stands: first.cid });
    expect(await words(it)).toEqual(['acknowledged', 'released']);
    clock.advance(2 * limits.gcGraceMs);
    await store.gc({ confirm: (await store.gc({ dryRun: true })).planId });
    expect(await store.gc({ dryRun: true })).toMatchObject({ messages: 0, blocks: 0 });
    expect(await store.verifyAcknowledged(0)).toMatchObject({ present: 0, ended: 1, unannounced: [], lost: [] });
  });
});
