import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { have } from '../support/needs.ts';
import { runShell } from '../support/fixture.ts';
import { openProgram } from '../support/pty.ts';
import { runProcess } from '../support/run.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What bash would offer for each line; the cursor is at its end. */
async function offered(lines: readonly string[]): Promise<readonly (readonly string[])[]> {
  const folder = await freshFolder();
  const script = `
omniplex() { $O "$@"; }
eval "$(omniplex completion bash)"
XDG_CONFIG_HOME="$FOLDER" omniplex context create prod >/dev/null
XDG_CONFIG_HOME="$FOLDER" omniplex context create test >/dev/null
export XDG_CONFIG_HOME="$FOLDER"
cd "$FOLDER"; touch bundle.car; mkdir inner
offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _omniplex; echo "\${COMPREPLY[*]}"; }
${lines.join('\n')}`;
  const { stdout, stderr } = await runShell(script, { env: { FOLDER: folder } });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n').map((line) => line.split(' ').filter((word) => word !== ''));
}

describe('completion under bash', () => {
  it('offers nouns, verbs, flags, values, contexts, files and folders', async () => {
    const [nouns, verbs, partial, own, global, values, equals, contexts, byFlag, files, folders, moved, helped, none] = await offered([
      `offer omniplex ''`,
      `offer omniplex context ''`,
      `offer omniplex context s`,
      `offer omniplex context create x --dur`,
      `offer omniplex context create x --js`,
      `offer omniplex context create x --durability ''`,
      `offer omniplex context create x --durability = r`,
      `offer omniplex context select ''`,
      `offer omniplex config show --context p`,
      `offer omniplex config lint bun`,
      `offer omniplex --home in`,
      `offer omniplex --home inner --quiet context sh`,
      `offer omniplex help context cr`,
      `offer omniplex context create ''`,
    ]);
    expect(nouns).toEqual(expect.arrayContaining(['context', 'config', 'explain', 'help']));
    expect(verbs).toEqual(['create', 'list', 'remove', 'select', 'set', 'show', 'test']);
    expect(partial).toEqual(['select', 'set', 'show']);
    expect([own, global]).toEqual([['--durability'], ['--json']]);
    expect(values).toEqual(['accepted', 'hot', 'replicated', 'cold']);
    expect(equals).toEqual(['replicated']);
    expect([contexts, byFlag]).toEqual([['prod', 'test'], ['prod']]);
    expect([files, folders]).toEqual([['bundle.car'], ['inner']]);
    expect([moved, helped, none]).toEqual([['show'], ['create'], undefined]);
  });

  it('knows a flag that is joined to its value, which bash breaks in three words', async () => {
    expect(await offered([`offer omniplex --context = prod context s`])).toEqual([['select', 'set', 'show']]);
  });

  it('loads under posix rules without a warning', async () => {
    const { code, stderr } = await runShell(`$O completion bash > "$TMPDIR/c.$$"; bash -n "$TMPDIR/c.$$"; rm "$TMPDIR/c.$$"`);
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe.runIf(have('zsh'))('completion under zsh', () => {
  it('parses', async () => {
    const { stdout } = await runShell('$O completion zsh');
    const file = join(await freshFolder(), '_omniplex');
    await writeFile(file, stdout);
    expect((await runProcess('zsh', ['-n', file])).code).toBe(0);
  });

  it('offers words and files at a terminal', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, '_omniplex'), (await runShell('$O completion zsh')).stdout);
    await writeFile(join(folder, 'plan.pdf'), '');
    const zsh = openProgram('zsh', ['-f'], { cwd: folder });
    zsh.type("PS1='%% '; fpath=($PWD $fpath); autoload -U compinit; compinit -u -d dump; print lo''aded");
    await zsh.waitFor('loaded');
    zsh.write('omniplex contact ver\t');
    await zsh.waitFor('contact verify');
    zsh.write('\u0015omniplex send pl\t');
    await zsh.waitFor('send plan.pdf');
    expect(zsh.text()).not.toContain('no matches found');
    zsh.kill();
    await zsh.done;
  });
});
