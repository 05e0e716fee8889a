import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { documentOf, fixtureAtTerminal, runFixture } from '../support/fixture.ts';

const CID = 'bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae';
const ESCAPE = '\u001B[';

describe('questions', () => {
  it('are asked on a terminal and answered', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'ask']);
    await terminal.waitFor('What is your name');
    terminal.type('ada');
    await terminal.waitFor('value "ada"');
    expect((await terminal.done).code).toBe(0);
  });

  it('go to stderr, so that the answer can be piped', async () => {
    const folder = await freshFolder();
    const { openProgram } = await import('../support/pty.ts');
    const { ROOT } = await import('../support/run.ts');
    const main = join(ROOT, 'test', 'cli', 'fixtures', 'main.ts');
    const terminal = openProgram('bash', ['-c', `${process.execPath} ${main} fixture ask --json > ${folder}/answer`]);
    await terminal.waitFor('What is your name');
    terminal.type('ada');
    expect((await terminal.done).code).toBe(0);
    expect(documentOf({ stdout: await readFile(join(folder, 'answer'), 'utf8') }).result).toEqual({ value: 'ada' });
  });

  it('are left by Ctrl-C with 130', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'ask']);
    await terminal.waitFor('What is your name');
    terminal.interrupt();
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
  });

  it('are left by Ctrl-C with one document under --json', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'ask', '--json']);
    await terminal.waitFor('What is your name');
    terminal.interrupt();
    await terminal.waitFor(/\{"schema":"omniplex\/fixture-ask\/1","ok":false.*"E_INTERRUPTED"/);
    expect((await terminal.done).code).toBe(130);
  });

  it('are left by the end of the input with 130', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'ask']);
    await terminal.waitFor('What is your name');
    terminal.write('\u0004');
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
  });

  it('are ended by --timeout', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'ask', '--timeout', '1s']);
    await terminal.waitFor('What is your name');
    await terminal.waitFor('E_TIMEOUT');
    expect((await terminal.done).code).toBe(12);
  });

  it.each([
    ['--no-input', ['--no-input'], {}],
    ['OMNIPLEX_NO_INPUT', [], { OMNIPLEX_NO_INPUT: '1' }],
  ])('are forbidden by %s', async (_name, args, env) => {
    const terminal = fixtureAtTerminal(['fixture', 'ask', ...args], { env });
    await terminal.waitFor('E_FLAG_NEEDED');
    expect((await terminal.done).code).toBe(2);
  });

  it('are not forbidden by OMNIPLEX_NO_INPUT=0', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'ask'], { env: { OMNIPLEX_NO_INPUT: '0' } });
    await terminal.waitFor('What is your name');
    terminal.interrupt();
    expect((await terminal.done).code).toBe(130);
  });

  it('fail at once without a terminal and name their flag', async () => {
    const ran = await runFixture(['fixture', 'ask', '--json'], { stdin: 'ada\n' });
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_FLAG_NEEDED', details: { flag: '--name' } } });
  });
});

describe('passphrases', () => {
  it('are masked, asked twice for a new ring, and compared', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'keyed', '--repeat']);
    await terminal.waitFor('New passphrase');
    terminal.type('tulip-one');
    await terminal.waitFor('again');
    terminal.type('tulip-two');
    await terminal.waitFor('not the same');
    await terminal.waitFor('New passphrase');
    terminal.type('tulip-three');
    await terminal.waitFor('again');
    terminal.type('tulip-three');
    await terminal.waitFor('value 11');
    expect((await terminal.done).code).toBe(0);
    expect(terminal.output()).not.toContain('tulip');
  });

  it('given as - at a terminal are asked for, not echoed', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'keyed', '--passphrase-file', '-']);
    await terminal.waitFor('Passphrase');
    terminal.type('tulip');
    await terminal.waitFor('value 5');
    expect(terminal.output()).not.toContain('tulip');
  });

  it('are not shown by Ctrl-T, and not empty', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'keyed']);
    await terminal.waitFor('Passphrase');
    terminal.write('\r');
    await terminal.waitFor('empty');
    terminal.write('tulip\u0014');
    terminal.write('\r');
    await terminal.waitFor('value 5');
    expect(terminal.output()).not.toContain('tulip');
  });
});

describe('confirmation', () => {
  const destroy = (...args: string[]) => runFixture(['fixture', 'destroy', ...args, '--json']);

  it('without a terminal needs --confirm with the name; else exit 9 and nothing changed', async () => {
    expect(documentOf(await destroy('alice', '--confirm', 'alice'))).toMatchObject({ ok: true, changed: true });
    const missing = await destroy('alice');
    expect(documentOf(missing)).toMatchObject({ changed: false, error: { code: 'E_DECLINED', exit: 9, details: { confirm: 'alice' } } });
    expect(missing.code).toBe(9);
    expect(documentOf(await destroy('alice', '--confirm', 'bob'))).toMatchObject({ error: { code: 'E_DECLINED' } });
    expect(documentOf(await destroy('7f3a', '--plan', '--confirm', '19c2'))).toMatchObject({ error: { code: 'E_PLAN_CHANGED', exit: 9 } });
  });

  it('at a terminal takes yes or no, and no is 9', async () => {
    for (const [answer, code] of [['y', 0], ['n', 9], ['', 9]] as const) {
      const terminal = fixtureAtTerminal(['fixture', 'destroy', 'alice']);
      await terminal.waitFor('Really destroy');
      terminal.type(answer);
      expect((await terminal.done).code).toBe(code);
    }
  });

  it('of a severe act must be typed', async () => {
    for (const [answer, code] of [['alice', 0], ['y', 9]] as const) {
      const terminal = fixtureAtTerminal(['fixture', 'destroy', 'alice', '--severe']);
      await terminal.waitFor('type alice');
      terminal.type(answer);
      expect((await terminal.done).code).toBe(code);
    }
  });

  it('is raised by a production context, which is shown', async () => {
    const folder = await freshFolder();
    const env = { XDG_CONFIG_HOME: folder };
    expect((await runFixture(['context', 'create', 'live', '--env', 'prod', '--select'], { env })).code).toBe(0);
    const nameless = await runFixture(['fixture', 'destroy', '--json'], { env });
    expect(documentOf(nameless)).toMatchObject({ error: { code: 'E_DECLINED', details: { confirm: 'live' } } });
    expect((await runFixture(['fixture', 'destroy', '--confirm', 'live'], { env })).code).toBe(0);
    expect((await runFixture(['fixture', 'destroy', '--no-context'], { env })).code).toBe(0);
    const named = await runFixture(['fixture', 'destroy', 'alice', '--confirm', 'live', '--json'], { env });
    expect(documentOf(named)).toMatchObject({ error: { code: 'E_DECLINED', details: { confirm: 'alice' } } });
    expect((await runFixture(['fixture', 'destroy', 'alice', '--confirm', 'alice'], { env })).code).toBe(0);
    const terminal = fixtureAtTerminal(['fixture', 'destroy', 'alice'], { env });
    await terminal.waitFor('PROD');
    await terminal.waitFor('type the name alice');
    terminal.type('y');
    expect((await terminal.done).code).toBe(9);
  });
});

describe('colour and layout', () => {
  const colored = async (args: readonly string[], env: Record<string, string> = {}) => (await runFixture(['fixture', 'rows', 'a', ...args], { env })).stdout.includes(ESCAPE);

  it('are off in a pipe, and follow --color, FORCE_COLOR, NO_COLOR and TERM', async () => {
    expect(await colored([])).toBe(false);
    expect(await colored(['--color', 'always'])).toBe(true);
    expect(await colored([], { FORCE_COLOR: '1' })).toBe(true);
    expect(await colored(['--color', 'never'], { FORCE_COLOR: '1' })).toBe(false);
    expect(await colored([], { FORCE_COLOR: '0' })).toBe(false);
    expect(await colored([], { FORCE_COLOR: '' })).toBe(false);
    const atTerminal = async (env: Record<string, string>) => {
      const terminal = fixtureAtTerminal(['fixture', 'rows', 'a'], { env });
      await terminal.done;
      return terminal.output().includes(ESCAPE);
    };
    expect(await atTerminal({})).toBe(true);
    expect(await atTerminal({ NO_COLOR: '1' })).toBe(false);
    expect(await atTerminal({ NO_COLOR: '1', FORCE_COLOR: '' })).toBe(false);
    expect(await atTerminal({ TERM: 'dumb' })).toBe(false);
    expect(await atTerminal({ NO_COLOR: '' })).toBe(true);
  });

  it('of a question are those of everything else', async () => {
    for (const [args, env, coloured] of [
      [[], {}, true],
      [[], { NO_COLOR: '1' }, false],
      [[], { NO_COLOR: '1', FORCE_COLOR: '' }, false],
      [[], { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
      [['--color', 'never'], { FORCE_COLOR: '1' }, false],
      [['--color', 'always'], { NO_COLOR: '1' }, true],
    ] as const) {
      const terminal = fixtureAtTerminal(['fixture', 'ask', ...args], { env });
      await terminal.waitFor('What is your name');
      terminal.type('ada');
      await terminal.waitFor('value "ada"');
      await terminal.done;
      // oxlint-disable-next-line no-control-regex -- colours are what is looked for
      expect([args, env, /\u001b\[3\d?m|\u001b\[1m/.test(terminal.output())]).toEqual([args, env, coloured]);
    }
  });

  it('follow the setting where no flag says anything', async () => {
    const env = { XDG_CONFIG_HOME: await freshFolder() };
    await runFixture(['config', 'set', 'color=always'], { env });
    expect(await colored([], env)).toBe(true);
    expect(await colored(['--color', 'never'], env)).toBe(false);
  });

  it('never change the JSON', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'rows', CID, '--json', '--color', 'always'], { columns: 400 });
    await terminal.done;
    expect(terminal.output().replaceAll('\r', '')).toBe((await runFixture(['fixture', 'rows', CID, '--json'])).stdout);
  });

  it('never change content: a CID is whole in a pipe and in a narrow terminal', async () => {
    const piped = await runFixture(['fixture', 'rows', CID, 'x'.repeat(300)]);
    expect(piped.stdout).toContain(CID);
    expect(piped.stdout).toContain('x'.repeat(300));
    const narrow = fixtureAtTerminal(['fixture', 'rows', CID], { columns: 30 });
    await narrow.done;
    // One line of output: the terminal breaks it, and gives it back whole to whoever selects it.
    expect(narrow.text().split('\n')).toContain(CID);
  });

  it('show control characters of hostile names instead of obeying them', async () => {
    const ran = await runFixture(['fixture', 'rows', 'a\u001b]0;title\u0007b\u001b[2Jc\u202ed\u009bx']);
    expect(ran.stdout).not.toMatch(/[\u001b\u0007\u202e\u009b]/);
    expect(ran.stdout).toContain('\\u{202e}');
    const json = await runFixture(['fixture', 'rows', '\u202e\u009b', '--json']);
    expect(json.stdout).not.toMatch(/[\u202e\u009b]/);
    expect(documentOf(json).result).toEqual({ value: ['\u202e\u009b'] });
  });

  it('show progress at a terminal only', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'work']);
    await terminal.waitFor(/working hard {2}\d+ % .* of .*\/s/);
    await terminal.waitFor('value true');
    expect((await terminal.done).code).toBe(0);
    const piped = await runFixture(['fixture', 'work']);
    expect([piped.stdout, piped.stderr]).toEqual(['value true\n', '']);
    const quiet = fixtureAtTerminal(['fixture', 'work', '--quiet']);
    await quiet.done;
    expect(quiet.text()).toBe('');
  });

  it('hide no cursor behind progress, which a second Ctrl-C would leave hidden', async () => {
    const terminal = fixtureAtTerminal(['fixture', 'work']);
    await terminal.waitFor(/working hard {2}\d+ %/);
    terminal.kill('SIGKILL');
    await terminal.done;
    expect(terminal.output()).not.toContain(`${ESCAPE}?25l`);
  });
});

describe('a configuration that is broken', () => {
  it('does not stop what does not need it', async () => {
    const folder = await freshFolder();
    const env = { XDG_CONFIG_HOME: folder };
    await runFixture(['config', 'set', 'receipts=never'], { env });
    const file = join(folder, 'omniplex', 'config.json');
    await writeFile(file, '{"v":1,"setings":{}}');
    expect(documentOf(await runFixture(['config', 'show', '--json'], { env }))).toMatchObject({ error: { code: 'E_CONFIG', exit: 3 } });
    expect((await runFixture(['commands'], { env })).code).toBe(0);
    expect((await runFixture(['help', 'settings'], { env })).code).toBe(0);
    const lint = documentOf(await runFixture(['config', 'lint', file, '--json'], { env }));
    expect(lint).toMatchObject({ result: { problems: [{ at: 'setings' }] }, error: { code: 'E_CONFIG' } });
  });
});
