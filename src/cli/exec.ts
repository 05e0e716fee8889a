/**
 * Runs an operator's program for one message. No shell, no arguments, nothing of the message in the environment: what a sender chose
 * reaches the program only as JSON on its stdin.
 */
import { spawn } from 'node:child_process';
import { toJson } from './envelope.ts';
import type { Session } from './session.ts';

/** True when it ran and ended with 0. What it prints goes to stderr, beside our talk. */
export function runFor(session: Session, program: string, message: object): Promise<boolean> {
  return new Promise((resolve) => {
    const told = (why: string): void => {
      session.output.complain(`${program}: ${why}`);
      resolve(false);
    };
    const child = spawn(program, [], { stdio: ['pipe', 2, 2], signal: session.signal });
    child.on('error', (error: NodeJS.ErrnoException) => told(error.code === 'ENOENT' ? 'there is no such program; its name alone is wanted, without arguments' : (error.code ?? 'could not be run')));
    child.on('exit', (code, signal) => (code === 0 ? resolve(true) : told(`ended with ${code ?? signal}`)));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${toJson(message)}\n`);
  });
}
