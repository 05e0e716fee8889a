/**
 * A store on a disk that is full. Run in a namespace of its own, in which the folder given is a tmpfs of a few megabytes.
 * Prints one JSON document: the codes that each kind of write ended with, and what must not have happened.
 */
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import type { Cid } from '../../../src/core/base/cid.ts';
import { OmniplexError } from '../../../src/core/base/errors.ts';
import { createStore, openStore, type Store } from '../../../src/core/storage/store.ts';
import { fetch, send, type StoredMessage } from './messages.ts';
import { blockOf, inboxOf } from './seeds.ts';

export interface FullReport {
  readonly codes: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  readonly stored: number;
}

const codes: Record<string, string> = {};
const faults: string[] = [];

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (error) {
    return error instanceof OmniplexError ? error.code : String(error);
  }
}

/** Leaves `bytes` free. */
function fill(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'ballast'), new Uint8Array(Math.max(0, bavail * bsize - bytes)));
}

const free = (folder: string): void => ['ballast', 'reserve'].forEach((name) => rmSync(join(folder, name), { force: true }));

async function expectAll(store: Store, messages: readonly StoredMessage[], when: string): Promise<void> {
  for (const { cid, content } of messages) if (!equalBytes(await fetch(store, cid), content)) faults.push(`${when}: wrong bytes`);
  const { bad } = await store.verify();
  if (bad.length > 0) faults.push(`${when}: verify finds ${bad.map(({ code }) => code).join(', ')}`);
}

async function main(folder: string): Promise<void> {
  const path = join(folder, 'store');
  await createStore(path);
  const store = await openStore(path);
  const messages: StoredMessage[] = [];
  // what an operator frees when the disk is full
  writeFileSync(join(folder, 'reserve'), new Uint8Array(12_000_000));
  for (let i = 0; codes['send'] === undefined; i++) {
    const code = await codeOf(async () => messages.push(await send(store, i, 400_000)));
    if (code !== 'done') codes['send'] = code;
  }
  const told = await store.hot.inbox.list(inboxOf('ada'), { limit: 100 });
  if (told.length !== messages.length) faults.push(`${told.length} announcements of ${messages.length} messages`);
  fill(folder, 0);
  codes['put'] = await codeOf(() => store.hot.put([blockOf('x', 300_000)]));
  codes['cold put'] = await codeOf(() => store.coldTier('files').put([blockOf('x', 300_000)]));
  codes['announcements'] = await codeOf(() => store.coldTier('files').putAnnouncements((messages[0] as StoredMessage).cid, messages[0]?.announcements.map(({ packet }) => packet) ?? []));
  codes['export'] = await codeOf(() => store.exportCar([(messages[0] as StoredMessage).cid], { out: join(folder, 'x.car') }));
  codes['create'] = await codeOf(() => createStore(join(folder, 'second')));
  const demoted = await store.demote({ cids: [(messages[0] as { cid: Cid }).cid] });
  codes['demote'] = Object.keys(demoted.reasons).join();
  if (readdirSync(folder).some((name) => name.startsWith('x.car') || name.startsWith('.x.car'))) faults.push('half an export is there');
  if (readdirSync(join(path, 'cold', 'partial')).length > 0) faults.push('half a block is there');
  await expectAll(store, messages, 'while full');
  free(folder);
  messages.push(await send(store, 'later', 100_000));
  await expectAll(store, messages, 'afterwards');
  await store.close();
  const again = await openStore(path);
  await expectAll(again, messages, 'opened again');
  await again.close();
  const report: FullReport = { codes, faults, stored: messages.length };
  process.stdout.write(JSON.stringify(report));
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] as string;
  mkdirSync(folder, { recursive: true });
  await main(folder);
}
