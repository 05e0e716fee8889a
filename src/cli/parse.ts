/**
 * Arguments and flags of one command, through oclif's parser. Its own errors quote what was typed and carry the whole input with them;
 * here every one becomes an E_USAGE that names flags and arguments but repeats no value: it may have been a secret.
 */
import { parse as oclifParse } from '@oclif/core/parser';
import { fail, isError, type OmniplexError } from '../core/base/errors.ts';
import { nearest } from '../core/base/near.ts';
import { shown, type FlagExtras } from './flags.ts';

type Parts = Parameters<typeof oclifParse>[1];
type Definitions = Record<string, FlagExtras & { required?: boolean; type: string; char?: string }>;

export interface Parsed {
  readonly args: Record<string, unknown>;
  readonly flags: Record<string, unknown>;
}

/** Words that people try for a secret on the command line. The hint must be the file flag, not a near name. */
const SECRET_NAMES = /pass|secret|token|pin$|password|key$/i;

/** What looks like the name of a flag: a letter, or up to three short words. Anything else may be a secret in the wrong place. */
const PLAIN_NAME = /^-[A-Za-z]$|^--[a-z]{1,12}(?:-[a-z]{1,12}){0,2}$/;

/** `--token=abc` and `-pabc` without what may be a value. */
const nameOnly = (typed: string): string => (typed.startsWith('--') ? typed.split('=', 1)[0]! : typed.slice(0, 2));

function unknownFlag(typed: readonly string[], flags: Definitions): OmniplexError {
  const name = nameOnly(typed[0]!);
  if (!PLAIN_NAME.test(name)) return fail('E_USAGE', { why: 'there is a flag that this command does not have' });
  if (SECRET_NAMES.test(name)) {
    return fail('E_USAGE', { why: `there is no flag ${name}: a secret never stands on the command line; give a file, --passphrase-file or --token-file` });
  }
  const near = nearest(name.replace(/^--/, ''), name.startsWith('--') ? Object.keys(flags) : []);
  const hint = near.length === 0 ? '' : `; did you mean ${near.map((flag) => `--${flag}`).join(' or ')}?`;
  return fail('E_USAGE', { why: `there is no flag ${name}${hint}` });
}

/** oclif's error classes by their shape: a bundler may rename them. */
function translated(error: unknown, flags: Definitions, argNames: readonly string[]): OmniplexError {
  if (isError(error)) return fail(error.code, { ...error.details, hint: error.hint });
  const shape = error as { flags?: unknown; args?: unknown; message?: unknown };
  if (Array.isArray(shape.flags) && shape.flags.length > 0) return unknownFlag(shape.flags as string[], flags);
  if (Array.isArray(shape.args) && shape.args.length > 0) {
    const [first] = shape.args as unknown[];
    if (typeof first === 'string') {
      const takes = argNames.length === 0 ? 'it takes none' : `it takes ${argNames.map(shown).join(' ')}`;
      return fail('E_USAGE', { why: `too many arguments: ${takes}` });
    }
    const missing = (shape.args as { name: string }[]).map(({ name }) => shown(name));
    return fail('E_USAGE', { why: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing` });
  }
  const message = typeof shape.message === 'string' ? shape.message : '';
  const flagProblem = /^Flag (--[\w-]+) (can only be specified once|expects a value)/.exec(message);
  if (flagProblem) return fail('E_USAGE', { why: `${flagProblem[1]} ${flagProblem[2] === 'expects a value' ? 'expects a value' : 'is given twice'}` });
  const missingFlag = /Missing required flag ([\w-]+)/.exec(message);
  if (missingFlag) return fail('E_USAGE', { why: `--${missingFlag[1]} is missing` });
  return fail('E_USAGE', { why: 'the arguments do not parse' });
}

const given = (flags: Record<string, unknown>, name: string): boolean => {
  const value = flags[name];
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
};

function checkTogether(flags: Record<string, unknown>, definitions: Definitions): void {
  for (const [name, { not = [], needs = [] }] of Object.entries(definitions)) {
    if (!given(flags, name)) continue;
    for (const other of not) {
      if (given(flags, other)) throw fail('E_USAGE', { why: `--${name} cannot stand beside --${other}` });
    }
    if (needs.length > 0 && !needs.some((other) => given(flags, other))) {
      throw fail('E_USAGE', { why: `--${name} means nothing without ${needs.map((other) => `--${other}`).join(' or ')}` });
    }
  }
}

/** Throws E_USAGE, or what a flag's own parser threw from the registry. */
export async function parseCommand(argv: readonly string[], args: object, flags: object): Promise<Parsed> {
  // Without a prototype, `--constructor` and `--__proto__` are flags that do not exist.
  const definitions = Object.assign(Object.create(null), flags) as Definitions;
  const argDefinitions = Object.assign(Object.create(null), args) as Record<string, { name?: string }>;
  for (const [name, definition] of Object.entries(argDefinitions)) definition.name = name;
  try {
    const output = await oclifParse([...argv], { args: argDefinitions, flags: definitions, strict: true } as unknown as Parts);
    checkTogether(output.flags as Record<string, unknown>, definitions);
    return { args: output.args as Record<string, unknown>, flags: output.flags as Record<string, unknown> };
  } catch (error) {
    throw translated(error, definitions, Object.keys(argDefinitions));
  }
}
