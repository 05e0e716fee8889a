import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
    const { result, changed, error } = await all(alice, folder, { ack: true, onItem: (item) => items.push(item) });
    expect(error).toBeUndefined();
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
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', exit: 12 });
    expect(result.failures.map(({ cid, code }) => `${cid} ${code}`)).toEqual([`${broken} E_BLOCK_CORRUPT`, `${gone} E_EXPIRED`, `${strange} E_SENDER_UNKNOWN`]);
    expect(result.messages).toMatchObject([{ cid: fine.toString() }]);
    expect(await readdir(folder)).toEqual(['fine']);
    await hot.put([{ cid: second as never, bytes: whole as Uint8Array }]);
    expect(await all(alice, folder, { ack: true, allowUnverified: true })).toMatchObject({ result: { fetched: 2, failed: 1 } });
    expect((await readdir(folder)).toSorted()).toEqual(['broken', 'fine', 'strange']);
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
