import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, sha256 } from '../../../src/core/base/cid.ts';
import { encode } from '../../../src/core/base/codec.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { createBackup, listBackups, removeBackup, restoreBackup, showBackup, verifyBackup } from '../../../src/core/backup/index.ts';
import { openHome, witness } from '../../../src/core/home/index.ts';
import { requireNotOvertaken } from '../../../src/core/home/witness.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import { Announcer } from '../../../src/core/mail/announce.ts';
import { journalFacts } from '../../../src/core/storage/journal-facts.ts';
import { createStore, openStore, type Store } from '../../../src/core/storage/store.ts';
import { cuts, flips, letThrough } from '../../support/damage.ts';
import { freshFolder } from '../../support/folder.ts';
import { cheapKdf, clockAt, freshHome, freshRing, secretOf } from '../../support/home.ts';
import { bundleOf, operator, operatorOf, type Operator } from '../../support/people.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const refused = (code: string) => expect.objectContaining({ code });

async function someone(sendOnly = false) {
  const clock = clockAt(NOW);
  const home = await freshHome(clock);
  const me = await operatorOf(home, await freshRing(home, 'the passphrase'));
  await me.identities.create('ada', { sendOnly });
  const friend = await operator(clock);
  await friend.identities.create('ben');
  me.contacts.add([{ introduction: await bundleOf(friend, 'ben') }]);
  me.contacts.verify('ben', friend.identities.show('ben').fingerprint, 'words');
  return { clock, me, friend, folder: await freshFolder() };
}

const keysOf = async (me: Operator) => ({ home: me.home, ring: await me.ring() });

async function backUp(me: Operator, path: string, store?: Store) {
  return createBackup({ crypto: me.crypto, passphrase: secretOf('the passphrase'), path, keys: await keysOf(me), clock: me.home.clock, kdf: cheapKdf, ...(store && { store }) });
}

async function restored(me: Operator, path: string, homePath: string, more: { readonly storePath?: string; readonly passphrase?: string } = {}) {
  const { passphrase = 'the passphrase', ...places } = more;
  const result = await restoreBackup({ crypto: me.crypto, passphrase: secretOf(passphrase), path, homePath, clock: me.home.clock, kdf: cheapKdf, ...places });
  const { home } = result;
  onTestFinished(() => home!.close());
  return { result, me: await operatorOf(home!, await Ring.open(home!, secretOf('the passphrase'), { crypto: me.crypto })) };
}

async function storeWithMail(folder: string, name: string) {
  const path = join(folder, name);
  await createStore(path);
  const store = await openStore(path, { clock: clockAt(NOW) });
  onTestFinished(() => store.close());
  const structured = (i: number) => {
    const bytes = encode({ message: i });
    return { cid: cidOf(DAG_CBOR, bytes), bytes };
  };
  const raw = (i: number) => {
    const bytes = new Uint8Array(3000 + i).fill(i);
    return { cid: cidOf(RAW, bytes), bytes };
  };
  const inboxes = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))];
  for (let i = 0; i < 5; i++) {
    const [message, content] = [structured(i), raw(i)];
    // 0 to 2 hot, 3 in both tiers, 4 in cold with its structure still hot: as after a demote.
    await store.hot.put(i < 4 ? [message, content] : [message]);
    if (i >= 3) await store.coldTier('files').put([message, content]);
    const announcer = new Announcer({ headerKey: new Secret(systemRng.bytes(32)), salt: systemRng.bytes(24), stanzaOf: [0, 1] }, inboxes, { expiresMs: NOW + i, priority: false, qos: 1 });
    const announcements = announcer.announce('single', message.cid);
    await store.hot.commit({
      message: { cid: message.cid, bytes: message.bytes.length + content.bytes.length, blocks: 2, expiresAtMs: NOW + i, tiers: i < 3 ? ['hot'] : i === 3 ? ['hot', 'files'] : ['files'] },
      announcements,
    });
    if (i >= 3) await store.coldTier('files').putAnnouncements(message.cid, announcements.map(({ packet }) => packet));
    await store.journal.append([{ cid: message.cid, durability: 'hot', atMs: NOW, inboxes, bytes: 1, expiresAtMs: NOW + i }]);
  }
  await store.hot.inbox.acknowledge(inboxes[0]!, structured(1).cid, NOW + 7);
  const first = await store.hot.message(structured(0).cid);
  await store.hot.change(first!.cid, first!.version, { pinnedUntilMs: NOW + 99 });
  const second = await store.hot.message(structured(2).cid);
  await store.journal.release([{ cid: second!.cid, atMs: NOW + 1, reason: 'removed' }]);
  await store.hot.change(second!.cid, second!.version, { removed: true });
  await store.journal.append([{ cid: structured(3).cid, durability: 'cold', atMs: NOW + 2, inboxes, bytes: 1, expiresAtMs: NOW + 3 }]);
  return { store, path, inboxes, structured, raw };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a backup of keys', () => {
  it('brings back identities, contacts and outbox in a new home, without prekeys of old', async () => {
    const { me, friend, folder } = await someone();
    await bundleOf(me, 'ada');
    me.home.outbox.begin({ createdAtMs: NOW, expiresAtMs: 0, durability: 'hot', id: 'x', recipients: [], identity: undefined, name: undefined, bytes: undefined, receipt: undefined });
    const path = join(folder, 'ada.opb');
    const made = await backUp(me, path);
    expect(made).toMatchObject({ what: ['keys'], warnings: [], bytes: (await stat(path)).size });
    expect(Buffer.from(made.sha256)).toEqual(Buffer.from(sha256(await readFile(path))));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await showBackup(path)).toMatchObject({ header: { what: ['keys'], createdAtMs: NOW } });
    expect(await verifyBackup(path, me.crypto, secretOf('the passphrase'))).toMatchObject({ identities: ['ada'], contacts: 1, records: made.records });

    const { result, me: again } = await restored(me, path, join(folder, 'home'));
    expect(result).toMatchObject({ identities: ['ada'], renewed: ['ada'], warnings: [{ code: 'W_NOT_RESTORED' }] });
    expect(again.home.id).not.toBe(me.home.id);
    expect(again.contacts.show('ben')).toEqual(me.contacts.show('ben'));
    expect(again.home.outbox.find('x')).toMatchObject({ createdAtMs: NOW });
    const before = me.identities.show('ada');
    const after = again.identities.show('ada');
    expect(after).toMatchObject({ id: before.id, fingerprint: before.fingerprint, inboxes: before.inboxes, seq: Math.floor(NOW / 1000) });
    expect(after.prekeys.map(({ keyId }) => keyId)).not.toContain(before.prekeys[0]!.keyId);
    const [oldKeys, newKeys] = [await me.identities.openingKeys('ada'), await again.identities.openingKeys('ada')];
    const shared = newKeys.filter(({ keyId }) => oldKeys.some((old) => Buffer.compare(old.keyId, keyId) === 0));
    expect(shared.map(({ keyType }) => keyType)).toEqual(['identity']);

    // Contacts who know the old bundle take the new one, and stay verified.
    friend.contacts.add([{ introduction: await bundleOf(me, 'ada') }]);
    friend.contacts.verify('ada', before.fingerprint, 'words');
    expect(friend.contacts.update('ada', await bundleOf(again, 'ada'))).toMatchObject({ change: 'updated', contact: { seq: after.seq, verified: { by: 'words' } } });
    // The old home learns from that bundle that it was superseded.
    expect(() => me.contacts.add([{ introduction: (again.identities.handOut('ada')), name: 'me' }])).toThrow(refused('E_HOME_COPIED'));
  });

  it('holds no prekey and no plain secret', async () => {
    const { me, folder } = await someone();
    const path = join(folder, 'ada.opb');
    await backUp(me, path);
    const ring = await me.ring();
    const file = await readFile(path);
    for (const name of ring.names()) expect(file.includes(Buffer.from(ring.openSecret(name).expose()))).toBe(false);
    const { me: again } = await restored(me, path, join(folder, 'home'));
    const prekeys = ring.names().filter((name) => name.includes('/prekey/'));
    expect(prekeys).toHaveLength(1);
    for (const name of prekeys) expect((await again.ring()).has(name)).toBe(false);
  });

  it('of an identity that only sends may be restored every night, each time the same', async () => {
    const { me, folder } = await someone(true);
    const path = join(folder, 'bot.opb');
    await backUp(me, path);
    const nights = [await restored(me, path, join(folder, 'one')), await restored(me, path, join(folder, 'two'))];
    for (const { result, me: bot } of nights) {
      expect(result.warnings).toEqual([]);
      expect(bot.identities.show('ada')).toEqual(me.identities.show('ada'));
      expect((await bot.identities.signerFor('ada')).bundleSeq).toBe(1);
    }
    const { store } = await storeWithMail(folder, 'store');
    for (const { me: bot } of nights) await witness(bot.home, store.hot);
    await witness(me.home, store.hot);
  });

  it('restored takes over in every store; the home it was made of, and an older restore, are told', async () => {
    const { me, clock, folder } = await someone();
    const { store } = await storeWithMail(folder, 'store');
    await witness(me.home, store.hot);
    const path = join(folder, 'ada.opb');
    await backUp(me, path);
    await me.identities.rotate('ada');
    await witness(me.home, store.hot);
    const first = await restored(me, path, join(folder, 'one'));
    await witness(first.me.home, store.hot);
    await expect(witness(me.home, store.hot)).rejects.toEqual(refused('E_HOME_COPIED'));
    clock.at += 60_000;
    const second = await restored(me, path, join(folder, 'two'));
    await requireNotOvertaken(first.me.home, store.hot);
    await requireNotOvertaken(second.me.home, store.hot);
    await witness(second.me.home, store.hot);
    for (const old of [me, first.me]) for (const look of [requireNotOvertaken, witness]) await expect(look(old.home, store.hot)).rejects.toEqual(refused('E_HOME_COPIED'));
    expect(second.me.identities.show('ada').seq).toBeGreaterThan(first.me.identities.show('ada').seq);
  });

  it('can be made in a copied home: that is the way out', async () => {
    const { me, folder } = await someone();
    me.home.settings.set('home/instance', { ...me.home.instance, place: new Uint8Array(32) });
    await expect(me.identities.signerFor('ada')).rejects.toEqual(refused('E_HOME_COPIED'));
    const path = join(folder, 'ada.opb');
    await backUp(me, path);
    const { me: again } = await restored(me, path, join(folder, 'home'));
    await again.identities.signerFor('ada');
  });

  it('with any bit flipped, or cut anywhere, is refused, and no home appears', async () => {
    const { me, folder } = await someone(true);
    me.contacts.remove('ben');
    const path = join(folder, 'x.opb');
    await backUp(me, path);
    const whole = await readFile(path);
    const damaged = join(folder, 'damaged.opb');
    const read = async (bytes: Bytes) => {
      await writeFile(damaged, bytes);
      await verifyBackup(damaged, me.crypto, secretOf('the passphrase'));
    };
    const head = 16 + 4 + whole.readUInt32BE(16) + 24 + 32 + 32;
    expect(await letThrough(flips(whole.subarray(0, head)).map(({ what, bytes }) => ({ what, bytes: Buffer.concat([bytes, whole.subarray(head)]) })), read)).toEqual([]);
    expect(await letThrough(flips(whole, 211), read)).toEqual([]);
    expect(await letThrough(cuts(whole, 53), read)).toEqual([]);
    await writeFile(damaged, Uint8Array.from(whole.subarray(0, whole.length - 1)));
    await expect(restored(me, damaged, join(folder, 'home'))).rejects.toEqual(refused('E_CIPHERTEXT'));
    expect((await readdir(folder)).sort()).toEqual(['damaged.opb', 'x.opb']);
  }, 120_000);

  it.each(['wrong', 'pass ', 'Pass'])('does not open with %j, nor say that it is damaged', async (typed) => {
    const { me, folder } = await someone();
    const path = join(folder, 'ada.opb');
    await backUp(me, path);
    await expect(verifyBackup(path, me.crypto, secretOf(typed))).rejects.toEqual(refused('E_PASSPHRASE'));
    await expect(restored(me, path, join(folder, 'home'), { passphrase: typed })).rejects.toEqual(refused('E_PASSPHRASE'));
    expect(await readdir(folder)).toEqual(['ada.opb']);
  });

  it('overwrites nothing: neither file nor home', async () => {
    const { me, folder } = await someone();
    const path = join(folder, 'ada.opb');
    await writeFile(path, 'mine');
    await expect(backUp(me, path)).rejects.toEqual(refused('E_EXISTS'));
    expect(await readFile(path, 'utf8')).toBe('mine');
    await rm(path);
    await backUp(me, path);
    await expect(restored(me, path, me.home.path)).rejects.toEqual(refused('E_EXISTS'));
    await expect(createBackup({ crypto: me.crypto, passphrase: secretOf(''), path: join(folder, 'y'), keys: await keysOf(me), clock: me.home.clock })).rejects.toEqual(refused('E_USAGE'));
    await expect(createBackup({ crypto: me.crypto, passphrase: secretOf('x'), path: join(folder, 'y'), clock: me.home.clock })).rejects.toEqual(refused('E_USAGE'));
    expect(await readdir(folder)).toEqual(['ada.opb']);
  });

  it('is listed with what became of its file, and removed only when it is one', async () => {
    const { me, folder } = await someone();
    const [one, two] = [join(folder, 'one.opb'), join(folder, 'two.opb')];
    await backUp(me, one);
    await backUp(me, two);
    await writeFile(two, 'short');
    const states = async () => (await listBackups(me.home)).map(({ path, state }) => [path, state]);
    expect(await states()).toEqual([[two, 'changed'], [one, 'present']]);
    await expect(removeBackup(two, me.home)).rejects.toEqual(refused('E_FORMAT'));
    const busy = { backups: { remove: () => { throw fail('E_BUSY', { what: 'the home' }); } } } as unknown as typeof me.home;
    await expect(removeBackup(one, busy)).rejects.toEqual(refused('E_BUSY'));
    expect(await states()).toEqual([[two, 'changed'], [one, 'present']]);
    expect(await removeBackup(one, me.home)).toBe(true);
    expect(await removeBackup(one, me.home)).toBe(false);
    await rm(two);
    expect(await states()).toEqual([[two, 'missing']]);
    expect(await removeBackup(two, me.home)).toBe(true);
    expect(await states()).toEqual([]);
  });

  it('leaves no file when it fails on the way', async () => {
    const { me, folder } = await someone();
    const path = join(folder, 'sub', 'ada.opb');
    await expect(backUp(me, path)).rejects.toEqual(refused('E_NOT_FOUND'));
    const ring = await me.ring();
    ring.lock();
    await expect(backUp(me, join(folder, 'ada.opb'))).rejects.toThrow('locked');
    expect(await readdir(folder)).toEqual([]);
    await expect(showBackup(join(folder, 'none'))).rejects.toEqual(refused('E_NOT_FOUND'));
  });
});

describe('a backup of a store', () => {
  it('brings back blocks in their tiers, messages, announcements and acknowledgements', async () => {
    const { me, folder } = await someone();
    const { store, inboxes, structured, raw } = await storeWithMail(folder, 'store');
    const path = join(folder, 'all.opb');
    const made = await backUp(me, path, store);
    expect(made).toMatchObject({ what: ['keys', 'store'], store: { blocks: 10, messages: 4, unreadable: 0 } });
    const progress: number[] = [];
    const totals = new Set<number>();
    const onProgress = (bytes: number, total: number): void => {
      progress.push(bytes);
      totals.add(total);
    };
    expect(await verifyBackup(path, me.crypto, secretOf('the passphrase'), { onProgress })).toMatchObject({ store: { blocks: 10, messages: 4 } });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect([...totals]).toEqual([made.bytes]);
    expect(progress.at(-1)).toBeLessThan(made.bytes);
    const { result } = await restored(me, path, join(folder, 'home'), { storePath: join(folder, 'again') });
    expect(result.store).toMatchObject({ blocks: 10, messages: 4 });
    await using again = await openStore(join(folder, 'again'));
    for (let i = 0; i < 5; i++) {
      for (const { cid, bytes } of [structured(i), raw(i)]) {
        for (const tier of ['hot', 'files'] as const) expect([i, cid.code, tier, (await again.tier(tier).has([cid]))[0]]).toEqual([i, cid.code, tier, (await store.tier(tier).has([cid]))[0]]);
        expect((await again.read(cid))?.bytes).toEqual(bytes);
      }
      const [was, is] = [await store.hot.message(structured(i).cid), await again.hot.message(structured(i).cid)];
      if (i === 2) expect(is).toBeUndefined();
      else expect(is).toMatchObject({ bytes: was!.bytes, blocks: 2, expiresAtMs: NOW + i, tiers: was!.tiers, pinnedUntilMs: was!.pinnedUntilMs });
    }
    expect(await again.hot.inbox.list(inboxes[0]!, { limit: 10 })).toHaveLength(3);
    expect(await again.hot.inbox.list(inboxes[1]!, { limit: 10 })).toHaveLength(4);
    expect((await again.hot.inbox.find(inboxes[0]!, structured(1).cid))?.acknowledgedAtMs).toBe(NOW + 7);
    expect(await again.coldTier('files').announcements(structured(4).cid)).toEqual(await store.coldTier('files').announcements(structured(4).cid));
    expect(await all(again.journal.entries(0))).toEqual(await all(store.journal.entries(0)));
    expect((await journalFacts(again.journal)).released).toEqual(new Set([structured(2).cid.toString()]));
  });

  it('of a ring with a short passphrase is made, with a warning, and opens; without keys a new one must be longer', async () => {
    const { me, folder } = await someone();
    const { store } = await storeWithMail(folder, 'store');
    const common = { crypto: me.crypto, passphrase: secretOf('abc'), clock: me.home.clock, kdf: cheapKdf };
    const made = await createBackup({ ...common, path: join(folder, 'keys.opb'), keys: await keysOf(me) });
    expect(made.warnings).toMatchObject([{ code: 'W_PASSPHRASE_SHORT' }]);
    expect(await verifyBackup(join(folder, 'keys.opb'), me.crypto, secretOf('abc'))).toMatchObject({ identities: ['ada'] });
    await expect(createBackup({ ...common, path: join(folder, 'store.opb'), store })).rejects.toEqual(refused('E_PASSPHRASE_SHORT'));
    expect(await readdir(folder)).not.toContain('store.opb');
  });

  it('brings back the memory of --id, and what was let go', async () => {
    const { me, folder } = await someone();
    const { store, structured } = await storeWithMail(folder, 'store');
    const { cid } = structured(0);
    const operation = (fill: number) => ({ key: new Uint8Array(32).fill(fill), content: new Uint8Array(32), result: new Uint8Array(9) });
    const acknowledged = { cid, durability: 'hot' as const, atMs: NOW, inboxes: [], bytes: 1, expiresAtMs: 0 };
    await store.journal.append([{ ...acknowledged, operation: operation(1) }, { ...acknowledged, cid: structured(1).cid, operation: operation(1) }, { ...acknowledged, cid: structured(2).cid, operation: operation(2) }]);
    await store.journal.release([{ cid: structured(2).cid, atMs: NOW, reason: 'removed' }, { cid, atMs: NOW, reason: 'removed', inboxes: [new Uint8Array(32)] }]);
    const path = join(folder, 'all.opb');
    await backUp(me, path, store);
    await restored(me, path, join(folder, 'home'), { storePath: join(folder, 'again') });
    await using again = await openStore(join(folder, 'again'));
    expect((await again.hot.operation(operation(1).key))?.cid.toString()).toBe(structured(1).cid.toString());
    expect((await again.hot.operation(operation(2).key))?.cid.toString()).toBe(structured(2).cid.toString());
    expect(await all(again.journal.entries(0))).toEqual(await all(store.journal.entries(0)));
    expect((await again.verifyAcknowledged(0)).lost.map(String)).not.toContain(structured(2).cid.toString());
  });

  it('without keys needs no home, and does not make one', async () => {
    const { me, folder } = await someone();
    const { store } = await storeWithMail(folder, 'store');
    const path = join(folder, 'store.opb');
    await createBackup({ crypto: me.crypto, passphrase: secretOf('the passphrase'), path, store, clock: me.home.clock, kdf: cheapKdf });
    const options = { crypto: me.crypto, passphrase: secretOf('the passphrase'), path, kdf: cheapKdf };
    await expect(restoreBackup({ ...options, homePath: join(folder, 'home') })).rejects.toEqual(refused('E_USAGE'));
    await expect(restoreBackup(options)).rejects.toEqual(refused('E_USAGE'));
    expect(await restoreBackup({ ...options, storePath: join(folder, 'again') })).toMatchObject({ identities: [], store: { messages: 4 }, warnings: [] });
    await expect(restoreBackup({ ...options, storePath: join(folder, 'again') })).rejects.toEqual(refused('E_EXISTS'));
    expect((await readdir(folder)).sort()).toEqual(['again', 'store', 'store.opb']);
  });

  it('is all or nothing with the home, and says what was left in it', async () => {
    const { me, folder } = await someone();
    const { store } = await storeWithMail(folder, 'store');
    const path = join(folder, 'all.opb');
    await backUp(me, path, store);
    const { result } = await restored(me, path, join(folder, 'home'));
    expect(result.warnings.map(({ code, what }) => [code, what])).toEqual([['W_NOT_RESTORED', 'the store'], ['W_NOT_RESTORED', 'prekeys of "ada"']]);
    const asked = await restoreBackup({ crypto: me.crypto, path, passphrase: secretOf('the passphrase'), clock: me.home.clock, kdf: cheapKdf, what: ['store'], storePath: join(folder, 'mail') });
    expect(asked).toMatchObject({ identities: [], warnings: [] });
    await rm(join(folder, 'mail'), { recursive: true });
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 20));
    await expect(restored(me, path, join(folder, 'home2'), { storePath: join(folder, 'again') })).rejects.toEqual(refused('E_CIPHERTEXT'));
    await writeFile(path, whole);
    await expect(restored(me, path, join(folder, 'home'), { storePath: join(folder, 'again') })).rejects.toEqual(refused('E_EXISTS'));
    await expect(restored(me, path, join(folder, 'home2'), { storePath: join(folder, 'store') })).rejects.toEqual(refused('E_EXISTS'));
    expect((await readdir(folder)).sort()).toEqual(['all.opb', 'home', 'store']);
  });

  it('leaves out what no tier can read, and counts it', async () => {
    const { me, folder } = await someone();
    const { store, raw } = await storeWithMail(folder, 'store');
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(store.layout.hot);
    db.prepare('UPDATE blocks SET bytes = zeroblob(3001) WHERE digest = ?').run(raw(1).cid.multihash.digest);
    db.close();
    const made = await backUp(me, join(folder, 'all.opb'), store);
    expect(made).toMatchObject({ store: { blocks: 9, unreadable: 1 }, warnings: [{ code: 'W_NOT_RESTORED' }] });
  });
});

it('a restored home opens like any other', async () => {
  const { me, folder } = await someone();
  const path = join(folder, 'ada.opb');
  await backUp(me, path);
  const { me: again } = await restored(me, path, join(folder, 'home'));
  again.home.close();
  using home = await openHome(join(folder, 'home'), me.home);
  expect(home.id).toBe(again.home.id);
  home.check();
});
