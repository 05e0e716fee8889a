import { existsSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OmniPlex } from '../../src/core/index.ts';
import { freshFolder } from '../support/folder.ts';
import { cheapKdf, freshHome, secretOf } from '../support/home.ts';
import { freshWorld } from '../support/mail.ts';

const refused = (code: string) => expect.objectContaining({ code });

describe('OmniPlex', () => {
  it('opens nothing before it is asked, each part once, and closes twice', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    let asked = 0;
    const app = await alice.again({ passphrase: async () => (asked++, secretOf('alice')) });
    expect(await app.home()).toBe(await app.home());
    expect(await app.store()).toBe(await app.store());
    expect(await app.mail()).toBe(await app.mail());
    expect((await app.identities()).list()).toHaveLength(1);
    expect(asked).toBe(0);
    const [one, two] = await Promise.all([app.ring(), app.ring()]);
    expect(one).toBe(two);
    expect(asked).toBe(1);
    await app.close();
    await app.close();
    await expect(app.home()).rejects.toThrow('closed');
  });

  it('closes when nothing was opened, and when opening failed', async () => {
    const folder = await freshFolder();
    const app = await OmniPlex.open({ home: join(folder, 'none'), store: join(folder, 'none') });
    await expect(app.home()).rejects.toEqual(refused('E_NO_HOME'));
    await expect(app.store()).rejects.toEqual(refused('E_NO_STORE'));
    await expect(app.mail()).rejects.toEqual(refused('E_NO_HOME'));
    await app.close();
    await (await OmniPlex.open()).close();
  });

  it('takes its home and store from settings, and a node or an address is refused', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    const app = await OmniPlex.open({ settings: { home: alice.home, store: world.store } });
    expect((await app.store()).path).toBe(world.store);
    await app.close();
    const atNode = await OmniPlex.open({ settings: { store: undefined, node: 'https://node.example' } });
    await expect(atNode.store()).rejects.toEqual(refused('E_NOT_SUPPORTED'));
    const atRedis = await OmniPlex.open({ store: 'redis://127.0.0.1:6379' });
    await expect(atRedis.store()).rejects.toEqual(refused('E_NOT_SUPPORTED'));
  });

  it('asks again after a wrong passphrase, needs one, and does not make a key ring unasked', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    let typed = 'wrong';
    const app = await alice.again({ passphrase: async () => secretOf(typed) });
    await expect(app.ring()).rejects.toEqual(refused('E_PASSPHRASE'));
    typed = 'alice';
    await app.ring();
    const mute = await OmniPlex.open({ home: alice.home });
    await expect(mute.ring()).rejects.toEqual(refused('E_FLAG_NEEDED'));
    await mute.close();
    await rm(join(alice.home, 'keyring.opk'));
    const bare = await alice.again();
    await expect(bare.ring()).rejects.toEqual(refused('E_NO_KEYRING'));
    const fresh = await freshHome();
    const hasty = await OmniPlex.open({ home: fresh.path, passphrase: async () => secretOf('abc') });
    await expect(hasty.ring({ create: true })).rejects.toEqual(refused('E_PASSPHRASE_SHORT'));
    await expect(hasty.ring()).rejects.toEqual(refused('E_NO_KEYRING'));
    await hasty.close();
    expect(existsSync(fresh.keyringPath)).toBe(false);
  });

  it('makes no ring beside identities whose own is gone, and says that there is a way back', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    await rm(join(alice.home, 'keyring.opk'));
    let asked = 0;
    const app = await alice.again({ passphrase: async () => (asked++, secretOf('long enough for a new one')) });
    const gone = expect.objectContaining({ code: 'E_NO_KEYRING', hint: expect.stringContaining('backup restore') as unknown }) as unknown;
    await expect(app.ring()).rejects.toEqual(gone);
    await expect((await app.identities()).create('second')).rejects.toEqual(gone);
    expect([asked, existsSync(join(alice.home, 'keyring.opk'))]).toEqual([0, false]);
    const fresh = await OmniPlex.open({ home: (await freshHome()).path });
    await expect(fresh.ring()).rejects.toMatchObject({ code: 'E_NO_KEYRING', hint: expect.stringContaining('identity create') as unknown });
    await fresh.close();
  });

  it('acts as the only identity, as the named one, or says which there are', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    expect((await alice.app.mail()).acting().name).toBe('alice');
    await (await alice.app.identities()).create('second');
    const room = await alice.app.mail();
    expect(() => room.acting()).toThrow(expect.objectContaining({ code: 'E_NO_IDENTITY', details: { identities: ['alice', 'second'] } }));
    const second = await alice.again({ as: 'second' });
    expect((await second.mail()).acting().name).toBe('second');
    const nobody = await alice.again({ as: 'nobody' });
    const nobodysRoom = await nobody.mail();
    expect(() => nobodysRoom.acting()).toThrow(refused('E_NAME_UNKNOWN'));
  });

  it('notices a home that was rolled back, when it next writes to the store', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    await alice.app.close();
    const before = join(world.folder, 'before');
    await cp(alice.home, before, { recursive: true });
    const app = await alice.again();
    await (await app.identities()).rotate('alice');
    await (await app.mail()).original();
    await app.close();
    // the very folder, put back in place: only the store can tell
    for (const name of ['home.db', 'keyring.opk']) await cp(join(before, name), join(alice.home, name));
    for (const suffix of ['-wal', '-shm']) await rm(join(alice.home, `home.db${suffix}`), { force: true });
    const old = await alice.again();
    await expect((await old.mail()).original()).rejects.toEqual(refused('E_HOME_COPIED'));
  });

  it('notices a copied home', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    await alice.app.close();
    const copy = join(world.folder, 'copy');
    await cp(alice.home, copy, { recursive: true });
    const app = await OmniPlex.open({ home: copy, store: world.store, passphrase: async () => secretOf('alice'), kdf: cheapKdf });
    await expect((await app.mail()).original()).rejects.toEqual(refused('E_HOME_COPIED'));
    await app.close();
  });

  it('keeps the passphrase out of home and store', async () => {
    const world = await freshWorld();
    const canary = 'canary-7f3a-passphrase';
    const alice = await world.operator('alice', { passphrase: async () => secretOf(canary) });
    await (await alice.app.mail()).original();
    await alice.app.close();
    for (const name of ['home.db', 'keyring.opk', 'home.json']) expect((await readFile(join(alice.home, name))).includes(canary)).toBe(false);
  });
});
