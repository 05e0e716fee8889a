import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, parseCid } from '../../../src/core/base/cid.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { acknowledge } from '../../../src/core/mail/acknowledge.ts';
import { bytesInput, streamInput, type PlainInput } from '../../../src/core/mail/input.ts';
import { openOperationResult, operationContent, operationKey, sealOperationResult } from '../../../src/core/mail/operation.ts';
import type { SendRequest } from '../../../src/core/mail/send-types.ts';
import { acknowledgedError } from '../../../src/core/storage/audit.ts';
import { knownLosses } from '../../../src/core/storage/losses.ts';
import { repairStore } from '../../../src/core/storage/repair.ts';
import { createStore } from '../../../src/core/storage/store.ts';
import { testCrypto } from '../../support/home.ts';
import { freshWorld, introduce, type Operator, type World } from '../../support/mail.ts';
import { all, read, told } from '../../support/reader.ts';
import type { Answer } from './id-sender.ts';

const refused = (code: string) => expect.objectContaining({ code });

async function pair(options: Parameters<World['operator']>[1] = {}): Promise<{ world: World; alice: Operator; bob: Operator }> {
  const world = await freshWorld();
  const [alice, bob] = [await world.operator('alice'), await world.operator('bob', options)];
  await introduce(alice, bob);
  await introduce(bob, alice);
  return { world, alice, bob };
}

const hello = (): SendRequest => ({ input: bytesInput(bytesOf('hello')), to: ['alice'], id: 'release-1' });

/** Of a repeat: when the first one was. */
const storedAt = expect.stringMatching(/^20\d\d-.*Z$/) as unknown as string;

/** Fails as soon as it is read twice. */
const onceOnly = (text: string): PlainInput =>
  streamInput(
    (async function* () {
      yield bytesOf(text);
    })(),
  );

describe('an id', () => {
  it('makes a repeat the same effect, with the same answer', async () => {
    const { alice, bob } = await pair();
    const first = await bob.app.send(hello());
    expect(first).toMatchObject({ changed: true, result: { id: 'release-1' } });
    const second = await bob.app.send(hello());
    expect(second).toEqual({ result: { ...first.result, sentBefore: storedAt }, changed: false });
    const other = await bob.again();
    expect(await other.send({ ...hello(), input: onceOnly('hello') })).toEqual({ result: { ...first.result, sentBefore: storedAt }, changed: false });
    expect(await told(alice)).toHaveLength(1);
    expect((await bob.app.outbox.list()).result.messages).toHaveLength(1);
    expect((await all((await bob.app.store()).hot.messages()))).toHaveLength(1);
    expect((await read(alice, first.result.cid)).content).toEqual(bytesOf('hello'));
  });

  it.each<[string, Partial<SendRequest>]>([
    ['content', { input: bytesInput(bytesOf('hullo')) }],
    ['length', { input: bytesInput(bytesOf('')) }],
    ['recipients', { to: ['alice', 'bob'] }],
    ['expiry', { expires: '7d' }],
    ['receipt wish', { receipt: 'opened' }],
  ])('with another %s is refused, and nothing is announced', async (_, change) => {
    const { alice, bob } = await pair();
    const { result } = await bob.app.send(hello());
    await expect(bob.app.send({ ...hello(), ...change })).rejects.toMatchObject({ code: 'E_ID_CONFLICT', exit: 6, details: { id: 'release-1' } });
    expect((await told(alice)).map(({ cid }) => cid.toString())).toEqual([result.cid]);
    expect((await bob.app.outbox.list()).result.messages).toHaveLength(1);
  });

  it('is of one identity, and says nothing about another id', async () => {
    const { alice, bob } = await pair();
    await (await bob.app.identities()).create('second');
    const [bobs, seconds] = [await bob.again({ as: 'bob' }), await bob.again({ as: 'second' })];
    const cids = new Set([
      (await bobs.send(hello())).result.cid,
      (await seconds.send({ ...hello(), input: bytesInput(bytesOf('other')) })).result.cid,
      (await bobs.send({ ...hello(), id: 'release-2' })).result.cid,
    ]);
    expect(cids.size).toBe(3);
    expect(await told(alice)).toHaveLength(3);
    expect((await bobs.outbox.show('release-1')).result.bytes).toBe(5);
  });

  it('does not mind the order of the recipients, nor who is named twice', async () => {
    const { bob } = await pair();
    const first = await bob.app.send({ ...hello(), to: ['alice', 'bob'] });
    const second = await bob.app.send({ ...hello(), to: ['bob', 'alice', 'bob'] });
    expect(second.changed).toBe(false);
    expect(second.result.cid).toBe(first.result.cid);
  });

  it('raises the durability when more is asked, and never lowers it', async () => {
    const { bob } = await pair();
    await bob.app.send(hello());
    const raised = await bob.app.send({ ...hello(), durability: 'cold' });
    expect(raised).toMatchObject({ changed: true, result: { durability: { asked: 'cold', true: 'cold', copies: { hot: 1, files: 1 }, announcements: 'cold' } } });
    expect(raised.error).toBeUndefined();
    expect(await bob.app.send({ ...hello(), durability: 'cold' })).toMatchObject({ changed: false, result: { durability: { true: 'cold' } } });
    expect((await bob.app.outbox.show('release-1')).result.durability.true).toBe('cold');
    const levels = (await all((await bob.app.store()).journal.since(0))).map(({ durability }) => durability);
    expect(levels).toEqual(['hot', 'cold']);
  });

  it('of a message that was demoted tells the level that is true now, and has it written down', async () => {
    const { world, alice, bob } = await pair();
    const content = () => ({ ...hello(), input: bytesInput(new Uint8Array(600_000).fill(7)) });
    const { result } = await bob.app.send(content());
    const store = await bob.app.store();
    const cid = parseCid(result.cid);
    expect(await store.demote({ cids: [cid] })).toMatchObject({ moved: 1 });
    const repeated = await bob.app.send(content());
    expect(repeated).toMatchObject({ changed: false, result: { cid: result.cid, recipients: { announced: 1 }, durability: { asked: 'hot', true: 'cold', copies: { files: 1 }, announcements: 'cold' } } });
    expect(repeated.error).toBeUndefined();
    expect((await bob.app.outbox.show('release-1')).result.durability.true).toBe('cold');
    await bob.app.send(content());
    expect((await all(store.journal.since(0))).map(({ durability }) => durability)).toEqual(['hot', 'cold']);
    expect(await bob.app.send({ ...content(), durability: 'cold' })).toMatchObject({ changed: false, result: { durability: { asked: 'cold', true: 'cold', copies: { files: 1 } } } });
    // brought back it is in both; a cold copy that is damaged is none
    expect(await store.promote({ cids: [cid] })).toMatchObject({ moved: 1 });
    expect(await bob.app.send(content())).toMatchObject({ result: { durability: { true: 'cold', copies: { hot: 1, files: 1 } } } });
    for (const file of await readdir(join(world.store, 'cold'), { recursive: true, withFileTypes: true })) if (file.isFile() && file.name.endsWith('.data')) await writeFile(join(file.parentPath, file.name), 'damaged');
    expect(await bob.app.send(content())).toMatchObject({ changed: false, result: { durability: { asked: 'hot', true: 'hot', copies: { hot: 1 } } } });
    expect((await bob.app.send(content())).result.durability.copies).not.toHaveProperty('files');
    expect((await read(alice, result.cid)).content).toHaveLength(600_000);
  });

  it('of a message that was cancelled says so, and that the id stays with it', async () => {
    const { alice, bob } = await pair();
    const { result } = await bob.app.send(hello());
    await bob.app.outbox.cancel(result.cid);
    const again = await bob.app.send(hello());
    expect(again).toMatchObject({
      ...{ changed: false, result: { cid: result.cid, recipients: { total: 1, announced: 0 }, durability: { asked: 'hot', true: 'accepted' } } },
      error: { code: 'E_CANCELLED', exit: 6, hint: expect.stringContaining('with a new --id') as unknown },
    });
    expect(await told(alice)).toEqual([]);
    const other = await bob.app.send({ ...hello(), id: 'release-2' });
    expect(other).toMatchObject({ changed: true, result: { recipients: { announced: 1 } } });
    expect(other.error).toBeUndefined();
  });

  it('of a message that was cancelled for some says for whom, and one that was removed or is not announced says that', async () => {
    const { world, alice, bob } = await pair();
    const carol = await world.operator('carol');
    await introduce(bob, carol);
    const both = () => ({ ...hello(), to: ['alice', 'carol'] });
    const { result } = await bob.app.send(both());
    await acknowledge(await alice.app.mail(), { cids: [parseCid(result.cid)] });
    await bob.app.outbox.cancel(result.cid);
    const again = await bob.app.send(both());
    expect(again).toMatchObject({ changed: false, result: { recipients: { total: 2, announced: 1 } }, error: { code: 'E_INCOMPLETE', exit: 12, message: expect.stringMatching(/cancelled for carol,/) as unknown } });

    const store = await bob.app.store();
    const second = await bob.app.send({ ...both(), id: 'two' });
    const [row] = await told(carol);
    await store.hot.inbox.withdraw(row!.inbox, parseCid(second.result.cid));
    const untold = await bob.app.send({ ...both(), id: 'two' });
    expect(untold).toMatchObject({ result: { recipients: { announced: 1 } }, error: { code: 'E_INCOMPLETE', hint: expect.stringContaining(`outbox resend ${second.result.cid}`) as unknown } });
    await bob.app.outbox.resend('two');
    expect((await bob.app.send({ ...both(), id: 'two' })).error).toBeUndefined();

    const { planId } = await store.remove({ cids: [parseCid(second.result.cid)] }, { dryRun: true });
    await store.remove({ cids: [parseCid(second.result.cid)] }, { confirm: planId! });
    expect(await bob.app.send({ ...both(), id: 'two' })).toMatchObject({ changed: false, result: { recipients: { announced: 0 } }, error: { code: 'E_INCOMPLETE', exit: 12, hint: expect.stringContaining('new --id') as unknown } });
  });

  const lose = async ({ app }: Operator, cid: string) => {
    const { hot } = await app.store();
    await hot.remove([parseCid(cid)]);
    await hot.forget(parseCid(cid), (await hot.message(parseCid(cid)))?.version as number);
  };

  it('whose message is lost seals and sends it again, says so, and takes the id over', async () => {
    const { alice, bob } = await pair();
    const lost = (await bob.app.send(hello())).result.cid;
    await lose(bob, lost);
    const again = await bob.app.send({ ...hello(), input: onceOnly('hello') });
    expect(again).toMatchObject({ changed: true, result: { id: 'release-1', durability: { true: 'hot' } } });
    expect(again.result.cid).not.toBe(lost);
    expect(bob.warnings).toMatchObject([{ code: 'W_SENT_AGAIN', id: 'release-1', cid: lost }]);
    expect((await read(alice, again.result.cid)).content).toEqual(bytesOf('hello'));
    expect((await bob.app.outbox.list()).result.messages.map(({ cid, id, state }) => [cid, id, state])).toEqual([[again.result.cid, 'release-1', 'announced'], [lost, undefined, 'cancelled']]);
    const store = await bob.app.store();
    expect(acknowledgedError(await store.verifyAcknowledged(0))).toBeUndefined();
    expect(await bob.app.send(hello())).toEqual({ result: { ...again.result, sentBefore: expect.any(String) }, changed: false });
    expect(await told(alice)).toHaveLength(1);
  });

  it('whose message has wrong bytes is lost too: neither said to be there, nor announced again, until its bytes are good', async () => {
    const { alice, bob } = await pair();
    const { cid } = (await bob.app.send(hello())).result;
    const store = await bob.app.store();
    const bytes = (await store.hot.get(parseCid(cid))) as Uint8Array;
    const scribble = () => {
      const db = new DatabaseSync(store.layout.hot);
      db.prepare('UPDATE blocks SET bytes = zeroblob(length(bytes)) WHERE digest = ?').run(parseCid(cid).multihash.digest);
      db.close();
    };
    scribble();
    await store.verify();
    await store.verifyAcknowledged(0);
    await expect(bob.app.outbox.resend(cid)).rejects.toEqual(refused('E_MESSAGE_LOST'));
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ cid, state: 'lost' }]);
    await store.hot.put([{ cid: parseCid(cid), bytes }]);
    // what an audit noted is not believed against the bytes themselves
    expect(await bob.app.send(hello())).toMatchObject({ changed: false, result: { cid } });
    expect(await knownLosses(store)).toEqual([]);
    scribble();
    const again = await bob.app.send(hello());
    expect(again).toMatchObject({ changed: true, result: { id: 'release-1' } });
    expect(bob.warnings).toMatchObject([{ code: 'W_SENT_AGAIN', cid }]);
    expect((await read(alice, again.result.cid)).content).toEqual(bytesOf('hello'));
  });

  it.each<[string, Partial<SendRequest>]>([['content', { input: bytesInput(bytesOf('hullo')) }], ['recipients', { to: ['alice', 'bob'] }]])('whose message is lost is refused with another %s', async (_, change) => {
    const { alice, bob } = await pair();
    const lost = (await bob.app.send(hello())).result.cid;
    await lose(bob, lost);
    await expect(bob.app.send({ ...hello(), ...change })).rejects.toEqual(refused('E_ID_CONFLICT'));
    expect(await told(alice)).toEqual([]);
    expect((await bob.app.outbox.list()).result.messages.map(({ cid, id }) => [cid, id])).toEqual([[lost, 'release-1']]);
  });

  it('whose message is lost is sent again once, however many repeat it at the same time', async () => {
    const { alice, bob } = await pair();
    const lost = (await bob.app.send(hello())).result.cid;
    await lose(bob, lost);
    const apps = await Promise.all([0, 1, 2].map(() => bob.again()));
    const answers = await Promise.all(apps.map((app) => app.send(hello())));
    expect(new Set(answers.map(({ result }) => result.cid)).size).toBe(1);
    expect((await told(alice)).map(({ cid }) => cid.toString())).toEqual([answers[0]?.result.cid]);
  });

  it('is never sent twice on a guess: not where the journal cannot tell what was let go', async () => {
    const { bob } = await pair();
    const lost = (await bob.app.send(hello())).result.cid;
    await lose(bob, lost);
    const { path } = await bob.app.store();
    const [log = ''] = (await readdir(join(path, 'journal'))).filter((name) => name.endsWith('.log'));
    const bytes = await readFile(join(path, 'journal', log));
    await writeFile(join(path, 'journal', log), bytes.with(20, bytes[20]! ^ 1));
    await expect(bob.app.send(hello())).rejects.toEqual(refused('E_STORE_CORRUPT'));
  });

  it('survives the hot database, and so does the fresh home that repeats it', async () => {
    const { world, alice, bob } = await pair({ sendOnly: true });
    await bob.app.close();
    const copy = join(world.folder, 'copy');
    await cp(bob.home, copy, { recursive: true });
    const first = await (await bob.again()).send({ ...hello(), durability: 'cold' });
    await rm(join(world.store, 'hot.db'));
    expect((await repairStore(world.store)).rebuilt).toMatchObject({ operations: 1, fromCold: 1 });
    const restored = await bob.again({ home: copy });
    expect(await restored.send({ ...hello(), durability: 'cold' })).toMatchObject({ changed: false, result: { cid: first.result.cid } });
    expect(await told({ ...alice, app: await alice.again() })).toHaveLength(1);
    expect((await all((await restored.store()).journal.since(0))).map(({ durability, operation }) => [durability, operation !== undefined])).toEqual([['cold', true], ['cold', true]]);
  });

  it.each(['', 'x'.repeat(257)])('that is %j is refused', async (id) => {
    const { bob } = await pair();
    await expect(bob.app.send({ ...hello(), id })).rejects.toEqual(refused('E_USAGE'));
  });

  it('is found again from a restored copy of a send-only home, which then knows what to wait for', async () => {
    const { world, alice, bob } = await pair({ sendOnly: true });
    await bob.app.close();
    const copy = join(world.folder, 'copy');
    await cp(bob.home, copy, { recursive: true });
    const original = await bob.again();
    const first = await original.send({ ...hello(), receipt: 'opened' });
    const restored = await bob.again({ home: copy });
    expect((await restored.outbox.list()).result.messages).toEqual([]);
    const second = await restored.send({ ...hello(), receipt: 'opened' });
    expect(second).toEqual({ result: { ...first.result, sentBefore: storedAt }, changed: false });
    expect(await told(alice)).toHaveLength(1);
    const shown = (await restored.outbox.show('release-1')).result;
    expect(shown).toMatchObject({ cid: first.result.cid, receipt: 'opened', state: 'announced', recipients: [{ name: 'alice' }] });
    // and it can announce the very same packets
    const [theirs, ours] = [await original.home(), await restored.home()].map(({ outbox }) => outbox.find('release-1')?.recipients[0]?.packet);
    expect(ours).toEqual(theirs);
  });

  it('goes to each store once', async () => {
    const { world, bob } = await pair();
    const elsewhere = join(world.folder, 'other-store');
    await createStore(elsewhere);
    const here = await bob.app.send(hello());
    const other = await bob.again({ store: elsewhere });
    const there = await other.send(hello());
    expect(there.changed).toBe(true);
    expect(there.result.cid).not.toBe(here.result.cid);
    expect((await other.send(hello())).changed).toBe(false);
    expect((await bob.app.send(hello()))).toEqual({ result: { ...here.result, sentBefore: storedAt }, changed: false });
    expect((await bob.app.outbox.list()).result.messages.map(({ cid }) => String(cid)).toSorted()).toEqual([here.result.cid, there.result.cid].toSorted());
  });

  it('asked at once in one process is one effect', async () => {
    const { alice, bob } = await pair();
    const answers = await Promise.all([1, 2, 3, 4].map(() => bob.app.send(hello())));
    expect(new Set(answers.map(({ result }) => result.cid)).size).toBe(1);
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    expect(await told(alice)).toHaveLength(1);
    expect((await bob.app.outbox.show('release-1')).result).toMatchObject({ cid: answers[0]?.result.cid, state: 'announced' });
  });

  it('whose message is sealed while another send has its effect leaves one entry, with the id and all states', async () => {
    const { alice, bob } = await pair();
    const { promise: go, resolve: release } = Promise.withResolvers<void>();
    const slow = bob.app.send({
      ...hello(),
      input: streamInput(
        (async function* () {
          await go;
          yield bytesOf('hello');
        })(),
      ),
    });
    const first = await bob.app.send(hello());
    release();
    expect(await slow).toMatchObject({ changed: false, result: { cid: first.result.cid, sentBefore: storedAt, recipients: { announced: 1 } } });
    const { messages } = (await bob.app.outbox.list()).result;
    expect(messages).toMatchObject([{ cid: first.result.cid, id: 'release-1', state: 'announced' }]);
    expect(messages).toHaveLength(1);
    expect((await bob.app.outbox.show('release-1')).result).toMatchObject({ cid: first.result.cid, state: 'announced' });
    expect(await told(alice)).toHaveLength(1);
    expect((await all((await bob.app.store()).hot.messages()))).toHaveLength(1);
  });

  it('that a send took which died before it knew goes back to the message that stands', async () => {
    const { bob } = await pair();
    const first = await bob.app.send(hello());
    const { outbox } = await bob.app.home();
    const stands = outbox.find(parseCid(first.result.cid))!;
    outbox.releaseId(stands.number);
    const { identity, store, createdAtMs, expiresAtMs, recipients } = stands;
    const dead = outbox.begin({ identity, store, createdAtMs, expiresAtMs, recipients, id: 'release-1', cid: cidOf(DAG_CBOR, bytesOf('never')), durability: 'hot' } as Parameters<typeof outbox.begin>[0]);
    outbox.settle(dead.number, { atMs: createdAtMs, state: 'failed', code: 'E_INTERRUPTED' });
    expect((await bob.app.outbox.show('release-1')).result.state).toBe('failed');
    expect(await bob.app.send(hello())).toMatchObject({ changed: false, result: { cid: first.result.cid } });
    expect((await bob.app.outbox.show('release-1')).result).toMatchObject({ cid: first.result.cid, state: 'announced' });
    expect((await bob.app.outbox.list()).result.messages).toHaveLength(1);
  });

  it('asked at once with different content has one effect and one refusal', async () => {
    const { alice, bob } = await pair();
    const answers = await Promise.allSettled([bob.app.send(hello()), bob.app.send({ ...hello(), input: bytesInput(bytesOf('other')) })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'E_ID_CONFLICT' } });
    expect(await told(alice)).toHaveLength(1);
  });

  it('asked at once by several processes is one effect', async () => {
    const { world, alice, bob } = await pair();
    await bob.app.close();
    const sender = join(import.meta.dirname, 'id-sender.ts');
    const children: ChildProcess[] = [];
    onTestFinished(() => children.forEach((child) => child.kill('SIGKILL')));
    for (let i = 0; i < 3; i++) children.push(fork(sender, [bob.home, world.store], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await Promise.all(children.map((child) => once(child, 'message')));
    const answers = Promise.all(children.map(async (child) => (await once(child, 'message'))[0] as Answer));
    for (const child of children) child.send('go');
    const given = await answers;
    expect(new Set(given.map(({ cid }) => cid)).size).toBe(1);
    expect(given.filter(({ changed }) => changed)).toHaveLength(1);
    expect((await told(alice)).map(({ cid }) => cid.toString())).toEqual([given[0]?.cid]);
    const home = await bob.again();
    expect((await home.outbox.show('race')).result).toMatchObject({ cid: given[0]?.cid, state: 'announced' });
  });
});

describe('the record of an id', () => {
  const secret = systemRng.bytes(32);
  const result = { bytes: 5, blocks: 1, expiresAtMs: 7, forwardSecret: true, recipients: [{ identity: cidOf(DAG_CBOR, bytesOf('a')), inbox: systemRng.bytes(32) }] };

  it('opens under its own secret and id only, whatever bit is flipped', async () => {
    const crypto = await testCrypto();
    const key = operationKey(crypto, secret, 'x');
    const sealed = sealOperationResult(crypto, secret, key, result);
    expect(openOperationResult(crypto, secret, key, sealed)).toEqual(result);
    expect(() => openOperationResult(crypto, systemRng.bytes(32), key, sealed)).toThrow(refused('E_MAC'));
    expect(() => openOperationResult(crypto, secret, operationKey(crypto, secret, 'y'), sealed)).toThrow(refused('E_MAC'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => openOperationResult(crypto, secret, key, flipped), `bit ${bit}`).toThrow(refused('E_MAC'));
    }
    for (let length = 0; length < sealed.length; length++) expect(() => openOperationResult(crypto, secret, key, sealed.subarray(0, length))).toThrow(refused('E_MAC'));
  });

  it('is never the same bytes twice, while its name always is', async () => {
    const crypto = await testCrypto();
    const key = operationKey(crypto, secret, 'x');
    expect(operationKey(crypto, secret, 'x')).toEqual(key);
    expect(sealOperationResult(crypto, secret, key, result)).not.toEqual(sealOperationResult(crypto, secret, key, result));
  });

  it('tells contents apart by every part of them', async () => {
    const crypto = await testCrypto();
    const a = cidOf(DAG_CBOR, bytesOf('a'));
    const b = cidOf(DAG_CBOR, bytesOf('b'));
    const base = { sha256: new Uint8Array(32), bytes: 1, recipients: [a], expires: '', receipt: '' };
    const variants = [base, { ...base, bytes: 2 }, { ...base, recipients: [b] }, { ...base, recipients: [a, b] }, { ...base, expires: '7d' }, { ...base, receipt: 'opened' }, { ...base, sha256: new Uint8Array(32).fill(1) }];
    const hashes = variants.map((content) => Buffer.from(operationContent(crypto, secret, content)).toString('hex'));
    expect(new Set(hashes).size).toBe(variants.length);
    const hash = (bytes: Bytes) => Buffer.from(bytes).toString('hex');
    expect(hash(operationContent(crypto, secret, { ...base, recipients: [b, a] }))).toBe(hashes[3]);
  });
});
