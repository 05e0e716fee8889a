/** promote and demote as an operator and a cron job use them: no home, no key, no passphrase, no terminal. */
import { readFile, readdir, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCid } from '../../src/core/base/cid.ts';
import { fetch, forge, held, putForged } from '../core/storage/store.ts';
import { openTerminal } from '../support/pty.ts';
import { ROOT, runProcess } from '../support/run.ts';
import { contentOf, DAY_MS, loseColdBlock, storedSandbox, type Stored } from '../support/stored.ts';

const lines = (text: string): unknown[] => text.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);

async function filled(count: number, bytes = 300_000, agoMs = 0): Promise<{ it: Stored; cids: string[] }> {
  const it = await storedSandbox({ agoMs });
  const cids: string[] = [];
  for (let i = 0; i < count; i++) cids.push((await it.send(i, bytes)).cid.toString());
  return { it, cids };
}

/** Work that takes a while: many blocks, few bytes. */
async function slow(): Promise<Stored> {
  const it = await storedSandbox();
  for (const seed of ['a', 'b']) await putForged(it.store, forge(seed, 1_200));
  return it;
}

describe('demote', () => {
  it('plans, moves what the filter finds, then finds nothing; and leaves the record of the job', async () => {
    const { it, cids } = await filled(3, 300_000, 40 * DAY_MS);
    const where = ['--where', 'tier = hot and stored > 30d and not pinned'];
    const dry = await it.answer('demote', [...where, '--dry-run', '--out', 'plan.ndjson']);
    expect(dry).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { matched: 3, moved: 0, plan: { messages: 3, to: [{ tier: 'files', copies: 1 }] } } } });
    expect(lines(await readFile(join(it.folder, 'plan.ndjson'), 'utf8'))).toMatchObject(cids.map((cid) => ({ cid, outcome: 'planned' })));
    expect((await it.answer('demote', [...where, '--dry-run'])).document.result).toMatchObject({ planId: (dry.document.result as { planId: string }).planId });
    expect(await it.store.lastJob('demote')).toBeUndefined();
    const moved = await it.answer('demote', [...where, '--quiet']);
    expect(moved).toMatchObject({ code: 0, problems: [], document: { ok: true, changed: true, result: { matched: 3, moved: 3, left: 0, reasons: {}, copies: { min: 1 } } } });
    expect(await it.answer('demote', where)).toMatchObject({ code: 0, problems: [], document: { ok: true, changed: false, result: { matched: 0, moved: 0 } } });
    expect(await it.store.lastJob('demote')).toMatchObject({ exit: 0, counts: { matched: 0 } });
    expect((await it.run(['demote', ...where, '--quiet'])).stdout).toBe('');
  });

  it('is 6 for the one message that is pinned, 12 for a part of many, and says both in JSON with the result', async () => {
    const { it, cids } = await filled(2);
    const [pinned] = cids as [string];
    expect((await it.answer('store pin', [pinned])).code).toBe(0);
    expect(await it.answer('demote', [pinned])).toMatchObject({ code: 6, problems: [], document: { ok: false, changed: false, result: { left: 1 }, error: { code: 'E_PINNED' } } });
    const part = await it.answer('demote', ['--where', 'tier = hot', '--out', 'items.ndjson']);
    expect(part).toMatchObject({ code: 12, problems: [], document: { ok: false, changed: true, result: { matched: 2, moved: 1, left: 1, reasons: { E_PINNED: 1 } }, error: { code: 'E_INCOMPLETE' } } });
    expect(lines(await readFile(join(it.folder, 'items.ndjson'), 'utf8'))).toMatchObject([{ cid: pinned, outcome: 'left', code: 'E_PINNED' }, { cid: cids[1], outcome: 'moved' }]);
    expect(await it.store.lastJob('demote')).toMatchObject({ exit: 12, code: 'E_INCOMPLETE', counts: { moved: 1, left: 1 } });
    const quiet = await it.run(['demote', '--where', 'tier = hot', '--quiet']);
    expect([quiet.code, quiet.stdout]).toEqual([12, '']);
    expect(quiet.stderr).toContain('E_INCOMPLETE');
  });

  it('keeps hot what has too few copies', async () => {
    const { it, cids } = await filled(1);
    expect(await it.answer('demote', [cids[0] as string, '--min-copies', '3'])).toMatchObject({ code: 12, problems: [], document: { error: { code: 'E_COPIES_TOO_FEW', details: { copies: 1, needed: 3 } } } });
    expect((await held(it.store, 'hot')).size).toBeGreaterThan(1);
  });

  it('refuses what it cannot mean before it does anything', async () => {
    const { it, cids } = await filled(1);
    const [cid] = cids as [string];
    const never = 'bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam';
    const refused: readonly (readonly [number, string, readonly string[]])[] = [
      [2, 'E_USAGE', []],
      [2, 'E_USAGE', [cid, '--where', 'tier = hot']],
      [2, 'E_USAGE', [cid, '--tier', 'hot']],
      [2, 'E_USAGE', [cid, '--min-copies', '0']],
      [2, 'E_CID_INVALID', ['all']],
      [2, 'E_FILTER', ['--where', 'tier = cold']],
      [2, 'E_FILTER', ['--where', 'stored > 30']],
      [3, 'E_NOT_SUPPORTED', [cid, '--tier', 'ipfs,s3']],
      [5, 'E_NOT_FOUND', [cid, never]],
      [6, 'E_EXISTS', [cid, '--out', 'store/store.json']],
    ];
    for (const [exit, code, args] of refused) {
      expect.soft([args, await it.answer('demote', args)]).toMatchObject([args, { code: exit, problems: [], document: { ok: false, error: { code, exit } } }]);
    }
    expect((await held(it.store, 'files')).size).toBe(0);
    expect((await it.answer('demote', [cid], { env: { OMNIPLEX_STORE: join(it.folder, 'none') } })).document.error).toMatchObject({ code: 'E_NO_STORE', exit: 5 });
  });

  it('names the holder while another run has the lock, and waits for it when told', async () => {
    const { it } = await filled(1);
    const lock = await it.store.locks.acquire('demote', { holder: 'nightly', waitMs: 0 });
    const refused = await it.answer('demote', ['--where', 'tier = hot']);
    expect(refused).toMatchObject({ code: 6, problems: [], document: { changed: false, error: { code: 'E_LOCKED', details: { name: 'demote', holder: expect.stringContaining(`nightly pid ${process.pid}`) as string } } } });
    expect(await it.store.lastJob('demote')).toMatchObject({ exit: 6, code: 'E_LOCKED' });
    const waiting = it.answer('demote', ['--where', 'tier = hot', '--lock-wait', '30s']);
    await lock.release();
    expect(await waiting).toMatchObject({ code: 0, document: { result: { moved: 1 } } });
  });

  it('moves each message once when two do it at once, and loses none', async () => {
    const { it } = await filled(12);
    const both = await Promise.all([it.answer('demote', ['--where', 'tier = hot', '--lock-wait', '30s']), it.answer('demote', ['--where', 'tier = hot', '--lock-wait', '30s'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.reduce((sum, { document }) => sum + (document.result as { moved: number }).moved, 0)).toBe(12);
    for (let i = 0; i < 12; i++) expect.soft((await fetch(it.store, (await it.send(i, 300_000)).cid)).length).toBe(300_000);
    expect(await it.answer('store verify', [])).toMatchObject({ code: 0, document: { result: { bad: [] } } });
  });

  it('two that name the same messages: what the other has is left or found done, never both moved', async () => {
    const { it, cids } = await filled(6);
    const both = await Promise.all([it.answer('demote', cids), it.answer('demote', cids.toReversed())]);
    const results = both.map(({ document }) => document.result as { moved: number; left: number; reasons: Record<string, number> });
    expect(results[0]!.moved + results[1]!.moved).toBe(6);
    for (const { reasons } of results) expect(Object.keys(reasons).filter((code) => code !== 'E_LOCKED' && code !== 'E_BUSY')).toEqual([]);
    expect(await it.answer('store verify', [])).toMatchObject({ code: 0 });
  });

  it('answers Ctrl-C at once, and leaves no lock, no half file and nothing that the next run cannot finish', async () => {
    const it = await slow();
    const changes = watch(join(it.path, 'cold', 'blocks'));
    const { child, done } = it.start(['demote', '--where', 'tier = hot', '--out', 'items.ndjson', '--json']);
    // once the first blocks are cold, it is in the middle of it
    for await (const _ of changes) break;
    child.kill('SIGINT');
    const { code, stdout } = await done;
    expect([code, (JSON.parse(stdout) as { error: unknown }).error]).toMatchObject([130, { code: 'E_INTERRUPTED' }]);
    expect(await it.store.locks.list()).toEqual([]);
    expect(await readdir(it.folder)).not.toContain('items.ndjson');
    expect(await it.store.lastJob('demote')).toMatchObject({ exit: 130 });
    expect(await it.answer('store verify', [])).toMatchObject({ code: 0 });
    expect(await it.answer('demote', ['--where', 'tier = hot'])).toMatchObject({ code: 0, document: { result: { moved: 2, left: 0 } } });
  });

  it('shows progress at a terminal, and a killed run stands in nobody’s way', async () => {
    const it = await slow();
    const terminal = openTerminal(['demote', '--where', 'tier = hot'], { env: it.env, cwd: it.folder, columns: 100 });
    await terminal.waitFor(/demoting {2}\d+ % {2}[\d.]+ K?i?B of \d\d\d KiB {2}[\d.]+ K?i?B\/s/);
    terminal.kill('SIGKILL');
    await terminal.done;
    const left = await it.answer('store lock list', []);
    expect(left).toMatchObject({ problems: [], document: { result: { locks: [{ name: 'demote', state: 'orphaned' }, { name: expect.stringMatching(/^message\//) as string, state: 'orphaned' }] } } });
    expect(await it.answer('demote', ['--where', 'tier = hot'])).toMatchObject({ code: 0, document: { result: { left: 0 } } });
    expect((await it.answer('store lock list', [])).document.result).toEqual({ locks: [], next: null });
    expect(await it.answer('store verify', [])).toMatchObject({ code: 0 });
  });

  it('ends at --timeout with what was done', async () => {
    const it = await slow();
    const ended = await it.answer('demote', ['--where', 'tier = hot', '--timeout', '100ms']);
    expect(ended.code).toBe(12);
    expect(ended.problems).toEqual([]);
    expect(['E_INCOMPLETE', 'E_TIMEOUT']).toContain(ended.document.error?.code);
    expect(await it.store.locks.list()).toEqual([]);
  });
});

describe('promote', () => {
  it('brings content back, pins it with --ttl, and is nothing the second time', async () => {
    const { it, cids } = await filled(2);
    const [cid] = cids as [string];
    await it.run(['demote', ...cids]);
    expect(await it.answer('promote', [cid, '--ttl', '1h'])).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { matched: 1, moved: 1, copies: { min: 2 } } } });
    expect(await it.answer('demote', [cid])).toMatchObject({ code: 6, document: { error: { code: 'E_PINNED' } } });
    expect(await it.answer('promote', [cid])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { moved: 0 } } });
    expect(await it.answer('promote', ['--where', 'not tier = hot', '--dry-run'])).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { plan: { messages: 1 } } } });
    expect(await it.answer('promote', ['--where', 'not tier = hot'])).toMatchObject({ code: 0, document: { result: { moved: 1 } } });
    expect(await it.store.lastJob('promote')).toMatchObject({ exit: 0 });
    expect((await it.answer('promote', [])).code).toBe(2);
    expect((await it.answer('promote', [cid, '--ttl', 'long'])).code).toBe(2);
  });

  it('leaves a message whose blocks are gone, and moves the others', async () => {
    const { it, cids } = await filled(2);
    await it.run(['demote', ...cids]);
    const [lost] = await contentOf(it.store, 'files', ...cids.map(parseCid));
    await loseColdBlock(it.path, lost!);
    expect(await it.answer('promote', cids)).toMatchObject({ code: 12, problems: [], document: { changed: true, result: { moved: 1, left: 1, reasons: { E_BLOCKS_MISSING: 1 } } } });
  });

  it('writes items to stdout for a pipe, and is quiet when the reader leaves', async () => {
    const { it, cids } = await filled(3);
    await it.run(['demote', ...cids]);
    const omniplex = `'${process.execPath}' '${join(ROOT, 'bin', 'run.js')}'`;
    const { stdout, stderr } = await runProcess('bash', ['-c', `${omniplex} promote --where 'not tier = hot' --out - | head -1; echo "\${PIPESTATUS[*]}"`], { env: it.env });
    const [item = '', codes] = stdout.trimEnd().split('\n');
    expect(JSON.parse(item)).toMatchObject({ cid: cids[0], outcome: 'moved' });
    expect(codes).toBe('0 0');
    expect(stderr).toContain('promoted');
    expect(await it.answer('promote', ['--where', 'not tier = hot'])).toMatchObject({ document: { result: { matched: 0 } } });
  });
});
