/** Every block of the README that is marked to be run, run as it stands. */
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { ROOT, runProcess } from '../support/run.ts';

/** The fenced block behind `<!-- run: NAME -->`. */
async function block(name: string): Promise<string> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  const [, code] = new RegExp(`<!-- run: ${name} -->\\n\`\`\`\\w+\\n([^]*?)\\n\`\`\``).exec(text) ?? [];
  if (code === undefined) throw new Error(`the README has no block "${name}"`);
  return code;
}

describe('the README', () => {
  it('takes five minutes to a fetched message', { timeout: 120_000 }, async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'bin'));
    const omniplex = join(folder, 'bin', 'omniplex');
    await writeFile(omniplex, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'bin', 'run.js')}" "$@"\n`);
    await chmod(omniplex, 0o755);
    const work = join(folder, 'work');
    await mkdir(work);
    const env = { HOME: folder, PATH: `${join(folder, 'bin')}:/usr/local/bin:/usr/bin:/bin` };
    const ran = await runProcess('/bin/sh', ['-e', '-c', await block('five minutes')], { cwd: work, env, timeoutMs: 110_000 });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toContain('announced to bob');
    expect(await readFile(join(work, 'received', 'plan.txt'), 'utf8')).toBe('the plan\n');
  });

  it('shows a library that works', { timeout: 60_000 }, async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'node_modules'));
    await symlink(ROOT, join(folder, 'node_modules', 'omniplex'));
    await writeFile(join(folder, 'example.mjs'), await block('library'));
    const ran = await runProcess(process.execPath, ['example.mjs'], { cwd: folder, timeoutMs: 50_000 });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toBe('me 16\n');
    expect(await readFile(join(folder, 'note.txt'), 'utf8')).toBe('a note to myself');
  });
});
