import { expect, test } from 'vitest';
import { barChart } from '../../src/cli/chart.ts';
import { paintOf, symbolsOf } from '../../src/cli/theme.ts';

const utf8 = { paint: paintOf(false), symbols: symbolsOf({ LANG: 'C.UTF-8' }), columns: 40 };
const ascii = { ...utf8, symbols: symbolsOf({ LANG: 'C' }) };

test('bars are drawn to scale, to an eighth of a column', () => {
  const bars = [{ label: 'a', value: 16, text: '16x' }, { label: 'bcd', value: 8, text: '8x' }, { label: 'e', value: 0.5, text: '0.5x' }];
  const width = 40 - 3 - 4 - 4;
  expect(barChart(bars, utf8)).toEqual([`a    ${'█'.repeat(width)}  16x`, `bcd  ${`${'█'.repeat(14)}▌`.padEnd(width)}  8x`, `e    ${'▉'.padEnd(width)}  0.5x`]);
  expect(barChart(bars, ascii)[1]).toBe(`bcd  ${'#'.repeat(15).padEnd(width)}  8x`);
});

test('a bound is a line at its place, inside the width and beside the bar', () => {
  const width = 40 - 1 - 1 - 4;
  const [short, long, edge] = barChart(
    [{ label: 'a', value: 5, text: 'x', bound: 10 }, { label: 'b', value: 20, text: 'x', bound: 10 }, { label: 'c', value: 0, text: 'x', bound: 20 }],
    utf8,
  );
  expect(short?.indexOf('│')).toBe(3 + width / 2);
  expect(long?.indexOf('│')).toBe(3 + width / 2);
  expect(edge?.indexOf('│')).toBe(3 + width - 1);
  for (const line of [short, long, edge]) expect(line).toHaveLength(40);
});

test('what is beyond the scale ends in an arrow, and nothing makes nothing', () => {
  expect(barChart([{ label: 'a', value: 99, text: 'x' }], utf8, { full: 10 })[0]).toMatch(/█→ {2}x$/);
  expect(barChart([{ label: 'a', value: 99, text: 'x' }], ascii, { full: 10 })[0]).toMatch(/#-> {2}x$/);
  expect(barChart([], utf8)).toEqual([]);
  expect(barChart([{ label: 'a', value: 0, text: '0' }], utf8)).toEqual([`a  ${' '.repeat(34)}  0`]);
});

test('a pipe and a wide terminal get the same lines, and a narrow one still shows a bar', () => {
  const bars = [{ label: 'a long label of thirty letters', value: 1, text: 'x' }];
  expect(barChart(bars, { ...utf8, columns: Infinity })).toEqual(barChart(bars, { ...utf8, columns: 100 }));
  expect(barChart(bars, { ...utf8, columns: 20 })[0]).toContain('█'.repeat(10));
});

test('colour adds nothing but colour', () => {
  const bars = [{ label: 'a', value: 5, text: '5x', bound: 7, tone: 'good' as const }, { label: 'b', value: 7, text: '7x', tone: 'bad' as const }];
  const colored = barChart(bars, { ...utf8, paint: paintOf(true) }).join('\n');
  expect(colored).not.toBe(barChart(bars, utf8).join('\n'));
  // eslint-disable-next-line no-control-regex
  expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(barChart(bars, utf8).join('\n'));
});
