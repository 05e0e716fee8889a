/** Making and opening a store, and reading through its tiers. */
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { keepFindings } from '../../../src/core/storage/bad-findings.ts';
import { createStore, openStore } from '../../../src/core/storage/store.ts';
import { freshFolder } from '../../support/folder.ts';
import { blockOf, rejectsWith } from './blocks.ts';
import { freshStore } from './store.ts';

describe('the folder of a store', () => {
  it('says that a folder is in the way of a file of its own, and not to name another file', async () => {
    const { path, store, open } = await freshStore();
    const inTheWay = (name: string) => ({ code: 'E_IO', details: { path: join(path, name) }, hint: expect.stringMatching(/Move it away/) as string });
    await mkdir(join(path, 'audit.json'));
    expect(await keepFindings(store, 3, false)).toMatchObject(inTheWay('audit.json'));
    await store.close();
    await rm(join(path, 'store.json'));
    await mkdir(join(path, 'store.json'));
    await expect(open()).rejects.toMatchObject(inTheWay('store.json'));
  });

  it.each([['journal', 'E_EXISTS'], ['cold', 'E_IO'], ['cold/blocks', 'E_EXISTS'], ['cold/announcements', 'E_EXISTS']])('says that a file is in the way of %s', async (name, code) => {
    const { path, store, open } = await freshStore();
    await store.close();
    await rm(join(path, name), { recursive: true });
    await writeFile(join(path, name), '');
    await expect(open()).rejects.toMatchObject({ code, hint: expect.stringMatching(/Move it away/) as string });
  });
});

describe('createStore', () => {
  it('makes a private folder with an id of its own', async () => {
    const [a, b] = [await freshStore(), await freshStore()];
    expect((await stat(a.path)).mode & 0o777).toBe(0o700);
    expect(a.store.id).toMatch(/^[0-9a-f]{32}$/);
    expect(a.store.id).not.toBe(b.store.id);
    expect(JSON.parse(await readFile(join(a.path, 'store.json'), 'utf8'))).toEqual({ v: 1, id: a.store.id });
    for (const name of ['hot.db', 'locks.db', 'store.json']) expect((await stat(join(a.path, name))).mode & 0o777).toBe(0o600);
  });

  it('takes nothing that is there already', async () => {
    const { path, store } = await freshStore();
    await rejectsWith(createStore(path), 'E_EXISTS');
    await store.hot.put([blockOf(1)]);
  });

  it('takes up a creation that was killed, and loses nothing that lies there', async () => {
    const { path, store, open } = await freshStore();
    await store.hot.put([blockOf(1)]);
    await store.close();
    await rm(join(path, 'store.json'));
    await rejectsWith(openStore(path), 'E_NO_STORE');
    await rm(join(path, 'locks.db'));
    await createStore(path);
    expect(await (await open()).hot.has([blockOf(1).cid])).toEqual([true]);
  });

  it('refuses a place that is not to be written', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(createStore(join(folder, 'file', 'store'))).rejects.toMatchObject({ code: expect.stringMatching(/^E_/) });
  });
});

describe('openStore', () => {
  it('refuses what is no store, is newer, or is described by something else', async () => {
    const folder = await freshFolder();
    await rejectsWith(openStore(join(folder, 'none')), 'E_NO_STORE');
    await rejectsWith(openStore(folder), 'E_NO_STORE');
    const { path, store } = await freshStore();
    await store.close();
    for (const [text, code] of [
      ['{"v":2,"id":"x"}', 'E_VERSION_NEWER'],
      ['{"v":1,"id":"x"}', 'E_STORE_CORRUPT'],
      ['{"v":1}', 'E_STORE_CORRUPT'],
      ['null', 'E_STORE_CORRUPT'],
      ['', 'E_STORE_CORRUPT'],
      ['{"v":1,', 'E_STORE_CORRUPT'],
      ['x'.repeat(5_000), 'E_STORE_CORRUPT'],
    ] as const) {
      await writeFile(join(path, 'store.json'), text);
      await rejectsWith(openStore(path), code);
    }
    await expect(openStore(path)).rejects.toMatchObject({ hint: expect.not.stringContaining('--repair') as unknown });
  });

  it('refuses a missing or foreign database with a code', async () => {
    const { path, store } = await freshStore();
    await store.close();
    await rm(join(path, 'hot.db'));
    await rejectsWith(openStore(path), 'E_STORE_CORRUPT');
    await writeFile(join(path, 'hot.db'), 'not a database at all, but long enough to have a header of a hundred bytes'.repeat(4));
    await rejectsWith(openStore(path), 'E_STORE_CORRUPT');
    await rm(join(path, 'hot.db'));
    await mkdir(join(path, 'hot.db'));
    await expect(openStore(path)).rejects.toMatchObject({ code: expect.stringMatching(/^E_(IO|STORE_CORRUPT)$/) });
  });

  it.skipIf(process.getuid?.() === 0)('refuses a database that may not be read', async () => {
    const { path, store } = await freshStore();
    await store.close();
    await chmod(join(path, 'hot.db'), 0o000);
    await rejectsWith(openStore(path), 'E_IO');
  });
});

describe('reading through the tiers', () => {
  it('takes hot first, then cold, and says which', async () => {
    const { store } = await freshStore();
    const [hot, cold, both] = [blockOf('hot'), blockOf('cold'), blockOf('both')];
    await store.hot.put([hot, both]);
    await store.coldTier('files').put([cold, both]);
    expect((await store.read(hot.cid))?.tier).toBe('hot');
    expect((await store.read(cold.cid))?.tier).toBe('files');
    expect((await store.read(both.cid))?.tier).toBe('hot');
    expect(await store.read(blockOf('none').cid)).toBeUndefined();
    expect(await store.source.get(cold.cid)).toEqual(cold.bytes);
    expect(() => store.coldTier('s3')).toThrow(expect.objectContaining({ code: 'E_NOT_SUPPORTED' }));
  });

  it('passes over a tier that has the wrong bytes, and says so when no other has the right ones', async () => {
    const { store, path } = await freshStore();
    const block = blockOf('damaged', 5_000);
    await store.hot.put([block]);
    const db = new DatabaseSync(join(path, 'hot.db'));
    db.prepare('UPDATE blocks SET bytes = zeroblob(5000)').run();
    db.close();
    await rejectsWith(store.read(block.cid), 'E_BLOCK_CORRUPT');
    await store.coldTier('files').put([block]);
    expect(await store.read(block.cid)).toEqual({ bytes: block.bytes, tier: 'files' });
  });
});
