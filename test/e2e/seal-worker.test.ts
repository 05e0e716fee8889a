/** The built sealing thread: a message is sealed without it too, only slower, so nothing but this test would miss it. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { sha256 } from '../../src/core/base/cid.ts';
import { systemRng } from '../../src/core/base/rng.ts';
import { deriveContentKeys, ContentCipher } from '../../src/core/crypto/cobblestone.ts';
import { loadProvider } from '../../src/core/crypto/index.ts';
import { DONE, Ring, ringMemory, SUBMITTED, WAITING } from '../../src/core/message/seal-ring.ts';
import { ROOT } from '../support/run.ts';

test('the built thread starts, and seals what this one would', async () => {
  const crypto = await loadProvider('native', systemRng);
  const keys = deriveContentKeys(crypto, systemRng.bytes(32), systemRng.bytes(24), systemRng.bytes(8));
  const memory = ringMemory('native', keys, 1, 1);
  const ring = new Ring(memory);
  const word = ring.jobWord(0);
  const plaintext = systemRng.bytes(ring.input(0).length);
  ring.input(0).set(plaintext);
  ring.control[word + 1] = 0;
  ring.control[word + 2] = 16;
  Atomics.store(ring.control, word, WAITING);
  Atomics.store(ring.control, SUBMITTED, 1);

  const worker = new Worker(join(ROOT, 'dist', 'workers', 'seal-worker.js'), { workerData: memory });
  onTestFinished(async () => void (await worker.terminate()));
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error as Error));
  const waiting = Atomics.waitAsync(ring.control, word, WAITING);
  await Promise.race([waiting.value, failed]);
  expect(Atomics.load(ring.control, word)).toBe(DONE);

  const expected = new Uint8Array(ring.output(0).length);
  new ContentCipher(crypto, keys).sealChunks(16, plaintext, expected);
  expect(Buffer.compare(ring.output(0), expected)).toBe(0);
  expect(Buffer.from(ring.digest(0))).toEqual(Buffer.from(sha256(expected)));
});
