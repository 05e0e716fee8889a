/**
 * The catalogue: every command with its impact, flags, exits, examples and schema, as plain data.
 * Help, man pages, completion, `omniplex commands`, `omniplex schema`, the README table and the lint rules are made from it.
 */
import { commandsTable } from './commands-table.ts';
import { commonExits, exitMeanings, nagiosMeanings } from './exits.ts';
import { shown, type FlagExtras } from './flags.ts';
import { globalFlags } from './globals.ts';
import type { JsonSchema } from './schema.ts';

/** What a command may do: `read` changes nothing, `write` adds or moves, `destroy` takes away and asks first. */
export type Impact = 'read' | 'write' | 'destroy';

export interface CatalogueArg {
  /** As shown: upper case. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly multiple: boolean;
  readonly values?: readonly string[];
}

export interface CatalogueFlag {
  readonly name: string;
  readonly char?: string;
  readonly description: string;
  /** The placeholder of the value; absent for a switch. */
  readonly value?: string;
  readonly values?: readonly string[];
  readonly default?: string;
  readonly multiple: boolean;
  readonly required: boolean;
  /** Accepted by every command. */
  readonly global: boolean;
}

export interface CatalogueExit {
  readonly exit: number;
  readonly meaning: string;
}

export interface CatalogueExample {
  readonly command: string;
  readonly description: string;
}

export interface CatalogueEntry {
  /** The words as typed: `contact add`. */
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly impact: Impact;
  readonly opensKey: boolean;
  readonly streams: boolean;
  readonly args: readonly CatalogueArg[];
  readonly flags: readonly CatalogueFlag[];
  readonly exits: readonly CatalogueExit[];
  readonly examples: readonly CatalogueExample[];
  /** Commands and topics worth knowing beside this one. */
  readonly seeAlso: readonly string[];
  /** Of `result` in the envelope. */
  readonly schema: JsonSchema;
  /** Of one NDJSON line, for commands that stream. */
  readonly item?: JsonSchema;
}

/** Statics of a command class, as BaseCommand declares them. */
interface Described {
  readonly summary?: string;
  readonly description?: string;
  readonly impact?: Impact;
  readonly opensKey?: boolean;
  readonly streams?: boolean;
  readonly nagios?: boolean;
  readonly exits?: Readonly<Record<number, string>>;
  readonly args?: Readonly<Record<string, DescribedArg>>;
  readonly flags?: Readonly<Record<string, DescribedFlag>>;
  readonly examples?: readonly CatalogueExample[];
  readonly schema?: JsonSchema;
  readonly item?: JsonSchema;
  readonly seeAlso?: readonly string[];
}

interface DescribedArg {
  readonly description?: string;
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly values?: readonly string[];
}

interface DescribedFlag extends FlagExtras {
  readonly type: 'boolean' | 'option';
  readonly description?: string;
  readonly char?: string;
  readonly multiple?: boolean;
  readonly required?: boolean;
}

const argOf = ([name, { description = '', required = false, multiple = false, values }]: [string, DescribedArg]): CatalogueArg => ({
  name: shown(name),
  description,
  required,
  multiple,
  ...(values === undefined ? {} : { values }),
});

const flagOf = ([name, flag]: [string, DescribedFlag], global: boolean): CatalogueFlag => ({
  name,
  ...(flag.char === undefined ? {} : { char: flag.char }),
  description: flag.description ?? '',
  ...(flag.type === 'boolean' ? {} : { value: flag.placeholder ?? 'VALUE' }),
  ...(flag.values === undefined ? {} : { values: flag.values }),
  ...(flag.otherwise === undefined ? {} : { default: flag.otherwise }),
  multiple: flag.multiple === true,
  required: flag.required === true,
  global,
});

const described = (flags: object, global: boolean): readonly CatalogueFlag[] =>
  Object.entries(flags as Readonly<Record<string, DescribedFlag>>).map((entry) => flagOf(entry, global));

function exitsOf({ nagios = false, exits = {} }: Described): readonly CatalogueExit[] {
  const meanings: Record<number, string> = { ...(nagios ? nagiosMeanings : Object.fromEntries(commonExits.map((exit) => [exit, exitMeanings[exit]!]))), ...exits };
  return Object.entries(meanings).map(([exit, meaning]) => ({ exit: Number(exit), meaning }));
}

/** A command class as data. Nothing of it is run. */
function entryOf(id: string, command: Described): CatalogueEntry {
  return {
    id,
    summary: command.summary ?? '',
    description: command.description ?? '',
    impact: command.impact ?? 'read',
    opensKey: command.opensKey ?? false,
    streams: command.streams ?? false,
    args: Object.entries(command.args ?? {}).map(argOf),
    flags: [...described(command.flags ?? {}, false), ...described(globalFlags, true)],
    exits: exitsOf(command),
    examples: command.examples ?? [],
    seeAlso: command.seeAlso ?? [],
    schema: command.schema ?? {},
    ...(command.item === undefined ? {} : { item: command.item }),
  };
}

/** Every installed command, sorted by id. Loads all of them: for catalogues, docs and completion, not for a light command. */
export async function loadCatalogue(): Promise<readonly CatalogueEntry[]> {
  const entries = commandsTable().commands.filter(({ hidden }) => !hidden);
  return Promise.all(entries.map(async (entry) => entryOf(entry.id, (await entry.load()) as unknown as Described)));
}

/** One command by its words; undefined when there is none. */
export async function loadEntry(id: string): Promise<CatalogueEntry | undefined> {
  const entry = commandsTable().find(id);
  return entry === undefined ? undefined : entryOf(entry.id, (await entry.load()) as unknown as Described);
}
