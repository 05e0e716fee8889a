/** First contact: two machines, one USB stick. Two homes, two stores, and nothing between them but files; words are typed at a terminal. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTerminal } from '../support/pty.ts';
import { envelope } from '../support/correspondents.ts';
import { sandbox, type Ran, type Sandbox } from '../support/run.ts';

const TIMEOUT = { timeout: 120_000 };

class Machine {
  readonly folder: string;
  readonly #box: Sandbox;
  readonly #env: Record<string, string>;

  constructor(box: Sandbox, name: string) {
    this.#box = box;
    this.folder = join(box.folder, name);
    this.#env = { HOME: this.folder };
  }

  async prepare(passphrase: string): Promise<void> {
    await mkdir(this.folder, { mode: 0o700 });
    await writeFile(join(this.folder, 'passphrase'), `${passphrase}\n`, { mode: 0o600 });
  }

  run(...args: string[]): Promise<Ran> {
    return this.#box.run(['--passphrase-file', 'passphrase', ...args], { cwd: this.folder, env: this.#env });
  }

  async ok(...args: string[]): Promise<string> {
    const ran = await this.run(...args);
    if (ran.code !== 0) throw new Error(`${args.join(' ')} ended with ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  async json<T>(...args: string[]): Promise<T> {
    return envelope<T>({ stdout: await this.ok(...args, '--json') } as Ran).result;
  }

  /** What the other reads aloud, typed at a terminal. */
  async verify(name: string, words: string): Promise<{ code: number; text: string }> {
    const terminal = openTerminal(['contact', 'verify', name], { cwd: this.folder, env: this.#env });
    await terminal.waitFor(/Type what you hear/);
    terminal.type(words);
    const { code } = await terminal.done;
    return { code, text: terminal.text() };
  }
}

const words = async (machine: Machine, name: string): Promise<string> => (await machine.json<{ fingerprint: string }>('identity', 'show', name)).fingerprint;

describe('two machines and one stick', () => {
  let alice: Machine;
  let bob: Machine;
  let usb: string;
  const onStick = (file: string): string => join(usb, file);

  it('carry a file, its receipt and both bundles', TIMEOUT, async () => {
    const box = await sandbox();
    [alice, bob, usb] = [new Machine(box, 'alice'), new Machine(box, 'bob'), join(box.folder, 'usb')];
    await mkdir(usb);
    for (const [machine, name] of [[alice, 'alice'], [bob, 'bob']] as const) {
      await machine.prepare(`the passphrase of ${name}`);
      expect(await machine.ok('selftest', '--quiet')).toBe('');
      expect(await machine.ok('init', 'local', '--defaults', '--select')).toContain('selected');
      expect(await machine.ok('identity', 'create', name)).toMatch(/Ed25519 \+ ML-DSA-65, X-Wing/);
      expect((await stat(join(machine.folder, '.local/share/omniplex'))).mode & 0o777).toBe(0o700);
    }
    const until = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);
    expect(await alice.ok('identity', 'export', 'alice', '--prekeys-until', until, '--out', onStick('alice.bundle'))).toContain('safe to remove');

    // the stick goes to bob
    expect(await bob.ok('contact', 'add', onStick('alice.bundle'), '--name', 'alice')).toContain('UNVERIFIED');
    await writeFile(join(bob.folder, 'plan.pdf'), randomBytes(2_200_000));
    const refused = await bob.run('send', 'plan.pdf', '--to', 'alice', '--json');
    expect(refused.code).toBe(4);
    expect(envelope(refused).error?.code).toBe('E_UNVERIFIED');

    const wrong = await bob.verify('alice', await words(bob, 'bob'));
    expect(wrong.code).toBe(7);
    const spoken = (await words(alice, 'alice')).split(' ').map((word) => word.slice(0, 4).toUpperCase()).join('  ');
    const verified = await bob.verify('alice', spoken);
    expect(verified.code, verified.text).toBe(0);
    expect(verified.text).toMatch(/alice verified .*Z by/);

    const late = await bob.run('send', 'plan.pdf', '--to', 'alice', '--expires', '90d', '--json');
    expect(envelope(late).error?.code).toBe('E_PREKEY_EXPIRY');
    const sent = await bob.ok('send', 'plan.pdf', '--to', 'alice', '--introduce', '--receipt', 'opened', '--out', onStick('to-alice.car'));
    expect(sent).toContain('has nothing until it arrives');
    expect(sent).toContain('post-quantum yes');
    expect(sent).toContain('safe to remove');

    // and back to alice
    expect(await alice.ok('store', 'import', onStick('to-alice.car'))).toMatch(/1 message for alice[^]*introduces himself as "bob"/);
    await alice.ok('contact', 'add', onStick('to-alice.car'), '--name', 'bob');
    expect((await alice.verify('bob', await words(bob, 'bob'))).code).toBe(0);
    const { messages } = await alice.json<{ messages: ReadonlyArray<{ cid: string; sender: string; verified: boolean; state: string }> }>('inbox', 'list');
    expect(messages).toMatchObject([{ sender: 'bob', verified: true, state: 'unread' }]);
    const [{ cid } = { cid: '' }] = messages;
    expect(await alice.ok('fetch', cid, '--ack')).toMatch(/plan\.pdf 2\.1 MiB.*signed by bob \(verified\)\nreceipt "opened" waits for bob/);
    expect((await readFile(join(alice.folder, 'plan.pdf'))).equals(await readFile(join(bob.folder, 'plan.pdf')))).toBe(true);
    expect(await alice.ok('store', 'export', '--for', 'bob', '--out', onStick('to-bob.car'))).toMatch(/1 receipt for bob, 1 bundle/);

    // and to bob again
    await bob.ok('store', 'import', onStick('to-bob.car'));
    expect(await bob.ok('outbox', 'show', cid)).toMatch(/alice {2}announced .* opened /);
    expect(await bob.json('outbox', 'show', cid)).toMatchObject({ recipients: [{ name: 'alice', state: 'opened' }] });
  });
});
