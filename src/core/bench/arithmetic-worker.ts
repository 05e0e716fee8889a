/** A second core for the arithmetic limit. Told a number of bytes it does their arithmetic and says so. Started by seal.ts. */
import { parentPort } from 'node:worker_threads';
import { systemRng } from '../base/rng.ts';
import { Arithmetic } from './arithmetic.ts';

const arithmetic = new Arithmetic(systemRng);
parentPort?.on('message', (bytes: number) => {
  arithmetic.run(bytes);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage('done');
});
