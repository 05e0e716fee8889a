import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { documentOf, fixtureAtTerminal, runFixture, runShell, startFixture } from '../support/fixture.ts';
import type { Started } from '../support/run.ts';

/** Resolves once the command says that it waits. */
async function waiting({ child }: Started): Promise<void> {
  let text = '';
  while (!text.includes('waiting')) text += String((await once(child.stderr!, 'data'))[0]);
}

async function signalled(args: readonly string[], ...signals: NodeJS.Signals[]) {
  const started = startFixture(['fixture', 'slow', ...args]);
  await waiting(started);
  for (const signal of signals) started.child.kill(signal);
  return started.done;
}

describe('signals', () => {
  it.each([
    ['SIGINT', 'E_INTERRUPTED', 130],
    ['SIGTERM', 'E_TERMINATED', 143],
    ['SIGHUP', 'E_TERMINATED', 143],
  ] as const)('%s aborts the work, cleans up and answers with one document', async (signal, code, exit) => {
    const ran = await signalled(['--json'], signal);
    expect(documentOf(ran)).toMatchObject({ ok: false, changed: false, error: { code, exit } });
    expect(ran.stderr).toContain('cleaned up');
    expect([ran.code, ran.signal]).toEqual([exit, null]);
  });

  it('counts one that comes on two ways as one', async () => {
    const started = startFixture(['fixture', 'slow', '--deaf', '--json']);
    await waiting(started);
    started.child.kill('SIGTERM');
    await new Promise((resolve) => void setTimeout(resolve, 20));
    started.child.kill('SIGTERM');
    const ran = await started.done;
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_TERMINATED' } });
    expect([ran.code, ran.signal]).toEqual([143, null]);
  });

  it('leaves no half file', async () => {
    const folder = await freshFolder();
    const ran = await signalled(['--file', join(folder, 'artifact')], 'SIGINT');
    expect(ran.code).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  });

  it('answers in time although the work does not listen', async () => {
    const began = performance.now();
    const ran = await signalled(['--deaf', '--json'], 'SIGTERM');
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_TERMINATED' } });
    expect(ran.code).toBe(143);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('dies of a second signal', async () => {
    const started = startFixture(['fixture', 'slow', '--deaf']);
    await waiting(started);
    started.child.kill('SIGINT');
    await new Promise((resolve) => void setTimeout(resolve, 500));
    started.child.kill('SIGINT');
    const ran = await started.done;
    expect(ran.signal).toBe('SIGINT');
  });

  it('ends a loop of commands even when the work was done all the same', async () => {
    const ran = await signalled(['--answer', '--json'], 'SIGINT');
    expect(documentOf(ran)).toMatchObject({ ok: false, result: { value: 'done all the same' }, error: { code: 'E_INTERRUPTED', hint: expect.stringMatching(/nothing to run again/) as unknown } });
    expect(ran.code).toBe(130);
  });

  it('answers Ctrl-C at a terminal', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'slow']);
    await terminal.waitFor('waiting');
    terminal.interrupt();
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
  });
});

describe('--timeout', () => {
  it('ends the whole command with exit 12 and says what it was at', async () => {
    const ran = await runFixture(['fixture', 'slow', '--timeout', '300ms', '--json']);
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_TIMEOUT', exit: 12, details: { after: '300ms', doing: 'waiting' }, hint: expect.stringMatching(/Nothing was changed.*starts over/) as unknown } });
    expect(ran.code).toBe(12);
  });

  it('asks nobody to repeat what was done all the same', async () => {
    const ran = await runFixture(['fixture', 'slow', '--answer', '--timeout', '300ms', '--json']);
    expect(documentOf(ran)).toMatchObject({ ok: false, result: { value: 'done all the same' }, error: { code: 'E_TIMEOUT', details: { after: '300ms', doing: 'waiting' }, hint: expect.stringMatching(/nothing to run again/) as unknown } });
    expect(ran.code).toBe(12);
  });

  it('does not hold a command that is done', async () => {
    const began = performance.now();
    expect((await runFixture(['fixture', 'give', '1', '--timeout', '1h'])).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe('pipes', () => {
  it('is quiet when the reader leaves', async () => {
    const ran = await runShell('set -o pipefail; $O fixture stream --count 1000000 --json | head -1');
    expect([ran.stdout, ran.stderr, ran.code]).toEqual(['{"n":0}\n', '', 0]);
    const listed = await runShell('$O commands | head -1');
    expect([listed.stdout.split('\n').length, listed.stderr]).toEqual([2, '']);
  });

  it('is complete however large the answer and however slow the reader', async () => {
    const json = JSON.stringify('x'.repeat(120_000));
    const ran = await runShell(`$O fixture give "$JSON" --json | (sleep 0.3; cat)`, { env: { JSON: json } });
    expect(ran.stdout.length).toBeGreaterThan(120_000);
    expect(documentOf(ran).result).toEqual({ value: JSON.parse(json) as string });
    const failed = await runShell('$O fixture stream --count 20000 --last --json | (sleep 0.3; cat)');
    expect(failed.stdout.split('\n').length).toBe(20_002);
    expect(JSON.parse(failed.stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({ error: { code: 'E_FAILED' } });
  });

  it('does not pass a full disk behind stdout for success', async () => {
    for (const form of ['', '--json']) {
      const ran = await runShell(`$O fixture give 1 ${form} > /dev/full`);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('E_IO');
    }
  });

  it('writes an artifact to stdout and the human answer to stderr', async () => {
    const ran = await runFixture(['fixture', 'give', '1', '--out', '-']);
    expect([ran.stdout, ran.stderr]).toEqual(['artifact', 'value 1\n']);
  });

  it('never overwrites an artifact', async () => {
    const folder = await freshFolder();
    const path = join(folder, 'a');
    expect((await runFixture(['fixture', 'give', '1', '-o', path])).code).toBe(0);
    expect(documentOf(await runFixture(['fixture', 'give', '1', '-o', path, '--json']))).toMatchObject({ error: { code: 'E_EXISTS' } });
    expect(await readdir(folder)).toEqual(['a']);
  });
});
