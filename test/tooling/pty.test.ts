import { expect, test } from 'vitest';
import { openProgram } from '../support/pty.ts';

test('a program at a pseudo-terminal is asked, answers and ends', async () => {
  const terminal = openProgram('/bin/sh', ['-c', 'test -t 0 && printf "name? " && read name && echo "hello $name" && exit 3']);
  await terminal.waitFor('name? ');
  terminal.type('ada');
  await terminal.waitFor(/hello ada\n/);
  expect(await terminal.done).toEqual({ code: 3, signal: 0 });
});

test('Ctrl-C reaches the program as SIGINT', async () => {
  const terminal = openProgram('/bin/sh', ['-c', 'trap "echo stopped; exit 130" INT; echo ready; while :; do sleep 0.05; done']);
  await terminal.waitFor('ready');
  terminal.interrupt();
  await terminal.waitFor('stopped');
  expect((await terminal.done).code).toBe(130);
});

test('waiting for what never comes ends with the program', async () => {
  const terminal = openProgram('/bin/sh', ['-c', 'echo done']);
  await expect(terminal.waitFor('never')).rejects.toThrow('done');
});
