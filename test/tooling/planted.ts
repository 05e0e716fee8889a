/** A throw-away project with planted files, for rules that read a project. It shares our node_modules. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freshFolder } from '../support/folder.ts';
import { ROOT } from '../support/run.ts';

export async function plant(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await freshFolder('omniplex-planted-');
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const settings = { extends: join(ROOT, 'tsconfig.json'), include: ['src', 'test'], compilerOptions: { typeRoots: [join(ROOT, 'node_modules', '@types')] } };
  const all = { 'package.json': '{"name":"planted","version":"9.9.9","type":"module"}', 'tsconfig.json': JSON.stringify(settings), ...files };
  for (const [file, text] of Object.entries(all)) {
    const path = join(root, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return root;
}
