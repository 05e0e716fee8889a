/**
 * Finds the commands and hooks among the sources, for the build, for `bin/dev.js`, and for tools and tests that look at commands.
 * The contract is at the head of src/cli/commands-table.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CliParts, CommandClass, CommandEntry, HookFunction, HookName } from '../src/cli/commands-table.ts';

export const ROOT = join(import.meta.dirname, '..');

const HOOKS: readonly HookName[] = ['init', 'prerun', 'postrun', 'preparse', 'finally', 'command_not_found'];

export interface CommandSource {
  readonly id: string;
  readonly file: string;
  readonly summary: string;
  readonly hidden: boolean;
}

export interface HookSource {
  readonly name: HookName;
  readonly file: string;
}

export interface PackageFacts {
  readonly name: string;
  readonly version: string;
}

/** Every file below `folder` that ends in .ts, absolute and sorted; none when there is no such folder. */
export function sourcesBelow(folder: string): string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const SUMMARY = /^ {2}static (?:override )?(?:readonly )?summary = (?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`\\$\n]*)`);$/m;
const HIDDEN = /^ {2}static (?:override )?(?:readonly )?hidden = true;$/m;

/** The summary is read from the text, so that the build runs no command's code. Throws when it is not a literal of one line. */
function commandSource(folder: string, file: string): CommandSource {
  const text = readFileSync(file, 'utf8');
  const found = SUMMARY.exec(text);
  if (found === null) throw new Error(`${relative(ROOT, file)}: no \`static summary = '...'\` of one line`);
  const summary = (found[1] ?? found[2] ?? found[3] ?? '').replace(/\\(.)/g, '$1');
  const id = relative(folder, file).slice(0, -'.ts'.length).split(sep).join(' ');
  return { id, file, summary, hidden: HIDDEN.test(text) };
}

export function scanCommands(root = ROOT): CommandSource[] {
  const folder = join(root, 'src', 'commands');
  const files = sourcesBelow(folder).filter((file) => !basename(file).startsWith('_'));
  return files.map((file) => commandSource(folder, file)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function scanHooks(root = ROOT): HookSource[] {
  const folder = join(root, 'src', 'hooks');
  const present = new Set(sourcesBelow(folder));
  return HOOKS.map((name) => ({ name, file: join(folder, `${name}.ts`) })).filter(({ file }) => present.has(file));
}

export const packageFacts = (root = ROOT): PackageFacts => {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageFacts;
  return { name, version };
};

/** What the build writes into the bundle, made in memory: each command and hook is imported from its source when asked for. */
export function partsFromSources(root = ROOT): CliParts {
  const commands = scanCommands(root).map(({ id, file, summary, hidden }): CommandEntry => {
    const load = async () => ((await import(pathToFileURL(file).href)) as { default: CommandClass }).default;
    return { id, summary, hidden, load };
  });
  const hooks: Partial<Record<HookName, () => Promise<HookFunction>>> = {};
  for (const { name, file } of scanHooks(root)) {
    hooks[name] = async () => ((await import(pathToFileURL(file).href)) as { default: HookFunction }).default;
  }
  return { ...packageFacts(root), root, commands, hooks };
}
