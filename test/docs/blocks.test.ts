/** Every block of commands and code in README and docs, run as a reader would: the shell at a terminal, the library from another project. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProgram } from '../support/pty.ts';
import { ROOT, runProcess, sandbox, type Sandbox } from '../support/run.ts';
import { page, pages, type Fence } from './markdown.ts';

const TIMEOUT = { timeout: 120_000 };

/** Who runs a block: here, or a test of its own. `npm` blocks are what CI runs in a fresh clone; here their scripts must exist. */
const RUNNERS: Readonly<Record<string, readonly string[]>> = { sh: ['', 'npm', 'incident'], js: [''] };

test('every block says what it is, so that somebody runs it', () => {
  const unknown = pages().flatMap(({ path, fences }) => fences.filter(({ language, note }) => RUNNERS[language]?.includes(note) !== true).map(({ line }) => `${path}:${line}`));
  expect(unknown).toEqual([]);
});

test('no command hides in an indented block, where nobody runs it', () => {
  const hidden = pages().flatMap(({ path, indented }) => indented.filter((line) => /^(?:\$ )?(?:omniplex|npm|node|bash) /.test(line)).map((line) => `${path}: ${line}`));
  expect(hidden).toEqual([]);
});

test('every npm command is one', async () => {
  const { scripts } = (await import('../../package.json', { with: { type: 'json' } })).default;
  const named = pages().flatMap(({ fences }) => fences.filter(({ note }) => note === 'npm').flatMap(({ text }) => [...text.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, name = '']) => name)));
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => !Object.hasOwn(scripts, name) && !['ci', 'test', 'link'].includes(name))).toEqual([]);
});

/** The command on PATH, as an installation puts it there. */
async function withCommand(box: Sandbox): Promise<Readonly<Record<string, string>>> {
  const bin = join(box.folder, 'bin');
  await mkdir(bin);
  const omniplex = join(bin, 'omniplex');
  await writeFile(omniplex, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"\n`);
  await chmod(omniplex, 0o755);
  return { ...box.env, PATH: `${bin}:${join(process.execPath, '..')}:/usr/local/bin:/usr/bin:/bin`, NO_COLOR: '1' };
}

/** Runs the blocks one after the other in one shell; types the twelve words where somebody is asked for them. */
async function runAtTerminal(box: Sandbox, fences: readonly Fence[]): Promise<string> {
  const env = await withCommand(box);
  const script = join(box.folder, 'blocks.sh');
  await writeFile(script, fences.map(({ text }) => text).join('\n'));
  const terminal = openProgram('bash', ['-euo', 'pipefail', script], { cwd: box.folder, env, columns: 160 });
  const asked = terminal.waitFor(/Ask (\S+) to read[^]*Type what you hear/).then(
    async (text) => {
      const name = /Ask (\S+) to read/.exec(text)?.[1] ?? '';
      const shown = await runProcess(join(box.folder, 'bin', 'omniplex'), ['identity', 'show', name, '--context', name, '--json'], { cwd: box.folder, env });
      terminal.type((JSON.parse(shown.stdout) as { result: { fingerprint: string } }).result.fingerprint);
    },
    () => undefined,
  );
  const { code } = await terminal.done;
  await asked;
  expect({ code, text: code === 0 ? '' : terminal.text() }).toEqual({ code: 0, text: '' });
  return terminal.text();
}

describe('README.md', () => {
  const readme = page('README.md');

  test('five minutes to a fetched message', TIMEOUT, async () => {
    const text = await runAtTerminal(await sandbox(), readme.fences.filter(({ language, note }) => language === 'sh' && note === ''));
    expect(text).toMatch(/\nHello, bob\.\n/);
    expect(text).toMatch(/bob verified/);
    expect(text).toMatch(/bob {2}.*refused/);
    expect(text).toMatch(/1 receipt \(0 opened, 0 received, 1 refused\), each signed; 0 secrets; verified offline/);
  });

  test('the library example, from another project', TIMEOUT, async () => {
    const box = await sandbox();
    await mkdir(join(box.folder, 'node_modules'));
    await symlink(ROOT, join(box.folder, 'node_modules', 'omniplex'));
    const [example, ...others] = readme.fences.filter(({ language }) => language === 'js');
    expect(others).toEqual([]);
    await writeFile(join(box.folder, 'example.mjs'), example?.text ?? '');
    const { code, stdout, stderr } = await runProcess(process.execPath, ['example.mjs'], { cwd: box.folder, env: box.env });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '11 alice\n', stderr: '' });
  });
});

test('no other page has blocks that only this test would run', () => {
  const elsewhere = pages().filter(({ path }) => path !== 'README.md').flatMap(({ path, fences }) => fences.filter(({ note }) => note === '').map(({ line }) => `${path}:${line}`));
  expect(elsewhere).toEqual([]);
});
