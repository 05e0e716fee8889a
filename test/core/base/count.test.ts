import { expect, it } from 'vitest';
import { warnings, registry } from '../../../src/core/base/errors.ts';
import { count, grouped } from '../../../src/core/base/count.ts';

it.each([[0, '0 messages'], [1, '1 message'], [2, '2 messages'], [999, '999 messages'], [1_000, '1,000 messages'], [1_234_567, '1,234,567 messages']])('counts %i', (n, text) => {
  expect(count(n, 'message')).toBe(text);
});

it('takes a plural that is no -s, and groups from the right', () => {
  expect([count(1, 'pass', 'passes'), count(2, 'pass', 'passes')]).toEqual(['1 pass', '2 passes']);
  expect([12, 123, 1_234, 12_345].map(grouped)).toEqual(['12', '123', '1,234', '12,345']);
});

it('is not left to a template, which knows no plural: a number stands behind what it counts', () => {
  const texts = [...Object.entries(registry).map(([code, { text }]) => [code, text] as const), ...Object.entries(warnings)];
  const counting = texts.filter(([, text]) => /\{(count|lost|unannounced|missing|failed|bad|copies)\} (?!of\b|verified\b)\w{3,}s\b/.test(text));
  expect(counting).toEqual([]);
});
