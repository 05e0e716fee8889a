/**
 * oclif's Config, made from the installed table instead of from files. Oclif's own `load()` reads plugins and a theme from the
 * user's data and config folders (code that a command with private keys must not run) and sorts by locale, which boots ICU.
 * Commands and hooks come from the table alone; nothing is searched for at run time.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import type { Hook, Hooks, PJSON, Topic } from '@oclif/core/interfaces';
import type { CommandEntry, CommandsTable, HookName } from './commands-table.ts';

type AnyHook = (this: unknown, options: Record<string, unknown>) => Promise<unknown>;

const loadable = (entry: CommandEntry): Command.Loadable =>
  ({ id: entry.id, summary: entry.summary, hidden: entry.hidden, aliases: [], hiddenAliases: [], args: {}, flags: {}, load: () => entry.load() }) as Command.Loadable;

export class CliConfig extends Config {
  readonly table: CommandsTable;

  constructor(table: CommandsTable) {
    const { name, version, root } = table.parts;
    const pjson = { name, version, oclif: { bin: name, topicSeparator: ' ' } } as unknown as PJSON;
    super({ root, pjson, plugins: new Map() });
    this.table = table;
    this.root = root;
    this.pjson = pjson;
    this.name = name;
    this.version = version;
    this.channel = 'stable';
    this.valid = true;
    this.bin = name;
    this.dirname = name;
    this.topicSeparator = ' ';
    this.flexibleTaxonomy = false;
    this.arch = process.arch as Config['arch'];
    this.platform = process.platform as Config['platform'];
    this.windows = process.platform === 'win32';
    this.shell = 'unknown';
    this.userAgent = `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`;
    this.home = homedir();
    this.cacheDir = join(this.home, '.cache', name);
    this.configDir = join(this.home, '.config', name);
    this.dataDir = join(this.home, '.local', 'share', name);
  }

  override async load(): Promise<void> {}

  override get commands(): Command.Loadable[] {
    return this.table.commands.map(loadable);
  }

  override get commandIDs(): string[] {
    return this.table.commands.map(({ id }) => id);
  }

  override get topics(): Topic[] {
    return this.table.topics.map((name) => ({ name }));
  }

  override findCommand(id: string, options: { must: true }): Command.Loadable;
  override findCommand(id: string, options?: { must: boolean }): Command.Loadable | undefined;
  override findCommand(id: string): Command.Loadable | undefined {
    const entry = this.table.find(id);
    return entry === undefined ? undefined : loadable(entry);
  }

  /** Runs the one hook of that name, if there is one. Its error is thrown, whatever its shape. */
  override async runHook<T extends keyof Hooks, P extends Hooks = Hooks>(event: T, options: P[T]['options']): Promise<Hook.Result<P[T]['return']>> {
    const load = this.table.parts.hooks[event as HookName];
    if (load === undefined) return { failures: [], successes: [] };
    const hook = (await load()) as unknown as AnyHook;
    const context = { config: this };
    const result = (await hook.call(context, { ...options, config: this, context })) as P[T]['return'];
    return { failures: [], successes: [{ plugin: { name: this.name, root: this.root } as never, result }] };
  }
}
