/**
 * Memory that the sealing threads share: a ring of jobs, each with room for the plaintext of one block, and slots for sealed blocks.
 * Threads take jobs by counting `claimed` up to `submitted` and sleep on `submitted`. No messages and no copies pass between threads:
 * measured, a message a block cost a third of the sealing itself.
 */
import type { Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { ContentKeys } from '../crypto/cobblestone.ts';
import type { ProviderName } from '../crypto/provider.ts';
import { BLOCK_PLAINTEXT_BYTES } from './nodes.ts';

const DIGEST_BYTES = 32;

/** What a thread is started with. */
export interface RingMemory {
  readonly provider: ProviderName;
  readonly keys: ContentKeys;
  readonly jobs: number;
  readonly control: SharedArrayBuffer;
  readonly inputs: SharedArrayBuffer;
  readonly outputs: SharedArrayBuffer;
  readonly digests: SharedArrayBuffer;
}

/** Words of `control`: three counters, then three words a job: its state, the slot of its output, its first chunk. */
export const SUBMITTED = 0;
export const CLAIMED = 1;
/** Threads that have started and wait for work. */
export const READY = 2;
const HEAD_WORDS = 3;
const JOB_WORDS = 3;

/** States of a job that was submitted. */
export const WAITING = 1;
export const DONE = 2;

export function ringMemory(provider: ProviderName, keys: ContentKeys, jobs: number, slots: number): RingMemory {
  return {
    ...{ provider, keys, jobs },
    control: new SharedArrayBuffer(4 * (HEAD_WORDS + JOB_WORDS * jobs)),
    inputs: new SharedArrayBuffer(BLOCK_PLAINTEXT_BYTES * jobs),
    outputs: new SharedArrayBuffer(limits.contentBlockBytes * slots),
    digests: new SharedArrayBuffer(DIGEST_BYTES * jobs),
  };
}

/** One side's view of the ring. */
export class Ring {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly #memory: RingMemory;

  constructor(memory: RingMemory) {
    this.#memory = memory;
    this.control = new Int32Array(memory.control);
  }

  /** Where in `control` the words of a job begin. */
  jobWord(job: number): number {
    return HEAD_WORDS + JOB_WORDS * (job % this.#memory.jobs);
  }

  input(job: number): Bytes {
    return new Uint8Array(this.#memory.inputs, (job % this.#memory.jobs) * BLOCK_PLAINTEXT_BYTES, BLOCK_PLAINTEXT_BYTES);
  }

  digest(job: number): Bytes {
    return new Uint8Array(this.#memory.digests, (job % this.#memory.jobs) * DIGEST_BYTES, DIGEST_BYTES);
  }

  output(slot: number): Bytes {
    return new Uint8Array(this.#memory.outputs, slot * limits.contentBlockBytes, limits.contentBlockBytes);
  }
}
