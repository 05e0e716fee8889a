/** Turns of the event loop: whoever computes or reads for long without waiting for anything lets timers and signals in now and then. */
import { systemClock } from './clock.ts';

/** Everybody who waits has had his turn when it resolves. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A Ctrl-C that is answered within this seems to be answered at once. */
const SLICE_MS = 50;

// the loop is the process's, and so is its clock: no caller could give another
let since = systemClock.monotonic();

/** A turn, where this process may have had none for a slice. Otherwise it costs a look at the clock. */
export async function breathe(): Promise<void> {
  if (systemClock.monotonic() - since < SLICE_MS) return;
  await nextTurn();
  since = systemClock.monotonic();
}
