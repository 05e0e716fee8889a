/** The library as another project sees it: `import { OmniPlex } from 'omniplex'`, from the build, with its declarations. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { ROOT, runProcess } from '../support/run.ts';

async function consumer(source: string): Promise<string> {
  const folder = await freshFolder('omniplex-consumer-');
  await mkdir(join(folder, 'node_modules', '@types'), { recursive: true });
  await symlink(ROOT, join(folder, 'node_modules', 'omniplex'));
  for (const name of ['@types/node', 'undici-types']) await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], noEmit: true, types: ['node'], skipLibCheck: false };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'main.ts'), source);
  return folder;
}

const USE = "import { OmniPlex, parseCid, type Cid } from 'omniplex';\nexport const cid = (text: string): Cid => parseCid(text);\nexport const open: (options: object) => Promise<OmniPlex> = OmniPlex.open;\nconsole.log(typeof OmniPlex);\n";

test.each(['typescript7', 'typescript'])('its declarations are clean under %s, strict and without skipLibCheck', async (compiler) => {
  const folder = await consumer(USE);
  const { code, stdout } = await runProcess(process.execPath, [join(ROOT, 'node_modules', compiler, 'bin', 'tsc'), '-p', folder]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
});

test('a wrong use does not compile', async () => {
  const folder = await consumer("import { OmniPlex } from 'omniplex';\nexport const wrong: number = OmniPlex;\n");
  const { code } = await runProcess(process.execPath, [join(ROOT, 'node_modules', 'typescript7', 'bin', 'tsc'), '-p', folder]);
  expect(code).not.toBe(0);
});

test('it is imported by its name, and no path inside it is', async () => {
  const folder = await consumer(USE);
  const { code, stdout, stderr } = await runProcess(process.execPath, ['main.ts'], { cwd: folder });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'function\n', stderr: '' });
  await writeFile(join(folder, 'deep.mjs'), "await import('omniplex/dist/lib/index.js');");
  expect((await runProcess(process.execPath, ['deep.mjs'], { cwd: folder })).stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});
