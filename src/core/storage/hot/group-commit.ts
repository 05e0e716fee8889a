/**
 * Group commit: writes that wait at the same time become one transaction, and each resolves once that one is flushed.
 * A piece of work that refuses (an error of the registry, thrown before it wrote anything) fails alone. Anything worse undoes the
 * whole transaction; its parts are then tried one by one, so that only those that cannot be done fail.
 */
import type { Block } from '../../base/block.ts';
import { isError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { nextTurn } from '../../base/turn.ts';
import type { SqliteFile } from '../sqlite.ts';

export interface Weight {
  readonly blocks: number;
  readonly bytes: number;
}

interface Work {
  readonly act: () => unknown;
  readonly weight: Weight;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly refusal: Error };

export class GroupCommit {
  readonly #file: SqliteFile;
  /** Runs inside each transaction, before the first work and before the commit. */
  readonly #around: { begin(): void; end(): void };
  readonly #queue: Work[] = [];
  #draining: Promise<void> | undefined;

  constructor(file: SqliteFile, around: { begin(): void; end(): void }) {
    this.#file = file;
    this.#around = around;
  }

  /** Runs `act` in a transaction with others; durable when it resolves. `act` throws refusals before its first write only. */
  run<T>(weight: Weight, act: () => T): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      this.#queue.push({ act, weight, resolve: resolve as (value: never) => void, reject });
    });
    this.#draining ??= this.#drain();
    return done;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        // a turn of the event loop: others join, and signals are answered between two transactions
        await nextTurn();
        await this.#commit(this.#take());
      }
    } finally {
      this.#draining = undefined;
    }
  }

  #take(): Work[] {
    let blocks = 0;
    let bytes = 0;
    let count = 0;
    for (const { weight } of this.#queue) {
      blocks += weight.blocks;
      bytes += weight.bytes;
      if (count > 0 && (blocks > limits.groupCommitBlocks || bytes > limits.groupCommitBytes)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(works: readonly Work[]): Promise<void> {
    let outcomes: Outcome[];
    try {
      outcomes = await this.#file.transaction(() => {
        this.#around.begin();
        const results = works.map(attempt);
        this.#around.end();
        return results;
      });
    } catch (error) {
      if (works.length === 1) return works[0]?.reject(error);
      for (const work of works) await this.#commit([work]);
      return;
    }
    outcomes.forEach((outcome, i) => {
      const work = works[i] as Work;
      if ('refusal' in outcome) work.reject(outcome.refusal);
      else work.resolve(outcome.value as never);
    });
  }
}

function attempt({ act }: Work): Outcome {
  try {
    return { value: act() };
  } catch (error) {
    if (isError(error) && !isError(error, 'E_STORE_CORRUPT', 'E_DISK_FULL', 'E_IO')) return { refusal: error };
    throw error;
  }
}

/** Cuts a long list into parts that fit one transaction each. */
export function transactionsOf(blocks: readonly Block[]): ReadonlyArray<{ readonly blocks: Block[]; readonly bytes: number }> {
  const groups: Array<{ blocks: Block[]; bytes: number }> = [];
  for (const block of blocks) {
    let group = groups.at(-1);
    if (group === undefined || group.blocks.length >= limits.groupCommitBlocks || group.bytes + block.bytes.length > limits.groupCommitBytes) {
      groups.push((group = { blocks: [], bytes: 0 }));
    }
    group.blocks.push(block);
    group.bytes += block.bytes.length;
  }
  return groups;
}
