/**
 * Writes what is generated: docs/ERRORS.md, docs/LIMITS.md, docs/schemas/, man/*.1 and the command table of README.md.
 * `npm run docs -- --check` writes nothing and fails when any of it is stale, missing or left over from a command that is gone.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CatalogueEntry } from '../src/cli/catalogue.ts';
import { sourceCatalogue } from './catalogue.ts';
import { ROOT } from './commands.ts';
import { errorsPage } from './docs/errors.ts';
import { limitsPage } from './docs/limits.ts';
import { manPages } from './docs/man.ts';
import { withCommandTable } from './docs/readme.ts';
import { schemaFiles } from './docs/schemas.ts';

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function namesIn(root: string, folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(join(root, folder)).filter((name) => pattern.test(name)).sort();
  } catch {
    return [];
  }
}

/** The pages of sections 5 and 7. */
const handWrittenPages = (root: string): (readonly [string, number])[] =>
  namesIn(root, 'man', /\.[57]$/).map((name) => [name.slice(0, -2), Number(name.at(-1))] as const);

/** Every generated file and its text, relative to the project. */
export function generatedFiles(root: string, catalogue: readonly CatalogueEntry[]): Map<string, string> {
  const files = new Map([['docs/ERRORS.md', errorsPage()], ['docs/LIMITS.md', limitsPage()], ...schemaFiles(catalogue), ...manPages(catalogue, handWrittenPages(root))]);
  const readme = readText(join(root, 'README.md'));
  if (readme !== undefined) files.set('README.md', withCommandTable(readme, catalogue));
  return files;
}

/** Files that only a generator writes, and no generator wrote. */
function leftovers(root: string, files: ReadonlyMap<string, string>): string[] {
  const pages = namesIn(root, 'man', /\.1$/).map((name) => `man/${name}`);
  const schemas = namesIn(root, 'docs/schemas', /\.json$/).map((name) => `docs/schemas/${name}`);
  return [...pages, ...schemas].filter((file) => !files.has(file));
}

export interface Staleness {
  readonly stale: readonly string[];
  readonly left: readonly string[];
}

export function staleness(root: string, files: ReadonlyMap<string, string>): Staleness {
  const stale = [...files].filter(([file, text]) => readText(join(root, file)) !== text).map(([file]) => file);
  return { stale, left: leftovers(root, files) };
}

function write(root: string, files: ReadonlyMap<string, string>, { stale, left }: Staleness): void {
  for (const file of stale) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), files.get(file) ?? '');
  }
  for (const file of left) rmSync(join(root, file));
}

async function main(): Promise<void> {
  const files = generatedFiles(ROOT, await sourceCatalogue());
  const found = staleness(ROOT, files);
  const count = found.stale.length + found.left.length;
  if (!process.argv.includes('--check')) {
    write(ROOT, files, found);
    process.stdout.write(`docs: ${files.size} files, ${found.stale.length} written, ${found.left.length} removed\n`);
    return;
  }
  for (const file of found.stale) process.stdout.write(`${file}: stale: npm run docs\n`);
  for (const file of found.left) process.stdout.write(`${file}: nothing generates it any more: npm run docs\n`);
  process.stdout.write(`docs: ${files.size} files, ${count} stale\n`);
  process.exitCode = count > 0 ? 1 : 0;
}

if (import.meta.main) await main();
