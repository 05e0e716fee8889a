/**
 * Threads that seal blocks beside the main one, for content long enough to be worth it.
 * What it does not promise: any order between jobs. The caller keeps the order.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { ContentKeys } from '../crypto/cobblestone.ts';
import type { ProviderName } from '../crypto/provider.ts';
import { DONE, READY, Ring, ringMemory, SUBMITTED, WAITING } from './seal-ring.ts';

/** How many threads `parallel` asks for: undefined = as many as the machine has to spare, 0 = none. */
export const threadCount = (parallel: number | undefined): number => Math.min(parallel ?? availableParallelism() - 1, limits.sealThreadsMax);

/** One under way to the sink, one filling. */
const BATCHES_AT_SINK = 2;

/** A block given to the threads. */
export interface SealJob {
  readonly number: number;
  /** Where the sealed block will be, in shared memory; give it back with `release`. */
  readonly output: Bytes;
}

export class SealThreads implements AsyncDisposable {
  /** Blocks that may be at the threads at one time. */
  readonly jobs: number;
  readonly #ring: Ring;
  readonly #workers: readonly Worker[];
  readonly #freeSlots: number[];
  readonly #slotOf = new Map<Bytes, number>();
  readonly #failed: Promise<never>;
  #submitted = 0;
  #taken = 0;

  constructor(provider: ProviderName, keys: ContentKeys, threads: number, batchBytes: number) {
    const batchBlocks = Math.ceil(batchBytes / limits.contentBlockBytes);
    this.jobs = Math.max(threads * limits.sealJobsPerThread, limits.sealBatchesAhead * batchBlocks);
    const slots = this.jobs + BATCHES_AT_SINK * batchBlocks;
    const memory = ringMemory(provider, keys, this.jobs, slots);
    this.#ring = new Ring(memory);
    this.#freeSlots = Array.from({ length: slots }, (_, slot) => slot);
    const resourceLimits = { maxYoungGenerationSizeMb: limits.sealThreadYoungMib, maxOldGenerationSizeMb: limits.sealThreadOldMib };
    const options = { workerData: memory, name: 'omniplex seal', resourceLimits };
    this.#workers = Array.from({ length: threads }, () => new Worker(new URL('./seal-worker.ts', import.meta.url), options));
    this.#failed = new Promise((_, reject) => {
      for (const worker of this.#workers) worker.once('error', reject).once('exit', () => reject(new Error('a sealing thread ended')));
    });
    this.#failed.catch(() => undefined);
  }

  /** False while the threads have as much as they should, and before the first of them has started. */
  get hasRoom(): boolean {
    return this.#submitted - this.#taken < this.jobs && this.#freeSlots.length > 0 && Atomics.load(this.#ring.control, READY) > 0;
  }

  /** Gives one block to the threads. Call it when `hasRoom`. Copies the plaintext. */
  submit(firstChunk: number, plaintext: Bytes): SealJob {
    const number = this.#submitted++;
    const slot = this.#freeSlots.pop() as number;
    const { control } = this.#ring;
    const word = this.#ring.jobWord(number);
    const output = this.#ring.output(slot);
    this.#slotOf.set(output, slot);
    // shared memory: `set` would take half as long again
    Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length).copy(this.#ring.input(number));
    control[word + 1] = slot;
    control[word + 2] = firstChunk;
    Atomics.store(control, word, WAITING);
    Atomics.store(control, SUBMITTED, this.#submitted);
    Atomics.notify(control, SUBMITTED, 1);
    return { number, output };
  }

  isDone({ number }: SealJob): boolean {
    return Atomics.load(this.#ring.control, this.#ring.jobWord(number)) === DONE;
  }

  /** Rejects when a thread dies: a bug, or no memory. */
  async done({ number }: SealJob): Promise<void> {
    const word = this.#ring.jobWord(number);
    const waiting = Atomics.waitAsync(this.#ring.control, word, WAITING);
    if (waiting.async) await Promise.race([waiting.value, this.#failed]);
  }

  /** SHA-256 of the sealed block of a job that is done. Its place in the ring is free after this; jobs are taken in order. */
  take({ number }: SealJob): Bytes {
    if (number !== this.#taken++) throw new Error('jobs are taken in order');
    return this.#ring.digest(number).slice();
  }

  /** Gives an output back. Buffers that are none of ours are left alone. */
  release(output: Bytes): void {
    const slot = this.#slotOf.get(output);
    if (slot === undefined || !this.#slotOf.delete(output)) return;
    this.#freeSlots.push(slot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
