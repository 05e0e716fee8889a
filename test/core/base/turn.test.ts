/** Work that waits for nothing, and the timers and signals that must get in all the same. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { breathe } from '../../../src/core/base/turn.ts';

const busyFor = (ms: number): void => {
  for (const until = systemClock.monotonic() + ms; systemClock.monotonic() < until; );
};

test('a timer that is due gets in between two slices of synchronous work, and not only at its end', async () => {
  busyFor(60);
  await breathe();
  let slices = 0;
  const fired: number[] = [];
  setTimeout(() => fired.push(slices), 1);
  for (; slices < 100 && fired.length === 0; slices++) {
    busyFor(5);
    await breathe();
  }
  expect(fired[0]).toBeLessThan(100);
});

test('short work goes on without a turn', async () => {
  // a machine that pauses in between makes a turn due: then it is tried again
  for (let tries = 0; tries < 100; tries++) {
    busyFor(60);
    await breathe();
    const begun = systemClock.monotonic();
    let turns = 0;
    setImmediate(() => turns++);
    for (let i = 0; i < 100; i++) await breathe();
    if (systemClock.monotonic() - begun < 25) return expect(turns).toBe(0);
  }
  throw new Error('the machine never worked for 25 ms at a stretch');
});
