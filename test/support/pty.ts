/** Runs the built command line (or any program) at a pseudo-terminal, for prompts, progress, colour and Ctrl-C. */
import { spawn } from '@lydell/node-pty';
import { join } from 'node:path';
import { cleanEnv, ROOT, type RunOptions } from './run.ts';

export interface Terminal {
  readonly pid: number;
  /** All that was written so far, escape sequences and all. */
  output(): string;
  /** The same without escape sequences and carriage returns. */
  text(): string;
  write(text: string): void;
  /** Writes a line as a person would, ended by Enter. */
  type(line: string): void;
  interrupt(): void;
  kill(signal?: string): void;
  /** Resolves with the text once it holds the pattern, looking only at what came after the last match. Rejects when the process ends first. */
  waitFor(pattern: string | RegExp): Promise<string>;
  readonly done: Promise<{ readonly code: number; readonly signal: number }>;
}

export interface TerminalOptions extends Pick<RunOptions, 'cwd' | 'env'> {
  readonly columns?: number;
  readonly rows?: number;
}

// oxlint-disable-next-line no-control-regex -- that is what is looked for
const ESCAPES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\-_])|\r/g;

const plain = (text: string): string => text.replaceAll(ESCAPES, '');

export function openTerminal(args: readonly string[], options: TerminalOptions = {}): Terminal {
  return openProgram(process.execPath, [join(ROOT, 'bin', 'run.js'), ...args], options);
}

export function openProgram(file: string, args: readonly string[], { cwd = ROOT, env = {}, columns = 100, rows = 40 }: TerminalOptions = {}): Terminal {
  const child = spawn(file, [...args], { name: env['TERM'] ?? 'xterm-256color', cols: columns, rows, cwd, env: cleanEnv({ TERM: 'xterm-256color', ...env }) });
  let output = '';
  let seen = 0;
  let ended = false;
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((check) => check());
  child.onData((data) => {
    output += data;
    wake();
  });
  const done = new Promise<{ code: number; signal: number }>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      ended = true;
      wake();
      resolve({ code: exitCode, signal: signal ?? 0 });
    });
  });

  const waitFor = (pattern: string | RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = () => {
        const text = plain(output);
        const fresh = text.slice(seen);
        const at = typeof pattern === 'string' ? fresh.indexOf(pattern) : fresh.search(pattern);
        if (at < 0 && !ended) return;
        waiting.delete(check);
        if (at < 0) return reject(new Error(`the program ended without showing ${String(pattern)}; it showed:\n${text}`));
        const length = typeof pattern === 'string' ? pattern.length : (pattern.exec(fresh)?.[0].length ?? 0);
        seen += at + length;
        resolve(text);
      };
      waiting.add(check);
      check();
    });

  return {
    pid: child.pid,
    output: () => output,
    text: () => plain(output),
    write: (text) => child.write(text),
    type: (line) => child.write(`${line}\r`),
    interrupt: () => child.write('\u0003'),
    kill: (signal) => child.kill(signal),
    waitFor,
    done,
  };
}
