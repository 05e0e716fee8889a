/** Dead files, unused exports and dependencies, by knip. Its configuration is knip.json. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../commands.ts';
import type { Finding } from './finding.ts';

interface Named {
  readonly name: string;
  readonly line?: number;
}

type Issue = { readonly file: string } & Readonly<Record<string, readonly Named[] | string>>;

const KINDS: Readonly<Record<string, string>> = {
  files: 'dead file',
  dependencies: 'unused dependency',
  devDependencies: 'unused dependency',
  unlisted: 'dependency that package.json does not list',
  unresolved: 'import that does not resolve',
  exports: 'unused export',
  types: 'unused exported type',
  duplicates: 'exported twice',
};

export async function deadCode(root: string): Promise<Finding[]> {
  const knip = join(ROOT, 'node_modules', 'knip', 'bin', 'knip.js');
  const args = [knip, '--reporter', 'json', '--no-progress', '--directory', root, '--config', join(ROOT, 'knip.json')];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  await new Promise((resolve) => child.on('close', resolve));
  let issues: readonly Issue[];
  try {
    ({ issues } = JSON.parse(stdout) as { issues: readonly Issue[] });
  } catch (cause) {
    throw new Error(`knip did not answer: ${stderr || stdout}`, { cause });
  }
  return issues.flatMap((issue) =>
    Object.entries(KINDS).flatMap(([kind, message]) => {
      const found = issue[kind];
      if (!Array.isArray(found)) return [];
      return (found as readonly Named[]).map(({ name, line }): Finding => {
        const place = line === undefined ? {} : { line };
        return { rule: `knip/${kind}`, file: issue.file, message: kind === 'files' ? message : `${message}: ${name}`, ...place };
      });
    }),
  );
}
