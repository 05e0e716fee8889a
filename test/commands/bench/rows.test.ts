import { expect, test } from 'vitest';
import { figure, machineLine, markdownLines, reportLines, shortTime, type ShownReport } from '../../../src/commands/bench/_rows.ts';
import { paintOf, symbolsOf } from '../../../src/cli/theme.ts';
import { row } from '../../core/bench/synthetic.ts';

const view = { paint: paintOf(false), symbols: symbolsOf({ LANG: 'C.UTF-8' }), terminal: false, columns: Infinity, verbose: false };
const machine = { cpu: 'A CPU', cores: 2, memoryBytes: 4 * 2 ** 30, os: 'Linux 6 x64', node: '26.0.0', openssl: '3.5.0', sqlite: '3.53', provider: 'native', providers: {} };
const judged = { limit: 50, limitOf: 'bare', ratio: 2, ratioLow: 1.9, ratioHigh: 2.1, budget: { of: 'ratio', bound: 'at least', number: 1.5 } } as const;
const report: ShownReport = {
  bench: 'pq',
  at: '2026-01-01T00:00:00.000Z',
  machine,
  rows: [
    row('good', { ...judged, ok: true, details: { publicKeyBytes: 32 } }),
    row('bad', { ...judged, ratio: 1, ok: false, noise: ['load'] }),
    row('time', { unit: 'ms', value: 1.234, limit: 1, limitOf: 'bare', ratio: 1.23, ratioLow: 1, ratioHigh: 2 }),
    row('alone', { unit: 'MB/s', value: 1_234_567 }),
  ],
  noisy: true,
};

test('each row says value, limit, ratio, budget, and whether it holds', async () => {
  const text = (await reportLines(report, view, { sizes: true })).join('\n');
  for (const [id, ...parts] of [
    ['good', '100 ops/s', '50 ops/s', '2.00x', '>= 1.5x', '✓ ok', '32 B'],
    ['bad', '1.00x', '>= 1.5x', '✗ missed, noisy'],
    ['time', '1.23 ms', '1 ms', '1.23x'],
    ['alone', '1,235,000 MB/s', '-'],
  ]) {
    const line = text.split('\n').find((one) => one.startsWith(id as string));
    for (const part of parts) expect(line).toContain(part);
  }
  expect(text).toContain('BARE');
  expect(text).toContain(machineLine(report, '·'));
  expect(text).toMatch(/longer is better; the line is the budget\ngood .*│/);
  expect(text).toMatch(/shorter is better\ntime /);
});

test('verbose adds columns and takes none away', async () => {
  const [quiet, verbose] = [await reportLines(report, view, { sizes: false }), await reportLines(report, { ...view, verbose: true }, { sizes: false })];
  for (const head of quiet[2]!.split(/ {2,}/)) expect(verbose[2]).toContain(head);
  for (const head of ['P50', 'P99', 'INTERVAL']) expect(verbose[2]).toContain(head);
  expect(verbose.join('\n')).toContain('1.90x to 2.10x');
});

test('Markdown has one cell a column, and says the same with colours on', () => {
  const lines = markdownLines(report, { ...view, paint: paintOf(true) }, { sizes: true });
  const cells = lines.slice(0, 2 + report.rows.length).map((line) => line.split(/(?<!\\)\|/).length);
  expect(new Set(cells).size).toBe(1);
  expect(lines.join('\n')).not.toContain('\u001b');
  expect(lines.some((line) => line.includes('✗ missed, noisy'))).toBe(true);
});

test('a cell cannot break the Markdown table', () => {
  const lines = markdownLines({ ...report, rows: [row('x', { label: 'a | b' })] }, view, { sizes: false });
  expect(lines[2]).toContain('a \\| b');
});

test('figures keep four digits, times the unit that suits them', () => {
  expect([0, 0.0456, 1, 9.876, 999, 1_234.5, 1_234_567].map(figure)).toEqual(['0', '0.0456', '1', '9.88', '999', '1,235', '1,235,000']);
  expect([0, 0.0000005, 0.000988, 0.0427, 1.5, 2_500].map(shortTime)).toEqual(['-', '0.5 ns', '988 ns', '42.7 us', '1.5 ms', '2.5 s']);
});
