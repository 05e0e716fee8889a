/** Work that waits for nothing, and the timers and signals that must get in all the same. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { breathe } from '../../../src/core/base/turn.ts';

const busyFor = (ms: number): void => {
  for (const until = systemClock.monotonic() + ms; systemClock.monotonic() < until; );
};

test('a timer that is due gets in between two slices of synchronous work, and not only at its end', async () => {
  let fired = -1;
  let slice = 0;
  setTimeout(() => (fired = slice), 1);
  for (; slice < 40; slice++) {
    busyFor(5);
    await breathe();
  }
  expect(fired).toBeGreaterThan(0);
  expect(fired).toBeLessThan(39);
});

test('short work goes on without a turn', async () => {
  busyFor(60);
  await breathe();
  let fired = false;
  setImmediate(() => (fired = true));
  for (let i = 0; i < 100; i++) await breathe();
  expect(fired).toBe(false);
});
