/**
 * Builds dist/: `npm run build [-- --quiet]`.
 *
 *   dist/cli/main.cjs      the command line, one file; each command and what it imports is evaluated when it is first used
 *   dist/lib/index.js      the library (`import { OmniPlex } from 'omniplex'`), ESM with chunks; dependencies stay imports
 *   dist/types/            its declarations
 *   dist/workers/*.js      worker threads, each on its own
 *
 * CommonJS for the command line is measured: the ESM loader costs more at start-up than the whole of oclif (docs/ARCHITECTURE.md,
 * Start-up). Nothing here runs the code that it builds.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { lazyBuiltins, lazyOclif, workerUrls } from './build/plugins.ts';
import { packageFacts, ROOT, scanCommands, scanHooks } from './commands.ts';

const common = (root: string, workers: Set<string>): BuildOptions => ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node26',
  logLevel: 'silent',
  legalComments: 'none',
  plugins: [workerUrls(root, workers)],
});

/** The module that installs the table of commands and starts. `root` is found from where the bundle lies. */
function entryText(root: string): string {
  const specifier = (file: string): string => JSON.stringify(`./${relative(root, file).replaceAll('\\', '/')}`);
  const commands = scanCommands(root).map(
    ({ id, summary, hidden, file }) =>
      `{ id: ${JSON.stringify(id)}, summary: ${JSON.stringify(summary)}, hidden: ${hidden}, load: () => import(${specifier(file)}).then(pick) },`,
  );
  const hooks = scanHooks(root).map(({ name, file }) => `${name}: () => import(${specifier(file)}).then(pick),`);
  const { name, version } = packageFacts(root);
  return `
import { join } from 'node:path';
import { installCommands } from './src/cli/commands-table.ts';
import { main } from './src/cli/main.ts';
const pick = (module) => module.default;
export function run(argv) {
  installCommands({
    name: ${JSON.stringify(name)},
    version: ${JSON.stringify(version)},
    root: join(__dirname, '..', '..'),
    commands: [\n${commands.join('\n')}\n],
    hooks: {\n${hooks.join('\n')}\n},
  });
  return main(argv);
}
`;
}

async function buildCli(root: string, out: string, workers: Set<string>): Promise<void> {
  const options = common(root, workers);
  const { outputFiles } = await build({
    ...options,
    write: false,
    stdin: { contents: entryText(root), resolveDir: root, sourcefile: 'entry.ts', loader: 'ts' },
    outfile: join(out, 'cli', 'main.cjs'),
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'import.meta.url': '__bundleUrl', 'import.meta.dirname': '__dirname', 'process.env.NODE_ENV': '"production"' },
    // Asked for by oclif's development mode alone, and never there.
    external: ['typescript', 'ts-node', 'pnpapi'],
    plugins: [...(options.plugins ?? []), lazyOclif()],
  });
  const { text, count } = lazyBuiltins(outputFiles[0]?.text ?? '');
  if (count === 0) throw new Error('no import of a Node module was found in the bundle: look at lazyBuiltins in tools/build/plugins.ts');
  mkdirSync(join(out, 'cli'));
  writeFileSync(join(out, 'cli', 'main.cjs'), `'use strict';const __bundleUrl=require('node:url').pathToFileURL(__filename).href;${text}`);
}

async function buildLibrary(root: string, out: string, workers: Set<string>): Promise<void> {
  await build({
    ...common(root, workers),
    entryPoints: { index: join(root, 'src', 'core', 'index.ts') },
    outdir: join(out, 'lib'),
    format: 'esm',
    splitting: true,
    packages: 'external',
    chunkNames: 'chunk-[hash]',
  });
}

async function buildWorkers(root: string, out: string, workers: ReadonlySet<string>): Promise<void> {
  if (workers.size === 0) return;
  const nested = new Set<string>();
  await build({
    ...common(root, nested),
    entryPoints: Object.fromEntries([...workers].map((file) => [basename(file, '.ts'), file])),
    outdir: join(out, 'workers'),
    format: 'esm',
    // A name that no source has: a source that imports `createRequire` itself would declare it twice.
    banner: { js: "import { createRequire as __workerRequire } from 'node:module';const require = __workerRequire(import.meta.url);" },
  });
  const unknown = [...nested].filter((file) => !workers.has(file));
  if (unknown.length > 0) throw new Error(`a worker starts workers of its own: ${unknown.join(', ')}`);
}

/** Declarations by the native compiler; about half a second, so it runs beside the bundles. */
async function buildTypes(root: string, out: string): Promise<void> {
  const settings = [
    ...['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--noCheck', '--ignoreConfig'],
    ...['--target', 'es2024', '--lib', 'es2024,esnext.disposable,esnext.iterator,esnext.typedarrays', '--module', 'nodenext', '--types', 'node'],
    ...['--strict', '--exactOptionalPropertyTypes', '--rewriteRelativeImportExtensions', '--allowImportingTsExtensions', '--skipLibCheck'],
    ...['--rootDir', join(root, 'src'), '--outDir', join(out, 'types'), join(root, 'src', 'core', 'index.ts')],
  ];
  const tsc = spawn(process.execPath, [join(ROOT, 'node_modules', 'typescript7', 'bin', 'tsc'), ...settings], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [tsc.stdout, tsc.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const code = await new Promise<number | null>((done) => tsc.on('close', done));
  if (code !== 0) throw new Error(`declarations: ${said}`);
}

/** Replaces `dist` as a whole, so that a command started during a build finds the old one or the new one. */
function publish(root: string, made: string): void {
  const dist = join(root, 'dist');
  const old = `${made}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(made, dist);
  rmSync(old, { recursive: true, force: true });
}

/** Builds the project at `root`; its dist is replaced only when everything was built. */
export async function buildProject(root = ROOT): Promise<void> {
  const out = mkdtempSync(join(root, '.dist-'));
  try {
    const workers = new Set<string>();
    const library = existsSync(join(root, 'src', 'core', 'index.ts'));
    const parts = [buildCli(root, out, workers)];
    if (library) parts.push(buildLibrary(root, out, workers), buildTypes(root, out));
    await Promise.all(parts);
    await buildWorkers(root, out, workers);
    publish(root, out);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const started = performance.now();
  try {
    await buildProject();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  if (process.argv.includes('--quiet')) return;
  const bytes = statSync(join(ROOT, 'dist', 'cli', 'main.cjs')).size;
  process.stdout.write(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s; the command line is ${(bytes / 1e6).toFixed(1)} MB\n`);
}

if (import.meta.main) await main();
