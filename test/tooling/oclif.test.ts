/** What oclif does by itself and a command with private keys must not: each is switched off, and stays so. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sandbox } from '../support/run.ts';

const CANARY = 'canary-7f3a19c2';

test('a plugin in the user\'s data folder is not loaded, nor a theme in the config folder', async () => {
  const box = await sandbox();
  const home = box.env['HOME'] ?? '';
  const plugin = join(home, '.local', 'share', 'omniplex');
  const files = {
    [join(plugin, 'package.json')]: JSON.stringify({ oclif: { plugins: [{ name: 'evil', type: 'user' }] }, dependencies: { evil: '1.0.0' } }),
    [join(plugin, 'node_modules', 'evil', 'package.json')]: JSON.stringify({ name: 'evil', version: '1.0.0', oclif: { commands: './commands', hooks: { init: './init.js' } } }),
    [join(plugin, 'node_modules', 'evil', 'init.js')]: `console.log('${CANARY}'); module.exports = () => console.log('${CANARY}');`,
    [join(home, '.config', 'omniplex', 'theme.json')]: '{ not json',
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  for (const args of [['explain', 'E_MAC'], ['--help'], ['commands']]) {
    const { code, stdout, stderr } = await box.run(args);
    expect({ code, stderr, leaked: stdout.includes(CANARY) }, args.join(' ')).toEqual({ code: 0, stderr: '', leaked: false });
  }
});

test.each(['*', 'oclif*', 'omniplex*'])('DEBUG=%s prints no arguments', async (debug) => {
  const box = await sandbox();
  const { stdout, stderr } = await box.run(['explain', 'E_MAC', '--home', CANARY], { env: { DEBUG: debug, OMNIPLEX_DEBUG: '1' } });
  expect(stdout + stderr).not.toContain(CANARY);
});

test.each([
  ['an unknown flag', ['explain', 'E_MAC', '--bogus', CANARY]],
  ['an unknown flag with its value', ['explain', 'E_MAC', `--bogus=${CANARY}`]],
  ['an argument too many', ['explain', 'E_MAC', CANARY]],
  ['a value that is none', ['explain', 'E_MAC', '--timeout', CANARY]],
  ['a choice that is none', ['explain', 'E_MAC', '--color', CANARY]],
  ['an unknown command', [CANARY]],
  ['an unknown verb', ['context', CANARY]],
])('%s under --json is one small document that repeats no argument', async (_, args) => {
  const box = await sandbox();
  for (const argv of [[...args, '--json'], ['--json', ...args]]) {
    const { code, stdout, stderr } = await box.run(argv);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, changed: false, error: { code: 'E_USAGE', exit: 2 } });
    expect({ code, small: stdout.length < 2_000, leaked: (stdout + stderr).includes(CANARY) }).toEqual({ code: 2, small: true, leaked: false });
  }
});

test('a bare topic is no success: its verb is missing', async () => {
  const box = await sandbox();
  expect((await box.run(['context'])).code).toBe(2);
  expect((await box.run(['context', '--help'])).code).toBe(0);
});
