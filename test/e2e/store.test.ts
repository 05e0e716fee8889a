/** The store commands on real stores: no home, no key, no passphrase, no terminal unless a test says so. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCid, type Cid } from '../../src/core/base/cid.ts';
import { enterWriters } from '../../src/core/storage/writers.ts';
import { blockOf } from '../core/storage/blocks.ts';
import { fetch } from '../core/storage/store.ts';
import { openTerminal } from '../support/pty.ts';
import { ROOT, runProcess } from '../support/run.ts';
import { contentOf, damageColdBlock, damageHotBlock, DAY_MS, loseColdBlock, storedSandbox, type Stored } from '../support/stored.ts';

const NEVER = 'bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam';
const omniplex = `'${process.execPath}' '${join(ROOT, 'bin', 'run.js')}'`;

async function filled(count: number, bytes = 300_000, options: { readonly agoMs?: number; readonly durability?: 'hot' | 'cold' } = {}): Promise<{ it: Stored; cids: string[] }> {
  const it = await storedSandbox(options);
  const cids: string[] = [];
  for (let i = 0; i < count; i++) cids.push((await it.send(i, bytes, { durability: options.durability ?? 'hot' })).cid.toString());
  return { it, cids };
}

const bad = (document: { readonly result?: unknown }) => (document.result as { bad: { cid: string | null; tier: string; code: string; repaired: boolean }[] }).bad;

describe('store list and show', () => {
  it('lists whole CIDs one a line in a pipe, a table with -v, pages, filters and tiers', async () => {
    const { it, cids } = await filled(3);
    await it.run(['demote', cids[0] as string]);
    expect((await it.run(['store', 'list'])).stdout).toBe(`${cids.join('\n')}\n`);
    expect((await it.run(['store', 'ls', '--tier', 'files'])).stdout).toBe(`${cids[0]}\n`);
    expect((await it.run(['store', 'list', '--where', 'tier = hot'])).stdout).toBe(`${cids[1]}\n${cids[2]}\n`);
    expect((await it.run(['store', 'list', '-v'])).stdout.split('\n').map((line) => line.split(' ', 1)[0])).toEqual(['CID', ...cids, '']);
    const page = await it.answer('store list', ['--limit', '2']);
    expect(page).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { messages: [{ cid: cids[0], tiers: ['files'] }, { cid: cids[1], tiers: ['hot'], read: null, pinned: false }] } } });
    const { next } = page.document.result as { next: string };
    expect(await it.answer('store list', ['--limit', '2', '--after', next])).toMatchObject({ document: { result: { messages: [{ cid: cids[2] }], next: null } } });
    const more = await it.run(['store', 'list', '--limit', '1']);
    expect(more.stderr).toContain('--after');
    expect((await it.run(['store', 'list', '--where', 'size > 1TiB'])).stderr).toBe('no message matches\n');
    for (const args of [['--limit', '0'], ['--limit', '1001'], ['--after', 'x'], ['--where', 'tier = tape'], ['--tier', 'tape']]) expect.soft([args, (await it.answer('store list', args)).code]).toEqual([args, 2]);
  });

  it('is quiet when the reader leaves, and says nothing where there is nothing', async () => {
    const { it, cids } = await filled(2);
    const { stdout, stderr } = await runProcess('bash', ['-c', `${omniplex} store list | head -1; echo "\${PIPESTATUS[*]}"`], { env: it.env });
    expect([stdout, stderr]).toEqual([`${cids[0]}\n0 0\n`, '']);
    const empty = await storedSandbox();
    expect(await empty.run(['store', 'list', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await empty.run(['store', 'show'])).stdout).toContain('no messages');
  });

  it('shows the store in numbers, one message with every copy, one block', async () => {
    const { it, cids } = await filled(2, 300_000, { durability: 'cold' });
    const [cid] = cids as [string];
    await it.run(['demote', '--where', 'size > 1']);
    expect(await it.answer('store show', [])).toMatchObject({
      ...{ code: 0, problems: [] },
      document: { changed: false, result: { path: it.path, messages: { total: 2 }, backlog: { messages: 0 }, tiers: [{ tier: 'hot' }, { tier: 'files' }], jobs: [{ job: 'demote', exit: 0 }], locks: [] } },
    });
    expect(await it.answer('store show', [cid])).toMatchObject({
      ...{ code: 0, problems: [] },
      document: { result: { cid, kind: 'message', copies: [{ tier: 'hot', verified: false }, { tier: 'files', verified: true, missing: 0, corrupt: 0 }], pinned: null, expires: null, announcements: 1 } },
    });
    const [block] = await contentOf(it.store, 'files', ...cids.map(parseCid));
    await damageColdBlock(it.path, block!);
    expect(await it.answer('store show', [block!.toString()])).toMatchObject({ code: 0, problems: [], document: { result: { kind: 'block', copies: [{ tier: 'files', verified: false, corrupt: 1 }] } } });
    expect(await it.answer('store show', [NEVER])).toMatchObject({ code: 5, problems: [], document: { error: { code: 'E_NOT_FOUND' } } });
    expect(await it.answer('store show', ['--since', '1h'])).toMatchObject({ code: 0, problems: [], document: { result: { since: { messages: 2 } } } });
    expect(await it.answer('store show', ['--since', new Date(Date.now() + DAY_MS).toISOString()])).toMatchObject({ document: { result: { since: { messages: 0, bytes: 0 } } } });
    expect((await it.answer('store show', [cid, '--since', '1h'])).code).toBe(2);
    expect((await it.answer('store show', ['x'])).document.error).toMatchObject({ code: 'E_CID_INVALID', exit: 2 });
    const human = await it.run(['store', 'show', cid], { env: { NO_COLOR: '1' } });
    expect(human.stdout).toContain(cid);
    expect(human.stdout).not.toContain('\u001b');
  });
});

describe('store verify', () => {
  it('names each bad block and changes nothing; --repair heals from the other tier', async () => {
    const { it, cids } = await filled(1, 700_000, { durability: 'cold' });
    const [first, second, third] = (await contentOf(it.store, 'hot', parseCid(cids[0] as string))) as [Cid, Cid, Cid];
    damageHotBlock(it.path, first);
    await damageColdBlock(it.path, second);
    await loseColdBlock(it.path, third);
    const found = await it.answer('store verify', []);
    expect(found).toMatchObject({ code: 7, problems: [], document: { ok: false, changed: false, result: { badTotal: 3, repaired: 0 }, error: { code: 'E_VERIFY', details: { bad: 3 } } } });
    expect(bad(found.document).map(({ cid, tier, code }) => [cid, tier, code])).toEqual([
      [first.toString(), 'hot', 'E_BLOCK_CORRUPT'],
      [second.toString(), 'files', 'E_BLOCK_CORRUPT'],
      [third.toString(), 'files', 'E_BLOCKS_MISSING'],
    ]);
    expect(await it.store.lastJob('verify')).toMatchObject({ exit: 7, code: 'E_VERIFY', counts: { bad: 3 } });
    const human = await it.run(['store', 'verify', '--quiet']);
    expect([human.code, human.stdout]).toEqual([7, '']);
    expect(human.stderr).toContain('E_VERIFY');
    expect((await it.run(['store', 'verify'])).stdout).toContain(first.toString());
    expect(await it.answer('store verify', ['--tier', 'files'])).toMatchObject({ code: 7, document: { result: { badTotal: 2 } } });
    expect(await it.answer('store verify', [first.toString()])).toMatchObject({ code: 7, problems: [], document: { result: { checked: 2, badTotal: 1 } } });
    expect(await it.answer('store verify', ['--repair'])).toMatchObject({ code: 0, problems: [], document: { ok: true, changed: true, result: { badTotal: 3, repaired: 3 } } });
    expect(await it.answer('store verify', [])).toMatchObject({ code: 0, problems: [], document: { ok: true, changed: false, result: { bad: [], badTotal: 0 } } });
    expect(await it.store.lastJob('verify')).toMatchObject({ exit: 0, counts: { bad: 0 } });
  });

  it('is still 7 after a repair that had nothing to heal from', async () => {
    const { it, cids } = await filled(1, 700_000);
    const [cid] = await contentOf(it.store, 'hot', parseCid(cids[0] as string));
    damageHotBlock(it.path, cid!);
    expect(await it.answer('store verify', ['--repair'])).toMatchObject({ code: 7, problems: [], document: { changed: false, result: { badTotal: 1, repaired: 0 }, error: { details: { bad: 1 } } } });
  });

  it('makes a hot database anew that does not open, from cold and the journal, and says what could not be brought back', async () => {
    const { it } = await filled(0);
    const cold = await it.send('cold', 300_000, { durability: 'cold' });
    const lost = await it.send('hot only', 300_000);
    await it.store.close();
    await writeFile(join(it.path, 'hot.db'), Buffer.alloc(200_000, 'x'));
    const closed = await it.answer('store verify', []);
    expect(closed).toMatchObject({ code: 7, problems: [], document: { error: { code: 'E_STORE_CORRUPT' } } });
    for (const args of [['store', 'list'], ['store', 'show'], ['demote', '--where', 'tier = hot']]) expect.soft((await it.run(args)).code).toBe(7);
    const rebuilt = await it.answer('store verify', ['--repair']);
    expect(rebuilt).toMatchObject({
      ...{ code: 7, problems: [] },
      document: { changed: true, result: { rebuilt: { fromCold: 1, notBroughtBack: [{ cid: lost.cid.toString(), level: 'hot' }] } }, error: { code: 'E_LOST', details: { lost: 1 } } },
    });
    const { kept } = (rebuilt.document.result as { rebuilt: { kept: string } }).rebuilt;
    expect((await stat(kept)).size).toBe(200_000);
    expect((await it.run(['store', 'list'])).stdout).toBe(`${cold.cid.toString()}\n`);
    // told once is not enough: it stays a finding
    expect(await it.answer('store verify', [])).toMatchObject({ code: 7, problems: [], document: { result: { bad: [], acknowledged: { present: 1, lost: [{ level: 'hot' }] } }, error: { code: 'E_LOST' } } });
    expect((await it.run(['check', 'store'])).code).toBe(2);
    expect(await it.answer('store verify', ['--acknowledged'])).toMatchObject({
      ...{ code: 7, problems: [] },
      document: { result: { acknowledged: { total: { cold: 1, hot: 1 }, present: 1, unannounced: [], lost: [{ cid: lost.cid.toString(), level: 'hot' }] } }, error: { code: 'E_LOST' } },
    });
  });

  it('salvages a hot database with damage in its middle', async () => {
    const { it, cids } = await filled(4, 300_000, { durability: 'cold' });
    await it.store.close();
    const path = join(it.path, 'hot.db');
    const bytes = await readFile(path);
    bytes.fill(0xa5, 3 * 16_384, 5 * 16_384);
    await writeFile(path, bytes);
    expect((await it.run(['store', 'verify'])).code).toBe(7);
    expect(await it.answer('store verify', ['--repair'])).toMatchObject({ code: 12, problems: [], document: { changed: true, result: { rebuilt: { notBroughtBack: [], journalDamage: null } }, error: { code: 'E_INCOMPLETE' } } });
    expect((await it.run(['store', 'list'])).stdout.trimEnd().split('\n').toSorted()).toEqual(cids.toSorted());
    expect((await it.run(['store', 'verify'])).code).toBe(0);
  });

  it('compares acknowledgements, and announces again from cold', async () => {
    const { it } = await filled(0);
    const message = await it.send('m', 300_000, { durability: 'cold' });
    const { inbox } = message.announcements[0]!;
    await it.store.hot.inbox.withdraw(inbox, message.cid);
    expect(await it.answer('store verify', ['--acknowledged', '--since', '1h'])).toMatchObject({
      ...{ code: 7, problems: [] },
      document: { changed: false, result: { checked: 1, acknowledged: { present: 0, unannounced: [{ cid: message.cid.toString(), level: 'cold' }], lost: [] } }, error: { code: 'E_LOST', details: { lost: 0, unannounced: 1 } } },
    });
    expect(await it.answer('store verify', ['--acknowledged', '--repair'])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { repaired: 1 } } });
    expect(await it.answer('store verify', ['--acknowledged'])).toMatchObject({ code: 0, document: { changed: false, result: { acknowledged: { present: 1 } } } });
    expect(await it.store.lastJob('acknowledged')).toMatchObject({ exit: 0, counts: { present: 1, lost: 0 } });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    expect(await it.answer('store verify', ['--acknowledged', '--since', later])).toMatchObject({ document: { result: { checked: 0 } } });
  });

  it('refuses what it cannot mean, and in production a repair that nobody confirmed', async () => {
    const { it, cids } = await filled(1);
    const usage = [['--sample', '0%'], ['--sample', '101%'], ['--sample', '1'], ['--since', '1h'], ['--acknowledged', '--tier', 'hot'], ['--acknowledged', '--sample', '1%'], ['--acknowledged', cids[0] as string], ['x']];
    for (const args of usage) expect.soft([args, await it.answer('store verify', args)]).toMatchObject([args, { code: 2, problems: [] }]);
    expect(await it.answer('store verify', [NEVER])).toMatchObject({ code: 5, problems: [], document: { error: { code: 'E_NOT_FOUND' } } });
    await it.run(['context', 'create', 'prod', '--store', it.path, '--env', 'prod', '--select']);
    const env = { OMNIPLEX_STORE: undefined };
    expect(await it.answer('store verify', ['--repair'], { env })).toMatchObject({ code: 9, problems: [], document: { error: { code: 'E_DECLINED', details: { confirm: 'prod' } } } });
    expect((await it.answer('store verify', ['--repair', '--confirm', 'prod'], { env })).code).toBe(0);
    expect((await it.answer('store verify', [], { env })).code).toBe(0);
  });

  it('looks at a sample, and tells what it has when time runs out', async () => {
    const { it } = await filled(2, 3_000_000);
    const { document, code } = await it.answer('store verify', ['--sample', '30%']);
    expect(code).toBe(0);
    expect((document.result as { checked: number }).checked).toBeLessThan(20);
    const ended = await it.answer('store verify', ['--timeout', '1ms']);
    expect(ended).toMatchObject({ code: 12, problems: [], document: { error: { code: 'E_TIMEOUT' } } });
  });
});

describe('store remove and gc', () => {
  it('remove wants the plan by name, then is nothing to do; gc forgets after the grace time', async () => {
    const { it, cids } = await filled(2, 300_000, { agoMs: 3 * DAY_MS });
    const [cid, kept] = cids as [string, string];
    const refused = await it.answer('store remove', [cid]);
    expect(refused).toMatchObject({ code: 9, problems: [], document: { error: { code: 'E_DECLINED' } } });
    const dry = await it.answer('store remove', [cid, '--dry-run']);
    const { planId } = dry.document.result as { planId: string };
    expect(refused.document.error?.details).toMatchObject({ confirm: planId });
    expect(dry).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { plan: { messages: 1 } } } });
    expect(await it.answer('store remove', [cid, kept, '--confirm', planId])).toMatchObject({ code: 9, problems: [], document: { error: { code: 'E_PLAN_CHANGED' } } });
    expect(await it.answer('store remove', [cid, '--confirm', planId])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { moved: 1 } } });
    expect(await it.answer('store remove', [cid, '--confirm', planId])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { moved: 0 } } });
    expect((await it.run(['store', 'list'])).stdout).toBe(`${kept}\n`);
    expect(await it.answer('store remove', [kept, '--confirm', cid])).toMatchObject({ code: 9, problems: [] });
    expect(await it.answer('store remove', [kept, '--dry-run', '--confirm', kept])).toMatchObject({ code: 0, problems: [], document: { changed: false } });
    expect(await it.answer('store remove', [kept, '--confirm', kept])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { moved: 1 } } });
    expect(await it.answer('store remove', ['--where', 'size > 1TiB'])).toMatchObject({ code: 0, document: { result: { matched: 0 } } });
    expect((await it.answer('store remove', [NEVER, '--dry-run'])).code).toBe(5);
    expect((await it.answer('store remove', [])).code).toBe(2);
    // removed just now: garbage tomorrow
    expect(await it.answer('store gc', [])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { blocks: 0 } } });
  });

  it('gc wants the plan by name; a plan that changed is 9, one that is done is nothing to do', async () => {
    const { it, cids } = await filled(1, 300_000, { agoMs: 3 * DAY_MS });
    await it.store.hot.put([blockOf('stray')]);
    const refused = await it.answer('store gc', []);
    expect(refused).toMatchObject({ code: 9, problems: [], document: { error: { code: 'E_DECLINED', details: { what: expect.stringContaining('1 block') as string } } } });
    const dry = await it.answer('store gc', ['--dry-run']);
    expect(dry).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { blocks: 0, plan: { blocks: 1, bytes: 100, tiers: { hot: { blocks: 1 } } } } } });
    const { planId } = dry.document.result as { planId: string };
    await it.store.hot.put([blockOf('another')]);
    expect(await it.answer('store gc', ['--confirm', planId])).toMatchObject({ code: 9, problems: [], document: { changed: false, error: { code: 'E_PLAN_CHANGED', details: { confirmed: planId } } } });
    expect(await it.store.lastJob('gc')).toMatchObject({ exit: 9, code: 'E_PLAN_CHANGED' });
    const again = (await it.answer('store gc', ['--dry-run'])).document.result as { planId: string };
    expect(await it.answer('store gc', ['--confirm', again.planId])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { blocks: 2, messages: 0 } } });
    expect(await it.answer('store gc', ['--confirm', again.planId])).toMatchObject({ code: 0, problems: [], document: { changed: false } });
    expect(await it.store.lastJob('gc')).toMatchObject({ exit: 0 });
    expect((await fetch(it.store, parseCid(cids[0] as string))).length).toBe(300_000);
  });

  it('gc says what waits, and takes it with a shorter grace time when nobody writes', async () => {
    const { it } = await filled(1, 300_000);
    await it.store.hot.put([blockOf('left')]);
    const waits = await it.run(['store', 'gc', '--dry-run']);
    expect(waits.stdout).toMatch(/^younger than 1d, so still kept: 1 block of no message \(100 B\); the last of it may go after .*--grace/m);
    expect(await it.answer('store gc', ['--grace', '59s', '--dry-run'])).toMatchObject({ code: 2, problems: [], document: { error: { code: 'E_USAGE' } } });
    expect(await it.answer('store gc', ['--grace', '1m', '--dry-run'])).toMatchObject({ code: 0, problems: [], document: { result: { graceSeconds: 60, waiting: { blocks: 1 } } } });
    const share = await enterWriters(it.store);
    expect(await it.answer('store gc', ['--grace', '1m', '--dry-run'])).toMatchObject({ code: 6, problems: [], document: { error: { code: 'E_LOCKED' } } });
    share[Symbol.dispose]();
  });

  it('asks at a terminal, and takes no for an answer', async () => {
    const { it, cids } = await filled(1, 300_000, { agoMs: 3 * DAY_MS });
    await it.store.hot.put([blockOf('stray')]);
    const no = openTerminal(['store', 'gc'], { env: it.env, cwd: it.folder });
    await no.waitFor(/Really delete 1 block, 100 B.*\?/);
    no.type('n');
    expect((await no.done).code).toBe(9);
    expect(await it.store.hot.has([blockOf('stray').cid])).toEqual([true]);
    const yes = openTerminal(['store', 'remove', cids[0] as string], { env: it.env, cwd: it.folder });
    await yes.waitFor('Really remove 1 message');
    yes.type('y');
    expect((await yes.done).code).toBe(0);
    expect(yes.text()).toContain('1 message removed');
    const silent = openTerminal(['store', 'gc', '--no-input'], { env: it.env, cwd: it.folder });
    expect((await silent.done).code).toBe(9);
  });

  it('gc stops at a message that it cannot walk', async () => {
    const { it, cids } = await filled(1, 700_000, { agoMs: 3 * DAY_MS });
    await it.store.hot.put([blockOf('stray')]);
    await it.store.hot.remove([parseCid(cids[0] as string)]);
    expect(await it.answer('store gc', ['--dry-run'])).toMatchObject({ code: 7, problems: [], document: { error: { code: 'E_BLOCKS_MISSING' } } });
    expect(await it.store.hot.has([blockOf('stray').cid])).toEqual([true]);
  });
});

describe('store pin and unpin', () => {
  it('brings a message to hot and keeps it there, and can be repeated', async () => {
    const { it, cids } = await filled(1, 300_000, { durability: 'cold' });
    const [cid] = cids as [string];
    await it.run(['demote', cid]);
    expect(await it.answer('store pin', [cid, '--dry-run'])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { plan: { messages: 1 } } } });
    expect(await it.answer('store pin', [cid, '--ttl', '1d'])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { moved: 1 } } });
    expect(await it.answer('store show', [cid])).toMatchObject({ problems: [], document: { result: { pinned: 'until', copies: [{ tier: 'hot', verified: true }, { tier: 'files', verified: true }] } } });
    expect(await it.answer('store pin', [cid])).toMatchObject({ document: { changed: true } });
    expect(await it.answer('store pin', [cid])).toMatchObject({ code: 0, document: { changed: false } });
    expect((await it.run(['store', 'list', '--where', 'pinned'])).stdout).toBe(`${cid}\n`);
    expect(await it.answer('store unpin', [cid])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { moved: 1 } } });
    expect(await it.answer('store unpin', [cid])).toMatchObject({ code: 0, problems: [], document: { changed: false } });
    for (const id of ['store pin', 'store unpin']) {
      expect.soft(await it.answer(id, [])).toMatchObject({ code: 2, problems: [] });
      expect.soft(await it.answer(id, [NEVER])).toMatchObject({ code: 5, problems: [] });
    }
  });
});

describe('store lock', () => {
  it('shows holder, age, lease and fence; breaks only what is confirmed, and the fence goes stale', async () => {
    const { it } = await filled(1);
    expect((await it.run(['store', 'lock', 'list'])).stdout).toBe('nobody holds a lock\n');
    const lock = await it.store.locks.acquire('demote', { holder: 'nightly', waitMs: 0 });
    const holder = `nightly pid ${process.pid}`;
    const shown = { name: 'demote', holder, state: 'held', fence: { epoch: lock.epoch, counter: lock.counter } };
    expect(await it.answer('store lock list', [])).toMatchObject({ code: 0, problems: [], document: { result: { locks: [shown] } } });
    expect(await it.answer('store lock show', ['demote'])).toMatchObject({ code: 0, problems: [], document: { result: shown } });
    expect((await it.run(['store', 'lock', 'list'])).stdout).toContain(holder);
    expect(await it.answer('store lock show', ['gc'])).toMatchObject({ code: 5, problems: [] });
    expect(await it.answer('store lock show', [])).toMatchObject({ code: 2, problems: [] });
    expect(await it.answer('store lock break', ['demote'])).toMatchObject({ code: 9, problems: [], document: { error: { code: 'E_DECLINED', details: { confirm: 'demote' } } } });
    expect(await it.answer('store lock break', ['demote', '--confirm', 'gc'])).toMatchObject({ code: 9, problems: [] });
    expect(await it.answer('store lock break', ['demote', '--dry-run'])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { was: { holder } } } });
    expect(await it.answer('store lock break', ['demote', '--confirm', 'demote'])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { name: 'demote', was: { holder } } } });
    expect(await it.answer('store lock break', ['demote', '--confirm', 'demote'])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { was: null } } });
    await expect(lock.renew()).rejects.toMatchObject({ code: 'E_FENCE_STALE' });
  });
});
