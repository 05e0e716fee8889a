/** One at a time, within a process and between processes; a holder that dies lets go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../src/core/base/clock.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { ProcessMutex } from '../../../src/core/base/process-mutex.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omniplex-mutex-'));
});
afterAll(() => rm(folder, { recursive: true }));

const errors = { busy: (cause: unknown) => fail('E_BUSY', { what: 'it' }, cause), broken: (cause: unknown) => fail('E_IO', { path: 'it', why: 'broken' }, cause) };
const mutexAt = (name: string, clock: Clock = systemClock): ProcessMutex => new ProcessMutex(join(folder, name), clock, errors);
/** A clock on which the second look is too late. */
const impatient = (): Clock => {
  let now = 0;
  return { ...systemClock, monotonic: () => (now += limits.sqliteBusyMs) };
};

test('lets one in at a time, whoever made the mutex, and the next after a failure', async () => {
  await using one = mutexAt('queue');
  await using two = mutexAt('queue');
  let inside = 0;
  const order: number[] = [];
  const act = (n: number) => async () => {
    expect(++inside).toBe(1);
    await systemClock.sleep(2);
    order.push(n);
    inside--;
    if (n === 1) throw new Error('mine');
    return n;
  };
  const all = await Promise.allSettled([one.run(act(0)), two.run(act(1)), one.run(act(2)), two.run(act(3))]);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(order).toEqual([0, 1, 2, 3]);
});

test('waits for another process until it dies, and then no longer; gives up in time', async () => {
  const path = join(folder, 'other');
  const program = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(process.argv[1]); db.exec('BEGIN IMMEDIATE'); console.log('in'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await using late = mutexAt('other', impatient());
  await expect(late.run(async () => 1)).rejects.toMatchObject({ code: 'E_BUSY' });
  await using patient = mutexAt('other');
  const turn = patient.run(async () => 'mine');
  holder.kill('SIGKILL');
  expect(await turn).toBe('mine');
});

test('keeps its file from others, and empties one that is damaged; where there can be none it says so', async () => {
  await using mutex = mutexAt('file');
  await mutex.run(async () => undefined);
  expect((await stat(join(folder, 'file'))).mode & 0o777).toBe(0o600);
  await using other = mutexAt('wrong');
  await writeFile(join(folder, 'wrong'), 'no database, but longer than the header of one: '.repeat(4));
  expect(await other.run(async () => 1)).toBe(1);
  expect((await stat(join(folder, 'wrong'))).size).toBe(0);
  await mkdir(join(folder, 'folder'));
  await using none = mutexAt('folder');
  await expect(none.run(async () => 1)).rejects.toMatchObject({ code: 'E_IO' });
  await using nowhere = mutexAt('no/such/folder');
  await expect(nowhere.run(async () => 1)).rejects.toMatchObject({ code: 'E_IO' });
});
