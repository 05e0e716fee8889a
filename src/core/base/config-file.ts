/**
 * The user configuration on disk: JSON, 0600, replaced whole, changed by one process at a time.
 * A file that is not understood whole is refused: a misspelt key must not silently mean its default.
 */
import { realpath, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesOf, textOf } from './bytes.ts';
import type { Clock } from './clock.ts';
import { definitionOf, emptyConfig, keysOf, parseName, parseSetting, type ConfigFile, type ContextEntry, type SettingKey } from './config.ts';
import { fail, isError } from './errors.ts';
import { isMissing, makePrivateFolder, readBounded, writeWhole } from './files.ts';
import { limits } from './limits.ts';
import { didYouMean } from './near.ts';

export interface ConfigProblem {
  /** Where: `contexts.prod.hom`. */
  readonly at: string;
  readonly why: string;
}

const TOP_KEYS = ['v', 'selected', 'previous', 'contexts', 'settings'];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A key as it may be shown: cut, and without anything that is not a key's letter. */
const shownKey = (key: string): string => key.replace(/[^\w.-]/g, '?').slice(0, limits.nearWordCharsMax);

function* entryProblems(entry: unknown, at: string, place: 'context' | 'user'): Generator<ConfigProblem> {
  if (!isObject(entry)) return yield { at, why: 'expects an object' };
  const known: readonly string[] = keysOf(place);
  for (const [key, value] of Object.entries(entry)) {
    const where = `${at}.${shownKey(key)}`;
    if (!known.includes(key)) {
      yield { at: where, why: `there is no such key${didYouMean(key, known)}` };
    } else if (typeof value !== 'string') {
      yield { at: where, why: `expects ${definitionOf(key as SettingKey).value} as a string` };
    } else {
      try {
        parseSetting(key as SettingKey, value, '/');
      } catch (error) {
        if (!isError(error, 'E_USAGE')) throw error;
        yield { at: where, why: String(error.details['why']).replace(`${key}: `, '') };
      }
    }
  }
}

const isName = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && parseName(value) === value;
  } catch {
    return false;
  }
};

/** Everything that is wrong with a parsed configuration, not only the first thing. */
export function* problemsOf(value: unknown): Generator<ConfigProblem> {
  if (!isObject(value)) return yield { at: '', why: 'expects an object' };
  for (const key of Object.keys(value)) {
    if (!TOP_KEYS.includes(key)) yield { at: shownKey(key), why: `there is no such key${didYouMean(key, TOP_KEYS)}` };
  }
  if (value['v'] !== 1) yield { at: 'v', why: typeof value['v'] === 'number' && value['v'] > 1 ? 'a newer OmniPlex wrote this' : 'expects 1' };
  const contexts = value['contexts'] ?? {};
  if (!isObject(contexts)) yield { at: 'contexts', why: 'expects an object' };
  else {
    for (const [name, entry] of Object.entries(contexts)) {
      if (!isName(name)) yield { at: `contexts.${shownKey(name)}`, why: 'is not a name' };
      yield* entryProblems(entry, `contexts.${shownKey(name)}`, 'context');
    }
  }
  yield* entryProblems(value['settings'] ?? {}, 'settings', 'user');
  for (const key of ['selected', 'previous']) {
    const name = value[key];
    if (name === undefined) continue;
    if (!isName(name)) yield { at: key, why: 'expects the name of a context' };
    else if (key === 'selected' && !(isObject(contexts) && Object.hasOwn(contexts, name as string))) yield { at: key, why: 'names a context that does not exist' };
  }
}

/** Parses and checks text. Problems instead of an exception: `config lint` shows them all. */
export function lintConfig(text: string): { readonly config: ConfigFile; readonly problems: readonly ConfigProblem[] } {
  let value: unknown;
  try {
    value = JSON.parse(text, (key, inner: unknown) => {
      if (key === '__proto__') throw new SyntaxError('__proto__');
      return inner;
    });
  } catch {
    return { config: emptyConfig, problems: [{ at: '', why: 'is not JSON' }] };
  }
  const problems = [...problemsOf(value)];
  if (problems.length > 0) return { config: emptyConfig, problems };
  const { selected, previous, contexts = {}, settings = {} } = value as Partial<ConfigFile>;
  return { config: { v: 1, ...(selected === undefined ? {} : { selected }), ...(previous === undefined ? {} : { previous }), contexts, settings }, problems };
}

/** The problems of any file, whoever may write it. Throws E_NOT_FOUND, E_IO, E_FORMAT (too long). */
export async function lintConfigFile(path: string): Promise<readonly ConfigProblem[]> {
  const bytes = await readBounded(path, limits.configBytesMax);
  try {
    return lintConfig(textOf(bytes)).problems;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return [{ at: '', why: 'is not UTF-8 text' }];
  }
}

/** No other command opens a configuration that is not usable, `config show` included. */
const lintHint = (path: string): string => `\`omniplex config lint ${path}\` names everything that is wrong in it.`;

/** The configuration at `path`; empty when there is none. Throws E_CONFIG, E_IO. */
export async function readConfig(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) throw fail('E_CONFIG', { why: `${path} may be written by others`, hint: 'chmod 600 it, and look at what is in it.' });
    text = textOf(await readBounded(path, limits.configBytesMax, { own: true }));
  } catch (error) {
    if (isMissing(error) || isError(error, 'E_NOT_FOUND')) return emptyConfig;
    if (isError(error)) throw error;
    throw fail('E_CONFIG', { why: `${path} cannot be read`, hint: lintHint(path) }, error);
  }
  const { config, problems } = lintConfig(text);
  const [first] = problems;
  if (first !== undefined) throw fail('E_CONFIG', { why: `${path}${first.at === '' ? '' : ` at ${first.at}`}: ${first.why}`, hint: lintHint(path) });
  return config;
}

/** Keys in one order, so that two machines with the same settings have the same file. */
function inOrder(config: ConfigFile): ConfigFile {
  const sorted = <T>(entries: Readonly<Record<string, T>>): Record<string, T> => Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  const contexts = Object.fromEntries(Object.entries(sorted(config.contexts)).map(([name, entry]) => [name, sorted(entry as Record<string, string>) as ContextEntry]));
  const { v, selected, previous, settings } = config;
  return { v, ...(selected === undefined ? {} : { selected }), ...(previous === undefined ? {} : { previous }), contexts, settings: sorted(settings as Record<string, string>) };
}

/** Does the process still run whose number the lock holds? */
async function isAlive(lock: string): Promise<boolean> {
  const pid = Number(await readBounded(lock, 32).then(textOf, () => ''));
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function holdLock<T>(path: string, clock: Clock, act: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const deadline = clock.monotonic() + limits.configLockMs;
  for (;;) {
    try {
      await writeWhole(lock, bytesOf(`${process.pid}\n`));
      break;
    } catch (error) {
      if (!isError(error, 'E_EXISTS')) throw error;
      if (clock.monotonic() < deadline) {
        await clock.sleep(20);
        continue;
      }
      if (await isAlive(lock)) throw fail('E_BUSY', { what: 'the configuration' });
      await rm(lock, { force: true });
    }
  }
  try {
    return await act();
  } finally {
    await rm(lock, { force: true });
  }
}

/**
 * Reads, changes and replaces the configuration, alone. Resolves with the new one once it is durable; `changed` is false, and
 * nothing is written, when `change` gives back what it got.
 */
export async function changeConfig(
  link: string,
  clock: Clock,
  change: (config: ConfigFile) => ConfigFile,
): Promise<{ config: ConfigFile; changed: boolean }> {
  await makePrivateFolder(dirname(link));
  // A configuration kept elsewhere behind a symbolic link stays there.
  const path = await realpath(link).catch(() => link);
  return holdLock(path, clock, async () => {
    const before = await readConfig(path);
    const config = inOrder(change(before));
    if (JSON.stringify(config) === JSON.stringify(inOrder(before))) return { config, changed: false };
    await writeWhole(path, bytesOf(`${JSON.stringify(config, undefined, 2)}\n`), { replace: true });
    return { config, changed: true };
  });
}
