/**
 * Arguments and flags, made so that oclif's parser can neither repeat a value in an error nor read stdin by itself.
 * A parser here throws `fail('E_USAGE', {why})` whose text names the flag and what is expected, never what was given.
 * The shared flags at the end have one meaning everywhere: a command takes them, it does not redefine them.
 */
import type { Arg, BooleanFlag, OptionFlag } from '@oclif/core/interfaces';
import { fail, isError } from '../core/base/errors.ts';
import { parsePlain } from '../core/base/printable.ts';

type Char = NonNullable<OptionFlag<string>['char']>;
type Parse<T> = (input: string) => T | Promise<T>;

export interface FlagSpec {
  readonly description: string;
  /** The placeholder of the value: `FILE`, `D`. */
  readonly value: string;
  readonly char?: Char;
  /** What holds when the flag is not given, for the help text. */
  readonly otherwise?: string;
  /** Flags that cannot stand beside this one. */
  readonly not?: readonly string[];
  /** Flags without which this one means nothing. */
  readonly needs?: readonly string[];
}

/** What our own parser and the catalogue read beside oclif's fields. */
export interface FlagExtras {
  readonly values?: readonly string[];
  readonly otherwise?: string;
  readonly not?: readonly string[];
  readonly needs?: readonly string[];
  readonly placeholder?: string;
}

async function parsedAs<T>(name: string, input: string, parse: Parse<T>): Promise<T> {
  try {
    return await parse(input);
  } catch (error) {
    if (isError(error, 'E_USAGE')) throw fail('E_USAGE', { why: `${name}: ${String(error.details['why'])}`, hint: error.hint });
    throw error;
  }
}

const extrasOf = ({ otherwise, not, needs, value }: FlagSpec): FlagExtras => ({
  placeholder: value,
  ...(otherwise === undefined ? {} : { otherwise }),
  ...(not === undefined ? {} : { not }),
  ...(needs === undefined ? {} : { needs }),
});

function build<T>(spec: FlagSpec, parse: Parse<T>, more: Partial<OptionFlag<T>> & FlagExtras = {}): OptionFlag<T | undefined> {
  return {
    type: 'option',
    input: [],
    multiple: false,
    description: spec.description,
    helpValue: spec.value,
    ...(spec.char === undefined ? {} : { char: spec.char }),
    ...extrasOf(spec),
    parse: (input: string, _context: unknown, flag: { name: string }) => parsedAs(`--${flag.name}`, input, parse),
    ...more,
  } as unknown as OptionFlag<T | undefined>;
}

const itself = (input: string): string => {
  if (input === '') throw fail('E_USAGE', { why: 'the value is empty' });
  return input;
};

/** What something is looked up by. */
export const plain = (input: string): string => parsePlain(itself(input));

/** A flag with a text value. */
export const text = (spec: FlagSpec): OptionFlag<string | undefined> => build(spec, itself);

/** A flag whose value is parsed into something that cannot be wrong. */
export const parsed = <T>(spec: FlagSpec, parse: Parse<T>): OptionFlag<T | undefined> => build(spec, parse);

/** A flag with one of a few values. */
export const choice = <const V extends readonly string[]>(values: V, spec: Omit<FlagSpec, 'value'> & { value?: string }): OptionFlag<V[number] | undefined> =>
  build<V[number]>(
    { value: values.join('|'), ...spec },
    (input) => {
      if (!values.includes(input)) throw fail('E_USAGE', { why: `expects one of ${values.join(', ')}` });
      return input;
    },
    { values },
  );

/** A flag with several of a few values, separated by commas. */
export const choices = <const V extends readonly string[]>(values: V, spec: FlagSpec): OptionFlag<readonly V[number][] | undefined> =>
  build<readonly V[number][]>(
    spec,
    (input) => {
      const chosen = [...new Set(input.split(',').map((part) => part.trim()))];
      if (chosen.some((one) => !values.includes(one))) throw fail('E_USAGE', { why: `expects ${values.join(', ')}, separated by commas` });
      return chosen;
    },
    { values },
  );

export interface WholeSpec extends FlagSpec {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number within bounds. */
export const whole = ({ min = 0, max = Number.MAX_SAFE_INTEGER, ...spec }: WholeSpec): OptionFlag<number | undefined> =>
  build(spec, (input) => {
    const number = /^\d{1,16}$/.test(input) ? Number(input) : NaN;
    if (!(number >= min && number <= max)) throw fail('E_USAGE', { why: `expects a whole number from ${min} to ${max}` });
    return number;
  });

/** The same flag, but it must be given. */
export const needed = <T>(flag: OptionFlag<T | undefined>): OptionFlag<T> => ({ ...flag, required: true }) as unknown as OptionFlag<T>;

/** The same flag, given as often as one likes; an empty list when it is not. */
export const repeated = <T>(flag: OptionFlag<T | undefined>): OptionFlag<T[]> =>
  ({ ...flag, multiple: true, multipleNonGreedy: true, default: async () => [] }) as unknown as OptionFlag<T[]>;

/** A switch. */
export const toggle = (description: string, { char, not, needs }: { char?: Char; not?: readonly string[]; needs?: readonly string[] } = {}): BooleanFlag<boolean> =>
  ({
    type: 'boolean',
    allowNo: false,
    description,
    parse: async (given: boolean) => given,
    default: false,
    ...(char === undefined ? {} : { char }),
    ...(not === undefined ? {} : { not }),
    ...(needs === undefined ? {} : { needs }),
  }) as unknown as BooleanFlag<boolean>;

const argument = (description: string, more: Record<string, unknown>, parse: Parse<unknown> = itself) => ({
  description,
  input: [],
  ignoreStdin: true,
  parse: (input: string, _context: unknown, arg: { name: string }) => parsedAs(shown(arg.name), input, parse),
  ...more,
});

/** An argument's name as help shows it: `planFile` -> `PLAN-FILE`. */
export const shown = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase();

/** An argument that must be given. */
export function arg(description: string): Arg<string>;
export function arg<T>(description: string, parse: Parse<T>): Arg<T>;
export function arg<T>(description: string, parse?: Parse<T>): Arg<T> {
  return argument(description, { required: true }, parse) as unknown as Arg<T>;
}

/** An argument that may be left out. */
export function optionalArg(description: string): Arg<string | undefined>;
export function optionalArg<T>(description: string, parse: Parse<T>): Arg<T | undefined>;
export function optionalArg<T>(description: string, parse?: Parse<T>): Arg<T | undefined> {
  return argument(description, {}, parse) as unknown as Arg<T | undefined>;
}

/** A name that something is looked up by. */
export const nameArg = (description: string): Arg<string> => arg(description, plain);

/** The same, where it may be left out. */
export const optionalNameArg = (description: string): Arg<string | undefined> => optionalArg(description, plain);

/** One argument or more. */
export function args(description: string): Arg<string[]>;
export function args<T>(description: string, parse: Parse<T>): Arg<T[]>;
export function args<T>(description: string, parse?: Parse<T>): Arg<T[]> {
  return argument(description, { required: true, multiple: true }, parse) as unknown as Arg<T[]>;
}

/** Any number of arguments, none included. */
export function optionalArgs(description: string): Arg<string[]>;
export function optionalArgs<T>(description: string, parse: Parse<T>): Arg<T[]>;
export function optionalArgs<T>(description: string, parse?: Parse<T>): Arg<T[]> {
  return argument(description, { multiple: true, default: async () => [] }, parse) as unknown as Arg<T[]>;
}

/** An argument out of a few words. */
export const choiceArg = <const V extends readonly string[]>(values: V, description: string): Arg<V[number]> =>
  argument(description, { required: true, values }, (input) => {
    if (!values.includes(input)) throw fail('E_USAGE', { why: `expects one of ${values.join(', ')}` });
    return input;
  }) as unknown as Arg<V[number]>;
