/**
 * JSON Schema of what a command answers, written once: the same literal gives the TypeScript type of the result.
 * Nothing here validates at run time (tests do, with ajv), so a command pays nothing for it.
 * Published schemas are open: a later release may add a field, and readers must ignore what they do not know.
 */

/** The part of JSON Schema 2020-12 that results use. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly format?: string;
  readonly minimum?: number;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

declare const inferred: unique symbol;
declare const absent: unique symbol;

/** A schema that remembers which type it describes. */
export interface Schema<T> extends JsonSchema {
  readonly [inferred]?: T;
}

/** A property that may be left out. Only `object` understands it. */
export interface Optional<T> {
  readonly [absent]?: T;
  readonly optional: Schema<T>;
}

export type Infer<S> = S extends Schema<infer T> ? T : S extends Optional<infer T> ? T : never;

type Properties = Readonly<Record<string, Schema<unknown> | Optional<unknown>>>;
type OptionalKeys<P extends Properties> = { [K in keyof P]: P[K] extends Optional<unknown> ? K : never }[keyof P];
type ObjectOf<P extends Properties> = { readonly [K in Exclude<keyof P, OptionalKeys<P>>]: Infer<P[K]> } & {
  readonly [K in OptionalKeys<P>]?: Infer<P[K]> | undefined;
};
type Simplify<T> = { [K in keyof T]: T[K] };

const described = (schema: JsonSchema, description: string | undefined): JsonSchema => (description === undefined ? schema : { ...schema, description });

export const string = (description?: string): Schema<string> => described({ type: 'string' }, description) as Schema<string>;
export const integer = (description?: string): Schema<number> => described({ type: 'integer' }, description) as Schema<number>;
export const number = (description?: string): Schema<number> => described({ type: 'number' }, description) as Schema<number>;
export const boolean = (description?: string): Schema<boolean> => described({ type: 'boolean' }, description) as Schema<boolean>;

/** RFC 3339 in UTC. */
export const time = (description?: string): Schema<string> => described({ type: 'string', format: 'date-time' }, description) as Schema<string>;

export const oneOf = <const V extends readonly (string | number)[]>(values: V, description?: string): Schema<V[number]> =>
  described({ enum: values }, description) as Schema<V[number]>;

export const array = <S extends Schema<unknown>>(items: S, description?: string): Schema<readonly Infer<S>[]> =>
  described({ type: 'array', items }, description) as Schema<readonly Infer<S>[]>;

/** An object with free keys, such as counts by error code. */
export const record = <S extends Schema<unknown>>(values: S, description?: string): Schema<Readonly<Record<string, Infer<S>>>> =>
  described({ type: 'object', additionalProperties: values }, description) as Schema<Readonly<Record<string, Infer<S>>>>;

/** Any JSON value; for fields whose form depends on another one. */
export const anything = (description?: string): Schema<unknown> => described({}, description) as Schema<unknown>;

export const nullable = <S extends Schema<unknown>>(schema: S): Schema<Infer<S> | null> => ({ anyOf: [schema, { type: 'null' }] }) as Schema<Infer<S> | null>;

export const either = <const S extends readonly Schema<unknown>[]>(...schemas: S): Schema<Infer<S[number]>> =>
  ({ anyOf: schemas }) as unknown as Schema<Infer<S[number]>>;

export const optional = <S extends Schema<unknown>>(schema: S): Optional<Infer<S>> => ({ optional: schema }) as unknown as Optional<Infer<S>>;

const isOptional = (property: Schema<unknown> | Optional<unknown>): property is Optional<unknown> => 'optional' in property;

export function object<P extends Properties>(properties: P, description?: string): Schema<Simplify<ObjectOf<P>>> {
  const plain: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, property] of Object.entries(properties)) {
    plain[name] = isOptional(property) ? property.optional : property;
    if (!isOptional(property)) required.push(name);
  }
  return described({ type: 'object', properties: plain, required }, description) as Schema<Simplify<ObjectOf<P>>>;
}
