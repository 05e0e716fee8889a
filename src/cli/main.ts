/**
 * Runs one command line: finds the command, calls the hooks around it, and leaves the exit code in `process.exitCode`.
 * It stands in for oclif's own `run`, which loads every command's metadata, user plugins and themes before the first one runs.
 *
 * What it needs from its neighbours in src/cli:
 * - `help.ts`     `showHelp(config, id, argv)`: help of a command or topic (`store lock`), or of the program when id is ''; argv
 *                 has the flags. Asked for by `--help` or `-h` anywhere before `--`, by a bare topic, and by no words at all.
 * - `failure.ts`  `reportFailure(error, {id, argv})`: prints an error that no command caught (hooks, unknown commands, loading) in
 *                 the form that argv asks for (text or one JSON document) and sets `process.exitCode`. Never throws.
 * A command prints its own errors and sets `process.exitCode`; what it throws nevertheless goes to `reportFailure`.
 * The `command_not_found` hook is given the words (`{id: 'stroe list', argv}`; id '' where a flag nobody knows came first) and
 * throws the usage error.
 * `process.exit` is never called here: output written before an exit into a pipe would be cut at 64 KiB.
 */
import { asksHelp, readCommandLine } from './argv.ts';
import { commandsTable, type CommandEntry, type CommandsTable } from './commands-table.ts';
import { CliConfig } from './oclif-config.ts';

/** What a command line names. `argv` is what follows the words of the id. */
export type Target =
  | { readonly kind: 'command'; readonly id: string; readonly entry: CommandEntry; readonly argv: readonly string[] }
  | { readonly kind: 'topic'; readonly id: string; readonly argv: readonly string[] }
  | { readonly kind: 'unknown'; readonly id: string; readonly argv: readonly string[] };

const ID_WORDS_MAX = 3;

/**
 * The longest run of leading words that is a command, else the topic that they name, else unknown. A topic followed by a word that
 * is not one of its commands, or by a flag, is unknown: a misspelt verb is a usage error and not a help page with exit 0.
 */
export function targetOf(argv: readonly string[], table: CommandsTable): Target {
  const { words, rest, strayFlag } = readCommandLine(argv);
  for (let count = Math.min(words.length, ID_WORDS_MAX); count > 0; count--) {
    const entry = table.find(words.slice(0, count).join(' '));
    if (entry !== undefined) return { kind: 'command', id: entry.id, entry, argv: [...words.slice(count), ...rest] };
  }
  const id = words.join(' ');
  const isTopic = !strayFlag && (words.length === 0 || table.isTopic(id));
  return { kind: isTopic ? 'topic' : 'unknown', id, argv: rest };
}

interface Runnable {
  _run(): Promise<unknown>;
}

async function runCommand(config: CliConfig, entry: CommandEntry, argv: readonly string[]): Promise<void> {
  const commandClass = await entry.load();
  commandClass.id = entry.id;
  await config.runHook('prerun', { Command: commandClass, argv: [...argv] });
  const make = commandClass as unknown as new (argv: string[], config: CliConfig) => Runnable;
  const result = await new make([...argv], config)._run();
  await config.runHook('postrun', { Command: commandClass, argv: [...argv], result });
}

async function runTarget(config: CliConfig, target: Target): Promise<void> {
  const { id } = target;
  const argv = [...target.argv];
  await config.runHook('init', { id, argv });
  if (target.kind !== 'unknown' && (target.kind === 'topic' || asksHelp(argv))) {
    const { showHelp } = await import('./help.ts');
    await showHelp(config, id, argv);
  } else if (target.kind === 'command') {
    await runCommand(config, target.entry, argv);
  } else {
    await config.runHook('command_not_found', { id, argv });
  }
}

/** `argv` without the runtime and the script. Resolves when the command is done; never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  const table = commandsTable();
  const target = targetOf(argv, table);
  const config = new CliConfig(table);
  let failure: unknown;
  try {
    await runTarget(config, target);
  } catch (error) {
    failure = error;
    const { reportFailure } = await import('./failure.ts');
    reportFailure(error, { id: target.id, argv });
  }
  const error = failure instanceof Error ? failure : undefined;
  await config.runHook('finally', { id: target.id, argv: [...target.argv], Command: undefined, error });
}
