/** The tree of commands of this release, and what is promised of some of them. The list is the contract; the catalogue must match it. */
import { beforeAll, expect, test } from 'vitest';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { sourceCatalogue } from '../../tools/catalogue.ts';
import { grammarFault } from '../../tools/lint/grammar.ts';

const TREE: Readonly<Record<string, string>> = {
  '': 'init quickstart doctor send fetch promote demote inspect explain selftest commands schema completion help',
  identity: 'list show create export rotate revoke remove passphrase',
  contact: 'add list show rename export remove verify update',
  inbox: 'list show watch fetch ack',
  outbox: 'list show wait resend cancel export',
  store: 'show list verify pin unpin remove gc export import',
  'store lock': 'list show break',
  check: 'all store job identity contacts outbox',
  backup: 'create list show verify restore remove',
  context: 'create list show select set test remove',
  config: 'show set remove lint',
  bench: 'startup seal messages packet pq store compare',
};

const ids = Object.entries(TREE)
  .flatMap(([noun, verbs]) => verbs.split(' ').map((verb) => `${noun} ${verb}`.trim()))
  .sort();

let catalogue: readonly CatalogueEntry[] = [];
beforeAll(async () => {
  catalogue = await sourceCatalogue();
});

test('the commands are those of the tree, no more and no fewer', () => {
  expect(catalogue.map(({ id }) => id).sort()).toEqual(ids);
});

test('each of them is grammatical', () => {
  expect(ids.filter((id) => grammarFault(id) !== undefined)).toEqual([]);
});

test('what runs from cron opens no private key', () => {
  const keyless = ['promote', 'demote', 'store verify', 'store gc', ...ids.filter((id) => id.startsWith('check '))];
  expect(catalogue.filter(({ id, opensKey }) => keyless.includes(id) && opensKey).map(({ id }) => id)).toEqual([]);
});

test('what destroys can be confirmed by a flag, and only reads have nothing to confirm', () => {
  const has = (entry: CatalogueEntry): boolean => entry.flags.some(({ name }) => name === 'confirm');
  expect(catalogue.filter((entry) => entry.impact === 'destroy' && !has(entry)).map(({ id }) => id)).toEqual([]);
  expect(catalogue.filter((entry) => entry.impact === 'read' && has(entry)).map(({ id }) => id)).toEqual([]);
});

test('a flag means the same in every command', () => {
  const meanings = new Map<string, Set<string>>();
  for (const { flags } of catalogue) {
    for (const { name, value } of flags) meanings.set(name, (meanings.get(name) ?? new Set()).add(value === undefined ? 'switch' : 'value'));
  }
  expect([...meanings].filter(([, kinds]) => kinds.size > 1).map(([name]) => name)).toEqual([]);
});
