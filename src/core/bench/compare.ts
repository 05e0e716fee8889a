/**
 * Two reports side by side, and the expression that says which change is too much. The grammar:
 *   expression = term {"or" term}     term = factor {"and" factor}     factor = {"not"} (comparison | "ok" | "missing" | "(" expression ")")
 *   comparison = field (">" | ">=" | "<" | "<=") amount | "id" "=" pattern
 *   field = value | p50 | p95 | p99 | spread | limit | ratio | ratioLow | ratioHigh
 *   amount = ["+" | "-"] number ["%"]: with a sign it is the change from A to B (p95>+10%, ratio<-0.05), without one the number in B.
 * A pattern may hold `*`. It is asked of every row that both reports have; a field that a row lacks makes a comparison false, and one
 * that all rows lack is refused, since a threshold on nothing would always pass. Rows that B lost are asked only where it says `missing`.
 */
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { matches } from './bench.ts';
import { units, type Machine, type Report, type Row } from './report.ts';

const fields = ['value', 'p50', 'p95', 'p99', 'spread', 'limit', 'ratio', 'ratioLow', 'ratioHigh'] as const;
type Field = (typeof fields)[number];

type Operator = '>' | '>=' | '<' | '<=';

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly inner: Expression }
  | { readonly kind: 'ok' | 'missing' }
  | { readonly kind: 'id'; readonly pattern: string }
  | { readonly kind: 'compare'; readonly field: Field; readonly operator: Operator; readonly measure: 'change' | 'share' | 'number'; readonly amount: number };

type Token = { readonly text: string; readonly at: number };

const TOKEN = /\s*(>=|<=|[><=()]|[+-]?\d+(?:\.\d+)?%?|[A-Za-z_*][\w.*:/-]*)/y;

function tokensOf(source: string): readonly Token[] {
  if (source.length > limits.benchExpressionCharsMax) throw fail('E_EXPRESSION', { at: source.slice(0, 20), why: `longer than ${limits.benchExpressionCharsMax} characters` });
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  let at = 0;
  while (at < end) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw fail('E_EXPRESSION', { at: source.slice(at, at + 20).trim(), why: 'not a field, a number or an operator' });
    at = TOKEN.lastIndex;
    tokens.push({ text: match[1] as string, at });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#chain('or', () => this.#chain('and', () => this.#factor()));
    if (this.#peek() !== undefined) throw this.#wrong('expected "and", "or" or the end');
    return expression;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  #wrong(why: string): Error {
    return fail('E_EXPRESSION', { at: this.#peek() ?? 'the end', why });
  }

  #chain(kind: 'and' | 'or', operand: () => Expression): Expression {
    let left = operand();
    while (this.#peek() === kind) {
      this.#next++;
      left = { kind, left, right: operand() };
    }
    return left;
  }

  #factor(): Expression {
    const token = this.#peek();
    if (token === 'not') {
      this.#next++;
      return { kind: 'not', inner: this.#factor() };
    }
    if (token === '(') {
      this.#next++;
      const inner = this.#chain('or', () => this.#chain('and', () => this.#factor()));
      if (this.#peek() !== ')') throw this.#wrong('expected ")"');
      this.#next++;
      return inner;
    }
    if (token === 'ok' || token === 'missing') {
      this.#next++;
      return { kind: token };
    }
    return token === 'id' ? this.#id() : this.#comparison();
  }

  #id(): Expression {
    this.#next++;
    if (this.#peek() !== '=') throw this.#wrong('expected "=" after id');
    this.#next++;
    const pattern = this.#peek();
    if (pattern === undefined || !/^[A-Za-z_*]/.test(pattern)) throw this.#wrong('expected the id of a row, or a pattern with *');
    this.#next++;
    return { kind: 'id', pattern };
  }

  #comparison(): Expression {
    const field = this.#peek();
    if (field === undefined || !(fields as readonly string[]).includes(field)) throw this.#wrong(`expected one of ${fields.join(', ')}, id, ok, missing`);
    this.#next++;
    const operator = this.#peek();
    if (operator === undefined || !['>', '>=', '<', '<='].includes(operator)) throw this.#wrong('expected >, >=, < or <=');
    this.#next++;
    const amount = this.#peek();
    const match = amount === undefined ? null : /^([+-]?)(\d+(?:\.\d+)?)(%?)$/.exec(amount);
    if (match === null) throw this.#wrong('expected a number, such as +10% or 0.9');
    const [, sign, digits, share] = match;
    if (sign === '' && share === '%') throw this.#wrong('a share is a change: say +10% or -10%');
    this.#next++;
    const number = Number(`${sign}${digits}`);
    const measure = share === '%' ? 'share' : sign === '' ? 'number' : 'change';
    return { kind: 'compare', field: field as Field, operator: operator as Operator, measure, amount: share === '%' ? number / 100 : number };
  }
}

/** Throws E_EXPRESSION, naming the place. */
export const parseExpression = (source: string): Expression => new Parser(tokensOf(source)).whole();

const holds = (left: number, operator: Operator, right: number): boolean => {
  switch (operator) {
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
  }
};

/** Change from nothing to something is without bound, from nothing to nothing is none. */
export const changeOf = (before: number, after: number): number => (before === 0 ? (after === 0 ? 0 : Number.POSITIVE_INFINITY) : (after - before) / before);

/** Whether the expression is true of a row as it was and as it is; `after` is undefined for a row that is no longer there. */
export function evaluate(expression: Expression, before: Row, after: Row | undefined): boolean {
  switch (expression.kind) {
    case 'and':
      return evaluate(expression.left, before, after) && evaluate(expression.right, before, after);
    case 'or':
      return evaluate(expression.left, before, after) || evaluate(expression.right, before, after);
    case 'not':
      return !evaluate(expression.inner, before, after);
    case 'ok':
      return after?.ok !== false;
    case 'missing':
      return after === undefined;
    case 'id':
      return matches(expression.pattern, before.id);
    case 'compare': {
      const a = before[expression.field];
      const b = after?.[expression.field];
      if (b === undefined || (expression.measure !== 'number' && a === undefined)) return false;
      const left = expression.measure === 'number' ? b : expression.measure === 'change' ? b - (a as number) : changeOf(a as number, b);
      return holds(left, expression.operator, expression.amount);
    }
  }
}

const leavesOf = (expression: Expression): readonly Expression[] => {
  if (expression.kind === 'and' || expression.kind === 'or') return [...leavesOf(expression.left), ...leavesOf(expression.right)];
  return expression.kind === 'not' ? leavesOf(expression.inner) : [expression];
};

/** Throws E_EXPRESSION when a part of the expression is about no row at all. */
function refuseIdle(expression: Expression, before: Report, after: Report): void {
  for (const leaf of leavesOf(expression)) {
    if (leaf.kind === 'id' && !before.rows.some(({ id }) => matches(leaf.pattern, id))) throw fail('E_EXPRESSION', { at: leaf.pattern, why: 'no row has such an id' });
    if (leaf.kind === 'compare' && !after.rows.some((row) => row[leaf.field] !== undefined)) throw fail('E_EXPRESSION', { at: leaf.field, why: 'no row has this field' });
    if (leaf.kind === 'ok' && !after.rows.some((row) => row.ok !== undefined)) throw fail('E_EXPRESSION', { at: 'ok', why: 'no row has a budget' });
  }
}

export interface ComparedRow {
  readonly id: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  /** Share of `before`; of the value, and of the 95th percentile. */
  readonly change: number | null;
  readonly p95Change: number | null;
  /** Signed so that more is better, whatever the unit. */
  readonly verdict: 'better' | 'worse' | 'same';
  readonly failed: boolean;
  readonly noisy: boolean;
}

export interface Comparison {
  readonly rows: readonly ComparedRow[];
  /** Rows that one report lacks. */
  readonly missing: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Fields of the machine that differ: then the ratios may be compared, the values not. */
  readonly machines: readonly string[];
  readonly noisy: boolean;
  readonly failed: readonly string[];
}

const finite = (share: number): number | null => (Number.isFinite(share) ? share : null);

function comparedRow(before: Row, after: Row, expression: Expression | undefined): ComparedRow {
  const change = changeOf(before.value, after.value);
  const gain = units[after.unit] === 'higher' ? change : -change;
  const within = Math.abs(change) <= Math.max(before.spread, after.spread);
  return {
    id: after.id,
    unit: after.unit,
    before: before.value,
    after: after.value,
    change: finite(change),
    p95Change: finite(changeOf(before.p95, after.p95)),
    verdict: within ? 'same' : gain > 0 ? 'better' : 'worse',
    failed: expression !== undefined && evaluate(expression, before, after),
    noisy: before.noise.length + after.noise.length > 0,
  };
}

const machineDifferences = (a: Machine, b: Machine): readonly string[] =>
  (['cpu', 'cores', 'memoryBytes', 'os', 'node', 'openssl', 'provider'] as const).filter((field) => a[field] !== b[field]);

/** Throws E_FORMAT when the reports are of two benches, or a row changed its unit, or they share no row: then nothing was compared. E_EXPRESSION: see the head. */
export function compare(before: Report, after: Report, expression?: Expression): Comparison {
  const wrong = (why: string) => fail('E_FORMAT', { kind: 'pair of benchmark reports', why });
  if (before.bench !== after.bench) throw wrong(`one is of ${before.bench.slice(0, 40)}, the other of ${after.bench.slice(0, 40)}`);
  const earlier = new Map(before.rows.map((row) => [row.id, row]));
  const later = new Set(after.rows.map(({ id }) => id));
  const rows = after.rows.flatMap((row) => {
    const other = earlier.get(row.id);
    if (other === undefined) return [];
    if (other.unit !== row.unit) throw wrong(`row ${row.id} is in ${other.unit} and in ${row.unit}`);
    return [comparedRow(other, row, expression)];
  });
  if (rows.length === 0) throw wrong('they share no row');
  if (expression !== undefined) refuseIdle(expression, before, after);
  const lost = before.rows.filter(({ id }) => !later.has(id));
  const asksMissing = expression !== undefined && leavesOf(expression).some(({ kind }) => kind === 'missing');
  const failedLost = asksMissing ? lost.filter((row) => evaluate(expression, row, undefined)) : [];
  return {
    rows,
    missing: { before: after.rows.filter(({ id }) => !earlier.has(id)).map(({ id }) => id), after: lost.map(({ id }) => id) },
    machines: machineDifferences(before.machine, after.machine),
    noisy: rows.some(({ noisy }) => noisy),
    failed: [...rows.filter(({ failed }) => failed), ...failedLost].map(({ id }) => id),
  };
}
