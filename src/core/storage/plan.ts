/**
 * What a bulk act would do, as a short name that the operator confirms: the same plan has the same name, a changed one another.
 * Not a secret and not a proof: 32 bits, so that a person can compare them.
 */
import { createHash } from 'node:crypto';
import { digestOf, type Cid } from '../base/cid.ts';

export class PlanName {
  readonly #hash = createHash('sha256');
  #items = 0;

  /** `what` is the act and its options: a plan to another tier is another plan. */
  constructor(...what: ReadonlyArray<string | number>) {
    this.#hash.update(`${what.join('\n')}\0`);
  }

  add(kind: string, cid: Cid): void {
    this.#hash.update(kind).update(digestOf(cid));
    this.#items++;
  }

  get items(): number {
    return this.#items;
  }

  /** Ends the plan: `7f3a-19c2`. */
  name(): string {
    const hex = this.#hash.digest('hex').slice(0, 8);
    return `${hex.slice(0, 4)}-${hex.slice(4)}`;
  }
}
