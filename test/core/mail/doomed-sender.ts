/**
 * A process that sends and dies by SIGKILL just before or just after the n-th thing that it writes durably: blocks, announcements, the
 * commit, either journal, the settlement. Says what was acknowledged to it, line by line, and `alive` when it came through, with the number
 * of places where it could have died.
 */
import { writeSync } from 'node:fs';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { bytesInput, streamInput } from '../../../src/core/mail/input.ts';
import { OmniPlex } from '../../../src/core/omniplex.ts';
import { seededContent } from './seeded-content.ts';

export const scenarios = ['whole', 'cold', 'stream', 'batch'] as const;
export type Scenario = (typeof scenarios)[number];

/** Every trial has ids of its own. */
export const idsOf = (scenario: Scenario, trial: number): readonly string[] =>
  scenario === 'batch' ? [1, 2, 3].map((i) => `batch-${trial}-${i}`) : [`${scenario}-${trial}`];

export const contentOf = (id: string): Uint8Array => (id.startsWith('batch') ? bytesOf(`the content of ${id}`) : seededContent(600_000));

export type Said = { readonly cid: string; readonly id: string } | { readonly alive: true; readonly steps: number };

const say = (said: Said): number => writeSync(1, `${JSON.stringify(said)}\n`);

const [trial, killAt] = [Number(process.argv[5]), Number(process.argv[6])];
let left = killAt;

function step(): void {
  left--;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

/** The method counts as two steps: before and after. */
function doom<T extends object>(target: T, ...names: ReadonlyArray<keyof T & string>): void {
  for (const name of names) {
    const original = (target[name] as (...args: unknown[]) => unknown).bind(target);
    const doomed = (...args: unknown[]): unknown => {
      step();
      const result = original(...args);
      if (!(result instanceof Promise)) {
        step();
        return result;
      }
      return result.then((value: unknown) => {
        step();
        return value;
      });
    };
    Object.defineProperty(target, name, { value: doomed });
  }
}

async function* pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100_000) yield content.slice(at, at + 100_000);
}

async function run(scenario: Scenario, app: OmniPlex): Promise<void> {
  const ids = idsOf(scenario, trial);
  if (scenario === 'batch') {
    const list = bytesInput(bytesOf(ids.map((id) => JSON.stringify({ text: `the content of ${id}`, to: 'alice', id })).join('\n')));
    await app.sendBatch({ list, folder: '/', onItem: ({ cid, id, ok }) => void (ok && cid !== undefined && id !== undefined && say({ cid, id })) });
    return;
  }
  const [id] = ids as [string];
  const content = contentOf(id);
  const input = scenario === 'stream' ? streamInput(pieces(content)) : bytesInput(content);
  const { result } = await app.send({ input, to: ['alice'], id, stream: scenario === 'stream', durability: scenario === 'cold' ? 'cold' : 'hot' });
  say({ cid: result.cid, id });
}

if (process.argv[2] !== undefined && import.meta.main) {
  const [home, store, scenario] = process.argv.slice(2) as [string, string, Scenario];
  const app = await OmniPlex.open({ home, store, passphrase: async () => new Secret(bytesOf('bob')) });
  await app.ring();
  await app.mail();
  const { hot, journal, cold } = await app.store();
  doom(hot, 'put', 'commit');
  doom(hot.inbox, 'announce');
  doom(journal, 'append');
  for (const tier of cold.values()) doom(tier, 'put', 'putAnnouncements');
  doom((await app.home()).outbox, 'beginMany', 'amend', 'settleMany');
  await run(scenario, app);
  await app.close();
  say({ alive: true, steps: killAt - left });
}
