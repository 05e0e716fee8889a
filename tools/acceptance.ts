/**
 * The heavy acceptance: `npm run acceptance -- [--only sizes|damage|kills] [--seed S] [--json]`. Hours, tens of GiB of disk. The same seed
 * makes the same trials. Closes with one line that machines read, or with --json with the report of the test runner.
 */
import { spawn } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildProject } from './build.ts';
import { ROOT } from './commands.ts';
import { closingLine, type Report } from './test.ts';

const SUITES = ['sizes', 'damage', 'kills'] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
  const only = values.only ?? [...SUITES];
  const unknown = only.filter((name) => !SUITES.some((suite) => suite === name));
  if (unknown.length > 0 || !/^\d{1,9}$/.test(values.seed)) {
    process.stderr.write(`--only takes ${SUITES.join(', ')}; --seed a number\n`);
    process.exitCode = 2;
    return;
  }
  await buildProject();
  const folder = mkdtempSync(join(tmpdir(), 'omniplex-acceptance-'));
  const file = join(folder, 'report.json');
  const args = [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', join(ROOT, 'test', 'acceptance', 'vitest.config.ts'), '--reporter=json', `--outputFile.json=${file}`];
  if (!values.json) args.push('--reporter=verbose');
  const child = spawn(process.execPath, [...args, ...only.map((name) => `test/acceptance/${name}.accept.ts`)], {
    cwd: ROOT,
    stdio: ['ignore', values.json ? 2 : 1, 2],
    env: { ...process.env, OMNIPLEX_SEED: values.seed },
  });
  const exit = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(values.json ? `${JSON.stringify({ seed: Number(values.seed), ...report })}\n` : `${closingLine(report, exit)}\n`);
  process.exitCode = exit;
}

await main();
