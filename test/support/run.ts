/**
 * Runs the built command line (`npm run build` first) as its own process, under the Node that runs the tests and no launcher between,
 * so that a kill reaches it. The environment is made from nothing: no variable of the developer's changes a result.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshFolder } from './folder.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
const RUN = join(ROOT, 'bin', 'run.js');

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the clean environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string | Uint8Array;
  /** Ends the process with SIGKILL, so that a hanging command fails its test and not the run. */
  readonly timeoutMs?: number;
}

export interface Ran {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Ran>;
}

/** PATH with our Node first, a home that does not exist, and compiled code kept between tests. */
export function cleanEnv(extra: RunOptions['env'] = {}): Record<string, string> {
  const base: Record<string, string | undefined> = {
    PATH: `${join(process.execPath, '..')}:/usr/local/bin:/usr/bin:/bin`,
    HOME: '/nonexistent',
    LANG: 'C.UTF-8',
    TMPDIR: tmpdir(),
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'omniplex-test'),
    ...extra,
  };
  return Object.fromEntries(Object.entries(base).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function start(args: readonly string[], options: RunOptions = {}): Started {
  if (!existsSync(join(ROOT, 'dist', 'cli', 'main.cjs'))) throw new Error('dist/ is not built: npm run build');
  return startProcess(process.execPath, [RUN, ...args], options);
}

/** Any program, with the same clean environment and the same kind of answer. */
export function startProcess(file: string, args: readonly string[], options: RunOptions = {}): Started {
  const child = spawn(file, args, { cwd: options.cwd ?? tmpdir(), env: cleanEnv(options.env), stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 50_000);
  // A command that ends without reading its input closes the pipe under us.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const stdoutBytes = Buffer.concat(stdout);
      resolve({ code, signal, stdout: stdoutBytes.toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8'), stdoutBytes });
    });
  });
  return { child, done };
}

export const run = (args: readonly string[], options: RunOptions = {}): Promise<Ran> => start(args, options).done;

export const runProcess = (file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> => startProcess(file, args, options).done;

/** A fresh folder that is also HOME and the working folder; removed after the test. */
export interface Sandbox {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  start(args: readonly string[], options?: RunOptions): Started;
}

/** One that several tests share is given a folder, and whoever gives it removes it. */
export async function sandbox(given?: string): Promise<Sandbox> {
  const folder = given ?? (await freshFolder());
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const env = { HOME: home, TMPDIR: folder };
  const within = (options: RunOptions = {}): RunOptions => ({ cwd: folder, ...options, env: { ...env, ...options.env } });
  return { folder, env, run: (args, options) => run(args, within(options)), start: (args, options) => start(args, within(options)) };
}
