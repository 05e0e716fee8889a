/**
 * SQLite's own opinion of its file. That is one call, which reads everything and cannot be stopped: of a large file another process makes it,
 * which can be killed, while this one stays at hand. Source: https://sqlite.org/pragma.html#pragma_integrity_check
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
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
  const bytes = statSync(file.path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) throw file.corrupt('it is missing');
  const answer = bytes < limits.integrityInlineBytes ? undefined : await askAnother(file.path, max, signal);
  const lines = await file.read(() => {
    if (answer?.thrown !== undefined) throw Object.assign(new Error(answer.thrown.message), answer.thrown);
    return answer?.lines ?? file.sql(`PRAGMA integrity_check(${max})`).all().map((row) => String(Object.values(row)[0]));
  });
  return lines.filter((line) => line !== 'ok');
}

/** Undefined when there is no answer (no process to be had, killed by others): whoever asked looks himself. */
async function askAnother(path: string, max: number, signal?: AbortSignal): Promise<Answer | undefined> {
  signal?.throwIfAborted();
  const child = start([path, String(max), String(limits.sqliteBusyMs)]);
  if (child === undefined) return undefined;
  const stop = (): boolean => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    let said = '';
    for await (const piece of child.stdout) said += String(piece);
    signal?.throwIfAborted();
    return answerOf(said);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function start(args: readonly string[]): ChildProcessByStdio<null, Readable, null> | undefined {
  try {
    // in a group of its own: a Ctrl-C is this process's to hear, and to pass on
    const child = spawn(process.execPath, ['--no-warnings', '-e', PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'ignore'], detached: true, windowsHide: true });
    // without a process there are no pipes either: then nothing is said, and that is the answer
    child.on('error', () => undefined);
    return (child.stdout as Readable | undefined) === undefined ? undefined : child;
  } catch {
    return undefined;
  }
}

function answerOf(said: string): Answer | undefined {
  try {
    return JSON.parse(said) as Answer;
  } catch {
    return undefined;
  }
}
