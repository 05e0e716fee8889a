import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW } from '../../../src/core/base/cid.ts';
import { fetch } from '../../../src/core/mail/fetch.ts';
import { looksBinary } from '../../../src/core/mail/output.ts';
import { Passphrase } from '../../../src/core/message/index.ts';
import { demote } from '../../../src/core/storage/demote.ts';
import { CHEAP_ARGON } from '../message/support.ts';
import { handPost } from '../../support/hand-post.ts';
import { clockAt, secretOf } from '../../support/home.ts';
import { introduce, type Operator } from '../../support/mail.ts';
import { codeOf, couple, damage, forgetKeys, inboxOf, linksOf, noise, post, read } from '../../support/post.ts';

const intoFolder = async ({ app }: Operator, path: string) => ({ room: await app.mail(), to: { kind: 'folder', path } as const });
const parts = async (folder: string): Promise<string[]> => (await readdir(folder)).filter((name) => name.endsWith('.part'));

describe('a whole fetch', () => {
  it("writes a file under the sender's name, private, and says from whom and from where", async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'the plan', { name: 'plan.txt' });
    const { room, to } = await intoFolder(alice, world.folder);
    const { result, changed, error } = await fetch(room, { cid, to });
    expect(error).toBeUndefined();
    expect(changed).toBe(true);
    const out = join(world.folder, 'plan.txt');
    const identity = (await bob.app.identities()).show('bob').id.toString();
    expect(result).toEqual({
      ...{ cid: cid.toString(), bytes: 8, out, from: 'hot', name: 'plan.txt', acknowledged: false, receipt: null },
      ...{ sender: { name: 'bob', identity, verified: true }, created: expect.stringMatching(/Z$/), expires: expect.stringMatching(/Z$/) },
    });
    expect(await readFile(out)).toEqual(Buffer.from('the plan'));
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(await parts(world.folder)).toEqual([]);
    expect(alice.warnings).toEqual([]);
  });

  it('gives any length back bit for bit, as a stream and as a file', async () => {
    const { world, alice, bob } = await couple();
    const { room, to } = await intoFolder(alice, world.folder);
    for (const bytes of [0, 1, 16_384, 262_144, 700_001]) {
      const content = noise(bytes, bytes);
      const cid = await post(bob, ['alice'], content, { name: `n${bytes}` });
      expect((await read(alice, cid)).content).toEqual(content);
      await fetch(room, { cid, to });
      expect(new Uint8Array(await readFile(join(world.folder, `n${bytes}`)))).toEqual(content);
    }
  });

  it('reports progress up to the whole', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(600_000));
    const seen: number[] = [];
    const totals = new Set<number>();
    const onProgress = (bytes: number, total: number): void => {
      seen.push(bytes);
      totals.add(total);
    };
    await read(alice, cid, { onProgress });
    expect([...totals]).toEqual([600_000]);
    expect(seen.at(-1)).toBe(600_000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('leaves the inbox as it is, marks the message as opened, and notes the reading for eviction', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello');
    await read(alice, cid);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: cid.toString(), state: 'opened' }] });
    expect((await (await alice.app.store()).hot.message(cid))?.readAtMs).toBeGreaterThan(0);
  });
});

describe('where it is written', () => {
  it('refuses a name that is taken, before a key is opened, and leaves it as it was', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'new', { name: 'a.txt' });
    const path = join(world.folder, 'a.txt');
    await writeFile(path, 'old');
    const app = await alice.again({ passphrase: async () => expect.fail('no key is needed to see that a file is there') });
    expect(await codeOf(fetch(await app.mail(), { cid, to: { kind: 'path', path } }))).toBe('E_EXISTS');
    expect(await codeOf(fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder } }))).toBe('E_EXISTS');
    await symlink(join(world.folder, 'nowhere'), join(world.folder, 'link'));
    expect(await codeOf(fetch(await alice.app.mail(), { cid, to: { kind: 'path', path: join(world.folder, 'link') } }))).toBe('E_EXISTS');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await parts(world.folder)).toEqual([]);
  });

  it('takes a path that is a folder as the place for the sender\'s name', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'x', { name: 'a.txt' });
    const { result } = await fetch(await alice.app.mail(), { cid, to: { kind: 'path', path: world.folder } });
    expect(result.out).toBe(join(world.folder, 'a.txt'));
    await expect(fetch(await alice.app.mail(), { cid, to: { kind: 'path', path: join(world.folder, 'no', 'such') } })).rejects.toMatchObject({ code: 'E_NOT_FOUND', hint: expect.stringMatching(/^Check the path/) as unknown });
  });

  it('cleans the name that the sender gave', async () => {
    const { world, alice, bob } = await couple();
    const names = [
      ['../../../etc/cron.d/evil', 'evil'],
      ['..', 'message'],
      ['.ssh', 'ssh'],
      ['-rf', 'rf'],
      ['/etc/passwd', 'passwd'],
      ['C:\\boot.ini', 'boot.ini'],
      ['a\u0000b\u001b[2J.txt', 'ab[2J.txt'],
      ['', 'message'],
    ] as const;
    for (const [i, [given, expected]] of names.entries()) {
      const folder = join(world.folder, `in${i}`);
      await mkdir(folder);
      const { cid } = await handPost(bob, alice, { content: 'x', metadata: { name: given } });
      const { room, to } = await intoFolder(alice, folder);
      const { result } = await fetch(room, { cid, to });
      expect(await readdir(folder)).toEqual([expected]);
      expect(result.out).toBe(join(folder, expected));
      expect(result.name).toBe(given === '' ? null : expected);
    }
  });

  it('leaves no file when it is interrupted', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(900_000), { name: 'n' });
    const stop = new AbortController();
    const { room, to } = await intoFolder(alice, world.folder);
    await expect(fetch(room, { cid, to, signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect((await readdir(world.folder)).filter((name) => name === 'n' || name.endsWith('.part'))).toEqual([]);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ state: 'unread' }] });
  });

  it('passes on what the reader of a stream throws, and stops reading', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(600_000));
    const closed = new Error('EPIPE');
    const write = () => Promise.reject(closed);
    await expect(fetch(await alice.app.mail(), { cid, to: { kind: 'stream', write } })).rejects.toBe(closed);
  });

  it('knows what is not for a terminal', () => {
    expect(looksBinary(bytesOf('plain text\twith\r\nlines, ümläuts and 日本'))).toBe(false);
    expect(looksBinary(bytesOf('日').subarray(0, 2))).toBe(false);
    expect(looksBinary(bytesOf('\u001b]0;title\u0007'))).toBe(true);
    expect(looksBinary(Uint8Array.of(0x50, 0x4b, 3, 4))).toBe(true);
    expect(looksBinary(Uint8Array.of(0xff, 0xfe, 0x41, 0))).toBe(true);
    expect(looksBinary(bytesOf('\u009b31m'))).toBe(true);
  });
});

describe('a range', () => {
  it('gives exactly those bytes, into a file too', async () => {
    const { world, alice, bob } = await couple();
    const content = noise(700_000);
    const cid = await post(bob, ['alice'], content, { name: 'n' });
    for (const [start, end] of [[0, 1], [262_143, 262_145], [699_999, 700_000], [0, 700_000], [16_383, 400_001]] as const) {
      const { content: got, result } = await read(alice, cid, { range: { start, end } });
      expect(got).toEqual(content.subarray(start, end));
      expect(result.bytes).toBe(end - start);
    }
    await fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder }, range: { start: 5, end: 9 } });
    expect(new Uint8Array(await readFile(join(world.folder, 'n')))).toEqual(content.subarray(5, 9));
  });

  it('is refused outside of the content, with no file', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'twelve bytes', { name: 'n' });
    for (const range of [{ start: 0, end: 13 }, { start: 12, end: 13 }, { start: 3, end: 3 }, { start: -1, end: 4 }]) {
      expect(await codeOf(fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder }, range }))).toBe('E_RANGE');
    }
    expect(await readdir(world.folder)).not.toContain('n');
    expect(await parts(world.folder)).toEqual([]);
  });
});

describe('tiers', () => {
  const cold = async (operator: Operator, cid: Parameters<typeof linksOf>[1]) => void (await demote(await operator.app.store(), { cids: [cid] }));
  const tiers = async (operator: Operator, cid: Parameters<typeof linksOf>[1]) => (await (await operator.app.store()).hot.message(cid))?.tiers;

  it('comes from cold, says so, and a whole one brings the message back to hot', async () => {
    const { alice, bob } = await couple();
    const content = noise(600_000);
    const cid = await post(bob, ['alice'], content);
    await cold(bob, cid);
    expect(await tiers(alice, cid)).toEqual(['files']);
    const ranged = await read(alice, cid, { range: { start: 300_000, end: 300_100 } });
    expect(ranged.content).toEqual(content.subarray(300_000, 300_100));
    expect(ranged.result.from).toBe('files');
    expect(await tiers(alice, cid)).toEqual(['files']);
    const whole = await read(alice, cid);
    expect(whole.content).toEqual(content);
    expect(whole.result.from).toBe('files');
    expect(await tiers(alice, cid)).toContain('hot');
    expect((await read(alice, cid)).result.from).toBe('hot');
  });

  it.each([['never', false, false], ['always', true, true], ['whole', true, false]] as const)('promotes by setting %s: whole %s, range %s', async (setting, whole, range) => {
    const { bob, alice } = await couple({ alice: { settings: { 'fetch.promote': setting } } });
    for (const [isWhole, expected] of [[true, whole], [false, range]] as const) {
      const cid = await post(bob, ['alice'], noise(300_000));
      await cold(bob, cid);
      await read(alice, cid, isWhole ? {} : { range: { start: 0, end: 10 } });
      expect((await tiers(alice, cid))?.includes('hot')).toBe(expected);
    }
  });

  it('reads what hot has damaged from cold', async () => {
    const { alice, bob } = await couple();
    const content = noise(600_000);
    const cid = await post(bob, ['alice'], content, { durability: 'cold' });
    const [first] = await linksOf(alice, cid);
    await damage(alice, first as never);
    expect((await read(alice, cid)).content).toEqual(content);
    await damage(alice, cid);
    expect((await read(alice, cid)).content).toEqual(content);
  });
});

describe('keys', () => {
  it('are kept after opening, so that the message outlives its prekey', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'keep me');
    await read(alice, cid);
    await forgetKeys(alice);
    expect((await read(alice, cid)).content).toEqual(bytesOf('keep me'));
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ state: 'opened', sender: 'bob' }], unreadable: 0 });
    const sealedKey = (await alice.app.home()).messages.find(cid)?.sealedKey;
    expect(sealedKey?.length).toBe(12 + 32 + 16);
  });

  it('are not kept by --ephemeral, though a key that was kept before stays', async () => {
    const { alice, bob } = await couple();
    const [once, twice] = [await post(bob, ['alice'], 'once'), await post(bob, ['alice'], 'twice')];
    await read(alice, once, { ephemeral: true });
    await read(alice, twice);
    await read(alice, twice, { ephemeral: true });
    await forgetKeys(alice);
    expect(await codeOf(read(alice, once))).toBe('E_NOT_RECIPIENT');
    expect((await read(alice, twice)).content).toEqual(bytesOf('twice'));
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: twice.toString() }], unreadable: 1 });
  });

  it('of nobody here open what is for somebody else', async () => {
    const { world, alice, bob } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, bob);
    const cid = await post(bob, ['alice'], 'secret', { name: 'secret.txt' });
    expect(await codeOf(read(carol, cid))).toBe('E_NOT_RECIPIENT');
    expect(await codeOf(read(bob, cid))).toBe('E_NOT_RECIPIENT');
    expect(await codeOf(fetch(await carol.app.mail(), { cid, to: { kind: 'folder', path: world.folder } }))).toBe('E_NOT_RECIPIENT');
    expect(await readdir(world.folder)).not.toContain('secret.txt');
    expect((await read(alice, cid)).content).toEqual(bytesOf('secret'));
  });

  it('of another message do not open this one, though a row says so', async () => {
    const { alice, bob } = await couple();
    const [one, two] = [await post(bob, ['alice'], 'one'), await post(bob, ['alice'], 'two')];
    await read(alice, one);
    const { messages } = await alice.app.home();
    const record = messages.find(one);
    messages.put({ ...(record as NonNullable<typeof record>), cid: two });
    expect((await read(alice, two)).content).toEqual(bytesOf('two'));
  });

  it('are those of every identity of mine when none is chosen', async () => {
    const { alice, bob } = await couple();
    await (await alice.app.identities()).create('work');
    const cid = await post(bob, ['alice'], 'hello');
    expect((await read(alice, cid)).content).toEqual(bytesOf('hello'));
    expect(await codeOf(read({ app: await alice.again({ as: 'work' }) }, cid))).toBe('nothing was thrown');
    const other = await post(bob, ['alice'], 'unread');
    expect(await codeOf(read({ app: await alice.again({ as: 'work' }) }, other))).toBe('E_NOT_RECIPIENT');
  });
});

describe('a message that is sealed to a passphrase', () => {
  const phrase = async (operator: Operator, text: string) => new Passphrase(await operator.app.crypto(), secretOf(text), CHEAP_ARGON);

  it('opens with it, without the key ring, and is refused without it or with another', async () => {
    const { alice, bob } = await couple();
    using sealing = await phrase(bob, 'open sesame');
    const cid = await post(bob, [], 'by passphrase', { passphrase: sealing });
    using right = await phrase(alice, 'open sesame');
    using wrong = await phrase(alice, 'open barley');
    const locked = { app: await alice.again({ passphrase: async () => expect.fail('the key ring is not needed') }) };
    const { content, result } = await read(locked, cid, { passphrase: right });
    expect(content).toEqual(bytesOf('by passphrase'));
    expect(result.sender).toMatchObject({ name: 'bob', verified: true });
    expect((await read(alice, cid, { passphrase: right, ack: true })).result).toMatchObject({ acknowledged: false, receipt: null });
    expect((await alice.app.home()).messages.find(cid)).toMatchObject({ receipts: [] });
    expect((await alice.app.home()).messages.find(cid)?.sealedKey).toBeUndefined();
    expect(await codeOf(read(locked, cid, { passphrase: wrong }))).toBe('E_PASSPHRASE');
    expect(await codeOf(read(locked, cid))).toBe('E_PASSPHRASE_NEEDED');
  });
});

describe('time', () => {
  it('ends a message at its sealed expiry, also where its key was kept', async () => {
    const clock = clockAt(Date.now());
    const { world, alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    const cid = await post(bob, ['alice'], 'soon gone', { expires: '1h', name: 'gone.txt' });
    await read(alice, cid);
    clock.at += 3_600_000 - 1;
    await read(alice, cid);
    clock.at += 1;
    expect(await codeOf(read(alice, cid))).toBe('E_EXPIRED');
    expect(await codeOf(fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder } }))).toBe('E_EXPIRED');
    expect(await readdir(world.folder)).not.toContain('gone.txt');
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ state: 'expired' }] });
  });
});

describe('what is not there, or not a message', () => {
  it('is refused with a code', async () => {
    const { alice, bob } = await couple();
    expect(await codeOf(read(alice, cidOf(RAW, bytesOf('nobody has this'))))).toBe('E_NOT_FOUND');
    const cid = await post(bob, ['alice'], noise(600_000));
    const [first, second] = (await linksOf(alice, cid)) as [typeof cid, typeof cid];
    expect(await codeOf(read(alice, first))).toMatch(/^E_(FORMAT|NOT_CANONICAL)$/);
    const { hot } = await alice.app.store();
    await hot.remove([second]);
    const { content, error } = await read(alice, cid);
    expect(error?.code).toBe('E_BLOCKS_MISSING');
    expect(content).toEqual(noise(600_000).subarray(0, content.length));
  });
});
