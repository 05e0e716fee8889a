/** The flat-file tier: the compliance suite, and its layout as the JavaScript IPFS block store reads and writes it. */
import { FsBlockstore } from 'blockstore-fs';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Block } from '../../../src/core/base/block.ts';
import type { Cid } from '../../../src/core/base/cid.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { FileColdTier } from '../../../src/core/storage/cold/files.ts';
import { shelfOf } from '../../../src/core/storage/cold/sharding.ts';
import { ManualClock } from '../../support/clock.ts';
import { freshFolder } from '../../support/folder.ts';
import { all, blockOf, blocksOf, rejectsWith, seeded } from './blocks.ts';
import { coldTierCompliance } from './compliance/cold.ts';

async function makeCold() {
  const root = await freshFolder();
  const folders = { blocks: join(root, 'blocks'), announcements: join(root, 'announcements') };
  const clock = new ManualClock();
  const open = async () => {
    const tier = await FileColdTier.open(folders, clock);
    onTestFinished(() => tier.close());
    return tier;
  };
  const pathOf = (cid: Cid) => join(folders.blocks, shelfOf(cid).shard, shelfOf(cid).file);
  return {
    root,
    folders,
    clock,
    open,
    pathOf,
    tier: await open(),
    damage: async (cid: Cid) => {
      const bytes = await readFile(pathOf(cid));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      await writeFile(pathOf(cid), bytes);
    },
  };
}

coldTierCompliance('flat-file tier', makeCold);

describe('flat-file tier', () => {
  it('lies as blockstore-fs lays it out: each reads what the other wrote', async () => {
    const { tier, folders } = await makeCold();
    const theirs = new FsBlockstore(folders.blocks);
    await theirs.open();
    const [ours, written] = [blocksOf(40, 500), blocksOf(40, 500, 100)];
    await tier.put(ours);
    for (const { cid, bytes } of written) await theirs.put(cid, bytes);
    for (const { cid, bytes } of ours) {
      const parts: Uint8Array[] = [];
      for await (const part of theirs.get(cid)) parts.push(part);
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    }
    for (const { cid, bytes } of written) expect(Buffer.from((await tier.get(cid)) ?? []).equals(bytes)).toBe(true);
    expect((await all(tier.blocks())).length).toBe(80);
    const seen: string[] = [];
    for await (const { cid } of theirs.getAll()) seen.push(cid.toString());
    expect(seen.length).toBe(80);
    await theirs.close();
  });

  it('keeps files private and leaves nothing half-written behind', async () => {
    const { tier, root, pathOf } = await makeCold();
    await tier.put(blocksOf(5));
    expect((await stat(pathOf(blockOf(0).cid))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(root, 'partial'))).toEqual([]);
  });

  it('sweeps what a killed process left unfinished, when it is old', async () => {
    const { tier, root, clock } = await makeCold();
    await mkdir(join(root, 'partial'), { recursive: true });
    await writeFile(join(root, 'partial', '00.part'), 'half');
    expect(await tier.sweep(clock.now() - 10 ** 12)).toBe(0);
    expect(await tier.sweep(Date.now() + 60_000)).toBe(1);
    expect(await readdir(join(root, 'partial'))).toEqual([]);
  });

  it('does not take other files for blocks', async () => {
    const { tier, folders, pathOf } = await makeCold();
    await tier.put(blocksOf(3));
    const shard = join(pathOf(blockOf(0).cid), '..');
    for (const name of ['README', 'x.data', `${'B'.repeat(56)}.data`, 'BAFKR.data']) await writeFile(join(shard, name), 'x');
    await writeFile(join(folders.blocks, 'SHARDING'), 'x');
    // a right name on a wrong shelf is not found by get, so it is not listed either
    await mkdir(join(folders.blocks, 'ZZ'), { recursive: true });
    await writeFile(join(folders.blocks, 'ZZ', shelfOf(blockOf(9).cid).file), blockOf(9).bytes);
    expect((await all(tier.blocks())).length).toBe(3);
  });

  it('refuses truncated, emptied and overlong files', async () => {
    const { tier, pathOf } = await makeCold();
    const block = blockOf('t', 1_000);
    await tier.put([block]);
    for (const length of [0, 1, 500, 999]) {
      await truncate(pathOf(block.cid), length);
      await rejectsWith(tier.get(block.cid), 'E_BLOCK_CORRUPT');
    }
    await writeFile(pathOf(block.cid), new Uint8Array(limits.blockBytesMax + 1));
    await rejectsWith(tier.get(block.cid), 'E_BLOCK_CORRUPT');
    await tier.put([block]);
    expect((await tier.get(block.cid))?.length).toBe(1_000);
  });

  it('takes what is no file for a damaged copy, and puts the right one in its place', async () => {
    const folder = async (path: string) => {
      await mkdir(path);
      await writeFile(join(path, 'inside'), 'kept');
    };
    for (const put of [folder, (path: string) => execFileSync('mkfifo', [path])]) {
      const { tier, pathOf } = await makeCold();
      const [block, other] = blocksOf(2, 500) as [Block, Block];
      await tier.put([block, other]);
      for (const { cid } of [block, other]) {
        await rm(pathOf(cid));
        await put(pathOf(cid));
        await rejectsWith(tier.get(cid), 'E_BLOCK_CORRUPT');
      }
      expect(await tier.has([block.cid])).toEqual([true]);
      expect((await all(tier.blocks())).length).toBe(2);
      await tier.put([block]);
      expect(await tier.get(block.cid)).toEqual(block.bytes);
      expect(await tier.dropDamaged(other.cid)).toBe(true);
      expect(await tier.get(other.cid)).toBeUndefined();
      expect((await all(tier.blocks())).length).toBe(1);
      if (put !== folder) continue;
      const [kept] = (await readdir(dirname(pathOf(block.cid)))).filter((name) => name.includes('.broken-'));
      expect(await readFile(join(dirname(pathOf(block.cid)), kept as string, 'inside'), 'utf8')).toBe('kept');
    }
  });

  it('says that announcements are no file, and puts them in place again', async () => {
    const { tier, folders } = await makeCold();
    const { cid } = blockOf(1, 10);
    const packet = seeded('packet', 192);
    const path = join(folders.announcements, cid.toString().slice(-2), `${cid.toString()}.packets`);
    await tier.putAnnouncements(cid, [packet]);
    await rm(path);
    await mkdir(path);
    await expect(tier.announcements(cid)).rejects.toMatchObject({ code: 'E_STORE_CORRUPT', details: { path } });
    await tier.putAnnouncements(cid, [packet]);
    expect(await tier.announcements(cid)).toEqual([packet]);
    expect((await all(tier.announced())).length).toBe(1);
    await rm(path);
    await mkdir(path);
    await tier.forget(cid);
    expect(await all(tier.announced())).toEqual([]);
  });

  it('refuses announcements with any byte flipped, cut anywhere, or of another message', async () => {
    const { tier, folders } = await makeCold();
    const { cid } = blockOf('m');
    await tier.putAnnouncements(cid, [seeded(1, 192), seeded(2, 192)]);
    const name = cid.toString();
    const path = join(folders.announcements, name.slice(-2), `${name}.packets`);
    const good = await readFile(path);
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ (1 << (at % 8));
      await writeFile(path, bad);
      await rejectsWith(tier.announcements(cid), 'E_STORE_CORRUPT');
      await writeFile(path, good.subarray(0, at));
      await rejectsWith(tier.announcements(cid), 'E_STORE_CORRUPT');
    }
    const other = blockOf('other').cid.toString();
    await mkdir(join(folders.announcements, other.slice(-2)), { recursive: true });
    await writeFile(join(folders.announcements, other.slice(-2), `${other}.packets`), good);
    await rejectsWith(tier.announcements(blockOf('other').cid), 'E_STORE_CORRUPT');
    await writeFile(path, good);
    expect((await tier.announcements(cid)).length).toBe(2);
  });
});
