/** Sends on a small file system that is filled up. Run by full.test.ts inside a tmpfs of its own. */
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { createHome } from '../../../src/core/home/index.ts';
import { bytesInput } from '../../../src/core/mail/input.ts';
import type { SendRequest } from '../../../src/core/mail/send-types.ts';
import { OmniPlex } from '../../../src/core/omniplex.ts';
import { createStore } from '../../../src/core/storage/store.ts';

export interface FullReport {
  /** Error code of each kind of send while the disk was full. */
  readonly codes: Readonly<Record<string, string>>;
  /** What was found that should not be. */
  readonly faults: readonly string[];
}

const codeOf = (error: unknown): string => (isError(error) ? error.code : `bug: ${String(error)}`);

/** Leaves `bytes` free. */
function fill(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'ballast'), new Uint8Array(Math.max(0, bavail * bsize - bytes)));
}

const free = (folder: string): void => rmSync(join(folder, 'ballast'), { force: true });

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

async function main(folder: string): Promise<FullReport> {
  const [home, store] = [join(folder, 'home'), join(folder, 'store')];
  (await createHome(home, { clock: systemClock, rng: systemRng })).close();
  await createStore(store);
  await using app = await OmniPlex.open({ home, store, passphrase: async () => new Secret(bytesOf('the passphrase of me')), kdf: { memoryKib: 8, passes: 1, lanes: 1 } });
  await app.ring({ create: true });
  await (await app.identities()).create('me');
  const faults: string[] = [];
  const codes: Record<string, string> = {};
  const content = systemRng.bytes(3_000_000);
  await app.mail();
  const kinds: Readonly<Record<string, Partial<SendRequest>>> = { whole: { id: 'whole' }, stream: { id: 'stream', stream: true }, small: { id: 'small', input: bytesInput(bytesOf('x')) } };
  for (const spare of [0, 1_000_000]) {
    free(folder);
    fill(folder, spare);
    for (const [kind, request] of Object.entries(kinds)) {
      if (kind === 'small' && spare > 0) continue;
      codes[`${kind} with ${spare} to spare`] = await app.send({ input: bytesInput(content), to: ['me'], ...request }).then(() => 'sent', codeOf);
    }
  }
  const { hot } = await app.store();
  if ((await first(hot.messages())) !== undefined) faults.push('a message was stored');
  free(folder);
  for (const { state, id } of (await app.outbox.list()).result.messages) if (state !== 'failed') faults.push(`${id} is ${state}`);
  for (const [kind, request] of Object.entries(kinds)) {
    const { changed } = await app.send({ input: bytesInput(content), to: ['me'], ...request });
    if (!changed) faults.push(`${kind} was not sent`);
  }
  fill(folder, 1_000_000);
  const out = join(folder, 'out.car');
  const { error, result } = await app.send({ input: bytesInput(content), to: ['me'], id: 'whole', out });
  codes['out'] = error?.code ?? 'written';
  if (result.out !== undefined || existsSync(out)) faults.push('half a CAR');
  free(folder);
  const inbox = (await app.identities()).inboxes('me')[0];
  const told = inbox === undefined ? [] : await hot.inbox.list(inbox.digest, { limit: 1_000 });
  if (new Set(told.map(({ cid }) => cid.toString())).size !== told.length) faults.push('told twice');
  if ((await app.outbox.list()).result.messages.some(({ state }) => state !== 'announced')) faults.push('not all announced');
  return { codes, faults };
}

if (import.meta.main) process.stdout.write(JSON.stringify(await main(process.argv[2] as string)));
