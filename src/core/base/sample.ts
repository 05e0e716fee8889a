/** A sample by chance of what is too much to look at. */
import { uniform, type Rng } from './rng.ts';

const PARTS = 1_000_000;

/** Each with the chance of `fraction` (all of them without one); one at least, where there is one, so that a small sample of little is no empty look. */
export async function* sampleOf<T>(rng: Rng, fraction: number | undefined, all: AsyncIterable<T>): AsyncGenerator<T> {
  let passed = 0;
  let spare: T | undefined;
  let isEmpty = true;
  for await (const one of all) {
    if (fraction === undefined || uniform(rng, PARTS) < fraction * PARTS) {
      isEmpty = false;
      yield one;
    } else if (isEmpty && uniform(rng, ++passed) === 0) spare = one;
  }
  if (isEmpty && spare !== undefined) yield spare;
}
