/** What the commands of a store say about themselves: that none opens a private key is what lets cron run them. */
import { expect, it } from 'vitest';
import { partsFromSources } from '../../../tools/commands.ts';

const IMPACTS: Readonly<Record<string, string>> = {
  promote: 'write',
  demote: 'write',
  'store show': 'read',
  'store list': 'read',
  'store verify': 'write',
  'store pin': 'write',
  'store unpin': 'write',
  'store remove': 'destroy',
  'store gc': 'destroy',
  'store export': 'read',
  'store import': 'write',
  'store lock list': 'read',
  'store lock show': 'read',
  'store lock break': 'destroy',
};

interface Statics {
  readonly impact: string;
  readonly opensKey: boolean;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly exits: Readonly<Record<number, string>>;
}

const { commands } = partsFromSources();
const staticsOf = async (id: string): Promise<Statics> => (await commands.find((one) => one.id === id)!.load()) as unknown as Statics;

it('has exactly the commands of the tree', () => {
  const present = commands.map(({ id }) => id).filter((id) => id === 'promote' || id === 'demote' || id.startsWith('store '));
  expect(present.toSorted()).toEqual(Object.keys(IMPACTS).toSorted());
});

it.each(Object.entries(IMPACTS))('%s is %s and opens no key', async (id, impact) => {
  const { impact: is, opensKey } = await staticsOf(id);
  expect({ is, opensKey }).toEqual({ is: impact, opensKey: false });
});

it.each(Object.keys(IMPACTS).filter((id) => IMPACTS[id] === 'destroy'))('%s takes --dry-run and --confirm, and says what 9 means', async (id) => {
  const { flags = {}, exits } = await staticsOf(id);
  expect(Object.keys(flags)).toEqual(expect.arrayContaining(['dry-run', 'confirm']));
  expect(exits[9]).toBeDefined();
});
