/** oxlint with types (floating promises, misused promises, unsafe switches, ...). The rules are in .oxlintrc.json. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../commands.ts';
import type { Finding } from './finding.ts';

interface Diagnostic {
  readonly message: string;
  readonly code?: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

interface Output {
  readonly diagnostics: readonly Diagnostic[];
  readonly number_of_files: number;
}

export async function oxlint(root: string): Promise<Finding[]> {
  // Named one by one: a linked node_modules is not a folder to oxlint's ignore patterns.
  const folders = ['bin', 'src', 'test', 'tools', 'vitest.config.ts'].filter((name) => existsSync(join(root, name)));
  const bin = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const child = spawn(process.execPath, [bin, '-c', join(ROOT, '.oxlintrc.json'), '--type-aware', '-f', 'json', ...folders], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  await new Promise((resolve) => child.on('close', resolve));
  let output: Output;
  try {
    output = JSON.parse(stdout) as Output;
  } catch (cause) {
    throw new Error(`oxlint did not answer: ${stderr || stdout}`, { cause });
  }
  if (output.number_of_files === 0) return [{ rule: 'oxlint', file: '.', message: 'oxlint saw no files' }];
  return output.diagnostics.map(({ code, filename, labels, message }): Finding => {
    const line = labels[0]?.span.line;
    return { rule: code ?? 'oxlint', file: filename, message, ...(line === undefined ? {} : { line }) };
  });
}
