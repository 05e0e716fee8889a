/** Two homes, two stores, and a stick between them. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { applyReceipts } from '../../../src/core/mail/apply-receipts.ts';
import { carFile, exportFor, importFiles, importRoom, type CarInput } from '../../../src/core/mail/travel.ts';
import { decodeBundleFile } from '../../../src/core/identity/index.ts';
import { requireMessages } from '../../../src/core/inspect/index.ts';
import { createStore } from '../../../src/core/storage/store.ts';
import { clockAt } from '../../support/home.ts';
import { freshWorld, introduce, type Operator, type World } from '../../support/mail.ts';
import { codeOf, inboxOf, linksOf, noise, post, read } from '../../support/post.ts';

interface Apart {
  readonly world: World;
  readonly alice: Operator;
  readonly bob: Operator;
  readonly stick: (name: string) => string;
}

/** Alice and bob, each with a store of their own. Bob knows alice; alice does not know bob yet. */
async function apart(options: Parameters<World['operator']>[1] = {}): Promise<Apart> {
  const world = await freshWorld();
  const stores = [join(world.folder, 'store-alice'), join(world.folder, 'store-bob')] as const;
  for (const store of stores) await createStore(store);
  const alice = await world.operator('alice', { ...options, store: stores[0] });
  const bob = await world.operator('bob', { ...options, store: stores[1] });
  await introduce(bob, alice);
  return { world, alice, bob, stick: (name) => join(world.folder, name) };
}

const bring = async ({ app }: Operator, ...inputs: readonly CarInput[]) => importFiles(await importRoom(app, { needsHome: true, warn: () => undefined }), { inputs });
const take = async ({ app }: Operator, name: string, out: string, splitBytes?: number) => exportFor(await app.mail(), { names: [name], out, ...(splitBytes !== undefined && { splitBytes }) });

describe('a stick', () => {
  it('carries a message there and a receipt back, between people who had never met', async () => {
    const { alice, bob, stick } = await apart();
    const content = noise(700_000);
    const cid = await post(bob, ['alice'], content, { name: 'plan.pdf', receipt: 'opened', introduce: true, out: stick('to-alice.car') });
    expect((await inboxOf(alice)).messages).toEqual([]);

    const came = await bring(alice, carFile(stick('to-alice.car')));
    expect(came.error).toBeUndefined();
    expect(came.changed).toBe(true);
    const identity = (await bob.app.identities()).show('bob').id.toString();
    expect(came.result).toMatchObject({
      ...{ files: 1, messages: 1, stored: 1, receipts: 0, incomplete: [], refused: [] },
      ...{ forMe: [{ name: 'alice', messages: 1, receipts: 0 }], introductions: [{ identity, name: 'bob', contact: null }] },
    });
    expect((await inboxOf(alice)).messages).toMatchObject([{ cid: cid.toString(), sender: null, claimedName: 'bob', verified: false, bytes: 700_000 }]);

    // the CAR is also how she learns his bundle
    const contacts = await alice.app.contacts();
    const introduction = await decodeBundleFile(await alice.app.crypto(), new Uint8Array(await readFile(stick('to-alice.car'))));
    contacts.add([{ introduction, name: 'bob' }]);
    contacts.verify('bob', (await bob.app.identities()).show('bob').fingerprint, 'words');
    const got = await read(alice, cid, { ack: true });
    expect(got.content).toEqual(content);
    expect(got.result).toMatchObject({ sender: { name: 'bob', verified: true }, receipt: 'opened' });

    const back = await take(alice, 'bob', stick('to-bob.car'));
    expect(back.result).toMatchObject({ messages: 0, receipts: 1, bundle: 'alice', for: [{ name: 'bob', messages: 0, receipts: 1 }], files: [{ path: stick('to-bob.car') }] });
    const returned = await bring(bob, carFile(stick('to-bob.car')));
    expect(returned.result).toMatchObject({ messages: 1, receipts: 1, forMe: [{ name: 'bob', messages: 0, receipts: 1 }], introductions: [{ name: 'alice', contact: 'alice' }] });
    expect(await applyReceipts(await bob.app.mail())).toMatchObject({ applied: 1 });
    expect((await bob.app.home()).outbox.find(cid)?.recipients).toMatchObject([{ name: 'alice', state: 'opened' }]);
  });

  it('changes nothing the second time', async () => {
    const { alice, bob, stick } = await apart();
    await post(bob, ['alice'], 'x', { out: stick('x.car') });
    await bring(alice, carFile(stick('x.car')));
    expect(await bring(alice, carFile(stick('x.car')))).toMatchObject({ changed: false, result: { messages: 1, stored: 0 } });
    expect((await bring(alice, carFile(stick('x.car')), carFile(stick('x.car')))).result).toMatchObject({ files: 2, messages: 1 });
  });

  it('carries streams, of which the last packet is enough', async () => {
    const { alice, bob, stick } = await apart();
    await introduce(alice, bob);
    const cid = await post(bob, ['alice'], noise(900_000), { stream: true });
    await take(bob, 'alice', stick('s.car'));
    await bring(alice, carFile(stick('s.car')));
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: cid.toString() }], unreadable: 0, arriving: 0 });
    expect((await read(alice, cid, { ack: true })).content).toEqual(noise(900_000));
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 0 });
  });

  it('may be several small ones, in any order', async () => {
    const { alice, bob, stick } = await apart();
    await introduce(alice, bob);
    const cid = await post(bob, ['alice'], noise(1_200_000));
    const { result } = await take(bob, 'alice', stick('s.car'), 600_000);
    expect(result.files.length).toBeGreaterThan(1);
    const [first, ...rest] = result.files.map(({ path }) => carFile(path)).toReversed();
    const some = await bring(alice, first as CarInput);
    expect(some.error).toMatchObject({ code: 'E_INCOMPLETE', exit: 12 });
    expect(some.result).toMatchObject({ messages: 0, incomplete: [{ cid: cid.toString() }] });
    expect((await inboxOf(alice)).messages).toEqual([]);
    const whole = await bring(alice, ...rest);
    expect(whole.error).toBeUndefined();
    expect(whole.result).toMatchObject({ messages: 1, incomplete: [] });
    expect((await read(alice, cid)).content).toEqual(noise(1_200_000));
  });
});

describe('what is taken along', () => {
  it('is what is for him, and not yet confirmed, handled or expired', async () => {
    const clock = clockAt(Date.now());
    const { world, alice, bob, stick } = await apart({ clock });
    const carol = await world.operator('carol', { clock });
    await introduce(bob, carol);
    await introduce(alice, bob);
    const kept = await post(bob, ['alice'], 'kept', { expires: '20d' });
    await post(bob, ['alice'], 'expires', { expires: '1h' });
    const confirmed = await post(bob, ['alice'], 'confirmed', { receipt: 'received', expires: '20d' });
    await post(bob, ['carol'], 'for carol', { expires: '20d' });
    clock.at += 3_600_000;
    const outbox = (await bob.app.home()).outbox;
    outbox.setRecipientState(outbox.find(confirmed)?.number as number, 0, { state: 'received', atMs: clock.at });
    const { result } = await take(bob, 'alice', stick('a.car'));
    expect(result).toMatchObject({ messages: 1, receipts: 0 });
    const { result: came } = await bring(alice, carFile(stick('a.car')));
    expect(came).toMatchObject({ messages: 1, forMe: [{ name: 'alice', messages: 1 }] });
    expect((await inboxOf(alice)).messages).toMatchObject([{ cid: kept.toString() }]);
    const both = await exportFor(await bob.app.mail(), { names: ['alice', 'carol'], out: stick('both.car') });
    expect(both.result.for).toEqual([{ name: 'alice', messages: 1, receipts: 0 }, { name: 'carol', messages: 1, receipts: 0 }]);
  });

  it('shows of one message only the packet that is for him', async () => {
    const { world, alice, bob, stick } = await apart();
    const carol = await world.operator('carol');
    await introduce(bob, carol);
    await post(bob, ['alice', 'carol'], 'both');
    expect((await take(bob, 'alice', stick('a.car'))).result).toMatchObject({ packets: 1 });
    await bring(alice, carFile(stick('a.car')));
    const [inbox] = (await carol.app.identities()).inboxes('carol');
    expect(await (await alice.app.store()).hot.inbox.list(inbox?.digest as Uint8Array, { limit: 10 })).toEqual([]);
  });

  it('is nothing for nobody, under no taken name, and leaves no file then', async () => {
    const { world, bob, stick } = await apart();
    expect(await codeOf(take(bob, 'alice', stick('a.car')))).toBe('E_NOT_FOUND');
    expect(await codeOf(exportFor(await bob.app.mail(), { names: ['alice', 'nobody', 'noone'], out: stick('a.car') }))).toBe('E_NAME_UNKNOWN');
    const cid = await post(bob, ['alice'], noise(600_000));
    await writeFile(stick('taken.car'), 'mine');
    expect(await codeOf(take(bob, 'alice', stick('taken.car')))).toBe('E_EXISTS');
    expect(await readFile(stick('taken.car'), 'utf8')).toBe('mine');
    const { hot } = await bob.app.store();
    await hot.remove((await linksOf(bob, cid)).slice(1, 2));
    expect(await codeOf(take(bob, 'alice', stick('a.car')))).toBe('E_BLOCKS_MISSING');
    expect((await readdir(world.folder)).filter((name) => /a\.car|part$/.test(name))).toEqual([]);
  });

  it('gives away no other identity of mine', async () => {
    const { alice, bob, stick } = await apart();
    await (await bob.app.identities()).create('secret');
    const acting = { ...bob, app: await bob.again({ as: 'bob' }) };
    await post(acting, ['alice'], 'x');
    expect(await codeOf(take(bob, 'alice', stick('a.car')))).toBe('E_NO_IDENTITY');
    await take(acting, 'alice', stick('a.car'));
    expect((await bring(alice, carFile(stick('a.car')))).result.introductions.map(({ name }) => name)).toEqual(['bob']);
  });
});

describe('a damaged stick', () => {
  it('is refused wherever it is cut or bent, and nothing of it is announced', async () => {
    const { alice, bob, stick } = await apart();
    await post(bob, ['alice'], 'a short letter', { introduce: true, out: stick('x.car') });
    const whole = new Uint8Array(await readFile(stick('x.car')));
    const bytesInput = (bytes: Uint8Array): CarInput => ({
      place: 'x.car',
      open: async function* () {
        yield bytes;
      },
    });
    const bad: string[] = [];
    const attempt = async (what: string, bytes: Uint8Array) => {
      const code = await codeOf(bring(alice, bytesInput(bytes)));
      if (!code.startsWith('E_')) bad.push(`${what}: ${code}`);
    };
    for (let length = 0; length < whole.length; length += 97) await attempt(`cut at ${length}`, whole.slice(0, length));
    for (let at = 0; at < whole.length; at += 61) await attempt(`bit of byte ${at}`, whole.map((byte, i) => (i === at ? byte ^ 0x10 : byte)));
    await attempt('one byte more', Uint8Array.of(...whole, 0));
    expect(bad).toEqual([]);
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 0 });
    expect((await bring(alice, bytesInput(whole))).result).toMatchObject({ messages: 1 });
    expect((await inboxOf(alice)).messages).toHaveLength(1);
  });

  it('is said to be damaged on its way, with what was taken in before; the store is blamed for its own blocks alone', async () => {
    const { alice, bob, stick } = await apart();
    await post(bob, ['alice'], noise(700_000), { out: stick('one.car') });
    await post(bob, ['alice'], noise(700_000), { out: stick('two.car') });
    const whole = await readFile(stick('two.car'));
    for (const [at, code] of [[400_000, 'E_BLOCK_CORRUPT'], [whole.length - 1, 'E_BLOCK_CORRUPT']] as const) {
      await writeFile(stick('two.car'), whole.map((byte, i) => (i === at ? byte ^ 1 : byte)));
      const hint = (before: RegExp) => expect.stringMatching(new RegExp(`damaged on its way.*Nothing of .*two\\.car was taken in${before.source}$`));
      await expect(bring(alice, carFile(stick('two.car')))).rejects.toMatchObject({ code, hint: hint(/\./) });
      await expect(bring(alice, carFile(stick('one.car')), carFile(stick('two.car')))).rejects.toMatchObject({ code, hint: hint(/; the file before it is in\./) });
    }
    await writeFile(stick('two.car'), whole.subarray(0, 300_000));
    await expect(bring(alice, carFile(stick('one.car')), carFile(stick('one.car')), carFile(stick('two.car')))).rejects.toMatchObject({ code: 'E_FORMAT', hint: expect.stringContaining('the 2 files before it are in') });
    expect((await inboxOf(alice)).messages).toHaveLength(1);
  });

  it('of another kind is refused as that, and leaves nothing in the store', async () => {
    const { alice, bob, stick } = await apart();
    const cid = await post(bob, ['alice'], 'hello', { out: stick('x.car') });
    const { bytes } = await (await bob.app.identities()).exportBundle('bob');
    await writeFile(stick('bob.bundle'), bytes);
    await writeFile(stick('packet'), (await (await bob.app.store()).hot.inbox.ofMessage(cid))[0]?.packet as Uint8Array);
    const guarded = (input: CarInput): CarInput => ({ ...input, open: () => requireMessages(input.open(), input.place) });
    const kinds = [[stick('bob.bundle'), /identity bundle.*no CAR/, /contact add FILE.*contact update/], [stick('packet'), /bare packet/, /inspect/], [join(bob.home, 'keyring.opk'), /key ring/, /backup create/]] as const;
    for (const [path, message, hint] of kinds) await expect(bring(alice, guarded(carFile(path)))).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
    expect(await (await alice.app.store()).hot.usage()).toEqual({ blocks: 0, bytes: 0 });
    // in pieces of one byte it is the same, and a CAR of messages passes whole
    const slowly = (of: Uint8Array): CarInput => ({ place: 'stdin', open: async function* () { for (let i = 0; i < of.length; i++) yield of.subarray(i, i + 1) as Uint8Array<ArrayBuffer>; } });
    await expect(bring(alice, guarded(slowly(bytes)))).rejects.toMatchObject({ code: 'E_USAGE' });
    expect((await bring(alice, guarded(slowly(new Uint8Array(await readFile(stick('x.car'))))))).result).toMatchObject({ messages: 1 });
  });

  it('that is not there, or is something else, is said', async () => {
    const { alice, stick } = await apart();
    expect(await codeOf(bring(alice, carFile(stick('no.car'))))).toBe('E_NOT_FOUND');
    await writeFile(stick('no.car'), bytesOf('hello'));
    expect(await codeOf(bring(alice, carFile(stick('no.car'))))).toBe('E_FORMAT');
    expect(await codeOf(bring(alice, carFile(stick('.'))))).toBe('E_IO');
  });

  it('that brings a bundle which contradicts the known one changes no contact', async () => {
    const { alice, bob, stick } = await apart();
    await introduce(alice, bob);
    await post(bob, ['alice'], 'x', { introduce: true, out: stick('x.car') });
    const before = (await alice.app.contacts()).show('bob');
    await (await bob.app.identities()).rotate('bob', 'signing');
    await post(bob, ['alice'], 'y', { introduce: true, out: stick('y.car') });
    await bring(alice, carFile(stick('y.car')));
    expect((await alice.app.contacts()).show('bob')).toMatchObject({ seq: before.seq + 1, verified: before.verified });
    // the older one comes later, and takes nothing back
    await bring(alice, carFile(stick('x.car')));
    expect((await alice.app.contacts()).show('bob')).toMatchObject({ seq: before.seq + 1 });
  });
});
