/**
 * A process that is busy with a store until it is killed: sends, promotes, demotes, pins, removes, collects, in an order that its seed fixes.
 * It says on stdout, a line each, what it was promised; whoever killed it compares. Arguments: path of the store, seed, hot budget.
 */
import { fail, isError, OmniplexError } from '../../../src/core/base/errors.ts';
import { openStore, type Store } from '../../../src/core/storage/store.ts';
import type { Cid } from '../../../src/core/base/cid.ts';
import { fetch, send } from './messages.ts';
import { SeededChoice } from './random.ts';
import { blockOf } from './seeds.ts';

export type Promised =
  | { readonly event: 'ready' }
  | { readonly event: 'stored'; readonly cid: string; readonly seed: string; readonly length: number; readonly key?: string }
  | { readonly event: 'removing'; readonly cid: string }
  | { readonly event: 'fault'; readonly why: string };

/** What another process may cause at any time, and what a full tier says. */
const EXPECTED = ['E_LOCKED', 'E_BUSY', 'E_FENCE_STALE', 'E_PINNED', 'E_NOT_FOUND', 'E_PLAN_CHANGED', 'E_BUDGET', 'E_ID_CONFLICT'] as const;

const LENGTHS = [0, 1, 500, 5_000, 40_000, 270_000, 700_000] as const;

const say = (line: Promised): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function act(store: Store, choose: SeededChoice, seed: number, round: number, mine: Cid[]): Promise<void> {
  const some = mine.length === 0 ? [] : [choose.one(mine)];
  switch (choose.below(12)) {
    case 0:
    case 1:
      return void (await store.demote({ cids: some }));
    case 2:
      return void (await store.promote({ cids: some }));
    case 3:
      return void (await store.pin(some, { ttlMs: choose.below(2_000) }));
    case 4:
      return collect(store);
    case 5:
      return remove(store, some, mine);
    case 6:
      return store.hot.put([blockOf(`stray ${seed} ${round}`, 3_000)]);
    case 7:
      for (const cid of some) await fetch(store, cid);
      return;
    default:
      return sendOne(store, choose, `${seed}/${round}`, mine);
  }
}

async function sendOne(store: Store, choose: SeededChoice, seed: string, mine: Cid[]): Promise<void> {
  const length = choose.one(LENGTHS);
  // few keys: several processes use the same one, and only one of them may have an effect
  const key = choose.below(3) === 0 ? `key ${choose.below(6)}` : undefined;
  const sent = await send(store, seed, length, { inboxes: ['ada', 'ben'], durability: choose.below(3) === 0 ? 'cold' : 'hot', ...(key && { key }) });
  if (sent.repeated) return say({ event: 'stored', cid: sent.stands.toString(), seed: '', length: -1, key: key as string });
  mine.push(sent.cid);
  say({ event: 'stored', cid: sent.cid.toString(), seed, length, ...(key && { key }) });
}

async function collect(store: Store): Promise<void> {
  const graceMs = 60_000;
  const { planId } = await store.gc({ dryRun: true, graceMs });
  await store.gc({ confirm: planId, graceMs });
}

async function remove(store: Store, cids: readonly Cid[], mine: Cid[]): Promise<void> {
  const [cid] = cids;
  if (cid === undefined || mine.length < 5) return;
  const { planId } = await store.remove({ cids }, { dryRun: true });
  say({ event: 'removing', cid: cid.toString() });
  mine.splice(mine.indexOf(cid), 1);
  await store.remove({ cids }, { confirm: planId as string });
}

async function main(path: string, seed: number, hotBudgetBytes: number): Promise<void> {
  const store = await openStore(path, { holder: `busy ${seed}`, hotBudgetBytes });
  const choose = new SeededChoice(seed);
  const mine: Cid[] = [];
  say({ event: 'ready' });
  for (let round = 0; ; round++) {
    try {
      await act(store, choose, seed, round, mine);
    } catch (error) {
      if (isError(error, ...EXPECTED)) continue;
      say({ event: 'fault', why: error instanceof OmniplexError ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error) });
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const [path, seed, budget] = process.argv.slice(2);
  if (path === undefined) throw fail('E_USAGE', { why: 'path, seed, budget' });
  await main(path, Number(seed), Number(budget));
}

