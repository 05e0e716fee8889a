/**
 * The table of commands and hooks, and the contract between the files under src/commands and src/hooks and what runs them.
 *
 * - One command is one file, and its path is its id: src/commands/store/lock/list.ts is `omniplex store lock list`.
 *   Its default export is the command class (a subclass of oclif's Command). Nothing is registered by hand: `tools/build.ts`
 *   scans the folder and writes the table into the bundle, and `bin/dev.js` builds the same table in memory.
 * - A file whose name begins with `_` is not a command; it may be shared by its neighbours.
 * - `X list` and `X remove` also answer to `X ls` and `X rm`. These aliases are shown nowhere.
 * - A class has at least `static summary` (one line). The summary is copied into the table at build time, so that help for the
 *   root or a topic loads no command. Everything else (flags, args, examples, impact, ...) stays on the class: `entry.load()`.
 * - One hook is one file: src/hooks/init.ts, prerun.ts, postrun.ts, finally.ts, command_not_found.ts, preparse.ts. Its default
 *   export is an oclif hook function. A hook that throws stops the command (oclif alone swallows errors without an `oclif.exit`).
 * - A command file imports what is heavy inside `run()`, never at its top: the lint rule `heavy-import` checks it.
 * - Worker threads: a file named `*.worker.ts` or `*-worker.ts` is built on its own. It is started by the URL of its source relative
 *   to import.meta.url (`new URL(` and both arguments on one line, single quotes), which the build rewrites and which works unbuilt.
 *   Give the Worker `execArgv: []`: it inherits the flags of the process, and some (`--input-type`) keep it from starting.
 *
 * This module holds the one installed table. It is set once, before `main()`, and is only read afterwards.
 */
import type { Command } from '@oclif/core/command';
import type { Hook } from '@oclif/core/hooks';

export type CommandClass = Command.Class;

export interface CommandEntry {
  /** Words with single spaces: `store lock list`. */
  readonly id: string;
  readonly summary: string;
  readonly hidden: boolean;
  load(): Promise<CommandClass>;
}

export type HookName = 'init' | 'prerun' | 'postrun' | 'preparse' | 'finally' | 'command_not_found';
export type HookFunction = Hook<HookName>;

export interface CliParts {
  readonly name: string;
  readonly version: string;
  /** The package's folder, absolute: where man/ and package.json lie. */
  readonly root: string;
  /** Sorted by id. */
  readonly commands: readonly CommandEntry[];
  readonly hooks: Readonly<Partial<Record<HookName, () => Promise<HookFunction>>>>;
}

const ALIASES: Readonly<Record<string, string>> = { ls: 'list', rm: 'remove' };

export class CommandsTable {
  readonly parts: CliParts;
  readonly #byId: ReadonlyMap<string, CommandEntry>;
  readonly #topics: ReadonlySet<string>;

  constructor(parts: CliParts) {
    this.parts = parts;
    this.#byId = new Map(parts.commands.map((entry) => [entry.id, entry]));
    const topics = new Set<string>();
    for (const { id } of parts.commands) {
      for (let end = id.lastIndexOf(' '); end > 0; end = id.lastIndexOf(' ', end - 1)) topics.add(id.slice(0, end));
    }
    this.#topics = topics;
  }

  get commands(): readonly CommandEntry[] {
    return this.parts.commands;
  }

  /** By its id or by a hidden alias of it. */
  find(id: string): CommandEntry | undefined {
    const found = this.#byId.get(id);
    if (found !== undefined) return found;
    const cut = id.lastIndexOf(' ') + 1;
    const verb = ALIASES[id.slice(cut)];
    return verb === undefined ? undefined : this.#byId.get(id.slice(0, cut) + verb);
  }

  /** True for `store` and `store lock`, which have commands below them. A topic may be a command as well. */
  isTopic(id: string): boolean {
    return this.#topics.has(id);
  }

  /** Every topic, sorted: `audit`, `audit proof`, ... */
  get topics(): readonly string[] {
    return [...this.#topics].sort((a, b) => (a < b ? -1 : 1));
  }

  /** All commands at or below a topic. */
  below(topic: string): readonly CommandEntry[] {
    return this.parts.commands.filter(({ id }) => id === topic || id.startsWith(`${topic} `));
  }
}

let installed: CommandsTable | undefined;

/** Called once by the entry (built or dev) and by tools and tests that look at commands. */
export function installCommands(parts: CliParts): CommandsTable {
  installed = new CommandsTable(parts);
  return installed;
}

/** The installed table. Throws when none was installed: a mistake of the entry, not of the operator. */
export function commandsTable(): CommandsTable {
  if (installed === undefined) throw new Error('no commands are installed');
  return installed;
}
