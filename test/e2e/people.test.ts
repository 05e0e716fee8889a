/** Identities and contacts through the built command line, where one command's answer is another's beginning. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, type Document } from '../support/fixture.ts';
import { openTerminal } from '../support/pty.ts';
import { ROOT, runProcess, sandbox, type Ran, type RunOptions } from '../support/run.ts';

async function people() {
  const box = await sandbox();
  await writeFile(join(box.folder, 'pass'), 'tulip mania\n', { mode: 0o600 });
  const as = (who: string) => (args: readonly string[], options?: RunOptions): Promise<Ran> =>
    box.run([...args, '--home', who, '--store', 'store', '--passphrase-file', 'pass', '--no-context', '--no-input'], options);
  const [alice, bob] = [as('alice'), as('bob')];
  for (const [who, run] of [['alice', alice], ['bob', bob]] as const) {
    expect((await run(['init', '--defaults'])).code).toBe(0);
    expect((await run(['identity', 'create', who])).code).toBe(0);
  }
  const json = async (run: typeof alice, args: readonly string[]): Promise<Document> => documentOf(await run([...args, '--json']));
  return { ...box, alice, bob, json };
}

describe('a bundle', () => {
  it('goes through a pipe, and a keyboard is not one', async () => {
    const { bob, alice, folder } = await people();
    const exported = await alice(['identity', 'export', 'alice', '--out', '-', '--quiet']);
    expect(exported.code).toBe(0);
    const added = await bob(['contact', 'add', '-', '--json'], { stdin: exported.stdoutBytes });
    expect(documentOf(added)).toMatchObject({ ok: true, changed: true, result: { contacts: [{ change: 'added' }] } });
    expect(documentOf(await bob(['contact', 'add', '-', '--json'], { stdin: exported.stdoutBytes }))).toMatchObject({ ok: true, changed: false, result: { contacts: [{ change: 'unchanged' }] } });
    expect(documentOf(await bob(['contact', 'add', '-', '-', '--json'], { stdin: exported.stdoutBytes })).ok).toBe(false);
    expect(documentOf(await bob(['contact', 'add', 'ipns://alice.example', '--json']))).toMatchObject({ error: { code: 'E_NOT_SUPPORTED' } });
    const both = await alice(['identity', 'export', 'alice', '--out', '-', '--json']);
    expect(documentOf(both)).toMatchObject({ error: { code: 'E_USAGE' } });
    const place = ['--home', 'alice', '--no-context', '--passphrase-file', 'pass'];
    for (const [args, says] of [[['identity', 'export', 'alice', '--out', '-'], 'E_BINARY_TTY'], [['contact', 'add', '-'], 'your keyboard']] as const) {
      const terminal = openTerminal([...args, ...place], { cwd: folder, env: { HOME: join(folder, 'home') } });
      await terminal.waitFor(says);
      expect((await terminal.done).code).toBe(2);
    }
  });

  it('that is newer is taken in, an older one refused; a rotation of all keys changes no fingerprint', async () => {
    const { alice, bob, json } = await people();
    await alice(['identity', 'export', 'alice', '--out', '1.bundle']);
    await bob(['contact', 'add', '1.bundle', '--name', 'ally']);
    const before = (await json(alice, ['identity', 'show', 'alice'])).result as { fingerprint: string };
    expect((await json(alice, ['identity', 'rotate', 'alice', '--keys', 'all'])).changed).toBe(true);
    await alice(['identity', 'export', 'alice', '--out', '2.bundle']);
    expect((await json(alice, ['identity', 'show', 'alice'])).result).toMatchObject({ fingerprint: before.fingerprint, sequence: 2 });
    expect((await json(bob, ['contact', 'update', 'ally', '2.bundle'])).result).toMatchObject({ change: 'updated' });
    expect((await json(bob, ['contact', 'update', 'ally', '2.bundle']))).toMatchObject({ changed: false, result: { change: 'unchanged' } });
    expect(await json(bob, ['contact', 'update', 'ally', '1.bundle'])).toMatchObject({ error: { code: 'E_BUNDLE_STALE' } });
  });

  it('of a revoked identity says what holds, and is refused a new prekey', async () => {
    const { alice, bob, json } = await people();
    await alice(['identity', 'export', 'alice', '--out', '1.bundle']);
    await bob(['contact', 'add', '1.bundle']);
    expect((await json(alice, ['identity', 'export', 'alice', '--out', '2.bundle'])).result).toMatchObject({ revoked: null });
    await alice(['identity', 'revoke', 'alice', '--reason', 'lost', '--confirm', 'alice']);
    const told = await alice(['identity', 'export', 'alice', '--out', '3.bundle']);
    expect(told.stdout).toMatch(/alice is revoked \(lost\).*sends nothing more/);
    expect(told.stdout).not.toContain('can write to');
    expect((await json(alice, ['identity', 'export', 'alice', '--out', '4.bundle'])).result).toMatchObject({ rotated: false, revoked: { reason: 'lost', at: expect.stringMatching(/Z$/) as unknown } });
    expect(await json(alice, ['identity', 'export', 'alice', '--prekeys-until', '90d', '--out', '5.bundle'])).toMatchObject({ error: { code: 'E_REVOKED', hint: expect.stringContaining('Without --prekeys-until') as unknown } });
    // and the sentence is true
    await bob(['contact', 'update', 'alice', '3.bundle']);
    expect(await json(bob, ['send', '1.bundle', '--to', 'alice', '--allow-unverified'])).toMatchObject({ error: { code: 'E_REVOKED' } });
  });

  it('carries a revocation, which is final', async () => {
    const { alice, bob, json } = await people();
    await alice(['identity', 'export', 'alice', '--out', '1.bundle']);
    await bob(['contact', 'add', '1.bundle']);
    expect(await json(alice, ['identity', 'revoke', 'alice', '--reason', 'compromised', '--confirm', 'alice'])).toMatchObject({ ok: true, changed: true });
    expect(await json(alice, ['identity', 'revoke', 'alice', '--reason', 'compromised'])).toMatchObject({ ok: true, changed: false });
    expect(await json(alice, ['identity', 'revoke', 'alice', '--reason', 'retired'])).toMatchObject({ ok: false, changed: false, error: { code: 'E_REVOCATION_FINAL', exit: 6, details: { reason: 'compromised' } } });
    expect((await json(alice, ['identity', 'show', 'alice'])).result).toMatchObject({ revoked: { reason: 'compromised' } });
    for (const args of [['identity', 'rotate', 'alice'], ['send', '1.bundle', '--to', 'alice'], ['send', '1.bundle', '--to', '1.bundle', '--as', 'alice', '--allow-unverified']]) {
      const { error } = await json(alice, args);
      expect([args, error]).toEqual([args, expect.objectContaining({ code: 'E_REVOKED', hint: expect.stringMatching(/your own.*identity create NAME.*identity export alice --out FILE.*--as NAME/) as unknown })]);
    }
    expect((await alice(['identity', 'export', 'alice', '--out', '2.bundle'])).stdout).toMatch(/alice is revoked \(compromised\) since .*, and the file says so/);
    expect((await json(bob, ['contact', 'update', 'alice', '2.bundle'])).result).toMatchObject({ change: 'revoked', contact: { revoked: { reason: 'compromised' } } });
    expect((await bob(['contact', 'list'])).stdout).toContain('REVOKED');
    const refused = await json(bob, ['send', '1.bundle', '--to', 'alice', '--allow-unverified']);
    expect(refused.error).toMatchObject({ code: 'E_REVOKED', hint: expect.not.stringContaining('your own') as unknown });
    expect((await bob(['contact', 'verify', 'alice', '--fingerprint-file', 'none'])).code).toBe(5);
  });

  it('of another key under an old name unverifies, and says so', async () => {
    const { alice, bob, folder, json } = await people();
    await alice(['identity', 'export', 'alice', '--out', '1.bundle']);
    const { fingerprint } = (await json(alice, ['identity', 'show', 'alice'])).result as { fingerprint: string };
    await writeFile(join(folder, 'WORDS'), `alice ${fingerprint}\n`);
    await bob(['contact', 'add', '1.bundle', '--fingerprint-file', 'WORDS']);
    await alice(['identity', 'create', 'alice2']);
    await alice(['identity', 'export', 'alice2', '--out', 'other.bundle']);
    const replaced = await json(bob, ['contact', 'update', 'alice', 'other.bundle']);
    expect(replaced).toMatchObject({ result: { change: 'replaced', contact: { verified: null, before: [expect.any(String)] } }, warnings: [{ code: 'W_KEY_CHANGED' }] });
  });
});

describe('a fingerprint file', () => {
  it('verifies all or adds nobody, and every mismatch is named at once', async () => {
    const { alice, bob, folder, json } = await people();
    const lines: string[] = [];
    for (const name of ['ada', 'ben', 'chi', 'dov']) {
      await alice(['identity', 'create', name]);
      await alice(['identity', 'export', name, '--out', `${name}.bundle`]);
      lines.push(((await json(alice, ['identity', 'show', name])).result as { fingerprint: string }).fingerprint);
    }
    const [ada, ben, chi, dov] = lines;
    const files = ['ada', 'ben', 'chi', 'dov'].map((name) => `${name}.bundle`);
    await writeFile(join(folder, 'SWAPPED'), `# release\nada ${ada}\nben ${chi}\nchi ${ben}\n`);
    const swapped = await bob(['contact', 'add', ...files, '--fingerprint-file', 'SWAPPED', '--json']);
    expect(swapped.code).toBe(7);
    expect(documentOf(swapped)).toMatchObject({ changed: false, error: { code: 'E_FINGERPRINT', message: expect.stringMatching(/"ben" \(line 3.*"chi" \(line 4.*"dov" \(not in the file/) } });
    expect((await json(bob, ['contact', 'list'])).result).toMatchObject({ contacts: [] });
    await writeFile(join(folder, 'RIGHT'), `ada ${ada}\nben ${ben}\nchi ${chi}\ndov ${dov}\n`);
    const right = await bob(['contact', 'add', ...files, '--fingerprint-file', 'RIGHT']);
    expect([right.code, right.stdout]).toEqual([0, expect.stringContaining('4 contacts added, 4 match RIGHT')]);
    expect((await json(bob, ['contact', 'list', '--where', 'verified', '--limit', '3'])).result).toMatchObject({ contacts: [{}, {}, {}], next: 'chi' });
    expect((await json(bob, ['contact', 'list', '--after', 'chi'])).result).toMatchObject({ contacts: [{ name: 'dov' }], next: null });
    const one = await bob(['contact', 'add', 'ada.bundle', '--fingerprint-file', './RIGHT']);
    expect(one.stdout).toContain('0 contacts added, 1 matches ./RIGHT');
    await writeFile(join(folder, 'TORN'), 'ada amber tulip\n');
    expect(await json(bob, ['contact', 'add', ...files, '--fingerprint-file', 'TORN'])).toMatchObject({ error: { code: 'E_FORMAT' } });
  });
});

describe('completion', () => {
  it('offers the contacts and identities of the context on the line', async () => {
    const { alice, bob, run, folder, env } = await people();
    await alice(['identity', 'export', 'alice', '--out', 'a.bundle']);
    await bob(['contact', 'add', 'a.bundle']);
    await run(['context', 'create', 'his', '--home', join(folder, 'bob'), '--store', join(folder, 'store')]);
    const script = `omniplex() { '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"; }
eval "$(omniplex completion bash)"
offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _omniplex; echo "\${COMPREPLY[*]}"; }
offer omniplex --context his send x --to ''
offer omniplex contact --context = his rename al
offer omniplex contact --context his rename alice ''
offer omniplex --context his --as ''
offer omniplex contact show ''`;
    const { stdout } = await runProcess('bash', ['-c', script], { cwd: folder, env });
    expect(stdout.split('\n').slice(0, 5)).toEqual(['alice', 'alice', '', 'bob', '']);
  });
});

describe('a backup', () => {
  it('brings a home back that takes over, and a copy of the old one is refused', async () => {
    const { alice, bob, json, run, folder } = await people();
    await alice(['identity', 'export', 'alice', '--out', '1.bundle']);
    await bob(['contact', 'add', '1.bundle']);
    expect((await alice(['backup', 'create', '--out', 'a.opb'])).code).toBe(0);
    const restored = documentOf(await run(['backup', 'restore', 'a.opb', '--home', 'anew', '--no-context', '--passphrase-file', 'pass', '--json']));
    expect(restored).toMatchObject({ ok: true, result: { home: { identities: ['alice'], renewed: ['alice'] }, store: null }, warnings: [{ code: 'W_NOT_RESTORED' }] });
    await run(['identity', 'export', 'alice', '--home', 'anew', '--no-context', '--out', 'anew.bundle', '--passphrase-file', 'pass']);
    expect((await json(bob, ['contact', 'update', 'alice', 'anew.bundle'])).result).toMatchObject({ change: 'updated' });
    const damaged = await readFile(join(folder, 'a.opb'));
    damaged[damaged.length - 5]! ^= 1;
    await writeFile(join(folder, 'b.opb'), damaged, { mode: 0o600 });
    const refused = await run(['backup', 'restore', 'b.opb', '--home', 'never', '--no-context', '--passphrase-file', 'pass', '--json']);
    expect(refused.code).toBe(7);
    expect((await run(['identity', 'list', '--home', 'never', '--no-context', '--json'])).code).toBe(5);
  });
});

describe('a receipt', () => {
  it('that is refused says why and what ends it, on both sides; evidence without a key says what it lacks', { timeout: 60_000 }, async () => {
    const { alice, bob, json, box: { run, folder } } = await correspondence();
    const sent = (await json(alice, ['send', 'alice.bundle', '--to', 'bob', '--allow-unverified', '--receipt', 'received', '--id', 'one'])).result as { cid: string };
    const acked = await bob(['inbox', 'ack', sent.cid]);
    expect(acked.stdout).toMatch(/receipt "refused" waits for alice.*omniplex contact verify NAME.*omniplex inbox ack bafy/);
    const keyless = await run(['outbox', 'export', 'one', '--out', '1.car', '--home', 'alice', '--store', 'store', '--no-context', '--no-input', '--json'], { cwd: folder });
    expect(documentOf(keyless)).toMatchObject({ result: { collected: false, receipts: { total: 0 } }, error: { code: 'E_INCOMPLETE', exit: 12, hint: expect.stringContaining('--passphrase-file') as unknown } });
    const shown = await alice(['outbox', 'show', 'one']);
    expect(shown.stdout).toMatch(/bob {2}announced .* refused .*\(E_UNVERIFIED\)\n.*verified contact.*\n.*omniplex contact verify/);
    expect((await json(alice, ['outbox', 'export', 'one', '--out', '2.car'])).result).toMatchObject({ collected: true, receipts: { refused: 1 } });
  });
});

/** Two who have each other's bundles, and have compared no words. */
async function correspondence() {
  const { alice, bob, json, ...box } = await people();
  for (const [name, one, other] of [['alice', alice, bob], ['bob', bob, alice]] as const) {
    await one(['identity', 'export', name, '--out', `${name}.bundle`]);
    await other(['contact', 'add', `${name}.bundle`]);
  }
  return { alice, bob, json, box };
}
