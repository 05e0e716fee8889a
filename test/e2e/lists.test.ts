/** Every list takes the one filter grammar and the one paging. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/base/clock.ts';
import { openStore, type Store } from '../../src/core/storage/store.ts';
import { partsFromSources } from '../../tools/commands.ts';
import { sandbox, type Sandbox } from '../support/run.ts';
import { answerOf } from '../support/stored.ts';

const secret = ['--passphrase-file', 'pass'];

interface Case {
  readonly id: string;
  readonly rows: string;
  /** What is in it, in its order. */
  readonly all: readonly object[];
  /** Finds the second of them only. */
  readonly where: string;
  readonly empty: RegExp;
  readonly flags?: readonly string[];
}

const cases: readonly Case[] = [
  { id: 'identity list', rows: 'identities', all: [{ name: 'alice' }, { name: 'bot' }], where: 'send-only', empty: /no identity matches/ },
  { id: 'contact list', rows: 'contacts', all: [{ name: 'ben' }, { name: 'chi' }], where: 'name = chi and not verified', empty: /no contact matches/ },
  { id: 'context list', rows: 'contexts', all: [{ name: 'local' }, { name: 'theirs' }], where: 'not selected', empty: /no context matches/ },
  { id: 'backup list', rows: 'backups', all: [{ what: ['keys'] }, { what: ['keys', 'store'] }], where: 'what = store and state = present', empty: /no backup matches/ },
  { id: 'store lock list', rows: 'locks', all: [{ name: 'demote' }, { name: 'gc' }], where: 'name ~ g and state = held', empty: /no lock matches/ },
  { id: 'outbox list', rows: 'messages', all: [{ name: 'two.txt' }, { name: 'one.txt' }], where: 'name = one.txt', empty: /nothing matches/ },
  { id: 'inbox list', rows: 'messages', all: [{ name: 'one.txt' }, { name: 'two.txt' }], where: 'name = two.txt', empty: /nothing matches/, flags: secret },
];

let folder: string;
let box: Sandbox;
let store: Store;

const answer = async (id: string, args: readonly string[]) => answerOf(id, await box.run([...id.split(' '), ...args, '--json']));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omniplex-'));
  box = await sandbox(folder);
  await writeFile(join(folder, 'pass'), 'a long enough passphrase\n', { mode: 0o600 });
  for (const name of ['one.txt', 'two.txt']) await writeFile(join(folder, name), name);
  const theirs = ['--context', 'theirs'];
  for (const args of [
    ['init', 'theirs', '--defaults', '--home', 'theirs', '--store', 'store'],
    ['init', 'local', '--defaults', '--select', '--home', 'mine', '--store', 'store'],
    ['identity', 'create', 'bot', '--send-only', ...secret],
    ['identity', 'create', 'alice', ...secret],
    ...['chi', 'ben'].flatMap((name) => [
      ['identity', 'create', name, ...secret, ...theirs],
      ['identity', 'export', name, '--out', `${name}.bundle`, ...secret, ...theirs],
      ['contact', 'add', `${name}.bundle`],
    ]),
    ...['one.txt', 'two.txt'].map((name) => ['send', name, '--to', 'alice', '--as', 'alice', ...secret]),
    ['backup', 'create', '--what', 'all', '--out', 'all.opb', ...secret],
    ['backup', 'create', '--what', 'keys', '--out', 'keys.opb', ...secret],
  ]) {
    const { code, stderr } = await box.run([...args, '--quiet']);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  }
  store = await openStore(join(folder, 'store'), { clock: systemClock, holder: 'test' });
  for (const name of ['gc', 'demote']) await store.locks.acquire(name, { holder: 'test', waitMs: 0 });
}, 120_000);

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(cases)('omniplex $id', ({ id, rows, all, where, empty, flags = [] }) => {
  const page = (items: readonly object[], next: unknown) => ({ code: 0, problems: [], document: { ok: true, changed: false, result: { [rows]: items, next } } });

  it('comes whole, in pages, and filtered', async () => {
    expect(await answer(id, flags)).toMatchObject(page(all, null));
    const first = await answer(id, ['--limit', '1', ...flags]);
    expect(first).toMatchObject(page(all.slice(0, 1), expect.any(String)));
    const { next } = first.document.result as { readonly next: string };
    expect(await answer(id, ['--limit', '1', '--after', next, ...flags])).toMatchObject(page(all.slice(1), null));
    expect(await answer(id, ['--where', where, ...flags])).toMatchObject(page(all.slice(1), null));
  });

  it('says how to go on, and that nothing matches', async () => {
    expect((await box.run([...id.split(' '), '--limit', '1', ...flags])).stdout).toMatch(/\nmore: --after \S+\n$/);
    expect((await box.run([...id.split(' '), '--where', `not (${where}) and ${where}`, ...flags])).stdout).toMatch(empty);
  });

  it.each(['nonsense', ''])('takes no filter %j', async (text) => {
    const { code, document, problems } = await answer(id, ['--where', text, ...flags]);
    expect({ code, problems, ok: document.ok }).toEqual({ code: 2, problems: [], ok: false });
  });
});

it('is every list there is', () => {
  const lists = partsFromSources().commands.flatMap(({ id }) => (id.endsWith(' list') ? [id] : []));
  expect(cases.map(({ id }) => id).concat('store list').toSorted()).toEqual(lists.toSorted());
});
