import { expect, test } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { compare, parseExpression } from '../../../src/core/bench/compare.ts';
import { parseReport, type Report, type Row } from '../../../src/core/bench/report.ts';
import { row } from './synthetic.ts';

const machine = { cpu: 'c', cores: 2, memoryBytes: 1, os: 'o', node: '26', openssl: '3.5', sqlite: '3', provider: 'native', providers: {} };
const report = (rows: readonly Row[], more: Partial<Report> = {}): Report => ({ bench: 'seal', at: '2026-01-01T00:00:00.000Z', machine, rows, noisy: false, ...more });
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isError(error) ? error.code : `not ours: ${String(error)}`;
  }
  return 'nothing thrown';
};
const failedOf = (expression: string, before: Partial<Row>, after: Partial<Row>) =>
  compare(report([row('a', before)]), report([row('a', after)]), parseExpression(expression)).failed.length > 0;

test.each([
  ['p95>+10%', { p95: 10 }, { p95: 11.01 }, true],
  ['p95>+10%', { p95: 10 }, { p95: 11 }, false],
  ['p95>=+10%', { p95: 10 }, { p95: 11 }, true],
  ['  p95 > +10%  ', { p95: 10 }, { p95: 9 }, false],
  ['value<-10%', { value: 100 }, { value: 89 }, true],
  ['value<-10%', { value: 100 }, { value: 91 }, false],
  ['ratio<0.9', { ratio: 1 }, { ratio: 0.89 }, true],
  ['ratio<0.9', { ratio: 0.5 }, { ratio: 0.91 }, false],
  ['ratio<-0.05', { ratio: 0.95 }, { ratio: 0.89 }, true],
  ['p99>+3', { p99: 1 }, { p99: 4.1 }, true],
  ['p99>+3', { p99: 1 }, { p99: 4 }, false],
  ['p50>+1%', { p50: 0 }, { p50: 1 }, true],
  ['p50>+1%', { p50: 0 }, { p50: 0 }, false],
  ['not ok', { ok: true }, { ok: false }, true],
  ['not ok', { ok: false }, { ok: true }, false],
  ['p95>+10% and p99>+10%', { p95: 1, p99: 1 }, { p95: 2, p99: 1 }, false],
  ['p95>+10% or p99>+10%', { p95: 1, p99: 1 }, { p95: 2, p99: 1 }, true],
  ['p50>9 or p95>9 and p99>9', { p50: 1 }, { p50: 10, p95: 1, p99: 1 }, true],
  ['(p50>9 or p95>9) and p99>9', { p50: 1 }, { p50: 10, p95: 1, p99: 1 }, false],
  ['not (p50>9 or p95>9)', { p50: 1 }, { p50: 1, p95: 1 }, true],
  ['id=a and p50>9', { p50: 1 }, { p50: 10 }, true],
  ['id=* and p50>9', { p50: 1 }, { p50: 10 }, true],
])('%s of %o and %o is %s', (expression, before, after, expected) => {
  expect(failedOf(expression, before, after)).toBe(expected);
});

test('a pattern chooses rows', () => {
  const before = report([row('seal.memory'), row('seal.files'), row('send.embedded')]);
  const after = report([row('seal.memory', { p95: 99 }), row('seal.files', { p95: 99 }), row('send.embedded', { p95: 99 })]);
  const failed = (pattern: string) => compare(before, after, parseExpression(`id = ${pattern} and p95>+10%`)).failed;
  expect(failed('seal.*')).toEqual(['seal.memory', 'seal.files']);
  expect(failed('*e*d*')).toEqual(['send.embedded']);
  expect(failed('*.memory')).toEqual(['seal.memory']);
  expect(codeOf(() => failed('pack*'))).toBe('E_EXPRESSION');
  expect(codeOf(() => failed('seal.memory.*.memory'))).toBe('E_EXPRESSION');
});

test.each([
  '', ' ', 'p95', 'p95>', '>+10%', 'p95>10%', 'p95=+10%', 'p95>+10%%', 'p95>+-10', 'p95>+10 % ', 'p95>++10%', 'p95>+10% and', 'or ok', 'p95>+10% p99>+10%', '(p95>+10%', 'p95>+10%)', '()',
  'p42>+10%', 'P95>+10%', 'id', 'id=', 'id>a', 'id=5', 'not', 'ok ok', 'p95>+1e3', 'p95>+.5', 'p95>0x10', 'value<;', 'p95>+10% && ok', '__proto__>1', 'constructor>+1', 'p95>NaN', 'id="a"',
])('the expression %o is refused', (source) => {
  expect(codeOf(() => parseExpression(source))).toBe('E_EXPRESSION');
});

test('an expression is bounded, and so is its nesting', () => {
  const most = limits.benchExpressionCharsMax;
  expect(codeOf(() => parseExpression('('.repeat(most / 2 - 1) + 'ok' + ')'.repeat(most / 2 - 1)))).toBe('nothing thrown');
  expect(codeOf(() => parseExpression(`${'not '.repeat(most / 4)}ok`))).toBe('E_EXPRESSION');
});

test('a threshold on what no row has is refused, for it would always pass', () => {
  const same = report([row('a')]);
  for (const source of ['ratio<0.9', 'limit>+1%', 'not ok', 'ratioLow<1 or p95>+10%']) expect(codeOf(() => compare(same, same, parseExpression(source)))).toBe('E_EXPRESSION');
});

test('missing rows are told, and fail where the expression asks', () => {
  const before = report([row('a'), row('b')]);
  const after = report([row('a'), row('c')]);
  expect(compare(before, after).missing).toEqual({ before: ['c'], after: ['b'] });
  expect(compare(before, after, parseExpression('p95>+10%')).failed).toEqual([]);
  expect(compare(before, after, parseExpression('p95>+10% or missing')).failed).toEqual(['b']);
  expect(compare(before, before, parseExpression('missing')).failed).toEqual([]);
});

test('machines that differ are told', () => {
  const other = report([row('a')], { machine: { ...machine, cores: 64, node: '27' } });
  expect(compare(report([row('a')]), other).machines).toEqual(['cores', 'node']);
  expect(compare(report([row('a')]), report([row('a')])).machines).toEqual([]);
});

test('better and worse follow the unit, and changes inside the spread are neither', () => {
  const verdict = (before: Partial<Row>, after: Partial<Row>) => compare(report([row('a', before)]), report([row('a', after)])).rows[0]?.verdict;
  expect(verdict({ value: 100 }, { value: 120 })).toBe('better');
  expect(verdict({ value: 100 }, { value: 80 })).toBe('worse');
  expect(verdict({ value: 100, unit: 'ms' }, { value: 80, unit: 'ms' })).toBe('better');
  expect(verdict({ value: 100, unit: 'ms' }, { value: 120, unit: 'ms' })).toBe('worse');
  expect(verdict({ value: 100 }, { value: 104 })).toBe('same');
  expect(verdict({ value: 100, spread: 0.3 }, { value: 80 })).toBe('same');
});

test('noise of either report is noise of the comparison', () => {
  expect(compare(report([row('a', { noise: ['load'] })]), report([row('a')])).noisy).toBe(true);
  expect(compare(report([row('a')]), report([row('a')])).noisy).toBe(false);
});

test('what cannot be compared is refused', () => {
  expect(codeOf(() => compare(report([row('a')]), report([row('a')], { bench: 'pq' })))).toBe('E_FORMAT');
  expect(codeOf(() => compare(report([row('a')]), report([row('b')])))).toBe('E_FORMAT');
  expect(codeOf(() => compare(report([row('a')]), report([row('a', { unit: 'ms' })])))).toBe('E_FORMAT');
  expect(codeOf(() => compare(report([]), report([])))).toBe('E_FORMAT');
});

test('a report is read from its file and from the envelope', () => {
  const whole = report([row('a', { ratio: 0.5, ok: true })]);
  expect(parseReport(bytesOf(JSON.stringify(whole)), 'a.json')).toEqual(whole);
  expect(parseReport(bytesOf(JSON.stringify({ schema: 'omniplex/bench seal/1', ok: true, result: whole })), 'a.json')).toEqual(whole);
});

const good = report([row('a')]);
test.each([
  ['nothing', ''],
  ['half a document', JSON.stringify(good).slice(0, -1)],
  ['a list', '[]'],
  ['null', 'null'],
  ['no bench', { ...good, bench: undefined }],
  ['no rows', { ...good, rows: undefined }],
  ['rows that are a map', { ...good, rows: {} }],
  ['a machine of text', { ...good, machine: 'mine' }],
  ['a machine without cores', { ...good, machine: { ...machine, cores: '2' } }],
  ['too many rows', { ...good, rows: Array.from({ length: limits.benchRowsMax + 1 }, (_, i) => ({ id: `${i}` })) }],
  ['one id twice', { ...good, rows: [row('a'), row('a')] }],
  ['a row that is null', { ...good, rows: [null] }],
  ['no id', { ...good, rows: [{ ...row('a'), id: '' }] }],
  ['an unknown unit', { ...good, rows: [{ ...row('a'), unit: 'constructor' }] }],
  ['a value that is text', { ...good, rows: [{ ...row('a'), value: '5' }] }],
  ['a negative percentile', { ...good, rows: [row('a', { p95: -1 })] }],
  ['a value too large for a number', JSON.stringify(good).replace('"value":100', '"value":1e999')],
  ['a ratio that is text', { ...good, rows: [{ ...row('a'), ratio: '1' }] }],
  ['an ok that is a number', { ...good, rows: [{ ...row('a'), ok: 1 }] }],
  ['noise that is text', { ...good, rows: [{ ...row('a'), noise: 'none' }] }],
  ['an envelope of an error', { ok: false, error: { code: 'E_FAILED' } }],
])('%s is no report', (_, document) => {
  expect(codeOf(() => parseReport(bytesOf(typeof document === 'string' ? document : JSON.stringify(document)), 'a.json'))).toBe('E_FORMAT');
});

test('bytes that are not UTF-8 and files that are too long are no report', () => {
  expect(codeOf(() => parseReport(Uint8Array.of(0xff, 0xfe), 'a.json'))).toBe('E_FORMAT');
  expect(codeOf(() => parseReport(new Uint8Array(limits.benchReportBytesMax + 1).fill(0x20), 'a.json'))).toBe('E_FORMAT');
});
