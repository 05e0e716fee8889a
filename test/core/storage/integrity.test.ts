/** SQLite's own look at a hot tier that is so large that another process takes it. */
import { open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fail } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { blockOf } from './blocks.ts';
import { freshStore } from './store.ts';

async function largeStore() {
  const it = await freshStore();
  const size = 1_000_000;
  for (let i = 0; i * size <= limits.integrityInlineBytes; i++) await it.store.hot.put([blockOf(`large/${i}`, size)]);
  const path = join(it.path, 'hot.db');
  return { ...it, hotFile: path, bytes: (await stat(path)).size };
}

/** Processes whose command line names this file. */
async function processesAt(path: string): Promise<number> {
  const lines = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(path)).length;
}

it('finds nothing in a sound one, ends with its signal, and finds what is wrong', async () => {
  const { store, hotFile, open: again } = await largeStore();
  await store.close();
  const sound = await again();
  expect((await stat(hotFile)).size).toBeGreaterThan(limits.integrityInlineBytes);
  expect(await sound.hot.findings(new AbortController().signal)).toEqual([]);

  const reason = fail('E_INTERRUPTED', {});
  const stopped = new AbortController();
  const looking = sound.hot.findings(stopped.signal);
  setTimeout(() => stopped.abort(reason), 5);
  await expect(looking).rejects.toBe(reason);
  if (process.platform === 'linux') await expect.poll(() => processesAt(hotFile)).toBe(0);
  await expect(sound.hot.findings(AbortSignal.abort(reason))).rejects.toBe(reason);
  await sound.close();

  const file = await open(hotFile, 'r+');
  // the head of a page that lies on the chain of a block
  const page = Math.floor((await file.stat()).size / 2 / limits.sqlitePageBytes);
  await file.write(Buffer.alloc(4, 0xff), 0, 4, page * limits.sqlitePageBytes);
  await file.close();
  const damaged = await again();
  const lines = await damaged.hot.findings();
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('\n')).toMatch(/page|overflow|list/i);
  expect(await damaged.verify()).toMatchObject({ isHotBroken: true });

  // what the other process cannot even open is a finding too
  const again2 = await open(hotFile, 'r+');
  await again2.write(Buffer.alloc(3_000, 0xff), 0, 3_000, 100);
  await again2.close();
  expect(await damaged.hot.findings()).toMatchObject([expect.stringContaining(hotFile)]);
  await rename(hotFile, `${hotFile}.away`);
  expect(await damaged.hot.findings()).toMatchObject([expect.stringContaining('missing')]);
});
