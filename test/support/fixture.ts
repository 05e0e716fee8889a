/** Runs a fixture command (test/cli/fixtures) as its own process, from the sources, in a fresh home. */
import { join } from 'node:path';
import { openProgram, type Terminal, type TerminalOptions } from './pty.ts';
import { ROOT, runProcess, startProcess, type Ran, type RunOptions, type Started } from './run.ts';

const MAIN = join(ROOT, 'test', 'cli', 'fixtures', 'main.ts');

export const runFixture = (args: readonly string[], options: RunOptions = {}): Promise<Ran> => runProcess(process.execPath, [MAIN, ...args], options);

export const startFixture = (args: readonly string[], options: RunOptions = {}): Started => startProcess(process.execPath, [MAIN, ...args], options);

export const fixtureAtTerminal = (args: readonly string[], options: TerminalOptions = {}): Terminal => openProgram(process.execPath, [MAIN, ...args], options);

/** Through a shell, for redirections and pipes; `$O` is the fixture's command line. */
export const runShell = (script: string, options: RunOptions = {}): Promise<Ran> =>
  runProcess('bash', ['-c', script], { ...options, env: { O: `${process.execPath} ${MAIN}`, ...options.env } });

export interface Document {
  readonly schema: string;
  readonly ok: boolean;
  readonly changed: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly exit: number; readonly message: string; readonly details: Record<string, unknown> };
  readonly warnings: readonly { readonly code: string }[];
}

/** The one document of a `--json` run. Throws unless stdout is exactly one line of JSON. */
export function documentOf({ stdout }: Pick<Ran, 'stdout'>): Document {
  if (!/^[^\n]+\n$/.test(stdout)) throw new Error(`stdout is not one line: ${JSON.stringify(stdout.slice(0, 300))}`);
  return JSON.parse(stdout) as Document;
}
