/**
 * One comparison of a filter: a field of a declared type, an operator, a value. Reads it, decides it, says it in words.
 * An absent field decides nothing, neither for the comparison nor for its negation: see filter.ts.
 */
import { exactDuration, parseDuration, wordsOfDuration } from './duration.ts';
import { isError } from './errors.ts';
import { didYouMean } from './near.ts';
import { exactSize, parseSize } from './size.ts';

/**
 * A list is an enumeration of its words. `age` and `left` hold a time in ms since the epoch: one that was is compared by how long ago that is,
 * one to come by how long it is until then, which is negative once it is over.
 */
export type FieldType = 'text' | 'size' | 'age' | 'left' | 'bool' | 'int' | readonly string[];

export type FilterValue = string | number | boolean | readonly string[];

/** A field that has several values (the tiers of a message) equals a word when one of them does. */
export type ValueOf<Type extends FieldType> = Type extends 'bool' ? boolean : Type extends 'text' | readonly string[] ? string | readonly string[] : number;

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~';

/** The kinds that are compared, with the value in the form in which it is compared. */
export type Term =
  | { readonly field: string; readonly type: 'bool'; readonly operator: '='; readonly value: boolean }
  | { readonly field: string; readonly type: 'size' | 'int' | 'age' | 'left'; readonly operator: Exclude<Operator, '~'>; readonly value: number }
  | { readonly field: string; readonly type: 'text'; readonly operator: '=' | '!=' | '~'; readonly value: string };

type Kind = Term['type'];

const operators: Readonly<Record<Kind, readonly Operator[]>> = {
  bool: ['=', '!='],
  size: ['=', '!=', '>', '>=', '<', '<='],
  int: ['=', '!=', '>', '>=', '<', '<='],
  age: ['>', '>=', '<', '<='],
  left: ['>', '>=', '<', '<='],
  text: ['=', '!=', '~'],
};

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

/** The bare name of a field: only something that is or is not so can stand alone. Undefined for any other type. */
export const bareTerm = (field: string, type: FieldType): Term | undefined => (type === 'bool' ? { field, type, operator: '=', value: true } : undefined);

/** The term, or the reason why there is none, for E_FILTER. */
export function readTerm(field: string, type: FieldType, operator: Operator, value: string): Term | { readonly why: string } {
  const kind: Kind = typeof type === 'string' ? type : 'text';
  const allowed = typeof type === 'string' ? operators[kind] : operators.text.filter((each) => each !== '~');
  if (!allowed.includes(operator)) return { why: `${field} is compared with ${allowed.join(' ')}` };
  if (typeof type !== 'string') {
    return type.includes(value) ? ({ field, type: 'text', operator, value } as Term) : { why: `${field} is one of ${type.join(', ')}${didYouMean(value, type)}` };
  }
  switch (type) {
    case 'text':
      return { field, type, operator: operator as '=' | '!=' | '~', value };
    case 'bool': {
      const truth = Object.hasOwn(BOOLEANS, value) ? BOOLEANS[value] : undefined;
      return truth === undefined ? { why: `${field} is yes or no` } : { field, type, operator: '=', value: truth === (operator === '=') };
    }
    case 'int':
      return /^\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value)) ? numeric(field, type, operator, Number(value)) : { why: `${field} is a whole number` };
    case 'size':
    case 'age':
    case 'left':
      return readMeasure(field, type, operator, value);
  }
}

const numeric = (field: string, type: 'size' | 'int' | 'age' | 'left', operator: Operator, value: number): Term =>
  ({ field, type, operator: operator as Exclude<Operator, '~'>, value });

function readMeasure(field: string, type: 'size' | 'age' | 'left', operator: Operator, value: string): Term | { readonly why: string } {
  try {
    return numeric(field, type, operator, type === 'size' ? parseSize(value) : parseDuration(value));
  } catch (error) {
    if (isError(error, 'E_USAGE')) return { why: `${field} ${String(error.details['why'])}` };
    throw error;
  }
}

/** Whether the term holds of a value; undefined when there is none. A value of another type is the caller's mistake. */
export function decide(term: Term, value: FilterValue | undefined, nowMs: number): boolean | undefined {
  if (value === undefined) return undefined;
  switch (term.type) {
    case 'bool':
      if (typeof value === 'boolean') return value === term.value;
      break;
    case 'text':
      if (typeof value === 'string') return decideText(term, [value]);
      if (typeof value === 'object') return decideText(term, value);
      break;
    case 'age':
      if (typeof value === 'number') return compare(term.operator, nowMs - value, term.value);
      break;
    case 'left':
      if (typeof value === 'number') return compare(term.operator, value - nowMs, term.value);
      break;
    case 'size':
    case 'int':
      if (typeof value === 'number') return compare(term.operator, value, term.value);
      break;
  }
  throw new TypeError(`field ${term.field} of type ${term.type} was given a ${typeof value}`);
}

function decideText(term: Extract<Term, { type: 'text' }>, values: readonly string[]): boolean {
  if (term.operator === '~') return values.some((value) => value.toLowerCase().includes(term.value.toLowerCase()));
  return values.includes(term.value) === (term.operator === '=');
}

function compare(operator: Exclude<Operator, '~'>, value: number, with_: number): boolean {
  switch (operator) {
    case '=':
      return value === with_;
    case '!=':
      return value !== with_;
    case '>':
      return value > with_;
    case '>=':
      return value >= with_;
    case '<':
      return value < with_;
    case '<=':
      return value <= with_;
  }
}

/** The term as it is typed; reading it again gives the same term. */
export function spell(term: Term): string {
  switch (term.type) {
    case 'bool':
      return term.value ? term.field : `not ${term.field}`;
    case 'text':
      return `${term.field} ${term.operator} ${quoted(term.value)}`;
    case 'int':
      return `${term.field} ${term.operator} ${term.value}`;
    case 'size':
      return `${term.field} ${term.operator} ${exactSize(term.value)}`;
    case 'age':
    case 'left':
      return `${term.field} ${term.operator} ${exactDuration(term.value)}`;
  }
}

const PLAIN_WORD = /^(?!(?:and|or|not)$)[\w.:/@%+-]+$/i;

/** Bare where that reads back as one word, in quotes otherwise. */
const quoted = (text: string): string => (PLAIN_WORD.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`);

const sizeWords = { '=': 'is', '!=': 'is not', '>': 'is over', '>=': 'is at least', '<': 'is under', '<=': 'is at most' } as const;
const timeWords = { '=': '', '!=': '', '>': 'more than', '>=': 'at least', '<': 'less than', '<=': 'at most' } as const;
const textWords = { '=': 'is', '!=': 'is not', '~': 'contains' } as const;

/** The term in words, for --dry-run. */
export function explain(term: Term): string {
  switch (term.type) {
    case 'bool':
      return term.value ? term.field : `not ${term.field}`;
    case 'text':
      return `${term.field} ${textWords[term.operator]} ${quoted(term.value)}`;
    case 'int':
      return `${term.field} ${sizeWords[term.operator]} ${term.value}`;
    case 'size':
      return `${term.field} ${sizeWords[term.operator]} ${exactSize(term.value)}`;
    case 'age':
      return `${term.field} ${timeWords[term.operator]} ${wordsOfDuration(term.value)} ago`;
    case 'left':
      return `${term.field} in ${timeWords[term.operator]} ${wordsOfDuration(term.value)}`;
  }
}
