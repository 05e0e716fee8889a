/** Every block of commands and code in README and docs, run as a reader would: the shell in a fresh folder, the library from another project. */
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, runProcess, sandbox, type Sandbox } from '../support/run.ts';
import { page, pages } from './markdown.ts';

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

describe('README.md', () => {
  const readme = page('README.md');

  test('five minutes to a fetched message', TIMEOUT, async () => {
    const box = await sandbox();
    const script = readme.fences.filter(({ language, note }) => language === 'sh' && note === '').map(({ text }) => text).join('\n');
    const { code, stdout, stderr } = await runProcess('/bin/sh', ['-e', '-c', script], { cwd: box.folder, env: await withCommand(box), timeoutMs: 110_000 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('announced to bob');
    expect(await readFile(join(box.folder, 'received', 'plan.txt'), 'utf8')).toBe('the plan\n');
    expect(stdout).toMatch(/bob {2}announced .* opened /);
    expect(stdout).toContain('1 receipt (1 opened, 0 received), each signed; 0 secrets; verified offline');
  });

  test('the library example, from another project', TIMEOUT, async () => {
    const box = await sandbox();
    await mkdir(join(box.folder, 'node_modules'));
    await symlink(ROOT, join(box.folder, 'node_modules', 'omniplex'));
    const [example, ...others] = readme.fences.filter(({ language }) => language === 'js');
    expect(others).toEqual([]);
    await writeFile(join(box.folder, 'example.mjs'), example?.text ?? '');
    const { code, stdout, stderr } = await runProcess(process.execPath, ['example.mjs'], { cwd: box.folder, env: box.env });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'me 16\n', stderr: '' });
    expect(await readFile(join(box.folder, 'note.txt'), 'utf8')).toBe('a note to myself');
  });
});

test('no other page has blocks that only this test would run', () => {
  const elsewhere = pages().filter(({ path }) => path !== 'README.md').flatMap(({ path, fences }) => fences.filter(({ note }) => note === '').map(({ line }) => `${path}:${line}`));
  expect(elsewhere).toEqual([]);
});
