/**
 * The one filter grammar of --where, on every list and bulk act:
 *
 *     filter     = conjunction *( "or" conjunction )
 *     conjunction = factor *( "and" factor )
 *     factor     = "not" factor / "(" filter ")" / field [ operator value ]
 *     operator   = "=" / "!=" / ">" / ">=" / "<" / "<=" / "~"
 *     value      = word / quoted text, in which \ takes the next character as it is
 *
 * `~` is "contains", whatever the case. `stored > 30d` means stored longer than 30 days ago, and
 * `expires < 2d` that less than 2 days are left, or none any more.
 * A field that a thing does not have decides nothing: `read > 30d` and `not read > 30d` both leave out what was never
 * read. A filter may choose what is dropped, so only what is certainly meant matches.
 */
import { fail, type OmniplexError } from './errors.ts';
import { bareTerm, decide, explain, readTerm, spell, type FieldType, type FilterValue, type Operator, type Term, type ValueOf } from './filter-term.ts';
import { limits } from './limits.ts';
import { didYouMean } from './near.ts';

export type { FieldType };

/** The fields that a filter may name, and what each holds. */
export type FilterFields = Readonly<Record<string, FieldType>>;

/** What a filter is asked about: a value for every field, undefined where there is none. */
export type FilterRecord<Fields extends FilterFields> = { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> | undefined };

type Node =
  | { readonly kind: 'term'; readonly term: Term }
  | { readonly kind: 'not'; readonly part: Node }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Node[] };

/** A filter that was read. It holds no state: it can be asked about any number of things. */
export class Filter<Fields extends FilterFields = FilterFields> {
  readonly #root: Node;
  /** The fields it looks at. */
  readonly fields: ReadonlySet<keyof Fields & string>;

  constructor(root: Node, fields: ReadonlySet<string>) {
    this.#root = root;
    this.fields = fields as ReadonlySet<keyof Fields & string>;
  }

  /** Whether it certainly holds of this thing now. */
  matches(record: FilterRecord<Fields>, nowMs: number): boolean {
    return holds(this.#root, record, nowMs) === true;
  }

  /** In words, for --dry-run. */
  explain(): string {
    return write(this.#root, explain);
  }

  /** As it is typed; reading it again gives the same filter, unless it was at the edge of a bound. */
  toString(): string {
    return write(this.#root, spell);
  }
}

/** What a person typed. Throws E_FILTER, with the place and the position counted from 0. */
export function parseFilter<const Fields extends FilterFields>(text: string, fields: Fields): Filter<Fields> {
  if (text.length > limits.filterCharsMax) throw refusal(text, limits.filterCharsMax, `it is longer than ${limits.filterCharsMax} characters`);
  const parser = new Parser(text, fields);
  return new Filter<Fields>(parser.whole(), parser.used);
}

/** The same of a flag that may not have been given. */
export const whereOf = <const Fields extends FilterFields>(text: string | undefined, fields: Fields): Filter<Fields> | undefined => (text === undefined ? undefined : parseFilter(text, fields));

/** Three values: undefined is neither true nor false and stays so under `not` (Kleene's logic). */
function holds(node: Node, record: Readonly<Record<string, FilterValue | undefined>>, nowMs: number): boolean | undefined {
  switch (node.kind) {
    case 'term':
      return decide(node.term, record[node.term.field], nowMs);
    case 'not': {
      const inner = holds(node.part, record, nowMs);
      return inner === undefined ? undefined : !inner;
    }
    case 'and':
    case 'or': {
      const decisive = node.kind === 'or';
      let unknown = false;
      for (const part of node.parts) {
        const inner = holds(part, record, nowMs);
        if (inner === decisive) return decisive;
        unknown ||= inner === undefined;
      }
      return unknown ? undefined : !decisive;
    }
  }
}

function write(node: Node, term: (term: Term) => string): string {
  switch (node.kind) {
    case 'term':
      return term(node.term);
    case 'not':
      return `not ${node.part.kind === 'and' || node.part.kind === 'or' ? `(${write(node.part, term)})` : write(node.part, term)}`;
    case 'and':
      return node.parts.map((part) => (part.kind === 'or' || part.kind === 'and' ? `(${write(part, term)})` : write(part, term))).join(' and ');
    case 'or':
      return node.parts.map((part) => (part.kind === 'or' ? `(${write(part, term)})` : write(part, term))).join(' or ');
  }
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'operator' | 'open' | 'close' | 'end';
  readonly text: string;
  readonly position: number;
}

/** One pass, each character looked at once; every alternative begins with another character. */
const TOKEN = /\s*(?:([()])|([<>!]=|[<>=~])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s()<>=!~"']+)|(.)|$)/gsuy;

function* tokensOf(text: string): Generator<Token, Token> {
  for (const match of text.matchAll(TOKEN)) {
    const [whole, paren, operator, double, single, word, stray] = match;
    const quoted = double ?? single;
    const position = match.index + whole.length - whole.trimStart().length;
    if (stray !== undefined) throw refusal(text, position, stray === '"' || stray === "'" ? 'the quotation does not end' : 'this means nothing here');
    if (paren !== undefined) yield { kind: paren === '(' ? 'open' : 'close', text: paren, position };
    else if (operator !== undefined) yield { kind: 'operator', text: operator, position };
    else if (quoted !== undefined) yield { kind: 'quoted', text: quoted.replace(/\\(.)/gsu, '$1'), position };
    else if (word !== undefined) yield { kind: 'word', text: word, position };
    else break;
  }
  return { kind: 'end', text: '', position: text.length };
}

/** Recursive descent; only parentheses and `not` recurse, and their depth is bounded. */
class Parser {
  readonly used = new Set<string>();
  readonly #text: string;
  readonly #fields: FilterFields;
  readonly #tokens: Generator<Token, Token>;
  #token: Token;

  constructor(text: string, fields: FilterFields) {
    this.#text = text;
    this.#fields = fields;
    this.#tokens = tokensOf(text);
    this.#token = this.#tokens.next().value;
  }

  whole(): Node {
    const node = this.#joined('or', 0);
    if (this.#token.kind !== 'end') throw this.#refuse(this.#token.kind === 'close' ? 'there is no "(" to this' : 'expected "and" or "or"');
    return node;
  }

  #joined(kind: 'or' | 'and', depth: number): Node {
    const part = () => (kind === 'or' ? this.#joined('and', depth) : this.#factor(depth));
    const first = part();
    const parts = [first];
    while (this.#isWord(kind)) {
      this.#advance();
      parts.push(part());
    }
    return parts.length === 1 ? first : { kind, parts };
  }

  #factor(depth: number): Node {
    if (depth > limits.filterDepthMax) throw this.#refuse(`it is nested deeper than ${limits.filterDepthMax}`);
    if (this.#isWord('not')) {
      this.#advance();
      return { kind: 'not', part: this.#factor(depth + 1) };
    }
    if (!this.#isKind('open')) return { kind: 'term', term: this.#term() };
    const open = this.#token;
    this.#advance();
    const inner = this.#joined('or', depth + 1);
    if (this.#isKind('end')) throw refusal(this.#text, open.position, 'there is no ")" to this');
    if (!this.#isKind('close')) throw this.#refuse('expected "and", "or" or ")"');
    this.#advance();
    return inner;
  }

  #term(): Term {
    const field = this.#token;
    if (field.kind !== 'word' || this.#isWord('and') || this.#isWord('or')) throw this.#refuse(`expected a field: ${Object.keys(this.#fields).join(', ')}`);
    const type = Object.hasOwn(this.#fields, field.text) ? this.#fields[field.text] : undefined;
    if (type === undefined) throw this.#refuse(`there is no such field${didYouMean(field.text, Object.keys(this.#fields))}; there are ${Object.keys(this.#fields).join(', ')}`);
    this.#advance();
    this.used.add(field.text);
    if (this.#token.kind !== 'operator') {
      const bare = bareTerm(field.text, type);
      if (bare === undefined) throw refusal(this.#text, field.position, `${field.text} is compared with something: ${field.text} = ..`);
      return bare;
    }
    const operator = this.#token;
    this.#advance();
    const value = this.#token;
    if (value.kind !== 'word' && value.kind !== 'quoted') throw this.#refuse('expected a value');
    const term = readTerm(field.text, type, operator.text as Operator, value.text);
    if ('why' in term) throw this.#refuse(term.why);
    this.#advance();
    return term;
  }

  #isKind(kind: Token['kind']): boolean {
    return this.#token.kind === kind;
  }

  #isWord(word: string): boolean {
    return this.#token.kind === 'word' && this.#token.text.toLowerCase() === word;
  }

  #advance(): void {
    this.#token = this.#tokens.next().value;
  }

  #refuse(why: string): OmniplexError {
    return refusal(this.#text, this.#token.position, why);
  }
}

/** What stands at the position, for the message: printable, and not much of it. */
function refusal(text: string, position: number, why: string): OmniplexError {
  const at = text.slice(position, position + 30).replace(/[^\P{C}]/gu, '?');
  return fail('E_FILTER', { at: at === '' ? 'the end' : at, position, why });
}
