/** A broken hot tier made anew: from what is left of it, from cold, and with the journal as witness. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open as openFile, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Cid } from '../../../src/core/base/cid.ts';
import { EmbeddedHotTier } from '../../../src/core/storage/hot/embedded.ts';
import { repairStore } from '../../../src/core/storage/repair.ts';
import { verifyError } from '../../../src/core/storage/audit.ts';
import { knownLosses } from '../../../src/core/storage/losses.ts';
import { openStore } from '../../../src/core/storage/store.ts';
import { all, inboxOf, rejectsWith, seeded } from './blocks.ts';
import { fetch, freshStore, send, type StoredMessage, type StoreUnderTest } from './store.ts';

const PAGE = 16_384;

async function overwrite(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await openFile(path, 'r+');
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
}

interface Laid extends StoreUnderTest {
  readonly hot: StoredMessage;
  readonly cold: StoredMessage;
  readonly acknowledged: StoredMessage;
}

/** One message in hot alone, one in cold too, one that ada has handled; a note and a pin; closed. */
async function lay(): Promise<Laid> {
  const it = await freshStore();
  const { store, clock } = it;
  const hot = await send(store, 'hot', 700_000, { inboxes: ['ada', 'ben'] });
  const cold = await send(store, 'cold', 700_000, { inboxes: ['ada', 'ben'], durability: 'cold' });
  const acknowledged = await send(store, 'acknowledged', 5_000, { durability: 'cold' });
  await store.hot.inbox.acknowledge(inboxOf('ada'), acknowledged.cid, clock.now() + 5);
  await store.pin([cold.cid]);
  await store.hot.setNote('note', seeded('note', 100), undefined);
  await store.close();
  return { ...it, hot, cold, acknowledged };
}

const unread = async (store: StoreUnderTest['store'], name: string): Promise<string[]> => (await store.hot.inbox.list(inboxOf(name), { limit: 100 })).map(({ cid }) => cid.toString());

/** A copy of the hot tier as a rebuild leaves it: with the fence of its lock as the floor of all others. */
async function makeReady(path: string, epoch = 1): Promise<void> {
  const ready = join(path, 'hot.db.ready');
  await copyFile(join(path, 'hot.db'), ready);
  const db = new DatabaseSync(ready);
  db.prepare("INSERT OR REPLACE INTO fences (name, epoch, counter) VALUES ('', ?, 1000)").run(epoch);
  db.close();
}

const textOf = ({ cid }: { cid: Cid }): string => cid.toString();

describe('repairing a store', () => {
  it('changes nothing in one that opens', async () => {
    const { path } = await lay();
    const before = (await readdir(path)).sort();
    expect(await repairStore(path)).toEqual({ locksRenewed: false, journalMended: [], rebuilt: undefined });
    expect((await readdir(path)).sort()).toEqual(before);
    await rejectsWith(repairStore(join(path, 'nothing')), 'E_NO_STORE');
  });

  it('brings everything back from a file whose header is gone', async () => {
    const { path, hot, cold, acknowledged, open } = await lay();
    await overwrite(join(path, 'hot.db'), 0, new Uint8Array(100));
    await rejectsWith(openStore(path), 'E_STORE_CORRUPT');
    const { rebuilt } = await repairStore(path);
    expect(rebuilt).toMatchObject({ rows: { message: 3, announcement: 5, note: 1 }, fromCold: 0, notBroughtBack: [] });
    expect(existsSync(rebuilt?.kept as string)).toBe(true);
    const store = await open();
    for (const message of [hot, cold, acknowledged]) expect(await fetch(store, message.cid)).toEqual(message.content);
    expect(await unread(store, 'ada')).toEqual([textOf(hot), textOf(cold)]);
    expect((await store.hot.message(cold.cid))?.pinnedUntilMs).toBe(Number.MAX_SAFE_INTEGER);
    expect(await store.hot.note('note')).toEqual(seeded('note', 100));
    expect((await store.verify()).bad).toEqual([]);
    expect((await store.verifyAcknowledged(0)).lost).toEqual([]);
  });

  it('brings back from cold what cold has, and names the rest, when nothing can be read', async () => {
    for (const ruin of ['removed', 'emptied', 'noise'] as const) {
      const { path, hot, cold, acknowledged, open } = await lay();
      const file = join(path, 'hot.db');
      if (ruin === 'removed') await rm(file);
      else if (ruin === 'emptied') await truncate(file, 0);
      else await writeFile(file, seeded('noise', 50 * PAGE));
      const { rebuilt } = await repairStore(path);
      expect(rebuilt?.fromCold).toBe(2);
      expect(rebuilt?.notBroughtBack.map((one) => [textOf(one), one.level, one.code])).toEqual([[textOf(hot), 'hot', 'E_NOT_FOUND']]);
      const store = await open();
      for (const message of [cold, acknowledged]) expect(await fetch(store, message.cid)).toEqual(message.content);
      // whether it was handled is not known any more: rather told again than never
      expect((await unread(store, 'ada')).sort()).toEqual([textOf(cold), textOf(acknowledged)].sort());
      expect((await unread(store, 'ben'))).toEqual([textOf(cold)]);
      expect((await store.hot.message(cold.cid))?.bytes).toBe(cold.bytes);
      expect((await store.hot.message(cold.cid))?.blocks).toBe(cold.blocks);
      expect((await store.verifyAcknowledged(0)).lost.map(textOf)).toEqual([textOf(hot)]);
    }
  });

  it('reads the pages where the trees are broken, the log before the file', async () => {
    const { store, path, open } = await freshStore();
    const messages: StoredMessage[] = [];
    for (let i = 0; i < 40; i++) messages.push(await send(store, i, i % 4 === 0 ? 300_000 : 900));
    await store.hot.inbox.acknowledge(inboxOf('ada'), (messages[0] as StoredMessage).cid, 1);
    // as a machine leaves it that lost power: the log is there, the file is older
    await copyFile(join(path, 'hot.db'), join(path, 'copy'));
    await copyFile(join(path, 'hot.db-wal'), join(path, 'copy-wal'));
    await store.close();
    await rename(join(path, 'copy'), join(path, 'hot.db'));
    await rename(join(path, 'copy-wal'), join(path, 'hot.db-wal'));
    // a header that is none, and a log whose header fails its checksum: SQLite reads neither
    await overwrite(join(path, 'hot.db'), 0, new Uint8Array(100));
    await overwrite(join(path, 'hot.db-wal'), 24, new Uint8Array(8));
    const { rebuilt } = await repairStore(path);
    expect(rebuilt?.unreadable.length).toBe(5);
    expect(rebuilt?.notBroughtBack).toEqual([]);
    const again = await open();
    for (const message of messages) expect(await fetch(again, message.cid)).toEqual(message.content);
    expect((await unread(again, 'ada')).length).toBe(39);
  });

  it('brings back the memory of --id from the journal, the newest of each, that of removed messages too', async () => {
    const { store, path, clock, open } = await freshStore();
    const kept = await send(store, 'kept', 1_000, { key: 'kept', durability: 'cold' });
    const gone = await send(store, 'gone', 1_000, { key: 'gone' });
    const { planId } = await store.remove({ cids: [gone.cid] }, { dryRun: true });
    await store.remove({ cids: [gone.cid] }, { confirm: planId as string });
    const lost = await send(store, 'lost', 1_000, { key: 'twice' });
    const again = await send(store, 'again', 1_000, { key: 'twice', replaces: lost.cid, durability: 'cold' });
    expect([again.repeated, clock.now() > 0]).toEqual([false, true]);
    await store.close();
    await rm(join(path, 'hot.db'));
    const { rebuilt } = await repairStore(path);
    expect(rebuilt).toMatchObject({ operations: 3, fromCold: 2, journalDamage: undefined });
    expect(rebuilt?.notBroughtBack.map(textOf)).toEqual([textOf(lost)]);
    const after = await open();
    for (const [key, { cid }] of [['kept', kept], ['gone', gone], ['twice', again]] as const) expect(textOf((await after.hot.operation(inboxOf(key)))!)).toBe(cid.toString());
    expect((await send(after, 'a repeat', 1_000, { key: 'kept' })).stands.equals(kept.cid)).toBe(true);
    expect((await knownLosses(after)).map(textOf)).toEqual([textOf(lost)]);
  });

  /** A bit of the first of two acknowledgements is flipped, and nothing is left of the hot tier. */
  async function layDamagedJournal() {
    const it = await freshStore();
    await send(it.store, 'first', 1_000, { key: 'first' });
    const second = await send(it.store, 'second', 1_000, { key: 'second' });
    await it.store.hot.remove((await all(it.store.hot.blocks())).map(({ cid }) => cid));
    const [log = ''] = (await readdir(join(it.path, 'journal'))).filter((name) => name.endsWith('.log'));
    const bytes = await readFile(join(it.path, 'journal', log));
    await writeFile(join(it.path, 'journal', log), bytes.with(40, bytes[40]! ^ 1));
    return { ...it, second, log: join(it.path, 'journal', log) };
  }

  it('mends a damaged journal first, keeps what lies behind the damage, and says that something is gone', async () => {
    const { store, path, open, second, log } = await layDamagedJournal();
    await store.close();
    await rm(join(path, 'hot.db'));
    const before = await repairStore(path);
    expect(before).toMatchObject({ journalMended: [{ records: 1, kept: expect.stringContaining('.broken-') }], rebuilt: { operations: 1, journalDamage: undefined } });
    expect(before.rebuilt?.notBroughtBack.map(textOf)).toEqual([textOf(second)]);
    const after = await open();
    expect(await after.hot.operation(inboxOf('first'))).toBeUndefined();
    expect(textOf((await after.hot.operation(inboxOf('second')))!)).toBe(textOf(second));
    expect(verifyError({ ...(await after.verify({ tiers: ['files'] })) }, { ...before, rebuilt: undefined })).toMatchObject({ code: 'E_INCOMPLETE', exit: 12 });
    // as it was, beside it, and the new one is appended to
    expect((await readFile(before.journalMended[0]!.kept)).length).toBeGreaterThan((await readFile(log)).length);
    await send(after, 'third', 1_000);
    expect(await all(after.journal.since(0))).toHaveLength(2);
    expect(await repairStore(path)).toMatchObject({ journalMended: [], rebuilt: undefined });
  });

  it('says that the journal cannot tell, where nobody mended it', async () => {
    const { store } = await layDamagedJournal();
    expect(await store.rebuild()).toMatchObject({ journalDamage: 'E_STORE_CORRUPT' });
  });

  it('makes the record of a message again whose blocks are all there', async () => {
    const { store, path, open } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    await store.coldTier('files').forget(message.cid);
    await store.close();
    await rm(join(path, 'hot.db'));
    expect((await repairStore(path)).rebuilt).toMatchObject({ fromJournal: 1, notBroughtBack: [] });
    const after = await open();
    expect(await after.hot.message(message.cid)).toMatchObject({ bytes: message.bytes, blocks: message.blocks, tiers: ['files'] });
    expect((await after.verifyAcknowledged(0)).unannounced.map(textOf)).toEqual([textOf(message)]);
  });

  it('does not bring back what was removed', async () => {
    const { store, path, open } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const { planId } = await store.remove({ cids: [message.cid] }, { dryRun: true });
    await store.remove({ cids: [message.cid] }, { confirm: planId as string });
    // a kill between the record and cold: cold still announces it
    await store.coldTier('files').putAnnouncements(message.cid, message.announcements.map(({ packet }) => packet));
    await store.close();
    await rm(join(path, 'hot.db'));
    const { rebuilt } = await repairStore(path);
    expect(rebuilt).toMatchObject({ fromCold: 0, notBroughtBack: [] });
    expect(await all((await open()).hot.messages())).toEqual([]);
  });

  it('makes a damaged lock table anew, with an epoch above all fences', async () => {
    const { path, open, hot } = await lay();
    await overwrite(join(path, 'locks.db'), 0, new Uint8Array(200));
    await rejectsWith(openStore(path), 'E_STORE_CORRUPT');
    expect(await repairStore(path)).toEqual({ locksRenewed: true, journalMended: [], rebuilt: undefined });
    const store = await open();
    const lock = await store.locks.acquire('x', { holder: 'test', waitMs: 0 });
    expect(lock.epoch).toBe(2);
    await lock.release();
    expect(await store.demote({ cids: [hot.cid] })).toMatchObject({ moved: 1 });
    expect((await readdir(path)).some((name) => name.startsWith('locks.db.broken-'))).toBe(true);
  });
});

describe('something else under the name of a file', () => {
  for (const [name, tier] of [['hot.db', 'hot'], ['hot.db-wal', 'hot'], ['hot.db-shm', 'hot'], ['locks.db', 'lock'], ['locks.db-wal', 'lock'], ['locks.db-shm', 'lock']] as const) {
    it(`is said of ${name}, moved aside by repair, and nothing is lost that can be had`, async () => {
      for (const put of [(path: string) => mkdir(path), (path: string) => symlink('nowhere', path)]) {
        const { path, store: before, open } = await freshStore();
        const sent = await send(before, 'sent', 5_000, { durability: 'cold' });
        await before.close();
        await rm(join(path, name), { force: true });
        await put(join(path, name));
        await expect(openStore(path)).rejects.toMatchObject({ code: 'E_STORE_CORRUPT', details: { path: join(path, name), tier } });
        const { locksRenewed, rebuilt } = await repairStore(path);
        expect([locksRenewed, rebuilt?.notBroughtBack]).toEqual(tier === 'hot' ? [false, []] : [true, undefined]);
        const store = await open();
        expect(await fetch(store, sent.cid)).toEqual(sent.content);
        expect((await store.verifyAcknowledged(0)).lost).toEqual([]);
        expect((await readdir(path)).some((one) => one.startsWith(`${tier === 'hot' ? 'hot' : 'locks'}.db.broken-`))).toBe(true);
      }
    });
  }
});

describe('a damaged log', () => {
  /** Writes in a log that nobody copied back: as a kill leaves it. */
  async function layLog() {
    const { store, path, open } = await freshStore();
    const messages: StoredMessage[] = [];
    for (let i = 0; i < 12; i++) messages.push(await send(store, i, i % 3 === 0 ? 300_000 : 900));
    for (const name of ['hot.db', 'hot.db-wal']) await copyFile(join(path, name), join(path, `copy of ${name}`));
    await store.close();
    for (const name of ['hot.db', 'hot.db-wal']) await rename(join(path, `copy of ${name}`), join(path, name));
    return { path, open, messages };
  }

  it('is not taken for an empty one when its header is damaged', async () => {
    const { path, open, messages } = await layLog();
    await overwrite(join(path, 'hot.db-wal'), 17, new Uint8Array([99]));
    await rejectsWith(openStore(path), 'E_STORE_CORRUPT');
    await rejectsWith(openStore(path), 'E_STORE_CORRUPT');
    expect((await repairStore(path)).rebuilt?.notBroughtBack).toEqual([]);
    const store = await open();
    for (const message of messages) expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('is found by verify when transactions lie behind the damage, and read to its end by repair', async () => {
    const { path, open, messages } = await layLog();
    const { length } = await readFile(join(path, 'hot.db-wal'));
    // in the middle of a block of the first message: everything behind it is committed and unseen
    const frame = 24 + PAGE;
    for (const at of [20, 25, 30]) await overwrite(join(path, 'hot.db-wal'), 32 + Math.min(at, Math.floor(length / frame) - 20) * frame + 5_000, seeded(at, 8));
    const store = await open();
    expect((await store.verify()).bad.map(({ cid, code }) => [cid, code])).toContainEqual([undefined, 'E_STORE_CORRUPT']);
    const { rebuilt } = await store.verify({ repair: true });
    const lost = new Set(rebuilt?.notBroughtBack.map(textOf));
    let back = 0;
    for (const message of messages) {
      if (lost.has(textOf(message))) continue;
      expect(await fetch(store, message.cid)).toEqual(message.content);
      back++;
    }
    expect(back).toBeGreaterThan(messages.length - 4);
  });

  it('may have a torn end', async () => {
    const { path, open, messages } = await layLog();
    const { length } = await readFile(join(path, 'hot.db-wal'));
    await truncate(join(path, 'hot.db-wal'), length - 5_000);
    const store = await open();
    expect((await store.verify()).bad.filter(({ cid }) => cid === undefined)).toEqual([]);
    expect((await store.verifyAcknowledged(0)).present).toBeLessThanOrEqual(messages.length);
  });
});

describe('rebuilding under those who have it open', () => {
  it('lets them go on with the new file, and refuses their old locks', async () => {
    const it = await freshStore();
    const { store, open, path } = it;
    const other = await open();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const lock = await other.locks.acquire('message/x', { holder: 'other', waitMs: 0 });
    expect((await store.rebuild()).notBroughtBack).toEqual([]);
    await send(other, 'after', 1_000);
    expect((await unread(store, 'ada')).length).toBe(2);
    expect(await fetch(other, message.cid)).toEqual(message.content);
    const record = await other.hot.message(message.cid);
    await rejectsWith(other.hot.change(message.cid, record?.version as number, {}, lock), 'E_FENCE_STALE');
    await lock.release();
    expect(await store.demote({ cids: [message.cid] })).toMatchObject({ moved: 1 });
    expect((await readdir(path)).filter((name) => name.startsWith('hot.db') && !name.includes('broken')).sort()).toEqual(['hot.db', 'hot.db-shm', 'hot.db-wal']);
    await store.close();
    await other.close();
    const again = await open();
    expect((await again.verify()).bad).toEqual([]);
    expect((await unread(again, 'ada')).length).toBe(2);
  });

  it('runs once at a time', async () => {
    const { store, open } = await freshStore();
    const other = await open();
    const lock = await other.locks.acquire('rebuild', { holder: 'other', waitMs: 0 });
    await rejectsWith(store.rebuild(), 'E_LOCKED');
    await lock.release();
  });

  it('is finished by whoever opens the store, wherever it was killed', async () => {
    for (const step of ['ready', 'moved', 'log moved'] as const) {
      const { path, hot, open } = await lay();
      const file = join(path, 'hot.db');
      await makeReady(path);
      await writeFile(file, 'broken');
      await writeFile(`${file}-wal`, 'the log of the broken one');
      if (step !== 'ready') await rename(file, `${file}.broken-x`);
      if (step === 'log moved') await rename(`${file}-wal`, `${file}.broken-x-wal`);
      const store = await open();
      expect(await fetch(store, hot.cid), step).toEqual(hot.content);
      expect(existsSync(`${file}.ready`)).toBe(false);
      expect((await readFile(file)).length).toBeGreaterThan(PAGE);
    }
  });

  it('takes nothing for the new file that is not the work of a rebuild newer than hot.db, and keeps it', async () => {
    const impostors: Readonly<Record<string, (ready: string, path: string) => Promise<unknown>>> = {
      empty: (ready) => writeFile(ready, ''),
      noise: (ready) => writeFile(ready, seeded('noise', 3 * PAGE)),
      folder: (ready) => mkdir(ready),
      'dangling link': (ready) => symlink('nowhere', ready),
      'link to a whole one': async (ready, path) => {
        await makeReady(path);
        await rename(ready, join(path, 'elsewhere'));
        await symlink('elsewhere', ready);
      },
      'fresh hot tier': async (ready) => EmbeddedHotTier.create(ready),
      'copy of hot.db': (ready, path) => copyFile(join(path, 'hot.db'), ready),
      'database of another kind': (ready, path) => copyFile(join(path, 'locks.db'), ready),
      'cut one': async (ready, path) => {
        await makeReady(path);
        await truncate(ready, 5 * PAGE);
      },
    };
    for (const [name, put] of Object.entries(impostors)) {
      for (const mended of [false, true]) {
        const { path, store: before, open } = await freshStore();
        const hot = await send(before, 'hot', 5_000);
        await before.close();
        await put(join(path, 'hot.db.ready'), path);
        if (mended) expect((await repairStore(path)).rebuilt).toBeUndefined();
        const store = await open();
        expect(await fetch(store, hot.cid), name).toEqual(hot.content);
        const left = (await readdir(path)).filter((one) => one.startsWith('hot.db.'));
        expect(left, name).toEqual([expect.stringMatching(/^hot\.db\.ready\.broken-/)]);
        expect(left.some((one) => /-wal|-shm/.test(one))).toBe(false);
      }
    }
  });

  it('does not put a rebuilt file in place a second time', async () => {
    const { path, open } = await lay();
    await makeReady(path);
    await copyFile(join(path, 'hot.db.ready'), join(path, 'kept'));
    const first = await open();
    const later = await send(first, 'later', 5_000);
    await first.close();
    await copyFile(join(path, 'kept'), join(path, 'hot.db.ready'));
    const store = await open();
    expect(await fetch(store, later.cid)).toEqual(later.content);
  });

  it('starts over when it was killed before the new file was whole', async () => {
    const { path, hot, open } = await lay();
    await writeFile(join(path, 'hot.db.new'), 'half');
    await writeFile(join(path, 'hot.db.new-wal'), 'half');
    const store = await open();
    expect((await store.rebuild()).notBroughtBack).toEqual([]);
    expect(await fetch(store, hot.cid)).toEqual(hot.content);
    expect((await readdir(path)).some((name) => name.includes('.new'))).toBe(false);
  });
});
