/**
 * Runs the tests: `npm test [-- PATH.. -t NAME ...]`. Builds first, passes its arguments to vitest, then says what could not run here
 * and how to get it, and closes with one line that machines read: `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs } from '../test/support/needs.ts';
import { buildProject } from './build.ts';
import { ROOT } from './commands.ts';

export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

function runVitest(args: readonly string[], report: string): Promise<number> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: ROOT, stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** The closing line. A run that failed as a whole (no test found, an error outside a test) counts as one failure. */
export function closingLine(report: Report | undefined, exit: number): string {
  const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = report ?? {};
  const failed = numFailedTests === 0 && exit !== 0 ? 1 : numFailedTests;
  return `${passed} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`;
}

async function main(): Promise<void> {
  await buildProject();
  const folder = mkdtempSync(join(tmpdir(), 'omniplex-report-'));
  const file = join(folder, 'report.json');
  const exit = await runVitest(process.argv.slice(2), file);
  const report = readReport(file);
  rmSync(folder, { recursive: true, force: true });
  for (const { what, install, found } of Object.values(needs)) {
    if (!found()) process.stdout.write(`not run here: ${what}. To run it: ${install}\n`);
  }
  process.stdout.write(`${closingLine(report, exit)}\n`);
  process.exitCode = exit;
}

if (import.meta.main) await main();
