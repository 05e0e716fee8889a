/**
 * The launchers, in a copy of the package: they start the Node that npm brought, or say in one line why they cannot, and never run
 * anything on another Node. `old` is a real older Node where the machine has one.
 */
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { findOldNode } from '../support/old-node.ts';
import { openProgram } from '../support/pty.ts';
import { ROOT, runProcess, startProcess } from '../support/run.ts';

const old = findOldNode();
const PLATFORM = `node-${process.platform}-${process.arch}`;

/** A package folder with our bin/, a command line that prints what it is given, and `bundled` as the Node that npm brought. */
async function plantPackage(bundled: 'ours' | 'missing' | { readonly script: string; readonly mode?: number }): Promise<string> {
  const root = await freshFolder('omniplex-launcher-');
  await mkdir(join(root, 'bin'));
  for (const name of await readdir(join(ROOT, 'bin'))) await copyFile(join(ROOT, 'bin', name), join(root, 'bin', name));
  await copyFile(join(ROOT, 'package.json'), join(root, 'package.json'));
  await mkdir(join(root, 'dist', 'cli'), { recursive: true });
  const cli = 'exports.run = (argv) => { console.log(JSON.stringify({ argv, node: process.version, restarted: process.env.OMNIPLEX_RESTARTED })); process.exitCode = argv.length; };';
  await writeFile(join(root, 'dist', 'cli', 'main.cjs'), cli);
  if (bundled === 'missing') return root;
  // No node_modules/.bin/node: npm 10 does not link an optional package.
  const folder = join(root, 'node_modules', PLATFORM);
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"version":"26.10.0"}');
  const node = join(folder, 'bin', 'node');
  if (bundled === 'ours') await symlink(process.execPath, node);
  else await writeFile(node, bundled.script);
  if (bundled !== 'ours') await chmod(node, bundled.mode ?? 0o755);
  return root;
}

const oneLine = (text: string): boolean => /^omniplex: [^\n]+\n$/.test(text);

describe.skipIf(old === undefined)('under an older Node', () => {
  const node = old ?? '';
  const env = { PATH: `${dirname(node)}:/usr/bin:/bin` };

  test('with-node.js runs ours and puts it first on PATH', async () => {
    const root = await plantPackage('ours');
    const script = "console.log(process.version, require('child_process').execSync('node --version').toString().trim())";
    const { code, stdout, stderr } = await runProcess(node, [join(root, 'bin', 'with-node.js'), '-e', script], { env });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${process.version} ${process.version}\n`, stderr: '' });
  });

  test('run.js starts itself again with ours, and passes arguments and the exit code on', async () => {
    const root = await plantPackage('ours');
    const { code, stdout } = await runProcess(node, [join(root, 'bin', 'run.js'), 'a b', '--x'], { env });
    expect(JSON.parse(stdout)).toEqual({ argv: ['a b', '--x'], node: process.version });
    expect(code).toBe(2);
  });

  test('PATH without any node is no obstacle', async () => {
    const root = await plantPackage('ours');
    const { code, stdout } = await runProcess(node, [join(root, 'bin', 'run.js'), '--version'], { env: { PATH: '/nowhere' } });
    expect(stdout).toContain(`node-${process.version}`);
    expect(code).toBe(0);
  });

  test.each<[string, Parameters<typeof plantPackage>[0]]>([
    ['not installed', 'missing'],
    ['not loadable (another libc)', { script: '#!/nowhere/ld-linux.so\n' }],
    ['not executable', { script: 'x', mode: 0o644 }],
    ['tampered with: another version', { script: `#!/bin/sh\nexec ${node} "$@"\n` }],
    ['tampered with: says something else', { script: '#!/bin/sh\necho hello\n' }],
  ])('with-node.js says so in one line and ends with 70 when ours is %s', async (_, bundled) => {
    const root = await plantPackage(bundled);
    const { code, stdout, stderr } = await runProcess(node, [join(root, 'bin', 'with-node.js'), '-e', 'console.log(1)'], { env });
    expect({ code, stdout, line: oneLine(stderr) }, stderr).toEqual({ code: 70, stdout: '', line: true });
  });

  test.each<[string, Parameters<typeof plantPackage>[0]]>([
    ['not installed', 'missing'],
    ['not loadable (another libc)', { script: '#!/nowhere/ld-linux.so\n' }],
    ['not executable', { script: 'x', mode: 0o644 }],
    ['tampered with: another version', { script: `#!/bin/sh\nexec ${node} "$@"\n` }],
  ])('run.js says so in one line and ends with 70 when ours is %s', async (_, bundled) => {
    const root = await plantPackage(bundled);
    for (const args of [['send'], ['--version']]) {
      const { code, stdout, stderr } = await runProcess(node, [join(root, 'bin', 'run.js'), ...args], { env });
      expect({ code, stdout, line: oneLine(stderr) }, stderr).toEqual({ code: 70, stdout: '', line: true });
    }
  });

  test('with --json the refusal is one document', async () => {
    const root = await plantPackage('missing');
    const { code, stdout } = await runProcess(node, [join(root, 'bin', 'run.js'), 'send', '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, changed: false, error: { code: 'E_RUNTIME', exit: 70, retry: 'no' } });
    expect(code).toBe(70);
  });

  test('dev.js starts itself again with ours', async () => {
    const { stdout, code } = await runProcess(node, [join(ROOT, 'bin', 'dev.js'), '--help'], { env });
    expect(stdout).toContain('omniplex');
    expect(code).toBe(0);
  });
});

test('on a new Node with-node.js prefers ours, and does without it when it is missing', async () => {
  const root = await plantPackage('missing');
  const { code, stdout } = await runProcess(process.execPath, [join(root, 'bin', 'with-node.js'), '-p', 'process.version']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${process.version}\n` });
});

describe('exit codes and signals pass through', () => {
  const launcher = join(ROOT, 'bin', 'with-node.js');
  const node = old ?? process.execPath;

  test('an exit code', async () => {
    expect((await runProcess(node, [launcher, '-e', 'process.exit(37)'])).code).toBe(37);
  });

  test('a death by signal is ours too', async () => {
    expect((await runProcess(node, [launcher, '-e', "process.kill(process.pid, 'SIGKILL')"])).signal).toBe('SIGKILL');
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s off a terminal reaches the child once', async (signal) => {
    const script = `let seen = 0; process.on('${signal}', () => { seen += 1; setTimeout(() => process.exit(40 + seen), 200); }); console.log('ready'); setInterval(() => {}, 1000);`;
    const { child, done } = startProcess(node, [launcher, '-e', script]);
    child.stdout?.once('data', () => child.kill(signal));
    expect((await done).code).toBe(41);
  });

  test('Ctrl-C at a terminal reaches the child once, and the launcher waits for it', async () => {
    const script = "let seen = 0; process.on('SIGINT', () => { seen += 1; console.log('seen'); }); process.stdin.on('data', () => process.exit(40 + seen)); console.log('ready');";
    const terminal = openProgram(node, [launcher, '-e', script]);
    await terminal.waitFor('ready');
    terminal.interrupt();
    await terminal.waitFor('seen');
    terminal.type('');
    expect((await terminal.done).code).toBe(41);
  });
});

describe('run.js', () => {
  const run = (root: string, args: readonly string[], env: Record<string, string | undefined> = {}) =>
    runProcess(process.execPath, [join(root, 'bin', 'run.js'), ...args], { env: { NODE_COMPILE_CACHE: undefined, ...env } });

  test('--version is answered without the built command line', async () => {
    const root = await plantPackage('missing');
    await writeFile(join(root, 'dist', 'cli', 'main.cjs'), "throw new Error('loaded')");
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const { code, stdout } = await run(root, ['--version']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `omniplex/${version} ${process.platform}-${process.arch} node-${process.version}\n` });
    const envelope = JSON.parse((await run(root, ['--json', '--version'])).stdout) as object;
    expect(envelope).toMatchObject({ schema: 'omniplex/version/1', ok: true, changed: false, result: { version, node: process.version }, warnings: [] });
  });

  test('a package that was not built says so', async () => {
    const root = await plantPackage('missing');
    await rm(join(root, 'dist'), { recursive: true });
    const { code, stderr } = await run(root, ['send']);
    expect({ code, line: oneLine(stderr) }).toEqual({ code: 70, line: true });
  });

  test('compiled code is kept in a private folder of the user', async () => {
    const root = await plantPackage('missing');
    const home = await freshFolder();
    await run(root, ['x'], { HOME: home, XDG_CACHE_HOME: undefined });
    const folder = join(home, '.cache', 'omniplex', 'compiled');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).not.toEqual([]);
  });

  test('compiled code in a folder that others may write to is neither read nor written', async () => {
    const root = await plantPackage('missing');
    const home = await freshFolder();
    const folder = join(home, '.cache', 'omniplex', 'compiled');
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    const { code } = await run(root, ['x'], { HOME: home, XDG_CACHE_HOME: undefined });
    expect({ code, files: await readdir(folder) }).toEqual({ code: 1, files: [] });
  });

  test('no home, no cache, no complaint', async () => {
    const root = await plantPackage('missing');
    const { code, stderr } = await run(root, ['x'], { HOME: undefined, XDG_CACHE_HOME: undefined });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });
});

test('the launchers parse on Node 12 and older: no syntax newer than ECMAScript 5', async () => {
  const modern = new Set([
    ...[ts.SyntaxKind.ArrowFunction, ts.SyntaxKind.TemplateExpression, ts.SyntaxKind.NoSubstitutionTemplateLiteral, ts.SyntaxKind.ClassDeclaration],
    ...[ts.SyntaxKind.SpreadElement, ts.SyntaxKind.SpreadAssignment, ts.SyntaxKind.ForOfStatement, ts.SyntaxKind.AwaitExpression, ts.SyntaxKind.ImportDeclaration],
    ...[ts.SyntaxKind.QuestionDotToken, ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.ShorthandPropertyAssignment, ts.SyntaxKind.MethodDeclaration],
    ...[ts.SyntaxKind.ObjectBindingPattern, ts.SyntaxKind.ArrayBindingPattern, ts.SyntaxKind.ComputedPropertyName, ts.SyntaxKind.BigIntLiteral],
  ]);
  for (const name of ['node.js', 'run.js', 'with-node.js', 'dev.js']) {
    const tree = ts.createSourceFile(name, await readFile(join(ROOT, 'bin', name), 'utf8'), ts.ScriptTarget.ESNext, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const block = ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) !== 0;
      const bareCatch = ts.isCatchClause(node) && node.variableDeclaration === undefined;
      if (modern.has(node.kind) || block || bareCatch) found.push(node.getText());
      ts.forEachChild(node, visit);
    };
    visit(tree);
    expect(found, name).toEqual([]);
  }
  expect(JSON.parse(await readFile(join(ROOT, 'bin', 'package.json'), 'utf8'))).toEqual({ type: 'commonjs' });
});
