/**
 * SQLite's own opinion of its file. That is one call, which reads everything and cannot be stopped: of a large file another process makes it,
 * which can be killed, while this one stays at hand. Source: https://sqlite.org/pragma.html#pragma_integrity_check
 */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { limits } from '../../base/limits.ts';
import type { SqliteFile } from '../sqlite.ts';

/** What the other process runs: it opens the file for reading, and prints its lines, or what SQLite threw. */
const PROGRAM = `
const { DatabaseSync } = require('node:sqlite');
const [path, max, timeout] = process.argv.slice(1);
let answer;
try {
  const file = new DatabaseSync(path, { readOnly: true, timeout: Number(timeout) });
  answer = { lines: file.prepare('PRAGMA integrity_check(' + Number(max) + ')').all().map((row) => String(Object.values(row)[0])) };
} catch ({ code, errcode, message }) {
  answer = { thrown: { code, errcode, message } };
}
process.stdout.write(JSON.stringify(answer));
`;

interface Answer {
  readonly lines?: readonly string[];
  readonly thrown?: { readonly code?: string; readonly errcode?: number; readonly message?: string };
}

/** At most `max` lines, none when it is sound. Throws what a read of the file throws, and the reason of the signal. */
export async function integrityOf(file: SqliteFile, max: number, signal?: AbortSignal): Promise<readonly string[]> {
  const answer = statSync(file.path).size < limits.integrityInlineBytes ? undefined : await askAnother(file.path, max, signal);
  const lines = await file.read(() => {
    if (answer?.thrown !== undefined) throw Object.assign(new Error(answer.thrown.message), answer.thrown);
    return answer?.lines ?? file.sql(`PRAGMA integrity_check(${max})`).all().map((row) => String(Object.values(row)[0]));
  });
  return lines.filter((line) => line !== 'ok');
}

/** Undefined when there is no answer: whoever asked looks himself. */
function askAnother(path: string, max: number, signal?: AbortSignal): Promise<Answer | undefined> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
  // in a group of its own: a Ctrl-C is this process's to hear, and to pass on
  const child = spawn(process.execPath, ['--no-warnings', '-e', PROGRAM, path, String(max), String(limits.sqliteBusyMs)], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const stop = (): void => {
    child.kill('SIGKILL');
    reject(signal?.reason as Error);
  };
  signal?.addEventListener('abort', stop, { once: true });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  child.once('error', () => resolve(undefined));
  child.once('close', (code) => resolve(code === 0 ? (JSON.parse(said) as Answer) : undefined));
  return promise.finally(() => signal?.removeEventListener('abort', stop));
}
