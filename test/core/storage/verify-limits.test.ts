/** Audits that cannot look at everything, or cannot write down what they found. */
import { mkdir, readdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acknowledgedError, verifyError } from '../../../src/core/storage/audit.ts';
import { badFindings } from '../../../src/core/storage/bad-findings.ts';
import { rejectsWith } from './blocks.ts';
import { fetch, freshStore, send } from './store.ts';

describe('a cold tier that does not answer', () => {
  it('is no damage of the hot one: nothing is made anew, and nothing is called lost that it may have', async () => {
    const { store, path } = await freshStore();
    const [cold, hot, both] = [await send(store, 'cold', 300_000), await send(store, 'hot', 1_000), await send(store, 'both', 1_000, { durability: 'cold' })];
    await store.demote({ cids: [cold.cid] });
    const blocks = join(path, 'cold', 'blocks');
    await rename(blocks, `${blocks}.away`);
    await symlink(blocks, blocks);
    const repaired: string[] = [];
    const rebuild = (): never => {
      throw repaired.push('rebuilt');
    };
    for (const options of [{}, { repair: true, rebuild }]) {
      const result = await store.verify(options);
      expect(result.bad).toMatchObject([{ tier: 'files', code: 'E_IO', repaired: false }]);
      expect(result).not.toHaveProperty('isHotBroken');
      expect(result.acknowledged).toMatchObject({ present: 2, lost: [], unannounced: [], silent: { code: 'E_IO' } });
    }
    expect(acknowledgedError(await store.verifyAcknowledged(0))).toMatchObject({ code: 'E_IO' });
    expect(repaired).toEqual([]);
    await rejectsWith(store.gc({ dryRun: true }), 'E_IO');
    await unlink(blocks);
    await rename(`${blocks}.away`, blocks);
    expect(verifyError(await store.verify())).toBeUndefined();
    for (const one of [cold, hot, both]) expect(await fetch(store, one.cid)).toEqual(one.content);
  });
});

describe('a finding that cannot be written down', () => {
  it('ends a full audit that found nothing with the file and why, and leaves the finding', async () => {
    const { store } = await freshStore();
    await send(store, 'm', 1_000);
    await mkdir(join(store.layout.audit, 'somebody'), { recursive: true });
    const result = await store.verify();
    expect(result).toMatchObject({ bad: [], unkept: { code: 'E_IO', details: { path: store.layout.audit } } });
    expect(verifyError(result)).toMatchObject({ code: 'E_IO' });
    expect(await badFindings(store)).toBe(1);
    await rm(store.layout.audit, { recursive: true });
    expect(verifyError(await store.verify())).toBeUndefined();
    expect(await badFindings(store)).toBe(0);
  });

  it('leaves the word to what was found', async () => {
    const { store, path } = await freshStore();
    await send(store, 'm', 700_000, { durability: 'cold' });
    const shelves = (await readdir(join(path, 'cold', 'blocks'), { recursive: true })).filter((name) => name.endsWith('.data'));
    for (const name of shelves.slice(0, 2)) await writeFile(join(path, 'cold', 'blocks', name), 'damage');
    await mkdir(join(store.layout.audit, 'somebody'), { recursive: true });
    expect(verifyError(await store.verify())).toMatchObject({ code: 'E_VERIFY', details: { bad: 2 } });
  });
});
