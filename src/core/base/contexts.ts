/**
 * Changes to the user configuration, as pure functions from the old one to the new one: `changeConfig` makes them durable.
 * Paths are stored absolute, so that a context means the same wherever it is used; everything else as it was typed.
 */
import { parseSetting, settingNamed, type ConfigFile, type ContextEntry, type SettingKey } from './config.ts';
import { fail, unknownName } from './errors.ts';
import { pageOf, type Page, type PageQuery } from './page.ts';

/** What --where can ask of contexts: the settings as they stand in the file. */
export const contextFields = { name: 'text', selected: 'bool', home: 'text', store: 'text', node: 'text', as: 'text', env: 'text' } as const;

export interface Assignment {
  readonly key: string;
  readonly value: string;
}

/** `K=V`. Throws E_USAGE, which repeats neither. */
export function parseAssignment(text: string): Assignment {
  const at = text.indexOf('=');
  if (at <= 0) throw fail('E_USAGE', { why: 'expects KEY=VALUE' });
  return { key: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}

const unknownContext = (name: string) => unknownName('context', `"${name}"`);

/** The context of that name. Throws E_NAME_UNKNOWN. */
export function contextNamed(config: ConfigFile, name: string): ContextEntry {
  if (!Object.hasOwn(config.contexts, name)) throw unknownContext(name);
  return config.contexts[name]!;
}

/** A page of names, in their order. */
export const listContexts = ({ contexts, selected }: ConfigFile, query: PageQuery<typeof contextFields>): Page<string> =>
  pageOf(
    Object.keys(contexts),
    {
      keyOf: (name) => name,
      fieldsOf: (name) => {
        const { home, store, node, as, env } = contexts[name]!;
        return { name, selected: name === selected, home, store, node, as, env };
      },
    },
    query,
  );

/** The text to keep for a value, checked. */
function kept(key: SettingKey, value: string, cwd: string): string {
  const parsed = parseSetting(key, value, cwd);
  return typeof parsed === 'string' ? parsed : value;
}

const without = <T>(entries: Readonly<Record<string, T>>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).filter(([name]) => name !== key));

/** Throws E_USAGE for an unknown key, one that belongs to a context, or a value of the wrong form. */
export function withSetting(config: ConfigFile, { key, value }: Assignment, cwd: string): ConfigFile {
  const setting = settingNamed(key, 'user');
  return { ...config, settings: { ...config.settings, [setting]: kept(setting, value, cwd) } };
}

export const withoutSetting = (config: ConfigFile, key: string): ConfigFile => ({ ...config, settings: without(config.settings, settingNamed(key, 'user')) });

/** An empty value takes the key away. A store and a node exclude each other: setting one takes the other away. */
function withAssignments(entry: ContextEntry, assignments: readonly Assignment[], cwd: string): ContextEntry {
  let next: Record<string, string> = { ...entry };
  for (const { key, value } of assignments) {
    const setting = settingNamed(key, 'context');
    if (value === '') {
      next = without(next, setting);
      continue;
    }
    next[setting] = kept(setting, value, cwd);
    if (setting === 'store') next = without(next, 'node');
    if (setting === 'node') next = without(next, 'store');
  }
  return next;
}

const sameEntry = (a: ContextEntry, b: ContextEntry): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key as SettingKey] === value);

/** The same context again is no change; another one of that name is E_NAME_TAKEN. */
export function withContext(config: ConfigFile, name: string, assignments: readonly Assignment[], cwd: string): ConfigFile {
  const entry = withAssignments({}, assignments, cwd);
  const present = Object.hasOwn(config.contexts, name) ? config.contexts[name]! : undefined;
  if (present !== undefined && !sameEntry(present, entry)) throw fail('E_NAME_TAKEN', { kind: 'context', name });
  return present === undefined ? { ...config, contexts: { ...config.contexts, [name]: entry } } : config;
}

export function withContextChanged(config: ConfigFile, name: string, assignments: readonly Assignment[], cwd: string): ConfigFile {
  return { ...config, contexts: { ...config.contexts, [name]: withAssignments(contextNamed(config, name), assignments, cwd) } };
}

/** Whoever changes or forgets what is marked as production, where mail goes or who acts there, confirms it first. */
export const isProduction = (config: ConfigFile, name: string): boolean => contextNamed(config, name).env === 'prod';

export const sameContext = (a: ConfigFile, b: ConfigFile, name: string): boolean => sameEntry(contextNamed(a, name), contextNamed(b, name));

/** `-` goes back to the one selected before. */
export function withSelected(config: ConfigFile, wanted: string): ConfigFile {
  const name = wanted === '-' ? config.previous : wanted;
  if (name === undefined) throw unknownName('context', '"-": none was selected before');
  contextNamed(config, name);
  if (name === config.selected) return config;
  return { ...config, selected: name, ...(config.selected === undefined ? {} : { previous: config.selected }) };
}

/** The configuration forgets it; home and store stay as they are. */
export function withoutContext(config: ConfigFile, name: string): ConfigFile {
  contextNamed(config, name);
  const { selected, previous, ...rest } = config;
  return {
    ...rest,
    contexts: without(config.contexts, name),
    ...(selected === undefined || selected === name ? {} : { selected }),
    ...(previous === undefined || previous === name ? {} : { previous }),
  };
}
