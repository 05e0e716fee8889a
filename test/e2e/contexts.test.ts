/** What a context protects: one that is marked as production is not changed in passing, and `init` leaves the configuration alone where it is told to. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox, type Sandbox } from '../support/run.ts';
import { answerOf } from '../support/stored.ts';

async function production(): Promise<Sandbox> {
  const box = await sandbox();
  const made = await box.run(['context', 'create', 'live', '--home', '/srv/op', '--store', '/srv/store', '--durability', 'cold', '--env', 'prod']);
  if (made.code !== 0) throw new Error(made.stderr);
  return box;
}

const answer = async (box: Sandbox, id: string, ...args: readonly string[]) => answerOf(id, await box.run([...id.split(' '), ...args, '--json']));
const configOf = (box: Sandbox): Promise<string> => readFile(join(box.folder, 'home', '.config', 'omniplex', 'config.json'), 'utf8');

describe('a context whose env is prod', () => {
  it.each([
    ['context set', ['env=dev']],
    ['context set', ['env=']],
    ['context set', ['home=/tmp/else']],
    ['context set', ['store=/tmp/else']],
    ['context set', ['node=https://node.example']],
    ['context set', ['durability=hot']],
    ['context set', ['as=mallory', 'env=prod']],
    ['context remove', []],
  ])('is not changed by `%s live %j` unless its name confirms it', async (id, args) => {
    const box = await production();
    const before = await configOf(box);
    for (const flags of [[], ['--confirm', 'other'], ['--confirm', 'prod'], ['--no-context']]) {
      const { document, problems } = await answer(box, id, 'live', ...args, ...flags);
      expect({ flags, document, problems }).toMatchObject({ problems: [], document: { ok: false, changed: false, error: { code: 'E_DECLINED', exit: 9, details: { confirm: 'live' } } } });
    }
    expect(await configOf(box)).toBe(before);
    expect((await answer(box, id, 'live', ...args, '--confirm', 'live')).document).toMatchObject({ ok: true, changed: true });
  });

  it('needs no confirmation for what changes nothing, and another none for anything', async () => {
    const box = await production();
    expect((await answer(box, 'context set', 'live', 'env=prod', 'durability=cold')).document).toMatchObject({ ok: true, changed: false });
    await box.run(['context', 'create', 'test']);
    expect((await answer(box, 'context set', 'test', 'env=dev', 'home=/tmp/x')).document).toMatchObject({ ok: true, changed: true });
    expect((await answer(box, 'context set', 'test', 'env=prod')).document).toMatchObject({ ok: true, changed: true });
    expect((await answer(box, 'context remove', 'test')).document).toMatchObject({ error: { code: 'E_DECLINED' } });
  });

  it('answers for a context that is not there before anybody is asked', async () => {
    const box = await production();
    expect((await answer(box, 'context set', 'none', 'env=dev')).document).toMatchObject({ error: { code: 'E_NAME_UNKNOWN' } });
    expect((await answer(box, 'context remove', 'none')).document).toMatchObject({ error: { code: 'E_NAME_UNKNOWN' } });
  });
});

describe('init --no-context', () => {
  it('makes the folders and no context', async () => {
    const box = await sandbox();
    const { document, problems } = await answer(box, 'init', '--no-context', '--home', 'h', '--store', 's');
    expect({ document, problems }).toMatchObject({ problems: [], document: { ok: true, changed: true, result: { home: { created: true }, store: { created: true }, context: null } } });
    await expect(configOf(box)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await box.run(['init', '--no-context', '--home', 'h', '--store', 's'])).stdout).toMatch(/--home .*h and --store .*s/);
  });

  it.each([[['work']], [['--select']]])('does not go with %j', async (args) => {
    const box = await sandbox();
    expect((await answer(box, 'init', '--no-context', '--defaults', ...args)).document).toMatchObject({ ok: false, error: { code: 'E_USAGE' } });
  });
});
