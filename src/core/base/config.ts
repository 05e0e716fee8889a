/**
 * The settings: one table from which the precedence, `config show`, `config lint`, the docs and the man pages come.
 * Precedence is flag > environment > context > user configuration > default; a context that is named by a flag counts as that flag.
 * No file of a project is ever read, so no repository that is checked out can move a home or a store.
 * Secrets never stand here: only the names of files that hold them.
 */
import { isAbsolute, join, resolve } from 'node:path';
import { parseDuration } from './duration.ts';
import { fail, unknownName } from './errors.ts';
import { didYouMean } from './near.ts';
import { parseSize } from './size.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where one thing may be said. `context` settings describe a place and belong to a context or a flag; `user` ones are habits. */
type Scope = 'context' | 'user' | 'both';

export interface SettingDefinition {
  readonly description: string;
  readonly scope: Scope;
  /** The form of the value, for help: `DIR`, `SIZE`, `a|b|c`. */
  readonly value: string;
  readonly values?: readonly string[];
  readonly flag?: string;
  readonly env?: string;
  /** Throws E_USAGE with a `why` that does not repeat the value. */
  readonly parse: (text: string, base: string) => string | number;
  readonly otherwise?: string;
}

const refuse = (why: string, hint?: string) => fail('E_USAGE', { why, hint });

const oneOf = (values: readonly string[]) => ({
  value: values.join('|'),
  values,
  parse: (text: string) => {
    if (!values.includes(text)) throw refuse(`expects one of ${values.join(', ')}`);
    return text;
  },
});

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Names of contexts, environments and policies: they stand in prompts, file names and completion. */
export function parseName(text: string): string {
  if (!NAME.test(text)) throw refuse('expects a name of up to 64 letters, digits, dots, hyphens and underscores');
  return text;
}

const name = { value: 'NAME', parse: parseName };
const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//.test(text);

function parsePath(text: string, base: string): string {
  if (text === '' || text.includes('\0')) throw refuse('expects a path');
  return resolve(base, text);
}

const path = { value: 'PATH', parse: parsePath };

/** A folder or the address of a server. An address with a password in it is refused: it would be shown and logged. */
function parsePlace(text: string, base: string): string {
  if (!isUrl(text)) return parsePath(text, base);
  return parseUrl(text);
}

function parseUrl(text: string): string {
  if (!isUrl(text) || !URL.canParse(text)) throw refuse('expects an address such as https://host:port');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw refuse('holds a user name or a password; give --token-file instead');
  return text;
}

const size = { value: 'SIZE', parse: (text: string) => parseSize(text) };
const duration = { value: 'DURATION', parse: (text: string) => parseDuration(text) };

export const settingTable = {
  home: {
    ...path, value: 'DIR', scope: 'both', flag: 'home', env: 'OMNIPLEX_HOME',
    description: 'the folder of your identities, contacts, keys and outbox', otherwise: '$XDG_DATA_HOME/omniplex',
  },
  store: {
    value: 'DIR|URL', parse: parsePlace, scope: 'both', flag: 'store', env: 'OMNIPLEX_STORE',
    description: 'where sealed messages live', otherwise: '$XDG_DATA_HOME/omniplex-store',
  },
  node: { value: 'URL', parse: parseUrl, scope: 'context', description: 'the node that serves the store, instead of a store' },
  as: { ...name, scope: 'both', flag: 'as', description: 'which of your identities acts', otherwise: 'the only one' },
  durability: {
    ...oneOf(['accepted', 'hot', 'replicated', 'cold']), scope: 'both', flag: 'durability',
    description: 'what an acknowledgement promises', otherwise: 'hot',
  },
  policy: { ...name, scope: 'context', flag: 'policy', description: 'the privacy policy of what is sent' },
  env: { ...name, scope: 'context', description: 'what kind of place this is; `prod` is shown on screen and raises confirmation, see omniplex help exit-codes' },
  'token-file': { ...path, value: 'FILE', scope: 'context', flag: 'token-file', description: 'the file that holds the token of the node' },
  'passphrase-file': {
    ...path, value: 'FILE', scope: 'both', flag: 'passphrase-file',
    description: 'the file that holds the passphrase of the key ring, for cron; whoever reads it has your keys',
  },
  receipts: {
    ...oneOf(['never', 'verified', 'always']), scope: 'user',
    description: 'to whom receipts that were asked for are sent', otherwise: 'verified',
  },
  padding: { ...oneOf(['none', 'padme', 'class']), scope: 'user', flag: 'pad', description: 'how the length of messages is hidden', otherwise: 'padme' },
  'hot.budget': { ...size, scope: 'user', description: 'bytes that the hot tier may hold', otherwise: '8GiB' },
  'fetch.promote': {
    ...oneOf(['whole', 'always', 'never']), scope: 'user',
    description: 'which fetches from a cold tier promote: whole ones, ranges too, or none', otherwise: 'whole',
  },
  'lock.wait': { ...duration, scope: 'user', flag: 'lock-wait', description: 'how long to queue behind a lock; 0 off a terminal', otherwise: '10s' },
  provider: { ...oneOf(['auto', 'native', 'noble']), scope: 'user', flag: 'provider', description: 'which crypto provider works', otherwise: 'auto' },
  color: { ...oneOf(['auto', 'always', 'never']), scope: 'user', flag: 'color', description: 'when answers are colored', otherwise: 'auto' },
} as const satisfies Record<string, SettingDefinition>;

export type SettingKey = keyof typeof settingTable;

export const settingKeys = Object.keys(settingTable) as readonly SettingKey[];
const definitions: Readonly<Record<SettingKey, SettingDefinition>> = settingTable;

export const definitionOf = (key: SettingKey): SettingDefinition => definitions[key];
const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settingTable, key);
const allowed = (key: SettingKey, place: 'context' | 'user'): boolean => definitions[key].scope === 'both' || definitions[key].scope === place;
export const keysOf = (place: 'context' | 'user'): readonly SettingKey[] => settingKeys.filter((key) => allowed(key, place));

export type ContextEntry = Readonly<Partial<Record<SettingKey, string>>>;

/** The user configuration as it lies on disk. Values are the text that was given; they are parsed each time. */
export interface ConfigFile {
  readonly v: 1;
  readonly selected?: string;
  /** What `context select -` goes back to. */
  readonly previous?: string;
  readonly contexts: Readonly<Record<string, ContextEntry>>;
  readonly settings: ContextEntry;
}

export const emptyConfig: ConfigFile = { v: 1, contexts: {}, settings: {} };

export interface Values {
  readonly home: string;
  readonly store: string | undefined;
  readonly node: string | undefined;
  readonly as: string | undefined;
  readonly durability: 'accepted' | 'hot' | 'replicated' | 'cold';
  readonly policy: string | undefined;
  readonly env: string | undefined;
  readonly 'token-file': string | undefined;
  readonly 'passphrase-file': string | undefined;
  readonly receipts: 'never' | 'verified' | 'always';
  readonly padding: 'none' | 'padme' | 'class';
  readonly 'hot.budget': number;
  readonly 'fetch.promote': 'whole' | 'always' | 'never';
  readonly 'lock.wait': number;
  readonly provider: 'auto' | 'native' | 'noble';
  readonly color: 'auto' | 'always' | 'never';
}

export interface Origin {
  readonly from: 'flag' | 'environment' | 'context' | 'user' | 'default';
  /** The flag, the variable, the context's name; empty for the rest. */
  readonly detail: string;
}

export interface Resolved {
  readonly values: Values;
  readonly origins: Readonly<Partial<Record<SettingKey, Origin>>>;
  /** The context in force, if any, and who chose it. */
  readonly context: { readonly name: string; readonly by: Origin } | undefined;
}

export interface Sources {
  /** By flag name, as typed. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Environment;
  readonly file: ConfigFile;
  /** The user's home directory and the working directory, both absolute. */
  readonly userHome: string;
  readonly cwd: string;
}

/** The folders of the XDG base directory specification; a relative value is ignored, as it says. */
function xdg(env: Environment, variable: string, userHome: string, fallback: string): string {
  const value = env[variable];
  return value !== undefined && isAbsolute(value) ? value : join(userHome, fallback);
}

export const configPath = (env: Environment, userHome: string): string => join(xdg(env, 'XDG_CONFIG_HOME', userHome, '.config'), 'omniplex', 'config.json');

function defaultText(key: SettingKey, { env, userHome }: Sources): string | undefined {
  if (key === 'home') return join(xdg(env, 'XDG_DATA_HOME', userHome, '.local/share'), 'omniplex');
  if (key === 'store') return join(xdg(env, 'XDG_DATA_HOME', userHome, '.local/share'), 'omniplex-store');
  return key === 'as' ? undefined : definitions[key].otherwise;
}

/** Parses one value; the error says where it stands and what is expected, not what it is. */
export function parseSetting(key: SettingKey, text: string, base: string, code: 'E_USAGE' | 'E_CONFIG' = 'E_USAGE', place: string = key): string | number {
  try {
    return definitions[key].parse(text, base);
  } catch (error) {
    const why = (error as { details?: { why?: unknown } }).details?.why;
    throw fail(code, { why: `${place}: ${typeof why === 'string' ? why : `expects ${definitions[key].value}`}` }, error);
  }
}

/** The setting of that name, for one place. Throws E_USAGE with the nearest names. */
export function settingNamed(text: string, place: 'context' | 'user'): SettingKey {
  if (isSettingKey(text) && allowed(text, place)) return text;
  if (isSettingKey(text)) {
    throw refuse(place === 'user' ? `${text} belongs to a context: omniplex context set NAME ${text}=...` : `${text} belongs to the user configuration: omniplex config set ${text}=...`);
  }
  throw refuse(`there is no setting ${JSON.stringify(text.slice(0, 40))}${didYouMean(text, keysOf(place))}`, '`omniplex help settings` lists them.');
}

/** Which context is in force: --context, OMNIPLEX_CONTEXT, the selected one; none under --no-context. Throws E_NAME_UNKNOWN. */
function contextInForce({ flags, env, file }: Sources): Resolved['context'] {
  if (flags['no-context'] !== undefined) return undefined;
  const choices: readonly [string | undefined, Origin][] = [
    [flags['context'], { from: 'flag', detail: '--context' }],
    [env['OMNIPLEX_CONTEXT'] || undefined, { from: 'environment', detail: 'OMNIPLEX_CONTEXT' }],
    [file.selected, { from: 'user', detail: 'selected' }],
  ];
  const chosen = choices.find(([wanted]) => wanted !== undefined);
  if (chosen === undefined) return undefined;
  const [wanted, by] = chosen;
  if (!Object.hasOwn(file.contexts, wanted!)) throw unknownName('context', JSON.stringify(wanted!));
  return { name: wanted!, by };
}

type Found = readonly [text: string, origin: Origin] | undefined;

function sourcesOf(key: SettingKey, sources: Sources, context: Resolved['context']): readonly Found[] {
  const { flag, env } = definitions[key];
  const say = (text: string | undefined, from: Origin['from'], detail: string): Found => (text === undefined || text === '' ? undefined : [text, { from, detail }]);
  const fromFlag = flag === undefined ? undefined : say(sources.flags[flag], 'flag', `--${flag}`);
  const fromEnv = env === undefined ? undefined : say(sources.env[env], 'environment', env);
  const fromContext = context === undefined ? undefined : say(sources.file.contexts[context.name]?.[key], 'context', context.name);
  const named = context?.by.from === 'flag' ? [fromFlag, fromContext, fromEnv] : [fromFlag, fromEnv, fromContext];
  return [...named, say(sources.file.settings[key], 'user', ''), say(defaultText(key, sources), 'default', '')];
}

/** A context with a node has no store unless one is asked for more strongly; one with a store has no node. */
function oneOfStoreAndNode(values: Record<string, unknown>, origins: Partial<Record<SettingKey, Origin>>): void {
  if (values['node'] === undefined) return;
  const byContext = origins.store?.from === 'user' || origins.store?.from === 'default';
  const loser = byContext ? 'store' : 'node';
  values[loser] = undefined;
  delete origins[loser];
}

/** Pure: the same sources give the same answer. Throws E_NAME_UNKNOWN, E_USAGE (a flag or variable), E_CONFIG (the file). */
export function resolveSettings(sources: Sources): Resolved {
  const context = contextInForce(sources);
  const values: Record<string, string | number | undefined> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  for (const key of settingKeys) {
    const found = sourcesOf(key, sources, context).find((one) => one !== undefined);
    values[key] = undefined;
    if (found === undefined) continue;
    const [text, origin] = found;
    const inFile = origin.from === 'context' || origin.from === 'user';
    const place = origin.from === 'context' ? `contexts.${origin.detail}.${key}` : origin.detail || key;
    values[key] = parseSetting(key, text, inFile ? sources.userHome : sources.cwd, inFile ? 'E_CONFIG' : 'E_USAGE', place);
    origins[key] = origin;
  }
  oneOfStoreAndNode(values, origins);
  return { values: values as unknown as Values, origins, context };
}
