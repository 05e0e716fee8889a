/**
 * Arguments and flags of one command, through oclif's parser. Its own errors quote what was typed and carry the whole input with them;
 * here every one becomes an E_USAGE that names flags and arguments but repeats no value: it may have been a secret.
 */
import { parse as oclifParse } from '@oclif/core/parser';
import { fail, isError, registry, type OmniplexError } from '../core/base/errors.ts';
import { nearest } from '../core/base/near.ts';
import { shown, type FlagExtras } from './flags.ts';

type Parts = Parameters<typeof oclifParse>[1];
type Definitions = Record<string, FlagExtras & { required?: boolean; type: string; char?: string; description?: string }>;
type ArgDefinitions = Record<string, { name?: string; required?: boolean; multiple?: boolean; description?: string }>;

/** What is known of the command when its words do not parse. */
interface Command {
  readonly id: string;
  readonly args: ArgDefinitions;
  readonly flags: Definitions;
}

export interface Parsed {
  readonly args: Record<string, unknown>;
  readonly flags: Record<string, unknown>;
}

const GENERIC_HINT = registry.E_USAGE.hint;
const helpOf = (id: string): string => `\`omniplex ${id} --help\``;

/** A usage error without advice of its own points to the help of its command; every other error stays as it is. */
export const pointedToHelp = (error: OmniplexError, id: string): OmniplexError =>
  isError(error, 'E_USAGE') && error.hint === GENERIC_HINT ? fail('E_USAGE', { ...error.details, hint: `${helpOf(id)} shows its arguments and flags.` }, error.cause) : error;

/** Words that people try for a secret on the command line. The hint must be the file flag, not a near name. */
const SECRET_NAMES = /pass|secret|token|pin$|password|key$/i;
const SECRET_FILES = /(?:passphrase|token|pin)-file$/;

/** What looks like the name of a flag: a letter, or up to three short words. Anything else may be a secret in the wrong place. */
const PLAIN_NAME = /^-[A-Za-z]$|^--[a-z]{1,12}(?:-[a-z]{1,12}){0,2}$/;

/** `--token=abc` and `-pabc` without what may be a value. */
const nameOnly = (typed: string): string => (typed.startsWith('--') ? typed.split('=', 1)[0]! : typed.slice(0, 2));

const flagLabel = (name: string, { placeholder }: FlagExtras): string => `--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;

function unknownFlag(typed: readonly string[], { id, flags }: Command): OmniplexError {
  const name = nameOnly(typed[0]!);
  const hint = `${helpOf(id)} lists the flags of this command.`;
  if (!PLAIN_NAME.test(name)) return fail('E_USAGE', { why: 'there is a flag that this command does not have', hint });
  if (SECRET_NAMES.test(name)) {
    const files = Object.entries(flags).filter(([flag]) => SECRET_FILES.test(flag)).map(([flag, definition]) => flagLabel(flag, definition));
    return fail('E_USAGE', { why: `there is no flag ${name}: a secret never stands on the command line`, hint: `Give it as a file: ${files.join(', ')}. \`omniplex help secrets\` tells more.` });
  }
  const near = nearest(name.replace(/^--/, ''), name.startsWith('--') ? Object.keys(flags) : []);
  const meant = near.length === 0 ? '' : `; did you mean ${near.map((flag) => `--${flag}`).join(' or ')}?`;
  return fail('E_USAGE', { why: `there is no flag ${name}${meant}`, hint });
}

/** What a flag or an argument takes, where the reason begins with its name: `--expires: ...`, `NAME is missing`. */
function hintFor(why: string, { id, args, flags }: Command): string {
  const named = /^(?:--)?([\w-]+)(?=:| )/.exec(why)?.[1] ?? '';
  const flag = why.startsWith('--') ? flags[named] : undefined;
  if (flag !== undefined) return `${flagLabel(named, flag)}: ${flag.description ?? ''}. More: ${helpOf(id)}.`;
  const arg = Object.values(args).find(({ name = '' }) => shown(name) === named);
  return arg === undefined ? GENERIC_HINT : `${named}: ${arg.description ?? ''}. More: ${helpOf(id)}.`;
}

/** `omniplex contact rename CONTACT NAME [flags]` */
async function usageHint({ id, args, flags }: Command): Promise<string> {
  const { usageOf } = await import('./help-text.ts');
  const usage = usageOf({
    id,
    args: Object.values(args).map(({ name = '', required = false, multiple = false }) => ({ name: shown(name), required, multiple })),
    flags: Object.entries(flags).map(([name, { placeholder, required = false }]) => ({ name, value: placeholder, required })),
  });
  return `It is called as \`${usage}\`; ${helpOf(id)} has examples.`;
}

/** oclif's error classes by their shape: a bundler may rename them. */
async function translated(error: unknown, command: Command): Promise<OmniplexError> {
  if (isError(error)) return error.code === 'E_USAGE' && error.hint === GENERIC_HINT ? refused(String(error.details['why']), command) : fail(error.code, { ...error.details, hint: error.hint });
  const shape = error as { flags?: unknown; args?: unknown; message?: unknown };
  if (Array.isArray(shape.flags) && shape.flags.length > 0) return unknownFlag(shape.flags as string[], command);
  if (Array.isArray(shape.args) && shape.args.length > 0) {
    const [first] = shape.args as unknown[];
    const hint = await usageHint(command);
    if (typeof first === 'string') {
      const names = Object.keys(command.args);
      const takes = names.length === 0 ? 'it takes none' : `it takes ${names.map(shown).join(' ')}`;
      return fail('E_USAGE', { why: `too many arguments: ${takes}`, hint: `A value with spaces in it stands in quotes. ${hint}` });
    }
    const missing = (shape.args as { name: string }[]).map(({ name }) => shown(name));
    return fail('E_USAGE', { why: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`, hint });
  }
  const message = typeof shape.message === 'string' ? shape.message : '';
  const flagProblem = /^Flag (--[\w-]+) (can only be specified once|expects a value)/.exec(message);
  if (flagProblem) return refused(`${flagProblem[1]} ${flagProblem[2] === 'expects a value' ? 'expects a value' : 'is given twice'}`, command);
  const missingFlag = /Missing required flag ([\w-]+)/.exec(message);
  if (missingFlag) return refused(`--${missingFlag[1]} is missing`, command);
  return fail('E_USAGE', { why: 'the arguments do not parse', hint: await usageHint(command) });
}

const refused = (why: string, command: Command): OmniplexError => fail('E_USAGE', { why, hint: hintFor(why, command) });

const given = (flags: Record<string, unknown>, name: string): boolean => {
  const value = flags[name];
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
};

function checkTogether(flags: Record<string, unknown>, { id, flags: definitions }: Command): void {
  for (const [name, { not = [], needs = [] }] of Object.entries(definitions)) {
    if (!given(flags, name)) continue;
    for (const other of not) {
      if (given(flags, other)) throw fail('E_USAGE', { why: `--${name} cannot stand beside --${other}`, hint: `Leave one of the two out. ${helpOf(id)} says what each is for.` });
    }
    if (needs.length > 0 && !needs.some((other) => given(flags, other))) {
      const others = needs.map((other) => flagLabel(other, definitions[other] ?? {})).join(' or ');
      throw fail('E_USAGE', { why: `--${name} means nothing without ${needs.map((other) => `--${other}`).join(' or ')}`, hint: `Add ${others}, or leave --${name} out. ${helpOf(id)} says what each is for.` });
    }
  }
}

/** Throws E_USAGE, or what a flag's own parser threw from the registry. */
export async function parseCommand(id: string, argv: readonly string[], args: object, flags: object): Promise<Parsed> {
  // Without a prototype, `--constructor` and `--__proto__` are flags that do not exist.
  const definitions = Object.assign(Object.create(null), flags) as Definitions;
  const argDefinitions = Object.assign(Object.create(null), args) as ArgDefinitions;
  const command = { id, args: argDefinitions, flags: definitions };
  for (const [name, definition] of Object.entries(argDefinitions)) definition.name = name;
  try {
    const output = await oclifParse([...argv], { args: argDefinitions, flags: definitions, strict: true } as unknown as Parts);
    checkTogether(output.flags as Record<string, unknown>, command);
    return { args: output.args as Record<string, unknown>, flags: output.flags as Record<string, unknown> };
  } catch (error) {
    throw await translated(error, command);
  }
}
