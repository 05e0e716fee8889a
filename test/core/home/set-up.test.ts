import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { requireApart, setUp } from '../../../src/core/home/set-up.ts';
import { openHome } from '../../../src/core/home/index.ts';
import { openStore } from '../../../src/core/storage/store.ts';
import { freshFolder } from '../../support/folder.ts';

const given = { clock: systemClock, rng: systemRng };
const refused = (code: string) => expect.objectContaining({ code });

async function places() {
  const folder = await freshFolder();
  return { folder, home: join(folder, 'a', 'home'), store: join(folder, 'b', 'store') };
}

describe('setting up', () => {
  it('makes both, private, and a second time leaves them as they are', async () => {
    const { home, store } = await places();
    const made = await setUp({ home, store, ...given });
    expect(made).toMatchObject({ home: { path: home, created: true, identities: 0 }, store: { path: store, created: true } });
    for (const path of [home, store]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    (await openHome(home, given)).close();
    await (await openStore(store)).close();
    expect(await setUp({ home, store, ...given })).toEqual({ home: { ...made.home, created: false }, store: { ...made.store, created: false } });
  });

  it('makes what is missing', async () => {
    const { home, store } = await places();
    const { store: first } = await setUp({ home, store, ...given });
    await rm(home, { recursive: true });
    expect(await setUp({ home, store, ...given })).toMatchObject({ home: { created: true }, store: { created: false, id: first.id } });
  });

  it('takes empty folders, and a store whose making was cut short', async () => {
    const { home, store } = await places();
    await mkdir(home, { recursive: true, mode: 0o755 });
    await chmod(home, 0o755);
    await mkdir(store, { recursive: true });
    await setUp({ home, store, ...given });
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    await rm(join(store, 'store.json'));
    expect(await setUp({ home, store, ...given })).toMatchObject({ home: { created: false }, store: { created: true } });
  });

  it.each(['home', 'store'] as const)('touches nothing when something else is in the folder of the %s', async (which) => {
    const both = await places();
    await mkdir(both[which], { recursive: true });
    await writeFile(join(both[which], 'letter.txt'), 'mine');
    await expect(setUp({ home: both.home, store: both.store, ...given })).rejects.toEqual(refused('E_EXISTS'));
    expect(await readdir(both.folder)).toEqual([which === 'home' ? 'a' : 'b']);
    expect(await readdir(both[which])).toEqual(['letter.txt']);
  });

  it.each(['home', 'store'] as const)('refuses a file in the place of the %s', async (which) => {
    const both = await places();
    await mkdir(join(both[which], '..'), { recursive: true });
    await writeFile(both[which], 'mine');
    await expect(setUp({ home: both.home, store: both.store, ...given })).rejects.toEqual(expect.objectContaining({ code: expect.stringMatching(/^E_(EXISTS|IO)$/) }));
  });

  it('refuses a home that others may read, and does not make the store', async () => {
    const { folder, home, store } = await places();
    await setUp({ home, store: join(folder, 'other'), ...given });
    await chmod(home, 0o755);
    await expect(setUp({ home, store, ...given })).rejects.toEqual(refused('E_MODE'));
    expect(await readdir(folder)).not.toContain('b');
  });

  it.each([['/a', '/a'], ['/a', '/a/b'], ['/a/b', '/a'], ['/a/b/c', '/a'], ['/a/', '/a/./b']])('refuses home %s with store %s: one is inside the other', (home, store) => {
    expect(() => requireApart(home, store)).toThrow(refused('E_USAGE'));
  });

  it.each([['/a', '/b'], ['/a/b', '/a/c'], ['/a/store', '/a/store-2'], ['/a/..b', '/a/b']])('takes home %s with store %s', (home, store) => {
    expect(() => requireApart(home, store)).not.toThrow();
  });
});
