/** A planted secret appears in no stdout, no stderr and no file but its own, whatever goes wrong. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { documentOf, runFixture, runShell } from '../support/fixture.ts';

const CANARY = 'xyzzy-correct-horse-42';

interface Planted {
  readonly folder: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

async function planted(content = `${CANARY}\n`, mode = 0o600): Promise<Planted> {
  const folder = await freshFolder();
  await mkdir(join(folder, 'home'));
  const file = join(folder, 'secret');
  await writeFile(file, content, { mode });
  return { folder, file, env: { HOME: join(folder, 'home') } };
}

async function foundIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path)).includes(CANARY)) found.push(entry.name);
  }
  return found;
}

const wrongWays: readonly (readonly string[])[] = [
  ['fixture', 'keyed', '--passphrase', CANARY],
  ['fixture', 'keyed', `--passphrase=${CANARY}`],
  ['fixture', 'keyed', `-p${CANARY}`],
  ['fixture', 'keyed', '-p', CANARY],
  ['fixture', 'keyed', `--${CANARY}`],
  ['fixture', 'keyed', 'x', CANARY],
  ['fixture', 'keyed', CANARY, '--passphrase-file'],
  ['fixture', 'keyed', '--token', CANARY],
  ['fixture', 'keyed', '--timeout', CANARY],
  ['fixture', 'keyed', '--color', CANARY],
  ['fixture', 'keyed', '--', '-', CANARY],
  ['fixture', 'give', '1', '--n', CANARY],
  ['fixture', 'give', '1', '--pick', CANARY],
  ['fixture', 'give', '1', '--range', CANARY],
  ['fixture', 'give', '1', '--tier', CANARY],
  ['fixture', 'give', '1', '--lone', CANARY, '--pick', 'one'],
  ['fixture', 'give', '1', '--needs', CANARY],
  ['fixture', CANARY],
  [CANARY],
  ['--passphrase', CANARY, 'fixture', 'keyed'],
  ['config', 'set', CANARY],
  ['config', 'set', `passphrase=${CANARY}`],
  ['config', 'set', `receipts=${CANARY}`],
  ['config', 'set', `hot.budget=${CANARY}`],
  ['context', 'create', 'x', '--node', `https://user:${CANARY}@example.org`],
  ['context', 'set', 'x', `node=https://user:${CANARY}@example.org`],
  ['explain', CANARY],
  ['help', CANARY],
  ['schema', CANARY],
  ['completion', CANARY],
  ['fixture', 'wrong', 'syntax', '--canary', CANARY],
  ['fixture', 'wrong', 'type', '--canary', CANARY],
  ['fixture', 'wrong', 'string', '--canary', CANARY],
  ['fixture', 'wrong', 'later', '--canary', CANARY],
  ['fixture', 'wrong', 'stray', '--canary', CANARY],
  ['fixture', 'wrong', 'cause', '--canary', CANARY],
];

describe('a secret in the wrong place', () => {
  it.each(wrongWays.map((args) => [args.join(' ').replaceAll(CANARY, '*'), args] as const))('is not repeated: %s', async (_name, args) => {
    const { folder, env } = await planted('');
    for (const form of [[], ['--json'], ['-v'], ['--json', '-v']]) {
      const ran = await runFixture([...form, ...args], { env });
      expect(ran.code).not.toBe(0);
      expect(ran.stdout + ran.stderr).not.toContain(CANARY);
      if (form.includes('--json')) expect(documentOf(ran).ok).toBe(false);
    }
    expect(await foundIn(folder)).toEqual([]);
  });
});

describe('a secret in its file', () => {
  it('is read from a file, a descriptor, a pipe and stdin, without its last newline', async () => {
    const { folder, file, env } = await planted();
    const length = { value: CANARY.length };
    expect(documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', file], { env })).result).toEqual(length);
    expect(documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', '-'], { env, stdin: CANARY })).result).toEqual(length);
    expect(documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', '-'], { env, stdin: `${CANARY}\r\n` })).result).toEqual(length);
    for (const redirection of [`< ${file}`, `<<< ${CANARY}`]) {
      expect(documentOf(await runShell(`$O fixture keyed --json --passphrase-file - ${redirection}`, { env })).result).toEqual(length);
    }
    expect(documentOf(await runShell(`$O fixture keyed --json --passphrase-file /dev/fd/3 3< ${file}`, { env })).result).toEqual(length);
    expect(documentOf(await runShell(`$O fixture keyed --json --passphrase-file <(cat ${file})`, { env })).result).toEqual(length);
    expect(documentOf(await runShell(`(sleep 0.2; cat ${file}) | $O fixture keyed --twice --json --passphrase-file -`, { env })).result).toEqual(length);
    expect(await foundIn(folder)).toEqual(['secret']);
  });

  it('keeps inner newlines and takes one at the end only', async () => {
    const { file, env } = await planted('a\n\n');
    expect(documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', file], { env })).result).toEqual({ value: 2 });
  });

  it('is refused where others may read it, but not from a pipe', async () => {
    const { file, env } = await planted(`${CANARY}\n`, 0o644);
    for (const form of [['--json'], ['--json', '-v']]) {
      const ran = await runFixture(['fixture', 'keyed', ...form, '--passphrase-file', file], { env });
      expect(documentOf(ran)).toMatchObject({ error: { code: 'E_MODE' } });
      expect(ran.stdout + ran.stderr).not.toContain(CANARY);
    }
    expect(documentOf(await runShell(`$O fixture keyed --json --passphrase-file - < ${file}`, { env }))).toMatchObject({ error: { code: 'E_MODE' } });
    expect((await runShell(`cat ${file} | $O fixture keyed --json --passphrase-file -`, { env })).code).toBe(0);
  });

  it('is refused when it is empty, too long, missing or a folder', async () => {
    const codes: Record<string, string> = {};
    for (const [name, content] of [['empty', ''], ['newline', '\n'], ['long', 'x'.repeat(5_000)]] as const) {
      const { file, env } = await planted(content);
      codes[name] = documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', file], { env })).error!.code;
      codes[`${name} -`] = documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', '-'], { env, stdin: content })).error!.code;
    }
    const { folder, env } = await planted();
    codes['missing'] = documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', join(folder, 'no')], { env })).error!.code;
    codes['folder'] = documentOf(await runFixture(['fixture', 'keyed', '--json', '--passphrase-file', folder], { env })).error!.code;
    expect(codes).toEqual({
      empty: 'E_USAGE', 'empty -': 'E_USAGE', newline: 'E_USAGE', 'newline -': 'E_USAGE', long: 'E_USAGE', 'long -': 'E_USAGE', missing: 'E_NOT_FOUND', folder: 'E_IO',
    });
  });

  it('reads stdin for one thing only', async () => {
    const ran = await runFixture(['fixture', 'keyed', '-', '--json', '--passphrase-file', '-'], { stdin: CANARY });
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_USAGE' } });
  });

  it('is asked for by a named flag where nobody can be asked', async () => {
    const ran = await runFixture(['fixture', 'keyed', '--json'], { stdin: CANARY });
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_FLAG_NEEDED', exit: 2, details: { flag: '--passphrase-file' } } });
  });

  it('is not taken from the environment', async () => {
    const ran = await runFixture(['fixture', 'keyed', '--json'], { env: { OMNIPLEX_PASSPHRASE: CANARY, OMNIPLEX_PASSPHRASE_FILE: '/dev/null' } });
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_FLAG_NEEDED' } });
  });
});
