/**
 * A thread that seals whole blocks of content. It holds the content keys of one message and nothing else, and lives no longer
 * than that message: it sleeps until there is a job, and is terminated from outside. Started by seal-threads.ts.
 */
import { workerData } from 'node:worker_threads';
import { sha256 } from '../base/cid.ts';
import { systemRng } from '../base/rng.ts';
import { ContentCipher } from '../crypto/cobblestone.ts';
import { loadProvider } from '../crypto/index.ts';
import { CLAIMED, DONE, READY, Ring, SUBMITTED, type RingMemory } from './seal-ring.ts';

const memory = workerData as RingMemory;
const ring = new Ring(memory);
const { control } = ring;
const cipher = new ContentCipher(await loadProvider(memory.provider, systemRng), memory.keys);

/** Sleeps until a job is there that no other thread took. */
function claim(): number {
  for (;;) {
    const submitted = Atomics.load(control, SUBMITTED);
    const next = Atomics.load(control, CLAIMED);
    if (next === submitted) Atomics.wait(control, SUBMITTED, submitted);
    else if (Atomics.compareExchange(control, CLAIMED, next, next + 1) === next) return next;
  }
}

Atomics.add(control, READY, 1);
for (;;) {
  const job = claim();
  const word = ring.jobWord(job);
  const output = ring.output(control[word + 1] as number);
  cipher.sealChunks(control[word + 2] as number, ring.input(job), output);
  ring.digest(job).set(sha256(output));
  Atomics.store(control, word, DONE);
  Atomics.notify(control, word);
}
