import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sandbox } from '../support/run.ts';

const quick = ['--samples', '1', '--seconds', '1'];
const one = ['bench', 'packet', '--only', 'packet.once-*', ...quick];

interface Shown {
  readonly schema: string;
  readonly ok: boolean;
  readonly changed: boolean;
  readonly result: { readonly rows: readonly { readonly id: string; p95: number }[] };
  readonly error?: { readonly code: string };
  readonly warnings: readonly { readonly code: string }[];
}
const shown = (stdout: string): Shown => JSON.parse(stdout) as Shown;

test('a report is one document, a file, a table, and Markdown', async () => {
  const { run, folder } = await sandbox();
  const json = await run([...one, '--json', '--out', 'a.json']);
  expect(json.code).toBe(0);
  const document = shown(json.stdout);
  expect(document).toMatchObject({ schema: 'omniplex/bench-packet/1', ok: true, changed: true });
  expect(document.result.rows.map(({ id }) => id)).toEqual(['packet.once-encode', 'packet.once-decode']);
  expect(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8'))).toEqual(document.result);
  const table = await run(one);
  expect(table.stdout).toContain('encode with digest, key used once');
  expect(table.stdout).toMatch(/BLAKE3 \+ CRC32 +RATIO/);
  const markdown = await run([...one, '--format', 'markdown']);
  expect(markdown.stdout).toMatch(/^\| What \| Value \|/);
  expect(readdirSync(folder).filter((name) => name.startsWith('omniplex-bench'))).toEqual([]);
});

test('a report that would overwrite, a pattern for nothing and a size of nothing are refused, and leave nothing', async () => {
  const { run, folder } = await sandbox();
  writeFileSync(join(folder, 'a.json'), 'mine');
  expect((await run([...one, '--out', 'a.json'])).code).toBe(6);
  expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('mine');
  expect((await run(['bench', 'packet', '--only', 'seal.*', '--out', 'b.json'])).code).toBe(2);
  expect((await run(['bench', 'seal', '--size', '0'])).code).toBe(2);
  expect((await run(['bench', 'pq', '--samples', '0'])).code).toBe(2);
  expect(readdirSync(folder).toSorted()).toEqual(['a.json', 'home']);
});

test('compare: no threshold, one that holds, one that is breached, one that means nothing', async () => {
  const { run, folder } = await sandbox();
  expect((await run([...one, '--json', '--out', 'a.json'])).code).toBe(0);
  const slower = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as { rows: { p95: number }[]; machine: { cores: number } };
  slower.rows[0]!.p95 *= 2;
  slower.rows.pop();
  slower.machine.cores += 1;
  writeFileSync(join(folder, 'b.json'), JSON.stringify({ ok: true, result: slower }));
  const plain = await run(['bench', 'compare', 'a.json', 'b.json', '--json']);
  expect(plain.code).toBe(0);
  expect(shown(plain.stdout).warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['W_ROWS_MISSING', 'W_MACHINES']));
  expect((await run(['bench', 'compare', 'a.json', 'b.json', '--fail-if', 'p95>+300%'])).code).toBe(0);
  const breached = await run(['bench', 'compare', 'a.json', 'b.json', '--json', '--fail-if', 'p95>+10%']);
  expect(breached.code).toBe(10);
  expect(shown(breached.stdout)).toMatchObject({ ok: false, error: { code: 'E_THRESHOLD' }, result: { failed: ['packet.once-encode'] } });
  expect((await run(['bench', 'compare', 'a.json', 'b.json', '--fail-if', 'missing'])).code).toBe(10);
  for (const source of ['not ok', 'p95>10%', 'p42>1', 'id=seal.* and p95>1']) {
    const refused = await run(['bench', 'compare', 'a.json', 'b.json', '--json', '--fail-if', source]);
    expect([source, refused.code, shown(refused.stdout).error?.code]).toEqual([source, 2, 'E_EXPRESSION']);
  }
  writeFileSync(join(folder, 'c.json'), '{}');
  expect((await run(['bench', 'compare', 'a.json', 'c.json'])).code).toBe(7);
  expect((await run(['bench', 'compare', 'a.json', 'none.json'])).code).toBe(5);
});

test('Ctrl-C ends a long bench at once and leaves no folder', async () => {
  const { start, folder } = await sandbox();
  const changes = watch(folder);
  const { child, done } = start(['bench', 'seal', '--size', '64MiB', '--samples', '1000', '--seconds', '600', '--only', 'seal.memory', '--json']);
  const started = () => readdirSync(folder).some((name) => name.startsWith('omniplex-bench'));
  for await (const { filename } of changes) if (filename?.startsWith('omniplex-bench') === true) break;
  child.kill('SIGINT');
  const { code, stdout } = await done;
  expect(code).toBe(130);
  expect(shown(stdout).error?.code).toBe('E_INTERRUPTED');
  expect(started()).toBe(false);
});
