import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import type { EntryHolder, OutboxEntry } from '../../../src/core/home/index.ts';
import { beginFlights, reconcile, reconciled } from '../../../src/core/mail/flight.ts';
import { bytesInput } from '../../../src/core/mail/input.ts';
import { thisProcess } from '../../../src/core/storage/locks/holder.ts';
import { createStore } from '../../../src/core/storage/store.ts';
import { clockAt } from '../../support/home.ts';
import { freshWorld, introduce, type Operator, type World } from '../../support/mail.ts';
import { all, told } from '../../support/reader.ts';

async function pair(options: Parameters<World['operator']>[1] = {}): Promise<{ world: World; alice: Operator; bob: Operator }> {
  const world = await freshWorld();
  const [alice, bob] = [await world.operator('alice'), await world.operator('bob', options)];
  await introduce(alice, bob);
  await introduce(bob, alice);
  return { world, alice, bob };
}

const hello = { input: bytesInput(bytesOf('hello')), to: ['alice'] };

/** An entry as a process leaves it that died before it settled. */
async function unsettled({ app }: Operator, cid: string, change: { readonly by?: EntryHolder; readonly store?: string } = {}): Promise<number> {
  const [home, store] = [await app.home(), await app.store()];
  const { number, durability: _, settledAtMs: __, ...entry } = home.outbox.find(parseCid(cid)) as OutboxEntry;
  home.outbox.remove(number);
  return home.outbox.begin({ ...entry, by: { ...thisProcess(), pid: 1, startedTicks: 1 }, store: store.id, ...change, durability: 'hot' }).number;
}

describe('a flight', () => {
  it('whose message the store has is announced, and acknowledged once', async () => {
    const { bob } = await pair();
    const { result } = await bob.app.send(hello);
    const number = await unsettled(bob, result.cid);
    const { journal } = await bob.app.store();
    const room = await bob.app.mail();
    expect(await reconcile(room)).toBe(1);
    expect((await bob.app.home()).outbox.entry(number)).toMatchObject({ durability: { true: 'hot' }, recipients: [{ state: 'announced' }] });
    expect(await all(journal.since(0))).toHaveLength(1);
    expect(await reconcile(room)).toBe(0);
  });

  it('that died before the acknowledgement was written has one now', async () => {
    const { bob } = await pair();
    const store = await bob.app.store();
    const append = store.journal.append.bind(store.journal);
    store.journal.append = () => Promise.reject(fail('E_DISK_FULL', { path: 'journal' }));
    await expect(bob.app.send(hello)).rejects.toMatchObject({ code: 'E_UNKNOWN_OUTCOME', exit: 75, retry: 'unknown' });
    store.journal.append = append;
    expect(await all(store.journal.since(0))).toEqual([]);
    const { messages } = (await bob.app.outbox.list()).result;
    expect(messages).toMatchObject([{ state: 'announced' }]);
    expect((await all(store.journal.since(0))).map(({ cid }) => cid.toString())).toEqual([messages[0]?.cid]);
  });

  it('whose message the store does not have has failed', async () => {
    const { alice, bob } = await pair();
    const { hot } = await bob.app.store();
    const commit = hot.commit.bind(hot);
    hot.commit = () => Promise.reject(fail('E_DISK_FULL', { path: 'hot' }));
    await expect(bob.app.send(hello)).rejects.toMatchObject({ code: 'E_DISK_FULL' });
    hot.commit = commit;
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ state: 'failed' }]);
    const [entry] = (await bob.app.home()).outbox.list({ limit: 1 }).entries;
    expect(entry?.recipients[0]).toMatchObject({ code: 'E_DISK_FULL' });
    expect(await told(alice)).toEqual([]);
    // its blocks are there: it can still be told
    await bob.app.outbox.resend(entry?.cid?.toString() as string);
    expect(await told(alice)).toHaveLength(1);
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ state: 'announced', durability: { true: 'hot' } }]);
  });

  it('stays unknown while the store does not answer', async () => {
    const { bob } = await pair();
    const { hot } = await bob.app.store();
    const [commit, message] = [hot.commit.bind(hot), hot.message.bind(hot)];
    hot.commit = () => Promise.reject(fail('E_IO', { path: 'hot', why: 'EIO' }));
    hot.message = () => Promise.reject(fail('E_IO', { path: 'hot', why: 'EIO' }));
    await expect(bob.app.send({ ...hello, id: 'x' })).rejects.toMatchObject({ code: 'E_UNKNOWN_OUTCOME' });
    expect((await bob.app.home()).outbox.find('x')?.recipients[0]?.state).toBe('unknown');
    Object.assign(hot, { commit, message });
    expect((await bob.app.send({ ...hello, id: 'x' })).changed).toBe(true);
    expect((await bob.app.outbox.show('x')).result.state).toBe('announced');
  });

  it.skipIf(process.platform !== 'linux')('of a living process is left alone, here and elsewhere', async () => {
    const { bob } = await pair();
    const { result } = await bob.app.send(hello);
    const room = await bob.app.mail();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void other.kill('SIGKILL'));
    await once(other.stdout, 'data');
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8');
    const startedTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const number = await unsettled(bob, result.cid, { by: { ...thisProcess(), pid: other.pid as number, startedTicks } });
    expect(await reconcile(room)).toBe(0);
    const entry = (await bob.app.home()).outbox.entry(number);
    expect(await reconciled(room, entry)).toEqual(entry);
    await expect(bob.app.outbox.resend(result.cid)).rejects.toMatchObject({ code: 'E_BUSY' });
    other.kill('SIGKILL');
    await once(other, 'close');
    expect(await reconcile(room)).toBe(1);
  });

  it('of this process is left alone until it ends', async () => {
    const { bob } = await pair();
    const room = await bob.app.mail();
    const identity = room.acting().id;
    const recipients = [{ name: 'alice', identity, inbox: new Uint8Array(32) }];
    const [one] = beginFlights(room, [{ id: 'x', identity, createdAtMs: 1, name: undefined, bytes: undefined, expiresAtMs: 0, receipt: undefined, durability: 'hot', recipients }]);
    const [two] = beginFlights(room, [{ id: 'x', identity, createdAtMs: 2, name: undefined, bytes: undefined, expiresAtMs: 0, receipt: undefined, durability: 'hot', recipients }]);
    expect(two?.number).toBe(one?.number);
    one?.[Symbol.dispose]();
    expect(await reconcile(room)).toBe(0);
    two?.[Symbol.dispose]();
    expect(await reconcile(room)).toBe(1);
    expect((await bob.app.outbox.show('x')).result).toMatchObject({ cid: null, state: 'failed' });
  });

  it('of another machine counts as under way for its time, and no longer', async () => {
    const clock = clockAt(Date.UTC(2026, 10, 23));
    const { bob } = await pair({ clock });
    const { result } = await bob.app.send(hello);
    await unsettled(bob, result.cid, { by: { machine: 'another', pid: 1, startedTicks: 1 } });
    const room = await bob.app.mail();
    expect(await reconcile(room)).toBe(0);
    clock.at += limits.flightMs;
    expect(await reconcile(room)).toBe(1);
  });

  it('to another store is asked about there only', async () => {
    const { world, bob } = await pair();
    const { result } = await bob.app.send(hello);
    const { id } = await bob.app.store();
    await unsettled(bob, result.cid, { store: id });
    const elsewhere = join(world.folder, 'elsewhere');
    await createStore(elsewhere);
    const there = await bob.again({ store: elsewhere });
    expect((await there.outbox.list()).result.messages).toMatchObject([{ state: 'unknown' }]);
    await expect(there.outbox.resend(result.cid)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(there.outbox.cancel(result.cid)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ state: 'announced' }]);
  });

  it('is settled although the journal is damaged', async () => {
    const { world, bob } = await pair();
    const { result } = await bob.app.send(hello);
    await bob.app.send(hello);
    await unsettled(bob, result.cid);
    const [log] = (await readdir(join(world.store, 'journal'))).filter((name) => name.endsWith('.log'));
    const path = join(world.store, 'journal', log as string);
    const file = await open(path, 'r+');
    await file.write(Uint8Array.of(0xff), 0, 1, 20);
    await file.close();
    expect(await reconcile(await bob.app.mail())).toBe(1);
    expect((await bob.app.outbox.show(result.cid)).result.state).toBe('announced');
  });
});
