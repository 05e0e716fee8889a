import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../../src/core/base/near.ts';

describe('edit distance', () => {
  it.each([
    ['', '', 0],
    ['a', '', 1],
    ['', 'ab', 2],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearest', () => {
  const words = ['identity', 'inbox', 'inspect', 'init', 'send'];
  it('finds slips, nearest first', () => {
    expect(nearest('idenitty', words)).toEqual(['identity']);
    expect(nearest('INBOX', words)).toEqual(['inbox']);
    expect(nearest('inspct', words)).toEqual(['inspect']);
  });
  it('offers nothing for what is far, long or a secret', () => {
    for (const word of ['hunter2', 'correct-horse', 'x'.repeat(1_000), '']) expect(nearest(word, words)).toEqual([]);
    expect(didYouMean('hunter2', words)).toBe('');
  });
});
