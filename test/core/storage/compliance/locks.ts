/** What every lock manager promises. The clock is the test's: leases run out when it says so. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/base/limits.ts';
import type { Fence, LockManager } from '../../../../src/core/storage/ports.ts';
import type { ManualClock } from '../../../support/clock.ts';
import { rejectsWith } from '../blocks.ts';

export interface LocksUnderTest {
  readonly locks: LockManager;
  readonly clock: ManualClock;
  /** Every fence that the manager raised, in order. */
  readonly raised: readonly Fence[];
  open(): Promise<LockManager>;
}

const now = { holder: 'test', waitMs: 0 };

const until = async (claim: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await claim())) await new Promise((resolve) => setImmediate(resolve));
};

const isNewer = (a: Fence, b: Fence): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.counter > b.counter);

export function lockCompliance(name: string, make: () => Promise<LocksUnderTest>): void {
  describe(`${name}: locks`, () => {
    it('is held by one, named, and free after release', async () => {
      const { locks, open, clock } = await make();
      const other = await open();
      const lock = await locks.acquire('demote', now);
      expect(lock).toMatchObject({ name: 'demote', acquiredAtMs: clock.now(), leaseEndsAtMs: clock.now() + limits.lockLeaseMs, state: 'held' });
      await expect(other.acquire('demote', now)).rejects.toMatchObject({ code: 'E_LOCKED', details: { name: 'demote', holder: lock.holder } });
      await rejectsWith(locks.acquire('demote', now), 'E_LOCKED');
      expect((await other.show('demote'))?.holder).toContain(String(process.pid));
      const elsewhere = await other.acquire('gc', now);
      expect((await locks.list()).map(({ name: held }) => held)).toEqual(['demote', 'gc']);
      await lock.release();
      await lock.release();
      expect(await other.show('demote')).toBeUndefined();
      const next = await other.acquire('demote', now);
      expect(isNewer(next, lock)).toBe(true);
      await next.release();
      await elsewhere.release();
      await other.close();
    });

    it('raises the fence before it hands out the lock', async () => {
      const { locks, raised } = await make();
      for (let i = 0; i < 5; i++) {
        const lock = await locks.acquire('a', now);
        expect(raised.at(-1)).toMatchObject({ name: 'a', epoch: lock.epoch, counter: lock.counter });
        await lock.release();
      }
      expect(raised.length).toBe(5);
      expect(raised.every((fence, i) => i === 0 || isNewer(fence, raised[i - 1] as Fence))).toBe(true);
    });

    it('lets one wait, and no longer than it said', async () => {
      const { locks, open, clock } = await make();
      const other = await open();
      const lock = await locks.acquire('a', now);
      const waiting = other.acquire('a', { holder: 'patient', waitMs: 10_000 });
      await until(() => clock.sleeping >= 2);
      await lock.release();
      clock.advance(limits.lockPollMsMax);
      const got = await waiting;
      expect(got.holder).toContain('patient');
      const late = locks.acquire('a', { holder: 'late', waitMs: 50 });
      const refused = rejectsWith(late, 'E_LOCKED');
      let done = false;
      void late.catch(() => undefined).finally(() => (done = true));
      await until(() => {
        clock.advance(10);
        return done;
      });
      await refused;
      await got.release();
      await other.close();
    });

    it('stops waiting at its signal', async () => {
      const { locks, clock } = await make();
      const lock = await locks.acquire('a', now);
      const stop = new AbortController();
      const waiting = locks.acquire('a', { holder: 'b', waitMs: 10_000, signal: stop.signal });
      await until(() => clock.sleeping >= 2);
      stop.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      await lock.release();
    });

    it('renews the lease while it is held', async () => {
      const { locks, clock, open } = await make();
      const other = await open();
      const lock = await locks.acquire('a', now);
      const first = lock.leaseEndsAtMs;
      for (let i = 0; i < 6; i++) {
        const before = lock.leaseEndsAtMs;
        clock.advance(limits.lockLeaseMs / 3);
        await until(() => lock.leaseEndsAtMs > before);
      }
      expect(lock.leaseEndsAtMs).toBe(first + 2 * limits.lockLeaseMs);
      await rejectsWith(other.acquire('a', now), 'E_LOCKED');
      expect(lock.lost.aborted).toBe(false);
      await lock.release();
      await other.close();
    });

    it('passes on when the lease ran out; the late holder is told and changes nothing', async () => {
      const { locks, clock, open } = await make();
      const other = await open();
      const lock = await locks.acquire('a', now);
      clock.jump(limits.lockLeaseMs);
      expect((await other.show('a'))?.state).toBe('expired');
      const next = await other.acquire('a', now);
      expect(isNewer(next, lock)).toBe(true);
      await rejectsWith(lock.renew(), 'E_FENCE_STALE');
      expect(lock.lost.aborted).toBe(true);
      await lock.release();
      expect((await other.show('a'))?.counter).toBe(next.counter);
      await next.release();
      await other.close();
    });

    it('can be broken: its fence goes stale', async () => {
      const { locks, raised, open } = await make();
      const other = await open();
      expect(await other.break('a')).toBe(false);
      const lock = await locks.acquire('a', now);
      expect(await other.break('a')).toBe(true);
      expect(isNewer(raised.at(-1) as Fence, lock)).toBe(true);
      await rejectsWith(lock.renew(), 'E_FENCE_STALE');
      const next = await other.acquire('a', now);
      await lock.release();
      expect((await locks.show('a'))?.counter).toBe(next.counter);
      await next.release();
      await other.close();
    });

    it('is released at the end of its block', async () => {
      const { locks } = await make();
      {
        await using lock = await locks.acquire('a', now);
        expect(lock.name).toBe('a');
      }
      expect(await locks.list()).toEqual([]);
    });

    it('refuses names without length and beyond it', async () => {
      const { locks } = await make();
      await rejectsWith(locks.acquire('', now), 'E_USAGE');
      await rejectsWith(locks.acquire('x'.repeat(limits.lockNameCharsMax + 1), now), 'E_USAGE');
    });

    it('has one winner among many', async () => {
      const { locks, open } = await make();
      const others = [locks, await open(), await open()];
      const settled = await Promise.allSettled(Array.from({ length: 15 }, (_, i) => (others[i % 3] as LockManager).acquire('a', now)));
      const won = settled.filter((one) => one.status === 'fulfilled');
      expect(won.length).toBe(1);
      await won[0]?.value.release();
      await others[1]?.close();
      await others[2]?.close();
    });
  });
}
