import fc from 'fast-check';
import { expect, test } from 'vitest';
import { broken, table } from '../../src/cli/table.ts';
import { paintOf, symbolsOf, width } from '../../src/cli/theme.ts';

const plain = paintOf(false);
const colored = paintOf(true);
const view = (columns: number, paint = plain) => ({ paint, symbols: symbolsOf({ LANG: 'C.UTF-8' }), terminal: true, columns, verbose: false });
// oxlint-disable-next-line no-control-regex -- that is what is looked for
const bare = (text: string): string => text.replace(/\u001b\[\d+m/g, '');

const rows = [
  { name: 'alice', state: 'opened', cid: 'bafy'.repeat(15) },
  { name: 'bob', state: 'refused', cid: 'bafk'.repeat(15) },
];
type Row = (typeof rows)[number];
const columns = (paint: typeof plain) => [
  { head: 'NAME', cell: ({ name }: Row) => paint.mark(name) },
  { head: 'STATE', cell: ({ state }: Row) => (state === 'opened' ? paint.good(state) : paint.bad(state)) },
  { head: 'CID', align: 'right' as const, cell: ({ cid }: Row) => cid },
];

test('colour changes no character of a table, wide or narrow', async () => {
  for (const at of [Infinity, 100, 60, 40, 20]) {
    const [with_, without] = [await table(view(at, colored), rows, columns(colored)), await table(view(at), rows, columns(plain))];
    expect(with_.map(bare)).toEqual(without);
    expect(with_.join('\n')).not.toBe(without.join('\n'));
    for (const line of with_) expect(line.includes('\u001b')).toBe(/\u001b\[(?:22|39)m/.test(line));
  }
});

test('in a pipe every cell stands whole on its line', async () => {
  const lines = await table(view(Infinity), rows, columns(plain));
  expect(lines).toHaveLength(3);
  for (const { cid } of rows) expect(lines.some((line) => line.endsWith(cid))).toBe(true);
});

test('in a narrow terminal cells break and lose nothing', async () => {
  const lines = await table(view(40), rows, columns(plain));
  for (const line of lines) expect(width(line)).toBeLessThanOrEqual(40);
  const letters = (some: readonly string[]) => some.join('').replace(/\s/g, '').split('').toSorted().join('');
  expect(letters(lines)).toBe(letters(await table(view(Infinity), rows, columns(plain))));
});

test('no rows, no lines', async () => {
  expect(await table(view(80), [], columns(plain))).toEqual([]);
});

test('a broken cell keeps its characters, its colour on every line, and its width', () => {
  expect(broken('abcdef', 4)).toBe('abcd\nef');
  expect(broken('abcd', 4)).toBe('abcd');
  expect(broken(colored.good('abcdef'), 4)).toBe('\u001b[32mabcd\u001b[39m\n\u001b[32mef\u001b[39m');
  expect(broken(colored.bold('abcdef'), 4)).toBe('\u001b[1mabcd\u001b[22m\n\u001b[1mef\u001b[22m');
  expect(broken('whole, hashed just now', 12)).toBe('whole, \nhashed just \nnow');
  expect(broken('/srv/op/store/hot.db', 12)).toBe('/srv/op/\nstore/hot.db');
  expect(broken('a bcdefghijkl', 4)).toBe('a \nbcde\nfghi\njkl');
  expect(broken('ab  c', 3)).toBe('ab \n c');
  expect(broken(`${colored.good('ab cd')} ${colored.bad('ef gh')}`, 6)).toBe(`${colored.good('ab cd')} \n${colored.bad('ef gh')}`);
  expect(broken(colored.good('ab cdef'), 5)).toBe('\u001b[32mab \u001b[39m\n\u001b[32mcdef\u001b[39m');
  expect(broken('漢字漢字', 5)).toBe('漢字\n漢字');
  const word = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '漢'), maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(word, fc.boolean()), { maxLength: 5 }), fc.integer({ min: 2, max: 30 }), (parts, columnsMax) => {
      const text = parts.map(([part, isColored]) => (isColored ? colored.bad(part) : part)).join('');
      const out = broken(text, columnsMax);
      expect(bare(out).replaceAll('\n', '')).toBe(bare(text));
      for (const line of out.split('\n')) {
        expect(width(line)).toBeLessThanOrEqual(columnsMax);
        expect((line.match(/\u001b\[31m/g) ?? []).length).toBe((line.match(/\u001b\[39m/g) ?? []).length);
      }
    }),
  );
});
