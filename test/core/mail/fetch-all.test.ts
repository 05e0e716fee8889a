import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { acknowledge } from '../../../src/core/mail/acknowledge.ts';
import { fetch } from '../../../src/core/mail/fetch.ts';
import { inboxFields } from '../../../src/core/mail/inbox.ts';
import { knownLosses } from '../../../src/core/storage/losses.ts';
import { fetchAll, type FetchAllRequest, type FetchedItem } from '../../../src/core/mail/fetch-all.ts';
import { nameBeside } from '../../../src/core/mail/output.ts';
import { clockAt } from '../../support/home.ts';
import { introduce, type Operator } from '../../support/mail.ts';
import { codeOf, couple, damage, inboxOf, linksOf, noise, post } from '../../support/post.ts';

const all = async ({ app }: Pick<Operator, 'app'>, folder: string, options: Partial<FetchAllRequest> = {}) => fetchAll(await app.mail(), { folder, ...options });

describe('inbox fetch', () => {
  it('writes every message to a folder of its own making, and handles them when asked', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    const cids = [await post(bob, ['alice'], 'one', { name: 'one.txt', receipt: 'opened' }), await post(bob, ['alice'], noise(300_000), { name: 'two.bin' })];
    const items: FetchedItem[] = [];
    const progress: number[] = [];
    const { result, changed, error } = await all(alice, folder, { ack: true, onItem: (item) => items.push(item), onProgress: (bytes) => progress.push(bytes) });
    expect(error).toBeUndefined();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(300_003);
    expect(changed).toBe(true);
    expect(result).toMatchObject({ fetched: 2, unchanged: 0, failed: 0, bytes: 300_003, unreadable: 0, arriving: 0, failures: [], next: null });
    expect(result.messages).toMatchObject([{ cid: cids[0]?.toString(), out: join(folder, 'one.txt'), receipt: 'opened', acknowledged: true }, { out: join(folder, 'two.bin') }]);
    expect(items).toEqual(result.messages);
    expect((await readdir(folder)).toSorted()).toEqual(['one.txt', 'two.bin']);
    expect((await inboxOf(alice)).messages).toEqual([]);
    expect(await all(alice, folder, { ack: true })).toMatchObject({ changed: false, result: { fetched: 0, messages: [] } });
  });

  it('can be run again: what is there stays, what is missing comes', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    await post(bob, ['alice'], 'one', { name: 'one.txt' });
    await post(bob, ['alice'], 'two', { name: 'two.txt' });
    await all(alice, folder);
    await rm(join(folder, 'two.txt'));
    const again = await all(alice, folder);
    expect(again).toMatchObject({ changed: true, result: { fetched: 1, unchanged: 1, bytes: 3 } });
    expect(await all(alice, folder)).toMatchObject({ changed: false, result: { fetched: 0, unchanged: 2 } });
    expect(await all(alice, folder, { ack: true })).toMatchObject({ changed: true, result: { fetched: 0, unchanged: 2 } });
  });

  it('gives two messages of one name two files, and never overwrites', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    await mkdir(folder);
    await writeFile(join(folder, 'a.txt'), 'mine');
    const cids = [await post(bob, ['alice'], 'one', { name: 'a.txt' }), await post(bob, ['alice'], 'two', { name: 'a.txt' })];
    await all(alice, folder);
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('mine');
    const names = cids.map((cid) => nameBeside('a.txt', cid));
    expect(new Set(names).size).toBe(2);
    expect(await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).toEqual(['one', 'two']);
    await writeFile(join(folder, names[0] as string), 'taken too');
    const { result, error } = await all(alice, folder);
    expect(error?.code).toBe('E_INCOMPLETE');
    expect(result).toMatchObject({ unchanged: 1, failed: 1, failures: [{ cid: cids[0]?.toString(), code: 'E_EXISTS' }] });
    expect(await readFile(join(folder, names[0] as string), 'utf8')).toBe('taken too');
  });

  it('gives two messages of one name and one content two files, in one run and in two, and each finds its own again', async () => {
    for (const options of [{}, { ephemeral: true }]) {
      const { world, alice, bob } = await couple();
      const folder = join(world.folder, 'in');
      const cids: Array<Awaited<ReturnType<typeof post>>> = [];
      const send = async () => void cids.push(await post(bob, ['alice'], 'same', { name: 'a.txt' }));
      const files = () => cids.map((cid, i) => (i === 0 ? 'a.txt' : nameBeside('a.txt', cid))).toSorted();
      await send();
      await send();
      expect(await all(alice, folder, options)).toMatchObject({ changed: true, result: { fetched: 2, unchanged: 0 } });
      await send();
      expect((await all(alice, folder, options)).result).toMatchObject({ fetched: 1, unchanged: 2 });
      expect((await readdir(folder)).toSorted()).toEqual(files());
      for (const ack of [false, true]) {
        const again = await all(alice, folder, { ...options, ack });
        expect(again).toMatchObject({ changed: ack, result: { fetched: 0, unchanged: 3, failed: 0 } });
        expect(again.result.messages.map(({ out }) => out)).toEqual(cids.map((cid, i) => join(folder, i === 0 ? 'a.txt' : nameBeside('a.txt', cid))));
        expect((await readdir(folder)).toSorted()).toEqual(files());
      }
      // those before it are handled, and listed no more
      await send();
      expect((await all(alice, folder, { ...options, ack: true })).result).toMatchObject({ fetched: 1, unchanged: 0 });
      expect((await readdir(folder)).toSorted()).toEqual(files());
      expect((await inboxOf(alice)).messages).toEqual([]);
    }
  });

  it('takes an equal file of somebody else for none of its own, and loses nothing to a run that ended between file and record', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    await mkdir(folder);
    await writeFile(join(folder, 'a.txt'), 'same');
    const cid = await post(bob, ['alice'], 'same', { name: 'a.txt' });
    const { messages } = await alice.app.home();
    const put = messages.put.bind(messages);
    messages.put = () => {
      throw new Error('killed');
    };
    await expect(all(alice, folder)).rejects.toThrow('killed');
    messages.put = put;
    expect(messages.find(cid)).toBeUndefined();
    const beside = nameBeside('a.txt', cid);
    expect((await all(alice, folder)).result).toMatchObject({ fetched: 0, unchanged: 1, messages: [{ out: join(folder, beside) }] });
    expect(messages.find(cid)).toHaveProperty('sealedKey');
    expect((await readdir(folder)).toSorted()).toEqual([beside, 'a.txt'].toSorted());
  });

  it('that was killed before its file had a name writes it beside an equal one of another message', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    await post(bob, ['alice'], 'same', { name: 'a.txt' });
    await all(alice, folder, { ack: true });
    await post(bob, ['alice'], 'same', { name: 'a.txt' });
    // What stops it is looked at piece by piece, before the file is linked.
    const stop = new AbortController();
    await expect(all(alice, folder, { ack: true, signal: stop.signal, onProgress: () => stop.abort(new Error('killed')) })).rejects.toThrow('killed');
    expect(await readdir(folder)).toEqual(['a.txt']);
    expect((await all(alice, folder, { ack: true })).result).toMatchObject({ fetched: 1 });
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('passes by what fails, says it, and takes it up when it can be had', async () => {
    const clock = clockAt(Date.now());
    const { world, alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    const carol = await world.operator('carol', { clock });
    await introduce(carol, alice);
    const folder = join(world.folder, 'in');
    const broken = await post(bob, ['alice'], noise(600_000), { name: 'broken' });
    const gone = await post(bob, ['alice'], 'gone', { expires: '1h', name: 'gone' });
    const strange = await post(carol, ['alice'], 'strange', { name: 'strange' });
    const fine = await post(bob, ['alice'], 'fine', { name: 'fine' });
    const [, second] = await linksOf(alice, broken);
    const { hot } = await alice.app.store();
    const whole = await hot.get(second as never);
    await damage(alice, second as never);
    clock.at += 3_600_000;
    const { result, error } = await all(alice, folder, { ack: true });
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', exit: 12, retry: 'no' });
    expect(result.failures.map(({ cid, code }) => `${cid} ${code}`)).toEqual([`${broken} E_BLOCK_CORRUPT`, `${gone} E_EXPIRED`, `${strange} E_SENDER_UNKNOWN`]);
    // each with what to do about it
    const says = [['store verify', 'sender', `inbox ack ${broken}`], ['sender', `inbox ack ${gone}`], ['contact add', '--allow-unverified']];
    result.failures.forEach(({ hint }, i) => says[i]?.forEach((words) => expect(hint).toContain(words)));
    expect(error?.hint).not.toMatch(/for the rest/);
    expect(result.messages).toMatchObject([{ cid: fine.toString() }]);
    expect(await readdir(folder)).toEqual(['fine']);
    await hot.put([{ cid: second as never, bytes: whole as Uint8Array }]);
    expect(await all(alice, folder, { ack: true, allowUnverified: true })).toMatchObject({ result: { fetched: 2, failed: 1 } });
    expect((await readdir(folder)).toSorted()).toEqual(['broken', 'fine', 'strange']);
  });

  it('of a message of which some is nowhere says how it ends, and so do its list and its fetch', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    const gone = await post(bob, ['alice'], noise(600_000), { name: 'gone' });
    const small = await post(bob, ['alice'], 'small');
    const fine = await post(bob, ['alice'], 'fine', { name: 'fine' });
    const { hot } = await alice.app.store();
    const [link] = await linksOf(alice, gone);
    await hot.remove([link as never, small]);
    expect((await inboxOf(alice)).messages.map(({ state }) => state)).toEqual(['unread', 'unread']);
    const { result } = await all(alice, folder);
    expect(result).toMatchObject({ fetched: 1, failed: 1, failures: [{ cid: gone.toString(), code: 'E_BLOCKS_MISSING' }], unreadable: 1, passed: [{ cid: small.toString(), code: 'E_NOT_FOUND' }] });
    expect(result.failures[0]?.hint).toContain(`omniplex inbox ack ${gone}`);
    const list = await inboxOf(alice);
    expect(list).toMatchObject({ unreadable: 1, passed: [{ cid: small.toString(), code: 'E_NOT_FOUND' }] });
    expect(list.messages.map(({ cid, state }) => [cid, state])).toEqual([[gone.toString(), 'lost'], [fine.toString(), 'opened']]);
    expect((await inboxOf(alice, { where: parseFilter('state = lost', inboxFields) })).messages).toHaveLength(1);
    for (const [cid, code] of [[gone, 'E_BLOCKS_MISSING'], [small, 'E_NOT_FOUND']] as const) {
      await expect(fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: folder } })).rejects.toMatchObject({ code, hint: expect.stringContaining(`omniplex inbox ack ${cid}`) as unknown });
    }
    // its sender is told, and the promise of the hints holds
    expect((await bob.app.outbox.show(gone)).result).toMatchObject({ state: 'lost' });
    await acknowledge(await alice.app.mail(), { cids: [gone, small, fine] });
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 0, passed: [] });
    await expect(fetch(await alice.app.mail(), { cid: gone, to: { kind: 'folder', path: folder } })).rejects.toMatchObject({ code: 'E_BLOCKS_MISSING', hint: expect.not.stringContaining('inbox ack') as unknown });
    await expect(fetch(await alice.app.mail(), { cid: small, to: { kind: 'folder', path: folder } })).rejects.toMatchObject({ code: 'E_NOT_FOUND', hint: expect.not.stringContaining('inbox ack') as unknown });
  });

  it('takes back that a message is lost when it is there again, and calls nothing lost that another tier holds', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(600_000), { name: 'x', durability: 'cold' });
    const store = await alice.app.store();
    const [link] = await linksOf(alice, cid);
    await store.hot.remove([link as never]);
    expect((await all(alice, join(world.folder, 'in'), { ephemeral: true })).error).toBeUndefined();
    expect(await knownLosses(store)).toEqual([]);
    const other = await post(bob, ['alice'], noise(600_000, 2), { name: 'y' });
    const [block] = await linksOf(alice, other);
    const bytes = await store.hot.get(block as never);
    await store.hot.remove([block as never]);
    expect((await all(alice, join(world.folder, 'in'))).result.failures).toHaveLength(1);
    expect((await knownLosses(store)).map((loss) => loss.cid.toString())).toEqual([other.toString()]);
    await store.hot.put([{ cid: block as never, bytes: bytes as Uint8Array }]);
    expect((await all(alice, join(world.folder, 'in'))).error).toBeUndefined();
    expect((await inboxOf(alice)).messages.map(({ state }) => state)).toEqual(['opened', 'opened']);
  });

  it('stops at a limit, and goes on from there', async () => {
    const { world, alice, bob } = await couple();
    const folder = join(world.folder, 'in');
    for (let i = 0; i < 3; i++) await post(bob, ['alice'], `${i}`, { name: `${i}` });
    const first = await all(alice, folder, { limit: 2 });
    expect(first.result).toMatchObject({ fetched: 2 });
    expect((await all(alice, folder, { limit: 2, after: first.result.next as string })).result).toMatchObject({ fetched: 1, next: null });
    expect((await readdir(folder)).toSorted()).toEqual(['0', '1', '2']);
  });

  it('keeps no keys when it is ephemeral, and is ended by its signal', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'x', { name: 'x' });
    await all(alice, join(world.folder, 'in'), { ephemeral: true });
    expect((await alice.app.home()).messages.find(cid)).not.toHaveProperty('sealedKey');
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(all(alice, join(world.folder, 'other'), { signal: stop.signal })).rejects.toThrow('enough');
    expect(await codeOf(all(alice, join(world.folder, 'in', 'x')))).toMatch(/^E_(IO|EXISTS)$/);
  });
});
