/** The embedded hot tier: the compliance suite, and what is its own. */
import { DatabaseSync } from 'node:sqlite';
import { copyFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedHotTier } from '../../../src/core/storage/hot/embedded.ts';
import { ManualClock } from '../../support/clock.ts';
import { freshFolder } from '../../support/folder.ts';
import { announcementOf, blockOf, blocksOf, inboxOf, rejectsWith } from './blocks.ts';
import { hotTierCompliance } from './compliance/hot.ts';

async function makeHot() {
  const path = join(await freshFolder(), 'hot.db');
  const clock = new ManualClock();
  EmbeddedHotTier.create(path);
  const open = async () => {
    const tier = await EmbeddedHotTier.open(path, clock);
    onTestFinished(() => tier.close());
    return tier;
  };
  return {
    path,
    clock,
    open,
    tier: await open(),
    damage: async (cid: ReturnType<typeof blockOf>['cid']) => {
      const db = new DatabaseSync(path);
      const bytes = db.prepare('SELECT bytes FROM blocks WHERE digest = ?').get(cid.multihash.digest)?.['bytes'] as Uint8Array;
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      db.prepare('UPDATE blocks SET bytes = ? WHERE digest = ?').run(bytes, cid.multihash.digest);
      db.close();
    },
  };
}

hotTierCompliance('embedded hot tier', makeHot);

describe('embedded hot tier', () => {
  it('is a private file of its own kind', async () => {
    const { path } = await makeHot();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare('PRAGMA application_id').get()).toEqual({ application_id: 0x4f50_4c58 });
    expect(db.prepare('PRAGMA page_size').get()).toEqual({ page_size: 16_384 });
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    db.close();
  });

  it('refuses a newer version, another program\'s file, another schema, and nothing at all', async () => {
    const alter = async (sql: string) => {
      const { path, tier, clock } = await makeHot();
      await tier.close();
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
      return EmbeddedHotTier.open(path, clock);
    };
    await rejectsWith(alter('PRAGMA user_version = 2'), 'E_VERSION_NEWER');
    await rejectsWith(alter('PRAGMA user_version = 0'), 'E_STORE_CORRUPT');
    await rejectsWith(alter('PRAGMA application_id = 7'), 'E_STORE_CORRUPT');
    await rejectsWith(alter('DROP INDEX blocks_digest'), 'E_STORE_CORRUPT');
    await rejectsWith(alter('CREATE TRIGGER t AFTER INSERT ON blocks BEGIN SELECT 1; END'), 'E_STORE_CORRUPT');
    await rejectsWith(EmbeddedHotTier.open(join(await freshFolder(), 'none.db'), new ManualClock()), 'E_STORE_CORRUPT');
    const { path } = await makeHot();
    expect(() => EmbeddedHotTier.create(path)).toThrow(expect.objectContaining({ code: 'E_EXISTS' }));
  });

  it('notices a changed field of any record', async () => {
    const { path, tier } = await makeHot();
    const block = blockOf('m');
    const operation = { key: inboxOf('k'), content: inboxOf('c'), cid: block.cid, result: inboxOf('r') };
    await tier.commit({ message: { cid: block.cid, bytes: 10, blocks: 1, expiresAtMs: 0, tiers: ['hot'] }, announcements: [announcementOf(inboxOf('a'), block)], operation });
    await tier.setNote('n', inboxOf('v'), undefined);
    const db = new DatabaseSync(path);
    const changes = [
      ...['bytes', 'blocks', 'stored', 'expires', 'read', 'pinned', 'tiers', 'removed', 'version', 'used'].map((column) => ['messages', column, `${column} + 1`]),
      ...['expires', 'received', 'acknowledged'].map((column) => ['announcements', column, `${column} + 1`]),
      ['announcements', 'packet', 'zeroblob(192)'],
      ['operations', 'result', "x'00'"],
      ['notes', 'value', "x'00'"],
    ] as const;
    for (const [table, column, value] of changes) {
      db.exec('BEGIN');
      db.exec(`UPDATE ${table} SET ${column} = ${value}`);
      db.exec('COMMIT');
      const read = { messages: () => tier.message(block.cid), announcements: () => tier.inbox.find(inboxOf('a'), block.cid), operations: () => tier.operation(inboxOf('k')), notes: () => tier.note('n') }[table];
      await expect(read?.(), `${table}.${column}`).rejects.toMatchObject({ code: 'E_STORE_CORRUPT' });
      db.exec(`UPDATE ${table} SET ${column} = ${value?.endsWith('+ 1') ? `${column} - 1` : 'NULL || NULL'}`.replace("NULL || NULL", column === 'packet' ? `x'${Buffer.from(announcementOf(inboxOf('a'), block).packet).toString('hex')}'` : column === 'result' ? `x'${Buffer.from(inboxOf('r')).toString('hex')}'` : `x'${Buffer.from(inboxOf('v')).toString('hex')}'`));
      await read?.();
    }
    db.close();
  });

  it('puts those that wait into one transaction', async () => {
    const { path, tier } = await makeHot();
    const reader = new DatabaseSync(path, { readOnly: true });
    const version = () => reader.prepare('PRAGMA data_version').get()?.['data_version'] as number;
    const before = version();
    await Promise.all(blocksOf(200).map((block) => tier.put([block])));
    // data_version counts what others committed since the last look, not how often: the log's frames tell how often
    expect(version()).not.toBe(before);
    const frames = (await stat(`${path}-wal`)).size / 16_384;
    expect(frames).toBeLessThan(60);
    reader.close();
  });

  it('goes on with the new file when its own was replaced', async () => {
    const { path, tier, clock } = await makeHot();
    await tier.put([blockOf('old')]);
    await tier.close();
    const open = await EmbeddedHotTier.open(path, clock);
    EmbeddedHotTier.create(`${path}.next`);
    await copyFile(path, `${path}.copy`);
    await rename(`${path}.next`, path);
    await open.put([blockOf('new')]);
    const other = await EmbeddedHotTier.open(path, clock);
    expect(await other.has([blockOf('old').cid, blockOf('new').cid])).toEqual([false, true]);
    await open.close();
    await other.close();
  });

  it('says that it is not there any more when its file was removed', async () => {
    const { path, tier } = await makeHot();
    await rename(path, `${path}.away`);
    await rejectsWith(tier.put([blockOf(1)]), 'E_STORE_CORRUPT');
    await rename(`${path}.away`, path);
    await tier.put([blockOf(1)]);
  });
});
