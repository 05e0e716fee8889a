import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { createHome, openHome } from '../../../src/core/home/index.ts';
import { freshFolder } from '../../support/folder.ts';
import { freshHome } from '../../support/home.ts';

const options = { clock: systemClock, rng: systemRng };
/** A clock whose every reading is later by so much. */
const steps = (ms: number) => {
  let at = 0;
  return () => (at += ms);
};
const refused = (code: string) => expect.objectContaining({ code });

describe('a home', () => {
  it('is private, whole, and opens again with its id', async () => {
    const parent = await freshFolder();
    const path = join(parent, 'a', 'home');
    const home = await createHome(path, options);
    home.settings.set('x', 1);
    home.close();
    home.close();
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(path)) expect((await stat(join(path, name))).mode & 0o077).toBe(0);
    expect(await readdir(join(parent, 'a'))).toEqual(['home']);
    using again = await openHome(path, options);
    expect(again.id).toBe(home.id);
    expect(again.settings.get('x')).toBe(1);
    again.check();
  });

  it('takes an empty folder, and refuses a filled one, a file, and a second time', async () => {
    const parent = await freshFolder();
    await mkdir(join(parent, 'empty'));
    (await createHome(join(parent, 'empty'), options)).close();
    await expect(createHome(join(parent, 'empty'), options)).rejects.toEqual(refused('E_EXISTS'));
    await mkdir(join(parent, 'full'));
    await writeFile(join(parent, 'full', 'x'), '');
    await expect(createHome(join(parent, 'full'), options)).rejects.toEqual(refused('E_EXISTS'));
    await expect(createHome(join(parent, 'full', 'x'), options)).rejects.toEqual(refused('E_EXISTS'));
    expect((await readdir(parent)).sort()).toEqual(['empty', 'full']);
  });

  it('leaves nothing when its filling fails', async () => {
    const parent = await freshFolder();
    const failing = createHome(join(parent, 'home'), options, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readdir(parent)).toEqual([]);
  });

  it('of two makers at once one wins', async () => {
    const path = join(await freshFolder(), 'home');
    const results = await Promise.allSettled([createHome(path, options), createHome(path, options), createHome(path, options)]);
    for (const result of results) if (result.status === 'fulfilled') result.value.close();
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toEqual(refused('E_EXISTS'));
  });

  it('is not there, or is a file: E_NO_HOME', async () => {
    const parent = await freshFolder();
    await expect(openHome(join(parent, 'none'), options)).rejects.toEqual(refused('E_NO_HOME'));
    await writeFile(join(parent, 'file'), '', { mode: 0o600 });
    await expect(openHome(join(parent, 'file'), options)).rejects.toEqual(refused('E_NO_HOME'));
    await mkdir(join(parent, 'empty'), { mode: 0o700 });
    await expect(openHome(join(parent, 'empty'), options)).rejects.toEqual(refused('E_NO_HOME'));
  });

  it.each([
    ['', 0o750],
    ['', 0o701],
    ['home.json', 0o640],
    ['home.db', 0o604],
  ])('"%s" with mode %o is refused', async (name, mode) => {
    const home = await freshHome();
    home.close();
    await chmod(join(home.path, name), mode);
    await expect(openHome(home.path, options)).rejects.toEqual(refused('E_MODE'));
  });

  it.each([
    ['empty', '', 'E_HOME_CORRUPT'],
    ['not JSON', '{', 'E_HOME_CORRUPT'],
    ['null', 'null', 'E_HOME_CORRUPT'],
    ['no id', '{"v":1}', 'E_HOME_CORRUPT'],
    ['another id', '{"v":1,"id":"00000000000000000000000000000000"}', 'E_HOME_CORRUPT'],
    ['version 0', '{"v":0,"id":"00000000000000000000000000000000"}', 'E_HOME_CORRUPT'],
    ['a newer version', '{"v":2,"id":"00000000000000000000000000000000"}', 'E_VERSION_NEWER'],
    ['too long', ' '.repeat(5000), 'E_HOME_CORRUPT'],
  ])('home.json that is %s', async (_, text, code) => {
    const home = await freshHome();
    home.close();
    await writeFile(join(home.path, 'home.json'), text);
    await expect(openHome(home.path, options)).rejects.toEqual(refused(code));
  });

  it('without its database, or with that of another home, is damaged', async () => {
    const [one, other] = [await freshHome(), await freshHome()];
    one.close();
    other.close();
    await copyFile(join(other.path, 'home.db'), join(one.path, 'home.db'));
    await expect(openHome(one.path, options)).rejects.toEqual(refused('E_HOME_CORRUPT'));
    await truncate(join(one.path, 'home.db'), 0);
    await expect(openHome(one.path, options)).rejects.toEqual(refused('E_HOME_CORRUPT'));
    await writeFile(join(one.path, 'home.db'), Buffer.alloc(8192, 'no database'));
    await expect(openHome(one.path, options)).rejects.toEqual(refused('E_HOME_CORRUPT'));
  });

  it.each(['home.db', 'home.db-wal', 'home.db-shm'])('says that %s is no file, before anything of its mode', async (name) => {
    for (const put of [(path: string) => mkdir(path, { mode: 0o755 }), (path: string) => symlink('nowhere', path), (path: string) => symlink('..', path)]) {
      const home = await freshHome();
      home.close();
      const path = join(home.path, name);
      await rm(path, { force: true });
      await put(path);
      await expect(openHome(home.path, options)).rejects.toMatchObject({ code: 'E_HOME_CORRUPT', details: { path }, hint: expect.stringMatching(/^Move away/) as string });
    }
  });

  it('says that a folder is in the way of home.json, and not to name another file', async () => {
    const home = await freshHome();
    home.close();
    const path = join(home.path, 'home.json');
    await rm(path);
    await mkdir(path);
    await expect(openHome(home.path, options)).rejects.toMatchObject({ code: 'E_IO', details: { path }, hint: expect.stringMatching(/Move it away/) as string });
  });

  it('does not ask for a backup where only its lock is unusable', async () => {
    const home = await freshHome();
    const path = join(home.path, 'home.lock');
    await rm(path, { force: true });
    await mkdir(path);
    const error = await home.exclusively(async () => undefined).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'E_HOME_CORRUPT', details: { path } });
    expect((error as { hint: string }).hint).not.toMatch(/backup/);
  });

  it('with a flipped byte anywhere in its database answers right, or with a code', async () => {
    const home = await freshHome();
    for (let i = 0; i < 40; i++) home.settings.set(`setting ${i}`, `value ${i}`.repeat(20));
    home.close();
    const file = join(home.path, 'home.db');
    const whole = await readFile(file);
    let found = 0;
    for (let at = 0; at < whole.length; at += 211) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      await writeFile(file, damaged);
      try {
        using opened = await openHome(home.path, options);
        for (const { name, value } of opened.settings.list()) {
          if (name.startsWith('setting')) expect(value).toBe(`value ${name.slice(8)}`.repeat(20));
        }
      } catch (error) {
        expect(error).toHaveProperty('code', expect.stringMatching(/^E_(HOME_CORRUPT|VERSION_NEWER|IO)$/));
        found++;
      }
    }
    expect(found).toBeGreaterThan(10);
  });

  it('rolls a transaction back whole', async () => {
    const home = await freshHome();
    expect(() =>
      home.transaction(() => {
        home.settings.set('a', 1);
        home.transaction(() => home.settings.set('b', 2));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect([home.settings.get('a'), home.settings.get('b')]).toEqual([undefined, undefined]);
  });

  it('waits for another process no longer than the limit, and makes a damaged lock one again', async () => {
    const home = await freshHome({ ...systemClock, monotonic: steps(limits.sqliteBusyMs / 2) });
    const { DatabaseSync } = await import('node:sqlite');
    await home.exclusively(async () => undefined);
    const lock = new DatabaseSync(join(home.path, 'home.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    await expect(home.exclusively(async () => 1)).rejects.toEqual(refused('E_LOCKED'));
    lock.close();
    expect(await home.exclusively(async () => 1)).toBe(1);
    await writeFile(join(home.path, 'home.lock'), 'no database, but longer than the header of one: '.repeat(4));
    using again = await openHome(home.path, options);
    expect(await again.exclusively(async () => 1)).toBe(1);
  });

  it('serves several at once, one exclusive writer at a time', async () => {
    const home = await freshHome();
    using other = await openHome(home.path, options);
    const order: string[] = [];
    const slow = async (name: string, which: typeof home) =>
      which.exclusively(async () => {
        order.push(`${name} in`);
        await systemClock.sleep(5);
        order.push(`${name} out`);
      });
    await Promise.all([slow('a', home), slow('b', other), slow('c', home)]);
    for (let i = 0; i < order.length; i += 2) expect(order[i]?.[0]).toBe(order[i + 1]?.[0]);
    await expect(home.exclusively(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await home.exclusively(async () => 1)).toBe(1);
    other.settings.set('seen', true);
    expect(home.settings.get('seen')).toBe(true);
  });
});
