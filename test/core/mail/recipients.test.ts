import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, hexOf } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { decodeBundleFile, fingerprintOf } from '../../../src/core/identity/index.ts';
import { createOwn } from '../../../src/core/identity/own-keys.ts';
import { bytesInput } from '../../../src/core/mail/input.ts';
import { AddressBook, combined, readRecipients } from '../../../src/core/mail/recipients.ts';
import type { SendRequest } from '../../../src/core/mail/send-types.ts';
import { clockAt } from '../../support/home.ts';
import { freshWorld, introduce, type Operator } from '../../support/mail.ts';
import { all, packetOf, read } from '../../support/reader.ts';

const refused = (code: string) => expect.objectContaining({ code });
const DAY = 86_400_000;
const hello = (to: readonly string[]): SendRequest => ({ input: bytesInput(bytesOf('hello')), to });

/** No block, no announcement, no entry, no acknowledgement. */
async function expectNothingWritten({ app }: Operator): Promise<void> {
  const store = await app.store();
  expect(await store.hot.usage()).toEqual({ blocks: 0, bytes: 0 });
  expect(await all(store.hot.inbox.announced())).toEqual([]);
  expect(await all(store.journal.since(0))).toEqual([]);
  expect((await app.home()).outbox.list({ limit: 1 }).entries).toEqual([]);
}

describe('recipients', () => {
  it('that are a contact and an identity of mine at once are refused, not guessed', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(bob, alice, { name: 'ally' });
    // as a release that did not refuse it left it, and as a backup brings it back
    const { people } = await bob.app.home();
    const record = people.contactNamed('ally')!;
    people.contacts.update({ ...record, name: 'bob' }, 'name = ?', 'ally');
    await expect(bob.app.send(hello(['bob', 'carol']))).rejects.toMatchObject({
      ...{ code: 'E_NAME_AMBIGUOUS', exit: 6, hint: expect.stringContaining('omniplex contact rename') as unknown },
      message: expect.stringMatching(/"bob" \(also refused: "carol" E_NAME_UNKNOWN\)/) as unknown,
    });
    await expectNothingWritten(bob);
    (await bob.app.contacts()).rename('bob', 'ally');
    expect((await bob.app.send(hello(['bob', 'ally']))).result.recipients).toMatchObject({ announced: 2 });
    // the same person under one name is nobody else
    const { bytes } = await (await bob.app.identities()).exportBundle('bob');
    (await bob.app.contacts()).add([{ introduction: await decodeBundleFile(await bob.app.crypto(), bytes) }]);
    (await bob.app.contacts()).verify('bob', (await bob.app.identities()).show('bob').fingerprint, 'words');
    expect((await bob.app.send(hello(['bob']))).result.recipients).toMatchObject({ announced: 1 });
  });

  it('that are unknown are named in one error, before anything is written', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(bob, alice);
    await expect(bob.app.send(hello(['alcie', 'alice', 'carol', './none.bundle']))).rejects.toMatchObject({
      code: 'E_NAME_UNKNOWN',
      exit: 5,
      message: expect.stringMatching(/"alcie", "carol".*"\.\/none\.bundle" E_NOT_FOUND/),
    });
    await expectNothingWritten(bob);
  });

  it('whose name would break a line are refused and not repeated, before anything is written', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(bob, alice);
    for (const name of ['ali\nce', 'alice\r', '\u202ealice', './a\u001b[2J.bundle']) {
      const error = await bob.app.send(hello(['alice', name])).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'E_USAGE', message: expect.not.stringContaining(name) as unknown });
    }
    await expectNothingWritten(bob);
  });

  it('that are not verified, revoked or expired are refused, all of them at once', async () => {
    const now = Date.UTC(2026, 10, 23);
    const clock = clockAt(now);
    const world = await freshWorld();
    const bob = await world.operator('bob', { clock });
    const people = await Promise.all(['good', 'stranger', 'gone', 'late'].map((name) => world.operator(name, { clock })));
    const [good, stranger, gone, late] = people as [Operator, Operator, Operator, Operator];
    await introduce(bob, good);
    await introduce(bob, stranger, { verified: false });
    await introduce(bob, gone);
    await introduce(bob, late);
    await (await gone.app.identities()).revoke('gone', 'compromised');
    (await bob.app.contacts()).update('gone', await decodeBundleFile(await bob.app.crypto(), (await (await gone.app.identities()).exportBundle('gone')).bytes));
    await expect(bob.app.send(hello(['good', 'stranger']))).rejects.toMatchObject({ code: 'E_UNVERIFIED', details: { names: '"stranger"' } });
    await expect(bob.app.send(hello(['good', 'gone', 'stranger']))).rejects.toMatchObject({
      code: 'E_REVOKED',
      details: { names: '"gone" (also refused: "stranger" E_UNVERIFIED)', refused: [{ name: 'gone', code: 'E_REVOKED' }, { name: 'stranger', code: 'E_UNVERIFIED' }] },
    });
    clock.at += 367 * DAY;
    for (const one of [good, stranger]) {
      const bundle = await (await one.app.identities()).exportBundle(one.name);
      (await bob.app.contacts()).update(one.name, await decodeBundleFile(await bob.app.crypto(), bundle.bytes));
    }
    await expect(bob.app.send(hello(['good', 'late']))).rejects.toMatchObject({ code: 'E_BUNDLE_EXPIRED', details: { names: '"late"' } });
    await expectNothingWritten(bob);
    const { result } = await bob.app.send({ ...hello(['stranger']), allowUnverified: true });
    expect(bob.warnings).toMatchObject([{ code: 'W_UNVERIFIED', contact: 'stranger' }]);
    await introduce(stranger, bob);
    expect((await read(stranger, result.cid)).content).toEqual(bytesOf('hello'));
  });

  it('are not groups yet, and not nobody', async () => {
    const world = await freshWorld();
    const bob = await world.operator('bob');
    await expect(bob.app.send(hello(['group:all']))).rejects.toEqual(refused('E_NOT_IN_VERSION_1'));
    await expect(bob.app.send(hello([]))).rejects.toEqual(refused('E_NO_RECIPIENT'));
    await expect(bob.app.send(hello(['']))).rejects.toEqual(refused('E_NAME_UNKNOWN'));
    await expectNothingWritten(bob);
  });

  it('that I am myself need no comparing of words, as a contact either, and stay revoked', async () => {
    const world = await freshWorld();
    const bob = await world.operator('bob');
    const [identities, contacts] = [await bob.app.identities(), await bob.app.contacts()];
    const { bytes } = await identities.exportBundle('bob');
    const introduction = await decodeBundleFile(await bob.app.crypto(), bytes);
    for (const name of ['bob', 'self']) {
      contacts.add([{ introduction, name }]);
      expect(contacts.show(name).verified).toBeUndefined();
      expect(await bob.app.send(hello([name]))).toMatchObject({ result: { recipients: { announced: 1 } } });
      contacts.remove(name);
    }
    contacts.add([{ introduction, name: 'bob' }]);
    await identities.revoke('bob', 'lost');
    await expect(new AddressBook(await bob.app.mail()).find(['bob'])).rejects.toMatchObject({ code: 'E_REVOKED', hint: expect.stringContaining('your own') as unknown });
  });

  it('count once, under whatever names', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(bob, alice, { name: 'al' });
    const path = join(world.folder, 'alice.bundle');
    await writeFile(path, (await (await alice.app.identities()).exportBundle('alice')).bytes);
    const { result } = await bob.app.send(hello(['al', path, 'al']));
    expect(result.recipients).toEqual({ total: 1, announced: 1, names: ['al'] });
  });

  it.each([
    ['no bundle', 'hello', 'E_FORMAT'],
    ['empty', '', 'E_FORMAT'],
  ])('of a file that is %s are refused', async (_, text, code) => {
    const world = await freshWorld();
    const bob = await world.operator('bob');
    const path = join(world.folder, 'x.bundle');
    await writeFile(path, text);
    await expect(bob.app.send({ ...hello([path]), allowUnverified: true })).rejects.toMatchObject({ code, message: expect.stringContaining(path) as unknown });
    const gone = ['none', 'nor'].map((name) => join(world.folder, `${name}.bundle`));
    const error = await bob.app.send(hello([...gone, path])).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, details: { refused: [{ name: gone[0], code: 'E_NOT_FOUND' }, { name: gone[1] }, { name: path, code }] } });
    for (const name of [...gone, path]) expect(String(error)).toContain(name);
    await expectNothingWritten(bob);
  });

  it('of a bundle file with one bit flipped are refused', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice', { algorithms: ['ed25519'] }), await world.operator('bob')];
    const bytes = Uint8Array.from((await (await alice.app.identities()).exportBundle('alice')).bytes);
    const path = join(world.folder, 'x.bundle');
    for (let at = 0; at < bytes.length; at += 97) {
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      await writeFile(path, bytes);
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      await expect(bob.app.send({ ...hello([path]), allowUnverified: true }), `byte ${at}`).rejects.toMatchObject({ exit: expect.any(Number) });
    }
    await expectNothingWritten(bob);
  });

  it('may be 256, each with a stanza and a packet of their own, and not 257', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(alice, bob);
    await introduce(bob, alice);
    const names = await introduceMany(bob, 256);
    await expect(bob.app.send(hello([...names, 'alice']))).rejects.toMatchObject({ code: 'E_TOO_MANY', details: { count: 257, max: 256 } });
    await expectNothingWritten(bob);
    const { result } = await bob.app.send({ ...hello([...names.slice(1), 'alice']), durability: 'cold' });
    expect(result.recipients).toMatchObject({ total: 256, announced: 256 });
    expect((await read(alice, result.cid)).content).toEqual(bytesOf('hello'));
    const rows = await (await bob.app.store()).hot.inbox.ofMessage(parseCid(result.cid));
    expect(new Set(rows.map(({ inbox }) => hexOf(inbox))).size).toBe(256);
    expect(new Set(rows.map((row) => packetOf(row).sequence)).size).toBe(256);
  });
});

/** Contacts whose private keys nobody has. Answers their names. */
async function introduceMany({ app }: Operator, count: number): Promise<readonly string[]> {
  const crypto = await app.crypto();
  const nowMs = systemClock.now();
  const made = Array.from({ length: count }, (_, i) => {
    const name = `m${i}`;
    const secrets = new Map<string, Uint8Array>();
    const draft = {
      has: (key: string) => secrets.has(key),
      get: (key: string) => secrets.get(key) as Uint8Array,
      put: (key: string, value: Uint8Array) => void secrets.set(key, value.slice()),
      remove: (key: string) => secrets.delete(key),
      names: () => [...secrets.keys()],
    };
    const { genesis, bundle } = createOwn(crypto, draft, { name, nowMs, sendOnly: false, algorithms: ['ed25519'], prekeysUntilMs: nowMs + 30 * DAY });
    return { name, introduction: { genesis, bundles: [bundle], newest: bundle } };
  });
  const pinned = new Map(made.map(({ name, introduction }, i) => [name, { name, words: fingerprintOf(introduction.genesis.id), line: i + 1 }]));
  (await app.contacts()).add(made, pinned);
  return made.map(({ name }) => name);
}

describe('a list of recipients', () => {
  it('has one a line, comments and empty lines apart', async () => {
    const { folder } = await freshWorld();
    const path = join(folder, 'recipients.txt');
    await writeFile(path, '# team\nalice\n\n  bob  \r\n./carol.bundle\n#dave\n');
    expect(await readRecipients(path)).toEqual(['alice', 'bob', './carol.bundle']);
    await writeFile(path, '');
    expect(await readRecipients(path)).toEqual([]);
    await writeFile(path, Uint8Array.of(0xff, 0xfe));
    await expect(readRecipients(path)).rejects.toEqual(refused('E_FORMAT'));
    await writeFile(path, 'x'.repeat(70_000));
    await expect(readRecipients(path)).rejects.toEqual(refused('E_FORMAT'));
    await expect(readRecipients(join(folder, 'none'))).rejects.toEqual(refused('E_NOT_FOUND'));
  });
});

describe('one error for many refusals', () => {
  const refusal = (name: string, code: 'E_UNVERIFIED' | 'E_NAME_UNKNOWN' | 'E_REVOKED') => ({ name, error: fail(code, { kind: 'contact', names: `"${name}"` }) });

  it('leaves a single one as it is', () => {
    const one = refusal('x', 'E_REVOKED');
    expect(combined([one])).toBe(one.error);
  });

  it('puts what matters most first and names every one', () => {
    const error = combined([refusal('a', 'E_UNVERIFIED'), refusal('b', 'E_NAME_UNKNOWN'), refusal('c', 'E_UNVERIFIED'), refusal('d', 'E_REVOKED')]);
    expect(error.code).toBe('E_NAME_UNKNOWN');
    for (const name of ['a', 'b', 'c', 'd']) expect(error.message).toContain(`"${name}"`);
    expect(error.details['refused']).toHaveLength(4);
  });
});
