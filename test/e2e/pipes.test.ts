/** What happens to output when its reader is slow, leaves early, or has no room. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { correspondents } from '../support/correspondents.ts';
import { ROOT, runProcess, type RunOptions } from '../support/run.ts';

/** A shell line in which `omniplex` is the built command; prints the exit codes of its pipeline last. */
const shell = (line: string, options: RunOptions = {}) => {
  const omniplex = `omniplex() { '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"; }`;
  return runProcess('bash', ['-c', `${omniplex}; ${line}; printf '\\n%s' "\${PIPESTATUS[*]}"`], options);
};

test('a long answer reaches a slow reader whole', async () => {
  const { stdout, stderr } = await shell('omniplex commands --json | (sleep 0.3; cat)');
  const [document = '', codes] = stdout.split(/\n(?=[\d ]+$)/);
  expect(document.length).toBeGreaterThan(65_536);
  expect(JSON.parse(document)).toMatchObject({ schema: 'omniplex/commands/1', ok: true });
  expect({ stderr, codes }).toEqual({ stderr: '', codes: '0 0' });
});

test.each(['commands --json', 'commands', '--help', 'help formats', '--version'])('%s is quiet when its reader leaves early', async (args) => {
  const { stdout, stderr } = await shell(`omniplex ${args} | head -c 3`);
  expect({ begin: stdout.split('\n')[0], stderr, codes: stdout.split('\n').at(-1) }).toEqual({ begin: expect.stringMatching(/^.{3}$/) as string, stderr: '', codes: '0 0' });
});

test('a fetch ends quietly when its reader leaves, and acknowledges nothing', { timeout: 60_000 }, async () => {
  const { alice, bob, folder, env, store } = await correspondents();
  await writeFile(join(folder, 'big'), Buffer.alloc(4_000_000, 'many pages '));
  const { cid } = await alice.result<{ cid: string }>(['send', 'big', '--to', 'bob', '--receipt', 'opened'], { cwd: folder });
  const flags = `--no-context --home bob --store ${store} --passphrase-file bob.passphrase`;
  const { stdout, stderr } = await shell(`omniplex fetch ${cid} --ack --out - ${flags} | head -c 4`, { cwd: folder, env });
  expect([stdout, stderr]).toEqual(['many\n0 0', '']);
  expect(await bob.result(['inbox', 'list'])).toMatchObject({ messages: [{ cid, state: 'unread' }] });
});

test.skipIf(!existsSync('/dev/full')).each(['explain E_MAC', 'explain E_MAC --json', '--help', '--version'])('%s says so when there is no room for its answer', async (args) => {
  const { stdout, stderr } = await shell(`omniplex ${args} > /dev/full`);
  expect(stderr).toContain('ENOSPC');
  expect(stderr).not.toContain('    at ');
  expect(stdout.split('\n').at(-1)).toBe('1');
});

test('a closed stdout is no crash', async () => {
  const { stderr } = await shell('omniplex explain E_MAC >&-');
  expect(stderr).not.toContain('    at ');
});
