/**
 * One artifact, twelve recipients, receipts: what a pipeline does, with secrets in files, no terminal, and a home that is gone after each
 * run. The store stays. The recipients stand behind one home each.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envelope } from '../support/correspondents.ts';
import { sandbox, type Ran } from '../support/run.ts';

const NAMES = ['ada', 'ben', 'chi', 'dov', 'eve', 'fay', 'gus', 'hal', 'ivy', 'jan', 'maria', 'nils'] as const;

describe('a release to twelve recipients', () => {
  it('is one effect, however often the job runs, and leaves evidence', { timeout: 300_000 }, async () => {
    const box = await sandbox();
    const at = (...parts: string[]): string => join(box.folder, ...parts);
    const store = at('store');
    await mkdir(at('contacts'));
    const run = (home: string, ...args: string[]): Promise<Ran> =>
      box.run([...args, '--home', home, '--store', store, '--passphrase-file', `${home}.passphrase`, '--no-input'], { timeoutMs: 120_000 });
    const ok = async <T = Record<string, unknown>>(home: string, ...args: string[]): Promise<T> => {
      const ran = await run(home, ...args, '--json');
      expect(ran.code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`).toBe(0);
      return envelope<T>(ran).result;
    };

    // what a repository and a secret store hold: bundles, fingerprints, the bot's backup
    const fingerprints: string[] = [];
    for (const name of [...NAMES, 'release-bot']) {
      await writeFile(at(`${name}.passphrase`), `the passphrase of ${name}\n`, { mode: 0o600 });
      await ok(at(name), 'init', name, '--defaults');
      const { fingerprint } = await ok<{ fingerprint: string }>(at(name), 'identity', 'create', name, ...(name === 'release-bot' ? ['--send-only'] : []));
      await ok(at(name), 'identity', 'export', name, '--out', at('contacts', `${name}.bundle`));
      if (name !== 'release-bot') fingerprints.push(`${name} ${fingerprint}`);
      else await writeFile(at('bot-words'), `release-bot ${fingerprint}\n`);
    }
    await writeFile(at('FINGERPRINTS'), `${fingerprints.join('\n')}\n`);
    await writeFile(at('recipients.txt'), `# everybody\n${NAMES.join('\n')}\n`);
    await writeFile(at('app.tar'), Buffer.alloc(900_000, 'release 4.2.0'));
    await ok(at('release-bot'), 'backup', 'create', '--what', 'keys', '--out', at('bot.opb'));
    await rm(at('release-bot'), { recursive: true });

    // the job: a restored home, all contacts pinned, one send
    const bot = at('job');
    await writeFile(`${bot}.passphrase`, await readFile(at('release-bot.passphrase')), { mode: 0o600 });
    const restore = () => ok(bot, 'backup', 'restore', at('bot.opb'));
    expect(await restore()).toMatchObject({ home: { identities: ['release-bot'], renewed: [] } });
    const bundles = NAMES.map((name) => at('contacts', `${name}.bundle`));
    await ok(bot, 'contact', 'add', ...bundles, '--fingerprint-file', at('FINGERPRINTS'));
    const send = (...more: string[]): Promise<Ran> =>
      run(bot, 'send', at('app.tar'), '--to-file', at('recipients.txt'), '--id', 'release-4.2.0', '--durability', 'cold', '--receipt', 'opened', '--expires', '7d', '--json', ...more);
    const first = await send();
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(envelope(first)).toMatchObject({
      changed: true,
      result: { id: 'release-4.2.0', bytes: 900_000, recipients: { total: 12, announced: 12 }, durability: { asked: 'cold', true: 'cold', announcements: 'cold' }, postQuantum: true },
    });
    const { cid } = envelope<{ cid: string }>(first).result;

    // ten open it, maria only acknowledges it, nils does nothing
    for (const name of NAMES.slice(0, 11)) {
      await ok(at(name), 'contact', 'add', at('contacts', 'release-bot.bundle'), '--fingerprint-file', at('bot-words'));
      if (name === 'maria') await ok(at(name), 'inbox', 'ack', cid);
      else await ok(at(name), 'fetch', cid, '--out', at(`${name}.tar`), '--ack');
    }
    expect((await readFile(at('ada.tar'))).equals(await readFile(at('app.tar')))).toBe(true);

    const waited = await run(bot, 'outbox', 'wait', 'release-4.2.0', '--wait', 'opened', '--timeout', '1s', '--json');
    expect(waited.code, waited.stdout + waited.stderr).toBe(12);
    const { result, error } = envelope<{ recipients: ReadonlyArray<{ name: string; state: string }> }>(waited);
    expect(error?.code).toBe('E_MISSING_RECIPIENTS');
    expect(Object.fromEntries(result.recipients.map(({ name, state }) => [name, state]))).toMatchObject({ ada: 'opened', jan: 'opened', maria: 'received', nils: 'announced' });
    expect(await ok(bot, 'outbox', 'export', 'release-4.2.0', '--out', at('evidence.car'))).toMatchObject({ receipts: { total: 11, opened: 10, received: 1 } });

    // the job is run again, on a machine that knows nothing: the store does
    await rm(bot, { recursive: true });
    await restore();
    await ok(bot, 'contact', 'add', ...bundles, '--fingerprint-file', at('FINGERPRINTS'));
    const again = await send();
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(envelope(again)).toMatchObject({ changed: false, result: { cid, id: 'release-4.2.0' } });
    await writeFile(at('app.tar'), 'other content under the same id');
    const other = await send();
    expect(other.code).toBe(6);
    expect(envelope(other).error?.code).toBe('E_ID_CONFLICT');

    // one key was changed without a new fingerprint: nobody is added
    await rm(bot, { recursive: true });
    await restore();
    await writeFile(at('FINGERPRINTS'), `${[...fingerprints.slice(0, 10), fingerprints[11]?.replace('nils', 'maria'), fingerprints[11]].join('\n')}\n`);
    const changed = await run(bot, 'contact', 'add', ...bundles, '--fingerprint-file', at('FINGERPRINTS'), '--json');
    expect(changed.code).toBe(7);
    expect(envelope(changed).error?.code).toBe('E_FINGERPRINT');
    expect(await ok(bot, 'contact', 'list')).toMatchObject({ contacts: [] });
  });
});
