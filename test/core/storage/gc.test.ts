/** Remove and collect: what goes, what stays, and what stops the run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import type { Cid } from '../../../src/core/base/cid.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { messageFilterFields } from '../../../src/core/storage/selection.ts';
import { enterWriters } from '../../../src/core/storage/writers.ts';
import { all, announcementOf, blockOf, inboxOf, rejectsWith } from './blocks.ts';
import { fetch, freshStore, held, send, type StoreUnderTest } from './store.ts';

const day = 86_400_000;
const ada = inboxOf('ada');

async function collect({ store }: StoreUnderTest) {
  const plan = await store.gc({ dryRun: true });
  return store.gc({ confirm: plan.planId });
}

async function removeAll({ store }: StoreUnderTest, cids: readonly Cid[]) {
  const { planId } = await store.remove({ cids }, { dryRun: true });
  return store.remove({ cids }, planId === undefined ? {} : { confirm: planId });
}

describe('remove', () => {
  it('asks for the plan by name, and refuses another', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 1_000);
    const plan = await store.remove({ cids: [message.cid] }, { dryRun: true });
    expect(plan).toMatchObject({ matched: 1, moved: 0, plan: { messages: 1 } });
    await expect(store.remove({ cids: [message.cid] })).rejects.toMatchObject({ code: 'E_DECLINED', details: { confirm: plan.planId } });
    await rejectsWith(store.remove({ cids: [message.cid] }, { confirm: '0000-0000' }), 'E_PLAN_CHANGED');
    expect((await store.hot.message(message.cid))?.removed).toBe(false);
    expect(await store.remove({ cids: [message.cid] }, { confirm: plan.planId as string })).toMatchObject({ moved: 1 });
  });

  it('takes the CID of the one message that was named, and of no other and no more', async () => {
    const { store } = await freshStore();
    const [one, two] = [(await send(store, 1, 1_000)).cid, (await send(store, 2, 1_000)).cid];
    const [confirm, where] = [one.toString(), parseFilter('tier = hot', messageFilterFields)];
    await rejectsWith(store.remove({ cids: [two] }, { confirm }), 'E_PLAN_CHANGED');
    await rejectsWith(store.remove({ cids: [one, two] }, { confirm }), 'E_PLAN_CHANGED');
    await rejectsWith(store.remove({ where }, { confirm }), 'E_PLAN_CHANGED');
    expect((await store.list({ limit: 10 })).messages.length).toBe(2);
    expect(await store.remove({ cids: [one] }, { confirm })).toMatchObject({ moved: 1 });
    await rejectsWith(store.remove({ where }, { confirm: two.toString() }), 'E_PLAN_CHANGED');
  });

  it('takes the message from inboxes and lists at once, in cold too, and leaves its blocks', async () => {
    const it = await freshStore();
    const { store } = it;
    const message = await send(store, 'm', 300_000, { durability: 'cold' });
    const other = await send(store, 'other', 300_000);
    await removeAll(it, [message.cid]);
    expect((await store.hot.inbox.list(ada, { limit: 10 })).map(({ cid }) => cid.toString())).toEqual([other.cid.toString()]);
    expect((await store.list({ limit: 10 })).messages.length).toBe(1);
    expect(await all(store.coldTier('files').announced())).toEqual([]);
    expect(await fetch(store, message.cid)).toEqual(message.content);
    // again: nothing to do, and nothing to confirm
    expect(await store.remove({ cids: [message.cid] })).toMatchObject({ matched: 1, moved: 0, left: 0 });
    await rejectsWith(store.demote({ cids: [message.cid] }), 'E_NOT_FOUND');
    expect((await all(store.journal.releasedSince(0))).map(({ reason }) => reason)).toEqual(['removed']);
  });

  it('changes its plan when other messages match', async () => {
    const { store } = await freshStore();
    await send(store, 1, 1_000);
    const selection = { where: parseFilter('tier = hot', messageFilterFields) };
    const { planId } = await store.remove(selection, { dryRun: true });
    await send(store, 2, 1_000);
    await rejectsWith(store.remove(selection, { confirm: planId as string }), 'E_PLAN_CHANGED');
  });
});

describe('gc', () => {
  it('collects nothing that a living message reaches, nor what is young', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const messages = [await send(store, 1, 700_000), await send(store, 2, 100, { durability: 'cold' })];
    await store.demote({ cids: [(messages[0] as { cid: Cid }).cid] });
    await store.hot.put([blockOf('stray')]);
    expect(await collect(it)).toMatchObject({ messages: 0, blocks: 0 });
    clock.advance(limits.gcGraceMs);
    expect(await collect(it)).toMatchObject({ messages: 0, blocks: 1, bytes: 100 });
    expect(await store.hot.has([blockOf('stray').cid])).toEqual([false]);
    for (const { cid, content } of messages) expect(await fetch(store, cid)).toEqual(content);
  });

  it('forgets removed and expired messages after the grace time, with all their blocks in all tiers', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const removed = await send(store, 'removed', 700_000, { durability: 'cold' });
    const expiring = await send(store, 'expiring', 700_000, { durability: 'cold', expiresAtMs: clock.now() + day });
    const living = await send(store, 'living', 700_000, { durability: 'cold' });
    clock.advance(2 * limits.gcGraceMs);
    await removeAll(it, [removed.cid]);
    clock.advance(limits.gcGraceMs - 1_000);
    expect(await collect(it)).toMatchObject({ messages: 1 });
    expect(await store.hot.message(expiring.cid)).toBeUndefined();
    expect((await store.hot.message(removed.cid))?.removed).toBe(true);
    clock.advance(2_000);
    expect(await collect(it)).toMatchObject({ messages: 1 });
    expect(await store.hot.message(removed.cid)).toBeUndefined();
    expect((await held(store, 'hot')).size).toBe(living.blocks);
    expect((await held(store, 'files')).size).toBe(living.blocks);
    expect(await store.hot.inbox.ofMessage(expiring.cid)).toEqual([]);
    expect(new Set((await all(store.journal.releasedSince(0))).map(({ reason }) => reason))).toEqual(new Set(['removed', 'expired']));
    expect(await fetch(store, living.cid)).toEqual(living.content);
    expect(await store.verifyAcknowledged(0)).toMatchObject({ present: 1, ended: 2, lost: [], unannounced: [] });
  });

  it('says what waits for its grace time, how much of it and until when', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    expect((await store.gc({ dryRun: true })).waiting).toEqual({ messages: 0, blocks: 0, bytes: 0, untilMs: 0 });
    await send(store, 'living', 700_000);
    const removed = await send(store, 'removed', 700_000);
    const left = [blockOf(1), blockOf(2)];
    await store.hot.put(left);
    const storedAtMs = clock.now();
    clock.advance(3_600_000);
    await removeAll(it, [removed.cid]);
    const bytes = left.reduce((sum, block) => sum + block.bytes.length, 0);
    const { waiting, blocks } = await store.gc({ dryRun: true });
    expect({ waiting, blocks }).toEqual({ blocks: 0, waiting: { messages: 1, blocks: 2, bytes, untilMs: clock.now() + limits.gcGraceMs } });
    // a name that is no plan's is told the same, where there is nothing to do
    expect((await store.gc({ confirm: 'wrong' })).waiting).toEqual(waiting);
    expect(waiting.untilMs).toBe(storedAtMs + 3_600_000 + limits.gcGraceMs);
    clock.advance(limits.gcGraceMs - 3_600_000);
    expect(await store.gc({ dryRun: true })).toMatchObject({ blocks: 2, waiting: { messages: 1, blocks: 0, bytes: 0 } });
    clock.advance(3_600_000);
    expect(await collect(it)).toMatchObject({ messages: 1, waiting: { messages: 0, blocks: 0, untilMs: 0 } });
  });

  it('wants the plan by name; the same plan can be confirmed later, a changed one not', async () => {
    const { store, clock } = await freshStore();
    await store.hot.put([blockOf(1)]);
    clock.advance(limits.gcGraceMs);
    const plan = await store.gc({ dryRun: true });
    expect(plan).toMatchObject({ blocks: 1, tiers: { hot: { blocks: 1 }, files: { blocks: 0 } } });
    await rejectsWith(store.gc(), 'E_DECLINED');
    await store.hot.put([blockOf(2)]);
    clock.advance(limits.gcGraceMs);
    // block 2 is garbage by now, but it is not part of what was planned
    expect(await store.gc({ confirm: plan.planId })).toMatchObject({ blocks: 1 });
    expect(await store.hot.has([blockOf(1).cid, blockOf(2).cid])).toEqual([false, true]);
    // again: nothing of the plan is left, which is no other plan
    expect(await store.gc({ confirm: plan.planId })).toMatchObject({ messages: 0, blocks: 0 });
    await store.hot.put([blockOf(3)]);
    clock.advance(limits.gcGraceMs);
    const next = await store.gc({ dryRun: true });
    expect(next).toMatchObject({ blocks: 2 });
    expect(next.planId).not.toBe(plan.planId);
    await rejectsWith(store.gc({ confirm: 'zzzzzzzzzz-0000-0000' }), 'E_PLAN_CHANGED');
    for (const confirm of ['', 'wrong', 'prod', '1-wrong']) await rejectsWith(store.gc({ confirm }), 'E_PLAN_CHANGED');
    await store.hot.put([blockOf(2)]);
    await rejectsWith(store.gc({ confirm: next.planId }), 'E_PLAN_CHANGED');
  });

  it('keeps what is put again while it runs', async () => {
    const { store, clock } = await freshStore();
    const blocks = [blockOf('again'), blockOf('gone')];
    await store.hot.put(blocks);
    await store.coldTier('files').put(blocks);
    clock.advance(limits.gcGraceMs);
    const plan = await store.gc({ dryRun: true });
    let swept = false;
    await store.gc({
      confirm: plan.planId,
      onProgress: ({ phase }) => {
        if (phase !== 'sweep' || swept) return;
        swept = true;
        clock.advance(1);
        void store.hot.put([blockOf('again')]);
        void store.coldTier('files').put([blockOf('again')]);
      },
    });
    expect(await store.hot.has(blocks.map(({ cid }) => cid))).toEqual([true, false]);
    expect(await store.coldTier('files').has(blocks.map(({ cid }) => cid))).toEqual([true, false]);
  });

  it('keeps what an inbox was told of, though no message reaches it', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const step = blockOf('step of a stream');
    await store.hot.put([step]);
    await store.hot.inbox.announce([announcementOf(ada, step)]);
    clock.advance(limits.gcGraceMs);
    expect(await collect(it)).toMatchObject({ blocks: 0 });
  });

  it('stops at a message that it cannot walk', async () => {
    const { store, clock } = await freshStore();
    const message = await send(store, 'm', 700_000);
    await store.hot.remove([message.cid]);
    clock.advance(limits.gcGraceMs);
    await rejectsWith(store.gc({ dryRun: true }), 'E_BLOCKS_MISSING');
    expect((await held(store, 'hot')).size).toBe(message.blocks - 1);
  });

  it('stops when cold knows a message that hot lost', async () => {
    const { store, clock } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const record = await store.hot.message(message.cid);
    await store.hot.forget(message.cid, record?.version as number);
    clock.advance(limits.gcGraceMs);
    await rejectsWith(store.gc({ dryRun: true }), 'E_STORE_CORRUPT');
  });

  it('stops when the journal promises a message that hot lost and whose blocks are there; a lost one does not stop it', async () => {
    const { store, clock } = await freshStore();
    const [message, lost] = [await send(store, 'm', 1_000), await send(store, 'lost', 1_000)];
    for (const { cid } of [message, lost]) await store.hot.forget(cid, (await store.hot.message(cid))?.version as number);
    await store.hot.remove([lost.cid]);
    for (const cid of [message.cid, lost.cid]) await store.hot.inbox.withdraw(ada, cid);
    clock.advance(2 * limits.gcGraceMs);
    await rejectsWith(store.gc({ dryRun: true }), 'E_STORE_CORRUPT');
    expect(await store.hot.has([message.cid])).toEqual([true]);
    await store.verify({ repair: true });
    expect(await store.gc({ dryRun: true })).toMatchObject({ blocks: 0 });
    expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('lets go of a removed message again when a promise came behind its release', async () => {
    const it = await freshStore();
    const { store, clock } = it;
    const message = await send(store, 'm', 1_000);
    await removeAll(it, [message.cid]);
    await store.journal.append([{ cid: message.cid, durability: 'hot', atMs: clock.now(), inboxes: [ada], bytes: 1_000, expiresAtMs: 0 }]);
    expect(await store.verifyAcknowledged(0), 'the record says that it was removed').toMatchObject({ ended: 1, unannounced: [], lost: [] });
    clock.advance(2 * limits.gcGraceMs);
    expect(await collect(it)).toMatchObject({ messages: 1 });
    expect(await store.verifyAcknowledged(0)).toMatchObject({ ended: 1, unannounced: [], lost: [] });
    expect(await store.gc({ dryRun: true })).toMatchObject({ messages: 0, blocks: 0 });
  });

  it('runs once at a time', async () => {
    const { store, open } = await freshStore();
    const other = await open();
    const lock = await other.locks.acquire('gc', { holder: 'other', waitMs: 0 });
    await rejectsWith(store.gc({ dryRun: true }), 'E_LOCKED');
    await lock.release();
    await store.gc({ dryRun: true });
  });

  it('sweeps what killed writers left, when it is old enough', async () => {
    const it = await freshStore();
    const { clock, path } = it;
    await mkdir(`${path}/cold/partial`, { recursive: true });
    await writeFile(`${path}/cold/partial/ab.part`, 'half');
    expect(await collect(it)).toMatchObject({ unfinished: 0 });
    clock.jump(Date.now() + 2 * limits.gcGraceMs - clock.now());
    expect(await collect(it)).toMatchObject({ unfinished: 1 });
    await rm(`${path}/cold/partial`, { recursive: true });
  });
});

describe('a shorter grace time', () => {
  const graceMs = limits.gcGraceMsMin;

  it('takes what a broken-off send left, and nothing younger; it is part of the plan', async () => {
    const { store, clock } = await freshStore();
    const kept = await send(store, 'kept', 700_000);
    await store.hot.put([blockOf('left')]);
    clock.advance(graceMs);
    await store.hot.put([blockOf('young')]);
    const plan = await store.gc({ dryRun: true, graceMs });
    expect(plan).toMatchObject({ blocks: 1, graceMs, waiting: { blocks: 1, untilMs: clock.now() + graceMs } });
    expect(await store.gc({ confirm: plan.planId })).toMatchObject({ blocks: 0, waiting: { blocks: 2 } });
    expect(await store.gc({ confirm: plan.planId, graceMs })).toMatchObject({ blocks: 1 });
    expect(await store.hot.has([blockOf('left').cid, blockOf('young').cid])).toEqual([false, true]);
    expect(await fetch(store, kept.cid)).toEqual(kept.content);
  });

  it('is refused below its least', async () => {
    const { store } = await freshStore();
    for (const short of [0, graceMs - 1]) await rejectsWith(store.gc({ dryRun: true, graceMs: short }), 'E_USAGE');
    expect(await store.gc({ dryRun: true, graceMs })).toMatchObject({ blocks: 0 });
  });

  it('is refused while a send or an import is under way; the whole one is not', async () => {
    const { store, clock, open } = await freshStore();
    await store.hot.put([blockOf('under way')]);
    clock.advance(graceMs);
    const plan = await store.gc({ dryRun: true, graceMs });
    const other = await open();
    const shares = [await enterWriters(other), await enterWriters(store)];
    for (const share of shares) {
      for (const options of [{ dryRun: true }, { confirm: plan.planId }]) await rejectsWith(store.gc({ ...options, graceMs }), 'E_LOCKED');
      expect(await store.gc({ dryRun: true })).toMatchObject({ blocks: 0 });
      share[Symbol.dispose]();
    }
    expect(await store.hot.has([blockOf('under way').cid])).toEqual([true]);
    expect(await store.gc({ confirm: plan.planId, graceMs })).toMatchObject({ blocks: 1 });
  });

  it('is refused for another process, and no longer once that has died', async () => {
    const { store, path } = await freshStore();
    const share = await enterWriters(store);
    // one more of this process that ends: it must not take the first with it
    (await enterWriters(store))[Symbol.dispose]();
    const program = `import { requireNoWriters, enterWriters } from ${JSON.stringify(import.meta.resolve('../../../src/core/storage/writers.ts'))};
      import { systemClock } from ${JSON.stringify(import.meta.resolve('../../../src/core/base/clock.ts'))};
      const room = { layout: { writers: ${JSON.stringify(`${path}/writers.lock`)} }, clock: systemClock };
      console.log(await requireNoWriters(room).then(() => 'nobody', ({ code }) => code));
      await enterWriters(room); console.log('in'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('E_LOCKED');
    expect((await lines.next()).value).toBe('in');
    share[Symbol.dispose]();
    await rejectsWith(store.gc({ dryRun: true, graceMs }), 'E_LOCKED');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await store.gc({ dryRun: true, graceMs })).toMatchObject({ blocks: 0 });
  });

  it('leaves the files of whoever is copying', async () => {
    const { store, clock, path } = await freshStore();
    await mkdir(`${path}/cold/partial`, { recursive: true });
    await writeFile(`${path}/cold/partial/ab.part`, 'half');
    clock.jump(Date.now() + limits.gcGraceMs / 2 - clock.now());
    expect(await store.gc({ confirm: (await store.gc({ dryRun: true, graceMs })).planId, graceMs })).toMatchObject({ unfinished: 0 });
  });

  it('needs no sound lock file: a damaged one is emptied, and holds again', async () => {
    const { store, path } = await freshStore();
    await writeFile(`${path}/writers.lock`, 'no database, but longer than the header of one: '.repeat(4));
    {
      using _share = await enterWriters(store);
      await rejectsWith(store.gc({ dryRun: true, graceMs }), 'E_LOCKED');
    }
    await writeFile(`${path}/writers.lock`, 'short');
    expect(await store.gc({ dryRun: true, graceMs })).toMatchObject({ blocks: 0 });
  });
});
