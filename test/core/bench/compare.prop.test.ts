import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isError } from '../../../src/core/base/errors.ts';
import { evaluate, parseExpression, type Expression } from '../../../src/core/bench/compare.ts';
import { row } from './synthetic.ts';

const amount = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1_000);
const comparison = fc.record({
  kind: fc.constant('compare' as const),
  field: fc.constantFrom('value' as const, 'p50' as const, 'p95' as const, 'ratio' as const),
  operator: fc.constantFrom('>' as const, '>=' as const, '<' as const, '<=' as const),
  measure: fc.constantFrom('number' as const, 'change' as const, 'share' as const),
  amount,
});
const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    comparison,
    fc.constant<Expression>({ kind: 'ok' }),
    fc.constant<Expression>({ kind: 'missing' }),
    fc.constantFrom('seal.*', 'a', '*').map((pattern): Expression => ({ kind: 'id', pattern })),
    fc.record({ kind: fc.constant('not' as const), inner: tie('expression') }),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('expression'), right: tie('expression') }),
  ),
}));

const text = (of: Expression): string => {
  switch (of.kind) {
    case 'ok':
    case 'missing':
      return of.kind;
    case 'id':
      return `id=${of.pattern}`;
    case 'not':
      return `not (${text(of.inner)})`;
    case 'compare':
      return `${of.field}${of.operator}${of.measure === 'number' ? '' : '+'}${of.measure === 'share' ? +(of.amount * 100).toFixed(3) : of.amount}${of.measure === 'share' ? '%' : ''}`;
    default:
      return `(${text(of.left)}) ${of.kind} (${text(of.right)})`;
  }
};

const numbers = fc.record({ value: amount, p50: amount, p95: amount, ratio: amount });

test('an expression that is written and read again says the same', () => {
  fc.assert(
    fc.property(expression, numbers, numbers, (of, before, after) => {
      const source = text(of);
      fc.pre(source.length <= 1_000);
      const [a, b] = [row('a', before), row('a', after)];
      const again = parseExpression(source);
      expect(evaluate(again, a, b)).toBe(evaluate(of, a, b));
      expect(evaluate({ kind: 'not', inner: again }, a, b)).toBe(!evaluate(again, a, b));
    }),
  );
});

test('any text is an expression or refused with E_EXPRESSION', () => {
  const soup = fc.array(fc.constantFrom('p95', 'id', '=', '>', '<=', '+10%', '-3', '0.5', '(', ')', 'and', 'or', 'not', 'ok', 'missing', 'x*', ' ', '%', '+'), { maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), soup.map((parts) => parts.join(' ')), soup.map((parts) => parts.join(''))), (source) => {
      try {
        parseExpression(source);
      } catch (error) {
        expect(isError(error, 'E_EXPRESSION')).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
