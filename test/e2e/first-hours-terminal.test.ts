/** The first hours at a terminal: the wizard, passphrases, words that one hears, severe confirmations, narrow and colourless terminals. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/base/limits.ts';
import { openTerminal, type Terminal, type TerminalOptions } from '../support/pty.ts';
import { sandbox, type Sandbox } from '../support/run.ts';

// oxlint-disable-next-line no-control-regex -- colours are what is looked for
const COLOUR = /\u001B\[\d+m/;

const at = (box: Sandbox, args: readonly string[], options: TerminalOptions = {}): Terminal => openTerminal(args, { cwd: box.folder, ...options, env: { ...box.env, ...options.env } });

/** With a home, a store and, where one is named, an identity whose passphrase is in the file `pass`. */
async function ready(...identities: readonly string[]): Promise<Sandbox> {
  const box = await sandbox();
  await writeFile(join(box.folder, 'pass'), 'tulip mania\n', { mode: 0o600 });
  expect((await box.run(['init', 'local', '--defaults', '--select', '--quiet'])).code).toBe(0);
  for (const name of identities) expect((await box.run(['identity', 'create', name, '--quiet', '--passphrase-file', 'pass'])).code).toBe(0);
  return box;
}

const data = (box: Sandbox): Promise<string[]> => readdir(join(box.folder, 'home', '.local', 'share')).catch(() => []);

describe('init asks', () => {
  it('for a name and two folders, offers defaults, and makes them', async () => {
    const box = await sandbox();
    const terminal = at(box, ['init']);
    await terminal.waitFor('Name of the context');
    terminal.type('');
    await terminal.waitFor('Home folder');
    await terminal.waitFor('~/.local/share/omniplex');
    terminal.type('');
    await terminal.waitFor('Store folder');
    terminal.type('');
    await terminal.waitFor('Work in "local" from now on?');
    terminal.type('');
    await terminal.waitFor('Next: `omniplex identity create NAME`');
    expect((await terminal.done).code).toBe(0);
    expect((await data(box)).toSorted()).toEqual(['omniplex', 'omniplex-store']);
    expect((await box.run(['context', 'show', '--json'])).stdout).toContain('"selected":true');
  });

  it('again when an answer cannot be, says why, and takes ~ for the home directory', async () => {
    const box = await sandbox();
    const terminal = at(box, ['init']);
    await terminal.waitFor('Name of the context');
    terminal.type('no name');
    await terminal.waitFor('expects a name of up to 64 letters');
    terminal.type('\u0015work');
    await terminal.waitFor('Home folder');
    terminal.type('/etc');
    await terminal.waitFor('/etc already exists');
    terminal.type('\u0015~/place');
    await terminal.waitFor('Store folder');
    terminal.type('~/place/store');
    await terminal.waitFor('neither of them inside the other');
    terminal.type('\u0015~/store');
    await terminal.waitFor('Work in "work" from now on?');
    terminal.type('n');
    await terminal.waitFor('omniplex context select work');
    expect((await terminal.done).code).toBe(0);
    expect((await readdir(join(box.folder, 'home'))).filter((name) => !name.startsWith('.')).toSorted()).toEqual(['place', 'store']);
  });

  it('only for what no flag answered', async () => {
    const box = await sandbox();
    const terminal = at(box, ['init', 'local', '--home', 'h', '--select']);
    await terminal.waitFor('Store folder');
    terminal.type('');
    await terminal.waitFor('selected');
    expect((await terminal.done).code).toBe(0);
    expect(terminal.text()).not.toMatch(/Name of|Home folder|from now on/);
  });

  it.each([0, 1, 2, 3])('and Ctrl-C at question %i leaves nothing', async (question) => {
    const box = await sandbox();
    const terminal = at(box, ['init']);
    for (const [place, asked] of ['Name of the context', 'Home folder', 'Store folder', 'from now on?'].entries()) {
      await terminal.waitFor(asked);
      if (place === question) break;
      terminal.type('');
    }
    terminal.interrupt();
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
    expect(await data(box)).toEqual([]);
    expect((await box.run(['context', 'list', '--json'])).stdout).toContain('"contexts":[]');
  });
});

describe('a passphrase', () => {
  it('is asked twice for the first identity, masked, and compared; then the identity is told', async () => {
    const box = await ready();
    const terminal = at(box, ['identity', 'create', 'alice']);
    await terminal.waitFor('New passphrase for the key ring');
    terminal.type('tulip');
    await terminal.waitFor('fewer than 8 characters');
    for (const [first, second] of [['tulip-one', 'tulip-two'], ['tulip-three', 'tulip-three']] as const) {
      await terminal.waitFor('New passphrase for the key ring');
      terminal.type(first);
      await terminal.waitFor('again');
      terminal.type(second);
      if (first === 'tulip-one') await terminal.waitFor('not the same');
    }
    await terminal.waitFor(/alice . Ed25519 \+ ML-DSA-65, X-Wing . prekeys until \d{4}-\d\d-\d\d/);
    await terminal.waitFor(/fingerprint\s+([a-z]+\s+){4}\/\s+([a-z]+\s+){4}\/\s+([a-z]+\s*){4}/);
    expect((await terminal.done).code).toBe(0);
    expect(terminal.output()).not.toContain('tulip');
  });

  it('is asked once for the next one, and a wrong one is refused', async () => {
    const box = await ready('alice');
    const terminal = at(box, ['identity', 'create', 'bob']);
    await terminal.waitFor('Passphrase for the key ring');
    terminal.type('rose garden');
    await terminal.waitFor('E_PASSPHRASE');
    expect((await terminal.done).code).toBe(4);
    expect(terminal.text()).not.toContain('again');
    expect((await box.run(['identity', 'list', '--json'])).stdout).not.toContain('bob');
  });

  it('is not asked for what cannot be: a taken name', async () => {
    const box = await ready('alice');
    const terminal = at(box, ['identity', 'create', 'alice']);
    await terminal.waitFor('E_NAME_TAKEN');
    expect((await terminal.done).code).toBe(6);
    expect(terminal.text()).not.toContain('Passphrase');
  });

  it.each(['New passphrase', 'again'])('that is left by Ctrl-C at "%s" leaves no key ring', async (question) => {
    const box = await ready();
    const terminal = at(box, ['identity', 'create', 'alice']);
    await terminal.waitFor('New passphrase');
    if (question === 'again') {
      terminal.type('tulip mania');
      await terminal.waitFor('again');
    }
    terminal.interrupt();
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
    expect(await readdir(join(box.folder, 'home', '.local', 'share', 'omniplex'))).not.toContain('keyring.opk');
  });

  it('is changed: the old one once, the new one twice', async () => {
    const box = await ready('alice');
    const terminal = at(box, ['identity', 'passphrase', 'alice']);
    await terminal.waitFor('? Passphrase for the key ring');
    terminal.type('tulip mania');
    await terminal.waitFor('New passphrase');
    terminal.type('rose garden');
    await terminal.waitFor('again');
    terminal.type('rose garden');
    await terminal.waitFor('the key ring of alice has the new passphrase');
    expect((await terminal.done).code).toBe(0);
    expect((await box.run(['identity', 'rotate', 'alice', '--passphrase-file', 'pass'])).code).toBe(4);
  });
});

describe('send -', () => {
  it('answers Ctrl-C at once while it waits for more', async () => {
    const box = await ready('alice');
    const terminal = at(box, ['send', '-', '--to', 'alice', '--passphrase-file', 'pass']);
    const typing = setInterval(() => terminal.type('more'), 100);
    await terminal.waitFor('sealing stdin').finally(() => clearInterval(typing));
    const began = performance.now();
    terminal.interrupt();
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
    expect(performance.now() - began).toBeLessThan(limits.signalGraceMs);
  });
});

describe('send --wait', () => {
  it('that is left by Ctrl-C says that it was sent, and how to go on waiting', async () => {
    const box = await ready('alice');
    await writeFile(join(box.folder, 'note'), 'a note to myself');
    const send = ['send', 'note', '--to', 'alice', '--receipt', 'opened', '--wait', 'opened', '--passphrase-file', 'pass'];
    const terminal = at(box, send);
    await terminal.waitFor('sent; waiting until everybody has opened it');
    terminal.interrupt();
    await terminal.waitFor('sealed note 16 B');
    await terminal.waitFor(/It was sent.*\n?.*omniplex outbox wait/);
    expect((await terminal.done).code).toBe(130);
    const { child, done } = box.start([...send, '--json']);
    const announced = ['outbox', 'list', '--where', 'state = announced', '--passphrase-file', 'pass', '--json'];
    while ((JSON.parse((await box.run(announced)).stdout) as { result: { messages: unknown[] } }).result.messages.length < 2);
    child.kill('SIGTERM');
    expect(JSON.parse((await done).stdout)).toMatchObject({ changed: true, result: { recipients: { announced: 1 } }, error: { code: 'E_TERMINATED', hint: expect.stringContaining('outbox wait') as unknown } });
  });
});

describe('inbox watch', () => {
  it('ends with Ctrl-C, and says how to go on', async () => {
    const box = await ready('alice');
    await writeFile(join(box.folder, 'note'), 'a note to myself');
    expect((await box.run(['send', 'note', '--to', 'alice', '--passphrase-file', 'pass'])).code).toBe(0);
    const terminal = at(box, ['inbox', 'watch', '--passphrase-file', 'pass', '--exec', 'echo got']);
    await terminal.waitFor('Ctrl-C ends it');
    await terminal.waitFor('note  16 B');
    await terminal.waitFor('echo got: there is no such program');
    terminal.interrupt();
    await terminal.waitFor('E_INTERRUPTED');
    expect((await terminal.done).code).toBe(130);
    const [, position] = /go on give --after (\S+)\./.exec(terminal.text())!;
    const later = await box.run(['inbox', 'watch', '--passphrase-file', 'pass', '--after', position!, '--timeout', '1s']);
    expect([later.code, later.stdout]).toEqual([12, '']);
  });
});

describe('severe acts', () => {
  it('want the name typed, not a yes', async () => {
    const box = await ready('alice');
    for (const [typed, code] of [['yes', 9], ['alice', 0]] as const) {
      const terminal = at(box, ['identity', 'remove', 'alice', '--passphrase-file', 'pass']);
      await terminal.waitFor('type alice');
      terminal.type(typed);
      expect((await terminal.done).code).toBe(code);
    }
    expect((await box.run(['identity', 'list'])).stdout).toContain('no identities');
  });
});

describe('contact verify', () => {
  it('asks again for what are no twelve words, and corrects nothing', async () => {
    const box = await ready('alice');
    await box.run(['identity', 'export', 'alice', '--out', 'alice.bundle']);
    await box.run(['init', 'bob', '--defaults', '--home', 'bob', '--store', 'bob-store', '--select']);
    await box.run(['contact', 'add', 'alice.bundle']);
    const { result } = JSON.parse((await box.run(['contact', 'show', 'alice', '--json'])).stdout) as { result: { fingerprint: string } };
    const words = result.fingerprint.split(' ');
    const terminal = at(box, ['contact', 'verify', 'alice']);
    await terminal.waitFor('Type what you hear');
    terminal.type('amber tulip');
    await terminal.waitFor('has 12 words, not 2');
    terminal.type(`\u0015${words.with(4, 'qqqq').join(' ')}`);
    await terminal.waitFor('word 5 is not in the list');
    terminal.type(`\u0015${words.map((word) => word.slice(0, 4)).join(', ').toUpperCase()}`);
    await terminal.waitFor(/alice verified .*Z by voice/);
    expect((await terminal.done).code).toBe(0);
  });
});

describe('a terminal', () => {
  const fits = (terminal: Terminal, columns: number): string[] => terminal.text().split('\n').filter((line) => line.length > columns && line.trim().includes(' '));

  it('of 60 columns has no line that is too long', async () => {
    const box = await ready('alice');
    for (const args of [['doctor'], ['identity', 'show', 'alice'], ['identity', 'list'], ['check', 'all'], ['contact', 'show', 'nobody']]) {
      const terminal = at(box, args, { columns: 60 });
      await terminal.done;
      expect([args, fits(terminal, 60)]).toEqual([args, []]);
    }
  });

  it('of 60 or 80 columns shows each CID whole, alone on its line, in every list of messages; a pipe shows one row a line', async () => {
    const box = await ready('alice');
    const pass = ['--passphrase-file', 'pass'];
    await box.run(['identity', 'export', 'alice', '--out', 'alice.bundle']);
    await box.run(['contact', 'add', 'alice.bundle', '--name', 'me']);
    const name = 'a long name of the quarterly report, final.txt';
    await writeFile(join(box.folder, name), 'the plan\n');
    const sent = await box.run(['send', name, '--to', 'me', '--allow-unverified', '--id', 'release-4.2.0', '--json', ...pass]);
    const { cid } = (JSON.parse(sent.stdout) as { result: { cid: string } }).result;
    for (const args of [['inbox', 'list', ...pass], ['outbox', 'list', ...pass], ['store', 'list'], ['store', 'list', '--verbose']]) {
      for (const columns of [60, 80]) {
        const terminal = at(box, args, { columns });
        await terminal.done;
        const lines = terminal.text().split('\n');
        expect([args, columns, lines.filter((line) => line.length > columns)]).toEqual([args, columns, []]);
        expect([args, columns, lines.filter((line) => line.replace(/^CID /, '').trim() === cid)]).toEqual([args, columns, [expect.any(String)]]);
      }
      const rows = (await box.run(args)).stdout.split('\n').filter((line) => line.includes(cid));
      expect([args, rows.length]).toEqual([args, 1]);
      if (args[0] === 'outbox') expect(rows[0]).toContain(`${name}  release-4.2.0  ${cid}`);
    }
  });

  it('of 80 columns keeps the groups of twelve words together, and a revoked identity on one line', async () => {
    const box = await ready('alice');
    await box.run(['identity', 'export', 'alice', '--out', 'alice.bundle']);
    const { result } = JSON.parse((await box.run(['identity', 'show', 'alice', '--json'])).stdout) as { result: { fingerprint: string } };
    const words = result.fingerprint.split(' ');
    const groups = [0, 4, 8].map((from) => words.slice(from, from + 4).join(' '));
    const inspected = at(box, ['inspect', 'alice.bundle'], { columns: 80 });
    await inspected.done;
    const whole = inspected.text().split('\n').filter((line) => groups.some((group) => line.includes(group)));
    expect(whole.join(' ').split(/[/\s]+/).filter((word) => word !== '' && word !== 'words')).toEqual(words);
    await box.run(['identity', 'revoke', 'alice', '--reason', 'compromised', '--confirm', 'alice', '--passphrase-file', 'pass']);
    const list = at(box, ['identity', 'list'], { columns: 80 });
    await list.done;
    expect(list.text().trimEnd().split('\n')).toEqual([expect.stringMatching(/^NAME .* STATE$/), expect.stringMatching(/^alice .* revoked: compromised$/)]);
  });

  it('of 80 columns shows the tour with every line under its step', async () => {
    const box = await sandbox();
    await writeFile(join(box.folder, 'plan.txt'), 'the plan\n');
    const tour = at(box, ['quickstart', 'plan.txt'], { columns: 80, env: { LANG: 'C.UTF-8' } });
    expect((await tour.done).code).toBe(0);
    const lines = tour.text().split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.filter((line) => /^ {2}(?:alice|bob|mallory) {2,}(?:[a-z]+ ){4}\/$/.test(line))).toHaveLength(3);
    expect(lines.filter((line) => /^[a-z]/.test(line) && !/^(?:alice and bob each|every step held|next, for real)/.test(line))).toEqual([]);
  });

  it('with colours has them, and none with NO_COLOR or a dumb one', async () => {
    const box = await ready('alice');
    for (const [env, coloured] of [[{}, true], [{ NO_COLOR: '1' }, false], [{ TERM: 'dumb' }, false]] as const) {
      const terminal = at(box, ['doctor'], { env });
      await terminal.done;
      expect(COLOUR.test(terminal.output())).toBe(coloured);
    }
    const { stdout } = await box.run(['doctor']);
    expect(stdout).not.toMatch(COLOUR);
  });

  it('whose two variables of colour contradict each other shows no warning of Node, not even at a question', async () => {
    const box = await sandbox();
    for (const env of [{ NO_COLOR: '1', FORCE_COLOR: '' }, { NO_COLOR: '1', FORCE_COLOR: '1' }]) {
      const terminal = at(box, ['init'], { env });
      await terminal.waitFor('Name of the context');
      terminal.interrupt();
      await terminal.waitFor('E_INTERRUPTED');
      expect(await terminal.done).toMatchObject({ code: 130 });
      expect(terminal.text()).not.toContain('Warning');
      expect([env, COLOUR.test(terminal.output())]).toEqual([env, env.FORCE_COLOR === '1']);
    }
  });
});
