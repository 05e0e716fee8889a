/** However a command ends where its home, store, context or passphrase is not what it needs: with one document, and an exit that it declares. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalogue, type CatalogueArg, type CatalogueEntry } from '../../src/cli/catalogue.ts';
import { installCommands } from '../../src/cli/commands-table.ts';
import { partsFromSources } from '../../tools/commands.ts';
import { sandbox, type Sandbox } from '../support/run.ts';
import { answerOf } from '../support/stored.ts';

const CID = `bafyrei${'a'.repeat(52)}`;
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'no such context': ['--context', 'nowhere'],
  'no home and no store': ['--home', 'none', '--store', 'none'],
  'an empty home and store': ['--context', 'empty', '--passphrase-file', 'pass'],
  'a damaged home': ['--context', 'bad-home', '--passphrase-file', 'pass'],
  'a damaged store': ['--context', 'bad-store', '--passphrase-file', 'pass'],
};
const LOCKS: Readonly<Record<string, readonly string[]>> = {
  'a wrong passphrase': ['--passphrase-file', 'wrong'],
  'a damaged key ring': ['--context', 'bad-ring', '--passphrase-file', 'pass'],
};

installCommands(partsFromSources());
// The others open neither: they work in a folder of their own, or on their words alone.
const entries = (await loadCatalogue()).filter(({ id }) => !/^(bench .*|quickstart|selftest|commands|schema|completion|explain|help)$/.test(id));

const valueOf = ({ name, values }: CatalogueArg): string => values?.[0] ?? (/CID|MESSAGE|WHAT/.test(name) ? CID : name === 'FILE' ? 'letter.txt' : 'alice');

/** The command with every argument and the flags that it must have. */
function wordsOf({ id, args, flags }: CatalogueEntry, out?: string): readonly string[] {
  const needed = flags.filter(({ name, required }) => required || (name === 'out' && out !== undefined)).flatMap(({ name, values }) => [`--${name}`, values?.[0] ?? out ?? 'out']);
  const more = { send: ['--to', 'alice'], init: ['--defaults'], 'inbox watch': ['--timeout', '1s'], 'identity passphrase': ['--new-passphrase-file', 'pass'] }[id] ?? [];
  return [...id.split(' '), ...args.map(valueOf), ...needed, ...more];
}

let folder: string;
let box: Sandbox;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omniplex-'));
  box = await sandbox(folder);
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  await write('pass', 'a long enough passphrase\n');
  await write('wrong', 'another long passphrase\n');
  await write('letter.txt', 'a letter\n');
  const ok = async (...args: readonly string[]) => {
    const { code, stderr } = await box.run([...args, '--quiet']);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  };
  for (const name of ['whole', 'empty', 'bad-home', 'bad-store', 'bad-ring']) {
    await ok('init', name, '--defaults', '--home', `${name}/home`, '--store', `${name}/store`, ...(name === 'whole' ? ['--select'] : []));
    if (name !== 'empty') await ok('identity', 'create', 'alice', '--passphrase-file', 'pass', '--context', name);
  }
  await write('bad-home/home/home.db', 'no database\n');
  await write('bad-store/store/hot.db', 'no database\n');
  await write('bad-ring/home/keyring.opk', 'no key ring\n');
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(entries)('omniplex $id', (entry) => {
  it.each(Object.entries({ ...PLACES, ...(entry.opensKey && LOCKS) }))('with %s ends as it declares', async (_place, flags) => {
    const { problems } = await answerOf(entry.id, await box.run([...wordsOf(entry), '--json', ...flags]));
    expect(problems).toEqual([]);
  });
});

it.each(entries.filter(({ flags }) => flags.some(({ name }) => name === 'out')))('omniplex $id with a folder of --out that is not there ends as it declares', async (entry) => {
  const { problems } = await answerOf(entry.id, await box.run([...wordsOf(entry, 'none/out'), '--json', '--passphrase-file', 'pass']));
  expect(problems).toEqual([]);
});
