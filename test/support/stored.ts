/** A store on disk that the built command line works on, filled through the library; and its answers held to their schemas. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { loadEntry, type CatalogueEntry } from '../../src/cli/catalogue.ts';
import { installCommands } from '../../src/cli/commands-table.ts';
import type { Cid } from '../../src/core/base/cid.ts';
import { shelfOf } from '../../src/core/storage/cold/sharding.ts';
import { createStore, openStore, type Store } from '../../src/core/storage/store.ts';
import { partsFromSources } from '../../tools/commands.ts';
import { send, type SendOptions, type StoredMessage } from '../core/storage/store.ts';
import { ManualClock } from './clock.ts';
import { documentOf, type Document } from './fixture.ts';
import { sandbox, type Ran, type RunOptions, type Started } from './run.ts';
import { schemaProblems } from './schema.ts';

export const DAY_MS = 86_400_000;

export interface Answered {
  readonly code: number | null;
  readonly document: Document;
  /** Empty when the document keeps its contract. */
  readonly problems: readonly string[];
}

export interface Stored {
  readonly folder: string;
  readonly path: string;
  /** For a terminal or a shell: the environment in which `run` works. */
  readonly env: Readonly<Record<string, string>>;
  readonly store: Store;
  send(seed: number | string, bytes: number, options?: SendOptions): Promise<StoredMessage>;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  start(args: readonly string[], options?: RunOptions): Started;
  /** With --json. `id` is the command, for its schema. */
  answer(id: string, args: readonly string[], options?: RunOptions): Promise<Answered>;
}

/** What is sent into it was stored `agoMs` before now. No home, no identity, no passphrase, no terminal. */
export async function storedSandbox({ agoMs = 0 } = {}): Promise<Stored> {
  const { folder, env, run, start } = await sandbox();
  const path = join(folder, 'store');
  const clock = new ManualClock(Date.now() - agoMs);
  await createStore(path, { clock });
  const store = await openStore(path, { clock, holder: 'test' });
  onTestFinished(() => store.close());
  const within = (options: RunOptions = {}): RunOptions => ({ ...options, env: { OMNIPLEX_STORE: path, ...options.env } });
  return {
    ...{ folder, path, store, env: { ...env, OMNIPLEX_STORE: path } },
    send: (seed, bytes, options) => send(store, seed, bytes, options),
    run: (args, options) => run(args, within(options)),
    start: (args, options) => start(args, within(options)),
    answer: async (id, args, options) => answerOf(id, await run([...id.split(' '), ...args, '--json'], within(options))),
  };
}

/** Its exit is one of those that the command declares, too. */
export async function answerOf(id: string, ran: Ran): Promise<Answered> {
  const document = documentOf(ran);
  const entry = await entryOf(id);
  const undeclared = entry.exits.some(({ exit }) => exit === ran.code) ? [] : [`exit ${ran.code} is not declared`];
  return { code: ran.code, document, problems: [...schemaProblems(entry, document), ...undeclared] };
}

async function entryOf(id: string): Promise<CatalogueEntry> {
  installCommands(partsFromSources());
  const entry = await loadEntry(id);
  if (entry === undefined) throw new Error(`there is no command ${id}`);
  return entry;
}

/** Other bytes of the same length, under the old name. */
export function damageHotBlock(path: string, cid: Cid): void {
  const db = new DatabaseSync(join(path, 'hot.db'));
  db.prepare('UPDATE blocks SET bytes = zeroblob(length(bytes)) WHERE digest = ?').run(cid.multihash.digest);
  db.close();
}

const coldPath = (path: string, cid: Cid): string => join(path, 'cold', 'blocks', shelfOf(cid).shard, shelfOf(cid).file);

export const damageColdBlock = (path: string, cid: Cid): Promise<void> => writeFile(coldPath(path, cid), 'damage');

export const loseColdBlock = (path: string, cid: Cid): Promise<void> => rm(coldPath(path, cid));

/** Content blocks of everything in a tier: all but the manifests named. */
export async function contentOf(store: Store, tier: 'hot' | 'files', ...manifests: readonly Cid[]): Promise<readonly Cid[]> {
  const names = new Set(manifests.map((cid) => Buffer.from(cid.multihash.digest).toString('hex')));
  const found: Cid[] = [];
  for await (const { cid } of store.tier(tier).blocks()) if (!names.has(Buffer.from(cid.multihash.digest).toString('hex'))) found.push(cid);
  return found;
}
