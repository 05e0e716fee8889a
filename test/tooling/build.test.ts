/** The build, on small projects: the table of commands, workers, lazy oclif, and what happens when a part is wrong. */
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildProject } from '../../tools/build.ts';
import { lazyBuiltins, lazyRequires } from '../../tools/build/plugins.ts';
import { partsFromSources, scanCommands } from '../../tools/commands.ts';
import { ROOT, runProcess } from '../support/run.ts';
import { plant } from './planted.ts';

const CLI = ['argv.ts', 'commands-table.ts', 'main.ts', 'oclif-config.ts'];

/** A project with our entry, stand-ins for help and failure, and the planted commands. */
async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const cli = await Promise.all(CLI.map(async (name) => [`src/cli/${name}`, await readFile(join(ROOT, 'src', 'cli', name), 'utf8')]));
  return plant({
    ...Object.fromEntries(cli),
    'src/cli/help.ts': "export const showHelp = async (_: unknown, id: string) => { process.stdout.write(`help ${id}\\n`); };",
    'src/cli/failure.ts': 'export const reportFailure = (error: Error) => { process.stderr.write(`${error.message}\\n`); process.exitCode = 2; };',
    'src/hooks/command_not_found.ts': "export default async ({ id }: { id: string }) => { throw new Error(`no ${id}`); };",
    ...files,
  });
}

const command = (summary: string, body: string): string => `
import { Command } from '@oclif/core/command';
export default class Planted extends Command {
  static override readonly summary = '${summary}';
  static override strict = false;
  override async run(): Promise<void> {
    const { argv } = await this.parse(Planted);
    ${body}
  }
}
`;

async function built(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await project(files);
  await buildProject(root);
  await symlink(join(ROOT, 'bin'), join(root, 'bin'));
  return root;
}

const run = (root: string, ...args: string[]) =>
  runProcess(process.execPath, ['-e', "require(process.argv[1]).run(process.argv.slice(2))", join(root, 'dist', 'cli', 'main.cjs'), ...args]);

test('commands, aliases, topics and unknown words of a built command line', async () => {
  const root = await built({
    'src/commands/send.ts': command('Send it', 'process.stdout.write(`send ${argv.join()}\\n`);'),
    'src/commands/store/list.ts': command("List the store\\'s blocks", 'process.stdout.write(`list ${argv.join()}\\n`);'),
    'src/commands/store/lock/list.ts': command('List locks', 'process.stdout.write(`locks ${argv.join()}\\n`);'),
    'src/commands/store/_shared.ts': 'export const shared = 1;',
  });
  expect(scanCommands(root).map(({ id, summary }) => [id, summary])).toEqual([['send', 'Send it'], ['store list', "List the store's blocks"], ['store lock list', 'List locks']]);
  expect((await run(root, 'send', 'a', 'b')).stdout).toBe('send a,b\n');
  expect((await run(root, 'store', 'ls', 'x')).stdout).toBe('list x\n');
  expect((await run(root, 'store', 'lock', 'list')).stdout).toBe('locks \n');
  expect((await run(root, 'store', 'lock')).stdout).toBe('help store lock\n');
  expect((await run(root, 'send', '--help')).stdout).toBe('help send\n');
  expect((await run(root)).stdout).toBe('help \n');
  for (const words of [['stroe', 'list'], ['store', 'lsit'], ['--bogus', 'send']]) {
    const { code, stdout, stderr } = await run(root, ...words);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `no ${words[0] === '--bogus' ? '' : words.join(' ')}\n` });
  }
});

test('a command is evaluated when it is run, not before', async () => {
  const root = await built({
    'src/commands/send.ts': command('Send it', "process.stdout.write('sent\\n');"),
    'src/commands/doctor.ts': `process.stdout.write('evaluated\\n');${command('Doctor', '')}`,
  });
  expect((await run(root, 'send')).stdout).toBe('sent\n');
  expect((await run(root, 'doctor')).stdout).toBe('evaluated\n');
});

const worker = "import { parentPort } from 'node:worker_threads';\nimport { double } from './double.ts';\nparentPort?.on('message', (n: number) => { parentPort?.postMessage(double(n)); parentPort?.close(); });";
const caller = `
import { once } from 'node:events';
export async function doubled(n: number): Promise<number> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(new URL('./double-worker.ts', import.meta.url), { execArgv: [] });
  worker.postMessage(n);
  const [answer] = await once(worker, 'message');
  return answer as number;
}
`;
const withWorker = {
  'src/core/base/double.ts': 'export const double = (n: number): number => n * 2;',
  'src/core/base/double-worker.ts': worker,
  'src/core/base/call.ts': caller,
  'src/core/index.ts': "export { doubled } from './base/call.ts';",
  'src/commands/send.ts': command('Double it', "const { doubled } = await import('../core/base/call.ts'); process.stdout.write(`${await doubled(21)}\\n`);"),
};

describe('a worker', () => {
  test('runs from the built command line', async () => {
    const root = await built(withWorker);
    expect(await readdir(join(root, 'dist', 'workers'))).toEqual(['double-worker.js']);
    expect((await run(root, 'send')).stdout).toBe('42\n');
  });

  test('runs from the built library, which has declarations', async () => {
    const root = await built(withWorker);
    const script = `const { doubled } = await import(${JSON.stringify(join(root, 'dist', 'lib', 'index.js'))}); console.log(await doubled(4));`;
    const { stdout, stderr } = await runProcess(process.execPath, ['--input-type=module', '-e', script]);
    expect({ stdout, stderr }).toEqual({ stdout: '8\n', stderr: '' });
    expect(await readFile(join(root, 'dist', 'types', 'core', 'base', 'call.d.ts'), 'utf8')).toContain('doubled(n: number): Promise<number>');
  });

  test('runs from the sources', async () => {
    const root = await project(withWorker);
    const { doubled } = (await import(join(root, 'src', 'core', 'base', 'call.ts'))) as { doubled: (n: number) => Promise<number> };
    expect(await doubled(3)).toBe(6);
  });

  test('may import whatever the build brings along', async () => {
    const busy = "import { createRequire } from 'node:module';\nexport const double = (n: number): number => n * createRequire(import.meta.url)('node:os').EOL.length * 2;";
    expect((await run(await built({ ...withWorker, 'src/core/base/double.ts': busy }), 'send')).stdout).toBe('42\n');
  });

  test('may not share its file name with another one', async () => {
    const twin = { 'src/core/crypto/double-worker.ts': 'export {};', 'src/core/crypto/twin.ts': "export const url = new URL('./double-worker.ts', import.meta.url);" };
    const index = { 'src/core/index.ts': "export { doubled } from './base/call.ts';\nexport { url } from './crypto/twin.ts';" };
    await expect(buildProject(await project({ ...withWorker, ...twin, ...index }))).rejects.toThrow('two workers are named double-worker.ts');
  });
});

test('a failed build leaves the old dist as it was', async () => {
  const root = await built({ 'src/commands/send.ts': command('Send it', "process.stdout.write('sent\\n');") });
  await writeFile(join(root, 'src', 'commands', 'broken.ts'), `${command('Broken', '')}\nimport { gone } from './gone.ts';\nexport const x = gone;`);
  await expect(buildProject(root)).rejects.toThrow();
  expect((await run(root, 'send')).stdout).toBe('sent\n');
  expect((await readdir(root)).filter((name) => name.startsWith('.dist-'))).toEqual([]);
});

test('a command without a summary of one line does not build', async () => {
  const root = await project({ 'src/commands/send.ts': 'export default class {}' });
  expect(() => scanCommands(root)).toThrow('src/commands/send.ts');
});

test('the table from the sources and the one in the bundle have the same commands', () => {
  const { commands } = partsFromSources();
  expect(commands.map(({ id }) => id)).toEqual(scanCommands().map(({ id }) => id));
});

describe('lazy requires', () => {
  const evaluate = (text: string, modules: Record<string, unknown>): { exports: Record<string, () => unknown>; loaded: string[] } => {
    const loaded: string[] = [];
    const exports: Record<string, () => unknown> = {};
    const load = (name: string): unknown => {
      loaded.push(name);
      return modules[name];
    };
    // oxlint-disable-next-line typescript/no-implied-eval -- the text under test is a module's
    new Function('exports', 'require', text)(exports, load);
    return { exports, loaded };
  };

  test('a module is required at its first use, once, also after new and in a call', () => {
    class Thing {
      readonly kind = 'thing';
    }
    const text = 'const a_1 = require("a");\nexports.make = () => new a_1.Thing();\nexports.call = () => (0, a_1.answer)();\n';
    const { text: lazy, count } = lazyRequires(text);
    const { exports, loaded } = evaluate(lazy, { a: { Thing, answer: () => 42 } });
    expect({ count, loaded: [...loaded] }).toEqual({ count: 1, loaded: [] });
    expect(exports['make']?.()).toBeInstanceOf(Thing);
    expect(exports['call']?.()).toBe(42);
    expect(loaded).toEqual(['a']);
  });

  test('a binding that is used as a value stays as it is', () => {
    const text = 'const a_1 = require("a");\nexports.all = () => a_1;\n';
    expect(lazyRequires(text)).toEqual({ text, count: 0 });
  });
});

describe('lazy Node modules', () => {
  const evaluate = (text: string): unknown[] => {
    const seen: unknown[] = [];
    // oxlint-disable-next-line typescript/no-implied-eval -- the text under test is a bundle's
    new Function('require', 'see', text)((name: string) => (seen.push(name), { join: (...parts: string[]) => parts.join('/'), Thing: Map }), (value: unknown) => seen.push(value));
    return seen;
  };

  test('are loaded at their first use, once', () => {
    const bundle = 'var import_node_path=require("node:path");see("begin");see((0,import_node_path.join)("a","b"));see(new import_node_path.Thing().size);';
    const { text, count } = lazyBuiltins(bundle);
    expect(count).toBe(1);
    expect(evaluate(text)).toEqual(['begin', 'node:path', 'a/b', 0]);
  });

  test('also when the binding was hoisted out of a lazy module', () => {
    const bundle = 'var import_node_path,f;var init=()=>{"use strict";import_node_path=require("node:path"),f=()=>import_node_path.join("x")};init();see("ready");see(f());';
    const { text, count } = lazyBuiltins(bundle);
    expect(count).toBe(1);
    expect(evaluate(text)).toEqual(['ready', 'node:path', 'x']);
  });

  test('are left alone where the binding is used as a value', () => {
    const bundle = 'var import_node_path=require("node:path");see(import_node_path,import_node_path.join,import_node_path);';
    expect(lazyBuiltins(bundle).count).toBe(0);
  });
});
