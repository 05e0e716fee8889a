/** The command tree is a contract: no command outside it, and no name that its grammar forbids. */
import { expect, it } from 'vitest';
import { partsFromSources } from '../../tools/commands.ts';

const tree: Readonly<Record<string, string>> = {
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

const promised = Object.entries(tree).flatMap(([noun, verbs]) => verbs.split(' ').map((verb) => `${noun} ${verb}`.trim()));

it('has no command that the tree does not name', () => {
  const present = partsFromSources().commands.map(({ id }) => id);
  expect(present.filter((id) => !promised.includes(id))).toEqual([]);
});
