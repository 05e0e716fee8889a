/** A hot database that is gone, as its sender, his cron and the store's operator live through it: built command line, real files. */
import { hash, randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { answerOf } from '../support/stored.ts';
import { correspondents, envelope, type Correspondent } from '../support/correspondents.ts';

interface Listed {
  readonly messages: ReadonlyArray<{ readonly cid: string; readonly id?: string; readonly state: string }>;
}

const TIMEOUT = { timeout: 120_000 };

const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes);
const listed = async (one: Correspondent) => (await one.result<Listed>(['outbox', 'list'])).messages.map(({ id, state }) => [id, state]);
const codeOf = async (one: Correspondent, args: readonly string[]) => envelope(await one.run([...args, '--json'])).error?.code;

async function staged() {
  const pair = await correspondents();
  const path = (name: string): string => join(pair.folder, name);
  await writeFile(path('note.txt'), 'a note\n');
  await writeFile(path('plan.bin'), randomBytes(300_000));
  const send = (file: string, id: string, ...flags: readonly string[]) => ['send', path(file), '--to', 'bob', '--id', id, ...flags];
  const ruin = async () => {
    for (const file of await readdir(pair.store)) if (file.startsWith('hot.db')) await rm(join(pair.store, file));
    await writeFile(join(pair.store, 'hot.db'), randomBytes(300_000));
  };
  return { ...pair, path, send, ruin };
}

describe('a hot database that is gone', () => {
  it('forgets no --id, turns the outbox lost, stays red until it is made good, and never sends twice', TIMEOUT, async () => {
    const { alice, bob, path, send, ruin } = await staged();
    const cold = await alice.result<{ cid: string }>(send('note.txt', 'cold', '--durability', 'cold'));
    const hot = await alice.result<{ cid: string }>(send('note.txt', 'hot'));
    const carried = await alice.result<{ cid: string }>(send('plan.bin', 'carried', '--out', path('plan.car')));
    await ruin();
    const repair = await alice.run(['store', 'verify', '--repair']);
    expect(repair.code).toBe(7);
    expect(repair.stdout).toContain('3 records of an --id came back from the journal');
    for (const { cid } of [hot, carried]) expect(repair.stdout).toContain(cid);

    for (const [args, code] of [[['check', 'outbox'], 2], [['check', 'store'], 2], [['doctor'], 1], [['store', 'verify'], 7], [['check', 'outbox'], 2]] as const) expect.soft([args, (await alice.run(args)).code]).toEqual([args, code]);
    expect((await alice.run(['check', 'outbox'])).stdout).toContain('CRITICAL: 2 lost');
    const first = await alice.run(['outbox', 'list']);
    expect(first.stderr).toContain('W_LOST');
    expect(await listed(alice)).toEqual([['carried', 'lost'], ['hot', 'lost'], ['cold', 'announced']]);
    expect(await codeOf(alice, ['outbox', 'resend', 'hot'])).toBe('E_MESSAGE_LOST');

    expect((await alice.result<{ cid: string }>(send('note.txt', 'cold', '--durability', 'cold'))).cid).toBe(cold.cid);
    expect(await codeOf(alice, send('plan.bin', 'hot'))).toBe('E_ID_CONFLICT');
    const again = await alice.run([...send('note.txt', 'hot'), '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, changed: true, warnings: [{ code: 'W_SENT_AGAIN', cid: hot.cid }] });
    await alice.result(['store', 'import', path('plan.car')]);
    expect(await listed(alice)).toEqual([['hot', 'announced'], ['carried', 'announced'], [undefined, 'cancelled'], ['cold', 'announced']]);
    for (const args of [['store', 'verify'], ['check', 'outbox'], ['check', 'store'], ['doctor']]) expect.soft([args, (await alice.run(args)).code]).toEqual([args, 0]);
    expect((await bob.result<{ messages: unknown[] }>(['inbox', 'list'])).messages).toHaveLength(3);
  });

  it('with a damaged journal: mends it, says what nobody knows any more, and warns of an id that the home still knows', TIMEOUT, async () => {
    const { alice, store, send, ruin } = await staged();
    const first = await alice.result<{ cid: string }>(send('note.txt', 'first'));
    await alice.result(send('note.txt', 'second'));
    const [log = ''] = await readdir(join(store, 'journal')).then((names) => names.filter((name) => name.endsWith('.log')));
    const bytes = await readFile(join(store, 'journal', log));
    await writeFile(join(store, 'journal', log), bytes.with(30, bytes[30]! ^ 1));
    await ruin();
    const repair = envelope<{ journalMended: unknown; rebuilt: unknown }>(await alice.run(['store', 'verify', '--repair', '--json']));
    expect(repair).toMatchObject({ result: { journalMended: [{ records: 1 }], rebuilt: { operations: 1, journalDamage: null } }, error: { code: 'E_LOST' } });
    const again = JSON.parse((await alice.run([...send('note.txt', 'first'), '--json'])).stdout) as unknown;
    expect(again).toMatchObject({ ok: true, warnings: expect.arrayContaining([expect.objectContaining({ code: 'W_SENT_AGAIN', cid: first.cid })]) });
  });
});

describe('wrong bytes', () => {
  it('stay a finding of check and doctor, and their message lost, whatever a narrower look at the store says', TIMEOUT, async () => {
    const { alice, store, send, path } = await staged();
    const { cid } = await alice.result<{ cid: string }>(send('note.txt', 'noted', '--durability', 'cold', '--out', path('noted.car')));
    await alice.result(['demote', cid]);
    const [shard = ''] = (await readdir(join(store, 'cold', 'blocks'))).filter((name) => name.length === 2);
    const [name = ''] = await readdir(join(store, 'cold', 'blocks', shard));
    const file = join(store, 'cold', 'blocks', shard, name);
    const bytes = await readFile(file);
    await chmod(file, 0o600);
    await writeFile(file, bytes.with(9, bytes[9]! ^ 1));
    expect((await alice.run(['store', 'verify'])).code).toBe(7);
    const other = await alice.result<{ cid: string }>(send('note.txt', 'sound'));
    const narrow = [[['--tier', 'hot'], 7], [[other.cid], 0], [['--tier', 'ipfs'], 3], [['--acknowledged'], 7]] as const;
    for (const [flags, code] of narrow) {
      expect.soft([flags, (await alice.run(['store', 'verify', ...flags])).code]).toEqual([flags, code]);
      for (const [args, red] of [[['check', 'store'], 2], [['check', 'outbox'], 2], [['doctor'], 1]] as const) expect.soft([flags, args, (await alice.run(args)).code]).toEqual([flags, args, red]);
    }
    expect(await codeOf(alice, ['outbox', 'resend', 'noted'])).toBe('E_MESSAGE_LOST');
    expect(await listed(alice)).toEqual([['sound', 'announced'], ['noted', 'lost']]);
    await alice.result(['store', 'import', path('noted.car')]);
    expect((await alice.run(['store', 'verify', '--repair'])).code).toBe(0);
    for (const args of [['store', 'verify'], ['check', 'store'], ['check', 'outbox'], ['doctor']]) expect.soft([args, (await alice.run(args)).code]).toEqual([args, 0]);
    expect(await listed(alice)).toEqual([['sound', 'announced'], ['noted', 'announced']]);
  });
});

describe('a hot database that is broken itself', () => {
  it('is looked at and not written to, before a repair', TIMEOUT, async () => {
    const { alice, store, send } = await staged();
    for (const id of ['one', 'two', 'three']) await alice.result(send('plan.bin', id));
    const path = join(store, 'hot.db');
    const db = new DatabaseSync(path);
    const { rootpage } = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'announcements'").get() as { rootpage: number };
    const { page_size: size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    db.close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0x5a, (rootpage - 1) * size, rootpage * size));
    const seen = async () => Promise.all(['hot.db', 'hot.db-wal'].map((name) => readFile(join(store, name)).then((found) => sha256(found), () => 'none')));
    const before = await seen();
    for (const flags of [[], ['--acknowledged'], ['--acknowledged', '--repair']]) {
      expect.soft([flags, (await alice.run(['store', 'verify', ...flags])).code]).toEqual([flags, 7]);
      expect.soft([flags, await seen()]).toEqual([flags, before]);
    }
    expect((await alice.run(['check', 'store'])).code).toBe(2);
    const { stdout } = await alice.run(['store', 'verify']);
    expect(stdout.match(/the tier itself/g)).toHaveLength(1);
    expect(stdout).toMatch(/found bad: 1$/m);
    expect(stdout).toMatch(/acknowledged was not compared.*--repair/);
    expect(await answerOf('store verify', await alice.run(['store', 'verify', '--json']))).toMatchObject({ problems: [], document: { result: { badTotal: 1, hotBroken: true } } });
  });
});

describe('a cancel', () => {
  it('stays a cancel, and is refused when everybody has the message', TIMEOUT, async () => {
    const { alice, bob, send, folder } = await staged();
    await alice.result(send('note.txt', 'one'));
    expect((await alice.run(['outbox', 'cancel', 'one', '--confirm', 'one'])).code).toBe(0);
    expect(await codeOf(alice, ['outbox', 'resend', 'one'])).toBe('E_CANCELLED');
    expect((await alice.run(['outbox', 'show', 'one'])).stdout.trimEnd()).toMatch(/announced \S+ \S+  cancelled \S+ \S+$/);
    await alice.result(send('note.txt', 'two', '--receipt', 'opened'));
    await bob.result(['inbox', 'fetch', '--out', join(folder, 'got'), '--ack']);
    const late = await alice.run(['outbox', 'cancel', 'two', '--confirm', 'two', '--json']);
    expect([late.code, envelope(late).error?.code]).toEqual([6, 'E_TOO_LATE']);
    expect(await listed(alice)).toEqual([['two', 'opened'], ['one', 'cancelled']]);
    expect((await alice.run(['check', 'outbox'])).code).toBe(0);
  });
});
