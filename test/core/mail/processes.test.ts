/** Several processes at one home and one store, and a disk that is full: as they are, not as they are imagined. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cid } from '../../../src/core/base/cid.ts';
import { applyReceipts } from '../../../src/core/mail/apply-receipts.ts';
import { have } from '../../support/needs.ts';
import type { Operator } from '../../support/mail.ts';
import { couple, noise, post, read, type Couple } from '../../support/post.ts';
import { told } from '../../support/reader.ts';
import { cleanEnv, runProcess } from '../../support/run.ts';

const CHILD = join(import.meta.dirname, 'fixtures', 'operator.ts');
const wordsOf = (world: Couple['world'], { home, name }: Operator, ...words: readonly string[]) => [CHILD, home, world.store, name, ...words];
const answerOf = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { readonly code?: string; readonly result?: { readonly messages: ReadonlyArray<{ readonly changed: boolean }> } };

/** Starts them all, lets them open everything, and then lets them go at once. */
async function together(count: number, args: readonly string[]): Promise<ReadonlyArray<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>> {
  const children = Array.from({ length: count }, () => spawn(process.execPath, args, { env: cleanEnv() }));
  const ended = children.map(async (child) => {
    const [stdout, stderr] = [[] as Buffer[], [] as Buffer[]];
    child.stdout.on('data', (data: Buffer) => stdout.push(data));
    child.stderr.on('data', (data: Buffer) => stderr.push(data));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  for (const child of children) child.stdin.end();
  return Promise.all(ended);
}

describe('two processes that handle the same message at once', () => {
  it('give one receipt', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await read(alice, cid);
    const ended = await together(2, wordsOf(world, alice, 'wait', 'ack', cid.toString()));
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual([{ code: 0, stderr: '' }, { code: 0, stderr: '' }]);
    expect(ended.map(({ stdout }) => answerOf(stdout).result?.messages[0])).toMatchObject([{ receipt: 'opened' }, { receipt: 'opened' }]);
    expect(await told(bob)).toHaveLength(1);
    expect(await applyReceipts(await bob.app.mail())).toMatchObject({ applied: 1 });
    expect(await told(alice)).toEqual([]);
  });

  it('write one file', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(300_000));
    const out = join(world.folder, 'out');
    const ended = await together(2, wordsOf(world, alice, 'wait', 'fetch', cid.toString(), out));
    expect(ended.map(({ stdout }) => answerOf(stdout).code ?? 'written').toSorted()).toEqual(['E_EXISTS', 'written']);
  });
});

describe.skipIf(!have('tinyDisk'))('a full disk', () => {
  const intoTiny = async (world: Couple['world'], operator: Operator, cid: Cid, kib: number) => {
    const mount = join(world.folder, 'tiny');
    await mkdir(mount, { recursive: true });
    const args = wordsOf(world, operator, 'fetch', cid.toString(), join(mount, 'out'));
    const script = `mount -t tmpfs -o size=${kib}k none "$0" && "$@"; echo "left: $(ls -A "$0" | tr '\\n' ' ')"`;
    return runProcess('unshare', ['-Urm', 'sh', '-c', script, mount, process.execPath, ...args]);
  };

  it('is said with its code, and nothing is left of the file', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(900_000));
    const full = await intoTiny(world, alice, cid, 256);
    expect(full.stdout).toBe('{"code":"E_DISK_FULL"}\nleft: \n');
    const fits = await intoTiny(world, alice, cid, 2_048);
    expect(fits.stdout).toMatch(/^\{"result".*\nleft: out \n$/);
  });
});
