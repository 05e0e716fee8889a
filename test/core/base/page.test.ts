import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { pageOf } from '../../../src/core/base/page.ts';

const listed = { keyOf: (key: string) => key, fieldsOf: (key: string) => ({ key }) };
const page = (all: readonly string[], more: object = {}, descending = false) => pageOf(all, { ...listed, descending }, { nowMs: 0, ...more });

describe('a page', () => {
  it('is in the order of the keys, whatever order they came in', () => {
    expect(page(['b', 'é', 'a', 'Z'])).toEqual({ items: ['Z', 'a', 'b', 'é'], next: undefined });
    expect(page(['b', 'a', 'c'], {}, true)).toEqual({ items: ['c', 'b', 'a'], next: undefined });
    expect(page([])).toEqual({ items: [], next: undefined });
  });

  it.each([
    [false, ['a', 'b', 'c', 'd', 'e']],
    [true, ['e', 'd', 'c', 'b', 'a']],
  ])('descending %s follows another without a gap or a repetition', (descending, all) => {
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const { items, next } = page(['c', 'a', 'e', 'b', 'd'], { limit, after }, descending);
        expect(items.length).toBeLessThanOrEqual(limit);
        seen.push(...items);
        after = next;
      } while (after !== undefined);
      expect(seen).toEqual(all);
    }
  });

  it('begins behind its cursor also when that one is gone, and ends with the last', () => {
    expect(page(['a', 'c'], { after: 'b' }).items).toEqual(['c']);
    expect(page(['a', 'c'], { after: 'b' }, true).items).toEqual(['a']);
    expect(page(['a', 'c'], { after: 'c' })).toEqual({ items: [], next: undefined });
    expect(page(['a', 'b'], { limit: 2 }).next).toBeUndefined();
  });

  it('counts what the filter left', () => {
    const where = parseFilter('key != b', { key: 'text' });
    expect(page(['a', 'b', 'c', 'd'], { where, limit: 2 })).toEqual({ items: ['a', 'c'], next: 'c' });
  });
});
