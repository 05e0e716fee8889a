/** Verify and repair, the journal against the tiers, what is shown and listed, records of jobs. */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { hexOf } from '../../../src/core/base/bytes.ts';
import { cidOfDigest, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { acknowledgedError, verifyError } from '../../../src/core/storage/audit.ts';
import { badFindings } from '../../../src/core/storage/bad-findings.ts';
import { closureOf } from '../../../src/core/storage/closure.ts';
import { shelfOf } from '../../../src/core/storage/cold/sharding.ts';
import { knownLosses } from '../../../src/core/storage/losses.ts';
import type { RebuildReport } from '../../../src/core/storage/rebuild.ts';
import type { VerifyResult } from '../../../src/core/storage/verify-types.ts';
import { verify } from '../../../src/core/storage/verify.ts';
import { messageFilterFields } from '../../../src/core/storage/selection.ts';
import { all, blockOf, inboxOf, rejectsWith } from './blocks.ts';
import { fetch, freshStore, send } from './store.ts';

const pathIn = (path: string, cid: Cid): string => join(path, 'cold', 'blocks', shelfOf(cid).shard, shelfOf(cid).file);

async function contentOf(store: Awaited<ReturnType<typeof freshStore>>['store'], tier: 'hot' | 'files', except: Cid): Promise<Cid[]> {
  return (await all(store.tier(tier).blocks())).map(({ cid }) => cid).filter((cid) => Buffer.compare(cid.multihash.digest, except.multihash.digest) !== 0);
}

function damageHot(path: string, cid: Cid): void {
  const db = new DatabaseSync(join(path, 'hot.db'));
  db.prepare('UPDATE blocks SET bytes = zeroblob(length(bytes)) WHERE digest = ?').run(cid.multihash.digest);
  db.close();
}

describe('verify', () => {
  it('hashes every block of every tier and finds nothing wrong in a sound store', async () => {
    const { store } = await freshStore();
    const a = await send(store, 'a', 700_000);
    const b = await send(store, 'b', 700_000, { durability: 'cold' });
    await store.demote({ cids: [a.cid] });
    const result = await store.verify();
    expect(result).toMatchObject({ checked: 1 + b.blocks + a.blocks + b.blocks, bad: [], badTotal: 0, repaired: 0, acknowledged: { present: 2, lost: [], unannounced: [] } });
    expect(verifyError(result)).toBeUndefined();
    expect(await store.verify({ tiers: ['files'] })).toMatchObject({ checked: a.blocks + b.blocks });
    expect((await store.verify({ sample: 0.000001 })).checked, 'one of each tier at least').toBe(2);
    expect((await store.verify({ sample: 1 })).checked).toBe(result.checked);
    expect(await store.verify({ cids: [b.cid] })).toMatchObject({ checked: 2 * b.blocks, bad: [] });
  });

  it('names each bad block, changes nothing, and heals from the other tier when asked', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const [first, second] = (await contentOf(store, 'hot', message.cid)) as [Cid, Cid];
    damageHot(path, first);
    await writeFile(pathIn(path, second), 'damage');
    const expected = [
      { cid: first.toString(), tier: 'hot', code: 'E_BLOCK_CORRUPT' },
      { cid: second.toString(), tier: 'files', code: 'E_BLOCK_CORRUPT' },
    ];
    for (const repaired of [false, false, true]) {
      const result = await store.verify({ repair: repaired });
      expect(result.bad.map(({ cid, tier, code }) => ({ cid: cid?.toString(), tier, code }))).toEqual(expected);
      expect(result.bad.every((one) => one.repaired === repaired)).toBe(true);
      expect(result.repaired).toBe(repaired ? 2 : 0);
    }
    expect((await store.verify()).bad).toEqual([]);
    expect(await fetch(store, message.cid)).toEqual(message.content);
  });

  it('names a folder that has the name of a block, a manifest or announcements, and heals it from hot', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const [content] = (await contentOf(store, 'files', message.cid)) as [Cid];
    const name = message.cid.toString();
    const announcements = join(path, 'cold', 'announcements', name.slice(-2), `${name}.packets`);
    for (const one of [pathIn(path, content), pathIn(path, message.cid), announcements]) {
      await rm(one);
      await mkdir(join(one, 'inside'), { recursive: true });
    }
    for (const repair of [false, true]) {
      const found = (await store.verify({ repair })).bad.map(({ cid, tier, code, repaired }) => [cid?.toString(), tier, code, repaired]);
      expect(found).toHaveLength(3);
      expect(found).toEqual(
        expect.arrayContaining([
          // cold names all blocks as raw
          [cidOfDigest(RAW, content.multihash.digest).toString(), 'files', 'E_BLOCK_CORRUPT', repair],
          [cidOfDigest(RAW, message.cid.multihash.digest).toString(), 'files', 'E_BLOCK_CORRUPT', repair],
          [name, 'files', 'E_STORE_CORRUPT', repair],
        ]),
      );
    }
    expect((await store.verify()).bad).toEqual([]);
    expect(await store.coldTier('files').announcements(message.cid)).not.toEqual([]);
  });

  it('keeps the bad bytes when no tier has good ones', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000);
    const [cid] = (await contentOf(store, 'hot', message.cid)) as [Cid];
    damageHot(path, cid);
    expect(await store.verify({ repair: true })).toMatchObject({ badTotal: 1, repaired: 0 });
    expect(await store.hot.has([cid])).toEqual([true]);
  });

  it('drops a bad block that no wanted message needs, and says so before', async () => {
    const { store, path, clock } = await freshStore();
    const [wanted, unwanted, expiring] = [await send(store, 'wanted', 700_000), await send(store, 'unwanted', 700_000), await send(store, 'expiring', 700_000, { durability: 'cold', expiresAtMs: clock.now() + 1_000 })];
    const [needed, ...others] = [wanted, unwanted].map(({ cid }) => cid);
    const blocksOf = async (cid: Cid) => (await all(closureOf(cid, async (one) => (await store.read(one))?.bytes))).flatMap(({ cids }) => cids.filter(({ code }) => code === RAW));
    const [keep] = (await blocksOf(needed as Cid)) as [Cid];
    const [drop] = (await blocksOf(others[0] as Cid)) as [Cid];
    const [stale] = (await blocksOf(expiring.cid)) as [Cid];
    damageHot(path, keep);
    damageHot(path, drop);
    damageHot(path, stale);
    await chmod(pathIn(path, stale), 0o600);
    await writeFile(pathIn(path, stale), 'wrong');
    const fates = ({ bad }: VerifyResult) => Object.fromEntries(bad.map((one) => [`${one.tier} ${hexOf(one.cid?.multihash.digest as Uint8Array)}`, [one.garbage === true, one.repaired]]));
    const named = (tier: string, cid: Cid) => `${tier} ${hexOf(cid.multihash.digest)}`;
    // all three are wanted still
    expect(Object.values(fates(await store.verify({ repair: true })))).toEqual([[false, false], [false, false], [false, false], [false, false]]);
    const { planId } = await store.remove({ cids: [unwanted.cid] }, { dryRun: true });
    await store.remove({ cids: [unwanted.cid] }, { confirm: planId as string });
    clock.advance(1_000);
    const expected = (repaired: boolean) => ({ [named('hot', keep)]: [false, false], [named('hot', drop)]: [true, repaired], [named('hot', stale)]: [true, repaired], [named('files', stale)]: [true, repaired] });
    expect(fates(await store.verify())).toEqual(expected(false));
    expect(await store.hot.has([drop])).toEqual([true]);
    const dropped = await store.verify({ repair: true });
    expect(fates(dropped)).toEqual(expected(true));
    expect(dropped).toMatchObject({ badTotal: 4, repaired: 3 });
    expect([await store.hot.has([keep, drop, stale]), await store.coldTier('files').has([stale])]).toEqual([[true, false, false], [false]]);
    expect(fates(await store.verify())).toEqual({ [named('hot', keep)]: [false, false] });
    expect(await badFindings(store)).toBe(1);
  });

  it('calls nothing garbage while a wanted message cannot be walked', async () => {
    const { store, path } = await freshStore();
    const [walked, unwanted] = [await send(store, 'walked', 700_000), await send(store, 'unwanted', 700_000)];
    const { planId } = await store.remove({ cids: [unwanted.cid] }, { dryRun: true });
    await store.remove({ cids: [unwanted.cid] }, { confirm: planId as string });
    for await (const { cid } of store.hot.blocks()) damageHot(path, cid);
    const result = await store.verify({ repair: true });
    expect([result.bad.length, result.bad.some(({ garbage }) => garbage === true), result.repaired]).toEqual([walked.blocks + unwanted.blocks + 1, false, 0]);
  });

  it('finds a block that is gone everywhere, and one that cold should have', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const lonely = await send(store, 'lonely', 700_000);
    const [cid] = (await contentOf(store, 'files', message.cid)) as [Cid];
    await rm(pathIn(path, cid));
    expect((await store.verify()).bad).toMatchObject([{ tier: 'files', code: 'E_BLOCKS_MISSING', repaired: false }]);
    expect((await store.verify({ repair: true })).repaired).toBe(1);
    expect((await store.verify()).bad).toEqual([]);
    await store.hot.remove([lonely.cid]);
    const { bad } = await store.verify();
    expect(bad.map((one) => [one.cid?.toString(), one.code])).toEqual([[lonely.cid.toString(), 'E_BLOCKS_MISSING']]);
    expect((await store.verify({ cids: [lonely.cid] })).bad.length).toBeGreaterThan(0);
    expect((await store.verify({ cids: [blockOf('never').cid] })).bad).toMatchObject([{ code: 'E_NOT_FOUND' }]);
  });

  it('writes damaged announcements of cold anew', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 1_000, { durability: 'cold' });
    const name = message.cid.toString();
    await writeFile(join(path, 'cold', 'announcements', name.slice(-2), `${name}.packets`), 'damage');
    expect((await store.verify()).bad).toMatchObject([{ tier: 'files', code: 'E_STORE_CORRUPT', repaired: false }]);
    await store.verify({ repair: true });
    expect(await store.coldTier('files').announcements(message.cid)).toEqual(message.announcements.map(({ packet }) => packet));
  });

  it('stops at its signal', async () => {
    const { store } = await freshStore();
    await send(store, 'm', 1_000);
    await expect(store.verify({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('what was found bad', () => {
  it('stands until a look at everything finds it whole, whatever a narrower one meets', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    const small = await send(store, 'small', 1_000);
    const [block, other] = (await contentOf(store, 'files', message.cid)) as [Cid, Cid];
    await store.verify();
    expect(await badFindings(store)).toBe(0);
    await writeFile(pathIn(path, block), 'damage');
    await store.verify({ tiers: ['files'] });
    expect(await badFindings(store)).toBe(1);
    await store.verify({ sample: 0.000001 });
    for (const options of [{ tiers: ['hot' as const] }, { cids: [small.cid] }]) expect((await store.verify(options)).bad).toEqual([]);
    await rejectsWith(store.verify({ tiers: ['ipfs'] }), 'E_NOT_SUPPORTED');
    expect(await store.verify({ signal: AbortSignal.abort(fail('E_TIMEOUT', { what: 'verifying', after: '1s' })) })).toMatchObject({ bad: [], shortfall: { code: 'E_TIMEOUT' } });
    expect(await badFindings(store)).toBe(1);
    damageHot(path, block);
    damageHot(path, other);
    expect((await store.verify({ tiers: ['hot'] })).badTotal).toBe(2);
    expect(await badFindings(store)).toBe(2);
    expect(await store.verify({ cids: [other], repair: true })).toMatchObject({ badTotal: 1, repaired: 1 });
    expect(await badFindings(store)).toBe(2);
    // the copy of cold, that of hot, and what was promised of them
    expect(await store.verify({ repair: true })).toMatchObject({ badTotal: 2, repaired: 0, acknowledged: { lost: [{ cid: message.cid }] } });
    expect(await badFindings(store)).toBe(2);
  });

  it('is also a message that an inbox is not told of, or whose record is gone, until it is announced again', async () => {
    const { store } = await freshStore();
    const [untold, unknown] = [await send(store, 'untold', 1_000), await send(store, 'unknown', 1_000)];
    await store.hot.inbox.withdraw(inboxOf('ada'), untold.cid);
    await store.hot.forget(unknown.cid, (await store.hot.message(unknown.cid))?.version as number);
    expect(verifyError(await store.verify())).toMatchObject({ code: 'E_LOST', details: { lost: 0, unannounced: 2 } });
    expect(await badFindings(store)).toBe(2);
    await store.verify({ sample: 0.000001 });
    expect(await badFindings(store)).toBe(2);
    for (const { cid, announcements } of [untold, unknown]) await store.hot.commit({ message: { cid, bytes: 1_000, blocks: 1, expiresAtMs: 0, tiers: ['hot'] }, announcements });
    expect(verifyError(await store.verify())).toBeUndefined();
    expect(await badFindings(store)).toBe(0);
  });

  it.each(['', '{}', '{"v":2,"bad":0}', '{"v":1,"bad":-1}', '{"v":1,"bad":0.5}', '{"v":1,"bad":"0"}', 'null', '\u0000'])('is not nothing where its file says %j', async (text) => {
    const { store } = await freshStore();
    await writeFile(store.layout.audit, text);
    expect(await badFindings(store)).toBe(1);
    expect((await store.verify()).bad).toEqual([]);
    expect(await badFindings(store)).toBe(0);
  });
});

describe('what was acknowledged', () => {
  it('is present, unannounced or lost', async () => {
    const { store, clock } = await freshStore();
    const fine = await send(store, 'fine', 300_000, { inboxes: ['ada', 'ben'] });
    const untold = await send(store, 'untold', 300_000, { inboxes: ['ada', 'ben'], durability: 'cold' });
    const lost = await send(store, 'lost', 700_000);
    clock.advance(1_000);
    const late = await send(store, 'late', 1_000);
    await store.hot.inbox.withdraw(inboxOf('ben'), untold.cid);
    await store.hot.remove(await contentOf(store, 'hot', fine.cid).then((cids) => cids.filter((cid) => cid.equals(lost.cid))));
    const result = await store.verifyAcknowledged(0);
    expect(result).toMatchObject({ total: { hot: 3, cold: 1 }, present: 2, announcedAgain: 0 });
    expect(result.unannounced).toMatchObject([{ level: 'cold', to: [Buffer.from(inboxOf('ben')).toString('hex')] }]);
    expect(result.lost.map(({ cid, level, to }) => [cid.toString(), level, to.length])).toEqual([[lost.cid.toString(), 'hot', 1]]);
    expect(await store.verifyAcknowledged(clock.now())).toMatchObject({ total: { hot: 1 }, present: 1, lost: [] });
    expect(await store.verifyAcknowledged(0, { repair: true })).toMatchObject({ announcedAgain: 1, unannounced: [] });
    expect((await store.hot.inbox.ofMessage(untold.cid)).length).toBe(2);
    expect(late.blocks).toBe(1);
  });

  it('does not count the expired as lost', async () => {
    const { store, clock } = await freshStore();
    const message = await send(store, 'm', 700_000, { expiresAtMs: clock.now() + 1_000 });
    await store.hot.remove([message.cid]);
    expect((await store.verifyAcknowledged(0)).lost.length).toBe(1);
    clock.advance(1_000);
    expect(await store.verifyAcknowledged(0)).toMatchObject({ present: 0, ended: 1, lost: [] });
  });
});

describe('a loss', () => {
  const noted = async (store: Awaited<ReturnType<typeof freshStore>>['store']) => (await knownLosses(store)).map(({ cid, level }) => [cid.toString(), level]);

  it('stays a finding of every verify until the message is there again', async () => {
    const { store } = await freshStore();
    const message = await send(store, 'm', 1_000);
    const bytes = (await store.hot.get(message.cid)) as Uint8Array;
    await store.hot.remove([message.cid]);
    await store.hot.forget(message.cid, 1);
    for (let run = 0; run < 2; run++) {
      const result = await store.verify();
      expect([result.bad, result.acknowledged?.lost.map(({ cid }) => cid.toString())]).toEqual([[], [message.cid.toString()]]);
      expect(verifyError(result)).toMatchObject({ code: 'E_LOST', exit: 7 });
      expect(await noted(store)).toEqual([[message.cid.toString(), 'hot']]);
    }
    await store.hot.put([{ cid: message.cid, bytes }]);
    await store.commit({ message: { cid: message.cid, bytes: message.bytes, blocks: 1, expiresAtMs: 0, tiers: ['hot'] }, announcements: message.announcements }, { durability: 'hot' });
    expect(await noted(store)).toEqual([]);
    expect(verifyError(await store.verify())).toBeUndefined();
  });

  it('is one too where the only copy has wrong bytes, and none where another is whole', async () => {
    const { store, path } = await freshStore();
    const single = await send(store, 'one copy', 700_000);
    const [block] = (await contentOf(store, 'hot', single.cid)) as [Cid];
    const double = await send(store, 'two copies', 700_000, { durability: 'cold' });
    const [other] = await contentOf(store, 'files', double.cid);
    damageHot(path, block);
    damageHot(path, other as Cid);
    await store.verify();
    expect(await noted(store)).toEqual([[single.cid.toString(), 'hot']]);
    const left = await store.verify({ repair: true });
    expect(verifyError(left)?.code).toBe('E_VERIFY');
    // who has repaired is not sent round in a circle
    expect(verifyError(left)?.hint).toContain('--repair');
    expect(verifyError(left, { locksRenewed: false, journalMended: [], rebuilt: undefined })).toMatchObject({ code: 'E_VERIFY', hint: expect.not.stringContaining('--repair') });
    expect(await fetch(store, double.cid)).toEqual(double.content);
  });

  it('by wrong bytes is taken back by reading and hashing all of it, never because the blocks are there', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000);
    const [block] = (await contentOf(store, 'hot', message.cid)) as [Cid];
    const bytes = (await store.hot.get(block)) as Uint8Array;
    damageHot(path, block);
    await store.verify();
    for (let run = 0; run < 2; run++) {
      expect(acknowledgedError(await store.verifyAcknowledged(0, { repair: run === 1 }))).toMatchObject({ code: 'E_LOST' });
      expect(await noted(store)).toEqual([[message.cid.toString(), 'hot']]);
    }
    await store.hot.put([{ cid: block, bytes }]);
    expect(acknowledgedError(await store.verifyAcknowledged(0))).toBeUndefined();
    expect(await noted(store)).toEqual([]);
  });

  it('is not written into a hot tier that is broken itself, and nothing of it is mended there', async () => {
    const { store, path } = await freshStore();
    const untold = await send(store, 'untold', 1_000, { durability: 'cold' });
    const lost = await send(store, 'lost', 1_000);
    await store.hot.inbox.withdraw(inboxOf('ada'), untold.cid);
    await store.hot.remove([lost.cid]);
    const db = new DatabaseSync(join(path, 'hot.db'));
    db.exec(`UPDATE messages SET version = version + 1 WHERE digest = x'${hexOf(untold.cid.multihash.digest)}'`);
    db.close();
    const result = await store.verifyAcknowledged(0, { repair: true });
    expect(result).toMatchObject({ announcedAgain: 0, hotDamage: { code: 'E_STORE_CORRUPT', details: { tier: 'hot' } } });
    expect(acknowledgedError(result)?.code).toBe('E_STORE_CORRUPT');
    expect(await noted(store)).toEqual([]);
    expect(await store.verify()).toMatchObject({ isHotBroken: true });
    expect(await badFindings(store)).toBeGreaterThan(0);
  });

  it('is forgotten when it expires, and when nobody wants it any more', async () => {
    const { store, clock } = await freshStore();
    const [brief, unwanted, kept] = [await send(store, 'a', 1_000, { expiresAtMs: clock.now() + 1_000 }), await send(store, 'b', 1_000), await send(store, 'c', 1_000)];
    for (const { cid } of [brief, unwanted, kept]) {
      await store.hot.remove([cid]);
      await store.hot.forget(cid, 1);
    }
    expect((await store.verifyAcknowledged(0)).lost).toHaveLength(3);
    clock.advance(1_000);
    const { planId } = await store.remove({ cids: [unwanted.cid] }, { dryRun: true });
    expect(await store.remove({ cids: [unwanted.cid] }, { confirm: planId as string })).toMatchObject({ moved: 1 });
    expect(await noted(store)).toEqual([[kept.cid.toString(), 'hot']]);
    expect((await store.verifyAcknowledged(0)).lost.map(({ cid }) => cid.toString())).toEqual([kept.cid.toString()]);
    await rejectsWith(store.remove({ cids: [unwanted.cid] }, { dryRun: true }), 'E_NOT_FOUND');
  });

  it('is not what was let go, nor an inbox that is told no more on purpose', async () => {
    const { store, clock } = await freshStore();
    const message = await send(store, 'm', 1_000, { inboxes: ['ada', 'ben'] });
    await store.hot.inbox.withdraw(inboxOf('ben'), message.cid);
    expect(verifyError(await store.verify())).toMatchObject({ code: 'E_LOST', details: { lost: 0, unannounced: 1 } });
    await store.journal.release([{ cid: message.cid, atMs: clock.now(), reason: 'removed', inboxes: [inboxOf('ben')] }]);
    expect(verifyError(await store.verify())).toBeUndefined();
    await store.hot.inbox.withdraw(inboxOf('ada'), message.cid);
    expect((await store.verify()).acknowledged?.unannounced).toHaveLength(1);
  });

  it('goes unseen behind a damaged journal, and the damage is a finding', async () => {
    const { store, path } = await freshStore();
    await send(store, 'a', 1_000);
    const [log = ''] = (await readdir(join(path, 'journal'))).filter((name) => name.endsWith('.log'));
    const bytes = await readFile(join(path, 'journal', log));
    await writeFile(join(path, 'journal', log), bytes.with(20, bytes[20]! ^ 1));
    const result = await store.verify({ repair: true });
    expect(result.bad).toMatchObject([{ tier: 'journal', code: 'E_STORE_CORRUPT', repaired: false }]);
    expect(verifyError(result)).toMatchObject({ code: 'E_VERIFY', exit: 7 });
    expect(acknowledgedError(await store.verifyAcknowledged(0))).toMatchObject({ code: 'E_STORE_CORRUPT' });
  });
});

describe('a hot tier that is broken itself', () => {
  /** One message in cold, one in hot alone; the page that the table of messages begins with is written over, or every page but the first two. */
  async function broken(table?: 'messages') {
    const { store: writer, path, open } = await freshStore();
    const [cold, hot] = [await send(writer, 'cold', 700_000, { durability: 'cold' }), await send(writer, 'hot', 700_000)];
    await writer.close();
    const db = new DatabaseSync(join(path, 'hot.db'));
    const root = table && (db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.['rootpage'] as number);
    db.close();
    const bytes = await readFile(join(path, 'hot.db'));
    const [from, to] = root === undefined ? [2, undefined] : [root - 1, root];
    await writeFile(join(path, 'hot.db'), bytes.fill(0x5a, from * limits.sqlitePageBytes, to && to * limits.sqlitePageBytes));
    return { store: await open(), path, cold, hot };
  }

  it('is one finding, however many stages trip over it, and what was acknowledged is not compared', async () => {
    const { store, cold } = await broken();
    const result = await store.verify();
    expect(result).toMatchObject({ checked: cold.blocks, badTotal: 1, repaired: 0, isHotBroken: true, bad: [{ cid: undefined, tier: 'hot', code: 'E_STORE_CORRUPT', repaired: false }] });
    expect(result.acknowledged).toBeUndefined();
    expect(verifyError(result)).toMatchObject({ code: 'E_VERIFY', details: { bad: 1, checked: cold.blocks }, hint: expect.stringContaining('--repair') });
    expect(await store.verify({ sample: 0.5 })).toMatchObject({ badTotal: 1, isHotBroken: true });
    expect(await store.verify({ tiers: ['files'] })).toMatchObject({ checked: cold.blocks, badTotal: 1, isHotBroken: true });
  });

  it('is made anew once, and the new one is looked at', async () => {
    const { store, path, cold, hot } = await broken('messages');
    const result = await store.verify({ repair: true });
    expect(result).toMatchObject({ checked: 2 * cold.blocks + hot.blocks, badTotal: 1, repaired: 1, rebuilt: { fromCold: 1, fromJournal: 1, notBroughtBack: [] }, acknowledged: { present: 2 } });
    expect(result.isHotBroken).toBeUndefined();
    expect((await readdir(path)).filter((name) => name.includes('.broken-') && !/-(?:wal|shm)$/.test(name))).toHaveLength(1);
    expect(await fetch(store, cold.cid)).toEqual(cold.content);
  });

  it('that breaks again under the repair is left alone, and nobody is sent back to it', async () => {
    const { store } = await broken();
    let made = 0;
    const rebuilt = { rows: {}, fromCold: 0, fromJournal: 0, operations: 0, unreadable: [], damagedRows: 0, notBroughtBack: [], journalDamage: undefined, kept: undefined } as unknown as RebuildReport;
    const result = await verify(store, { repair: true, rebuild: async () => (made++, rebuilt) });
    expect([made, result.isHotBroken, result.bad.map(({ tier, repaired }) => [tier, repaired])]).toEqual([1, true, [['hot', true], ['hot', false]]]);
    expect(verifyError(result, { locksRenewed: false, journalMended: [], rebuilt: undefined })).toMatchObject({ code: 'E_VERIFY', hint: expect.not.stringContaining('--repair') });
  });
});

describe('the inventory', () => {
  it('sums up the store', async () => {
    const { store, clock } = await freshStore();
    await send(store, 'a', 300_000);
    const b = await send(store, 'b', 300_000, { durability: 'cold' });
    await store.recordJob({ job: 'demote', startedAtMs: 1, endedAtMs: clock.now(), exit: 12, code: 'E_INCOMPLETE', counts: { left: 3 } });
    const summary = await store.summary();
    expect(summary.messages).toEqual({ total: 2, removed: 0, expired: 0, pinned: 0 });
    expect(summary.backlog.messages).toBe(1);
    expect(summary.tiers.map(({ tier, blocks }) => [tier, blocks])).toEqual([['hot', 2 * b.blocks], ['files', b.blocks]]);
    expect(summary.jobs).toMatchObject([{ job: 'demote', exit: 12, counts: { left: 3 } }]);
  });

  it('shows every copy of a message, proved', async () => {
    const { store, path } = await freshStore();
    const message = await send(store, 'm', 700_000, { durability: 'cold' });
    expect(await store.showMessage(message.cid)).toMatchObject({
      kind: 'message',
      bytes: message.bytes,
      blocks: message.blocks,
      copies: [{ tier: 'hot', verified: true }, { tier: 'files', verified: true }],
      pinnedUntilMs: undefined,
      announcements: 1,
    });
    const [cid] = (await contentOf(store, 'hot', message.cid)) as [Cid];
    damageHot(path, cid);
    expect((await store.showMessage(message.cid)).copies).toMatchObject([{ tier: 'hot', verified: false, corrupt: 1 }, { tier: 'files', verified: true }]);
    await store.demote({ cids: [message.cid] });
    expect((await store.showMessage(message.cid)).copies).toMatchObject([{ tier: 'hot', verified: false, missing: message.blocks - 1 }, { tier: 'files', verified: true }]);
    expect(await store.showMessage(cid)).toMatchObject({ kind: 'block', blocks: 1, bytes: expect.any(Number), copies: [{ tier: 'files', verified: true }] });
    await rejectsWith(store.showMessage(blockOf('never').cid), 'E_NOT_FOUND');
  });

  it('lists by filter and page', async () => {
    const { store, clock } = await freshStore();
    const cids: string[] = [];
    for (let i = 0; i < 12; i++) {
      cids.push((await send(store, i, 100)).cid.toString());
      clock.advance(1_000);
    }
    const where = parseFilter('stored > 4s', messageFilterFields);
    const first = await store.list({ where, limit: 5 });
    expect(first.messages.map(({ cid }) => cid.toString())).toEqual(cids.slice(0, 5));
    const second = await store.list({ where, limit: 5, after: first.next as number });
    expect(second).toMatchObject({ next: undefined });
    expect(second.messages.map(({ cid }) => cid.toString())).toEqual(cids.slice(5, 8));
    expect((await store.list({ where: parseFilter('read > 1s', messageFilterFields), limit: 5 })).messages).toEqual([]);
    await rejectsWith(store.list({ limit: 1_001 }), 'E_TOO_MANY');
  });
});

describe('the record of a job', () => {
  it('is the last run, whoever wrote it, and nothing else', async () => {
    const { store, open } = await freshStore();
    expect(await store.lastJob('gc')).toBeUndefined();
    const run = { job: 'gc', startedAtMs: 5, endedAtMs: 10, exit: 0, code: undefined, counts: { blocks: 2, bytes: 30 } };
    await store.recordJob(run);
    const other = await open();
    expect(await other.lastJob('gc')).toEqual(run);
    await other.recordJob({ ...run, endedAtMs: 9, exit: 1 });
    expect((await store.lastJob('gc'))?.exit).toBe(0);
    await Promise.all([store.recordJob({ ...run, endedAtMs: 20 }), other.recordJob({ ...run, endedAtMs: 21 })]);
    expect((await store.lastJob('gc'))?.endedAtMs).toBe(21);
    await store.hot.setNote('job/odd', new Uint8Array([1, 2]), undefined);
    expect(await store.lastJob('odd')).toBeUndefined();
    expect((await readdir(store.path)).includes('store.json')).toBe(true);
  });
});
