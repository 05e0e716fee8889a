/** What a light command may load. Times are measured by `omniplex bench startup`; this says why they stay low. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, runProcess } from '../support/run.ts';

const HEAVY = ['crypto', 'sqlite', 'worker_threads', 'http', 'https', 'child_process', 'readline', 'zlib', 'dns'];

test.each([['explain', 'E_MAC'], ['explain', 'E_MAC', '--json'], ['--help'], ['context', '--help'], ['nonsense']])('omniplex %s %s %s loads nothing heavy', async (...args) => {
  const script = "require(process.argv[1]).run(process.argv.slice(2)).then(() => process.stderr.write('\\u0000' + process.moduleLoadList.join()));";
  const { stderr } = await runProcess(process.execPath, ['-e', script, join(ROOT, 'dist', 'cli', 'main.cjs'), ...args]);
  const loaded = new Set(stderr.split('\u0000')[1]?.split(','));
  expect(loaded.has('NativeModule path')).toBe(true);
  expect(HEAVY.filter((name) => loaded.has(`NativeModule ${name}`))).toEqual([]);
});

test('nothing in the bundle sorts by locale: that boots ICU, 6 to 8 ms', async () => {
  expect(await readFile(join(ROOT, 'dist', 'cli', 'main.cjs'), 'utf8')).not.toContain('localeCompare');
});
