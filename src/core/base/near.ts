/**
 * "Did you mean": the known words nearest to a mistyped one, by Damerau-Levenshtein distance (optimal string alignment).
 * Only words near enough to be a slip are offered, so that a pasted secret is never taken for a typing error and repeated.
 */
import { limits } from './limits.ts';

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(current[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** A third of the letters may be wrong, at most three: `idenitty` is a slip of `identity`, `hunter2` is nothing we know. */
const slipsAllowed = (word: string): number => Math.min(3, Math.max(1, Math.floor(word.length / 3)));

/** The known words within reach of `word`, nearest first, at most three. Empty for words over the length bound. */
export function nearest(word: string, known: readonly string[]): readonly string[] {
  if (word.length > limits.nearWordCharsMax) return [];
  const lower = word.toLowerCase();
  return known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= slipsAllowed(candidate))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `; did you mean "a" or "b"?`, or nothing. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const found = nearest(word, known);
  return found.length === 0 ? '' : `; did you mean ${found.map((candidate) => `"${candidate}"`).join(' or ')}?`;
};
