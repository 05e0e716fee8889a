/** The embedded lock manager: the compliance suite, and holders that died. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { EmbeddedLockManager } from '../../../src/core/storage/locks/embedded.ts';
import { liveness, thisProcess } from '../../../src/core/storage/locks/holder.ts';
import type { Fence } from '../../../src/core/storage/ports.ts';
import { ManualClock } from '../../support/clock.ts';
import { freshFolder } from '../../support/folder.ts';
import { rejectsWith } from './blocks.ts';
import { lockCompliance } from './compliance/locks.ts';

async function makeLocks() {
  const path = join(await freshFolder(), 'locks.db');
  const clock = new ManualClock();
  const raised: Fence[] = [];
  EmbeddedLockManager.create(path, 1);
  const open = async () => {
    const locks = await EmbeddedLockManager.open(path, { clock, rng: systemRng, raiseFence: async (fence) => void raised.push(fence) });
    onTestFinished(() => locks.close());
    return locks;
  };
  return { path, clock, raised, open, locks: await open() };
}

lockCompliance('embedded lock manager', makeLocks);

const now = { holder: 'test', waitMs: 0 };
const source = join(import.meta.dirname, '..', '..', '..', 'src', 'core');
const hold = `
  const { EmbeddedLockManager } = await import('${source}/storage/locks/embedded.ts');
  const { systemClock } = await import('${source}/base/clock.ts');
  const { systemRng } = await import('${source}/base/rng.ts');
  const locks = await EmbeddedLockManager.open(process.argv[1], { clock: systemClock, rng: systemRng, raiseFence: async () => undefined });
  await locks.acquire('a', { holder: 'child', waitMs: 0 });
  process.stdout.write('held');
`;

describe('embedded lock manager', () => {
  it('takes over at once from a process that was killed, and not before', async () => {
    const { path } = await makeLocks();
    const locks = await EmbeddedLockManager.open(path, { clock: systemClock, rng: systemRng, raiseFence: async () => undefined });
    onTestFinished(() => locks.close());
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', hold, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await expect(locks.acquire('a', now)).rejects.toMatchObject({ code: 'E_LOCKED', details: { holder: `child pid ${child.pid}` } });
    child.kill('SIGKILL');
    await once(child, 'close');
    expect((await locks.show('a'))?.state).toBe('orphaned');
    const lock = await locks.acquire('a', now);
    expect(lock.counter).toBe(2);
    await lock.release();
  });

  it('knows a process by its start and its boot, not by its number', () => {
    const here = thisProcess();
    if (here.machine === '') return;
    expect(liveness(here)).toBe('alive');
    expect(liveness({ ...here, startedTicks: here.startedTicks + 1 })).toBe('gone');
    expect(liveness({ ...here, pid: 2 ** 22 + 1 })).toBe('gone');
    expect(liveness({ ...here, machine: 'another boot' })).toBe('unknown');
    expect(liveness({ ...here, startedTicks: 0 })).toBe('unknown');
    expect(liveness({ ...here, machine: '' })).toBe('unknown');
  });

  it('gives the lock back when its fence cannot be raised', async () => {
    const { path, clock } = await makeLocks();
    const locks = await EmbeddedLockManager.open(path, { clock, rng: systemRng, raiseFence: () => Promise.reject(new Error('hot tier is away')) });
    await expect(locks.acquire('a', now)).rejects.toThrow('hot tier is away');
    expect(await locks.list()).toEqual([]);
    await locks.close();
  });

  it('refuses a damaged table with a code', async () => {
    const { path, locks } = await makeLocks();
    const lock = await locks.acquire('a', now);
    const db = new DatabaseSync(path);
    db.exec("UPDATE locks SET token = x'00'");
    db.close();
    await rejectsWith(locks.show('a'), 'E_STORE_CORRUPT');
    await rejectsWith(locks.acquire('a', now), 'E_STORE_CORRUPT');
    await rejectsWith(lock.renew(), 'E_FENCE_STALE');
  });
});
