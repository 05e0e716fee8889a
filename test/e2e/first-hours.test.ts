/**
 * Every command of an operator's first hours: one document in success, refusal and usage error, each as its schema says; no private key
 * where the catalogue says so; and a passphrase that turns up nowhere. One home for all, in the order in which one would use it.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseCommand } from '../../src/cli/command.ts';
import { partsFromSources } from '../../tools/commands.ts';
import { sandbox, type Ran, type Sandbox } from '../support/run.ts';
import { answerOf } from '../support/stored.ts';

const CANARY = 'xyzzy-first-hours-42';

type Refusal = readonly [args: readonly string[], exit: number, code: string];

interface Case {
  readonly id: string;
  readonly good: readonly string[];
  readonly changed: boolean;
  readonly result: object;
  readonly refused: Refusal;
  readonly usage: readonly string[];
}

const none = ['--home', 'no/home'];
const at = (id: string, good: readonly string[], changed: boolean, result: object, refused: Refusal, usage: readonly string[]): Case => ({ id, good, changed, result, refused, usage });
const any = expect.anything() as unknown;
const identity = { fingerprint: expect.stringMatching(/^([a-z]+ ){11}[a-z]+$/) as unknown, keys: { signing: ['ed25519', 'ml-dsa-65'], kem: 'x-wing', keystore: 'file' } };

const cases: readonly Case[] = [
  at('init', ['local', '--defaults'], false, { home: { created: false, identities: 2 }, context: { name: 'local', selected: true } }, [['other', '--defaults', '--home', 'full'], 6, 'E_EXISTS'], ['a', 'b']),
  at('identity list', [], false, { identities: [{ name: 'alice' }, { name: 'bot', sendOnly: true }] }, [none, 5, 'E_NO_HOME'], ['x']),
  at('identity show', ['alice'], false, { name: 'alice', ...identity, revoked: null }, [['nobody'], 5, 'E_NAME_UNKNOWN'], []),
  at('identity create', ['dan'], true, { name: 'dan', ...identity, prekeys: [any] }, [['alice'], 6, 'E_NAME_TAKEN'], ['no name']),
  at('identity export', ['alice', '--out', 'alice.bundle'], true, { name: 'alice', out: 'alice.bundle', rotated: false }, [['alice', '--out', 'alice.bundle'], 6, 'E_EXISTS'], ['alice']),
  at('identity rotate', ['alice'], true, { identities: [{ identity: { sequence: 2 }, changed: true }] }, [['bot'], 3, 'E_SEND_ONLY'], []),
  at('identity passphrase', ['alice', '--new-passphrase-file', 'pass'], true, { identities: ['alice', 'bot', 'dan'] }, [['alice', '--new-passphrase-file', 'pass', '--passphrase-file', 'wrong'], 4, 'E_PASSPHRASE'], []),
  at('identity revoke', ['dan', '--reason', 'retired', '--confirm', 'dan'], true, { name: 'dan', reason: 'retired' }, [['alice', '--reason', 'lost'], 9, 'E_DECLINED'], ['alice', '--reason', 'because']),
  at('identity remove', ['dan', '--confirm', 'dan'], true, { name: 'dan' }, [['alice', '--confirm', 'dan'], 9, 'E_DECLINED'], []),
  at('contact add', ['carol.bundle'], true, { contacts: [{ change: 'added', contact: { name: 'carol', verified: null } }] }, [['damaged.bundle', 'missing.bundle'], 7, 'E_FORMAT'], []),
  at('contact list', ['--where', 'not verified'], false, { contacts: [{ name: 'carol' }], next: null }, [none, 5, 'E_NO_HOME'], ['--limit', '0']),
  at('contact show', ['bob'], false, { name: 'bob', verified: { by: 'fingerprint-file' } }, [['nobody'], 5, 'E_NAME_UNKNOWN'], []),
  at('contact rename', ['carol', 'caro'], true, { name: 'caro' }, [['caro', 'bob'], 6, 'E_NAME_TAKEN'], ['caro', 'not a name']),
  at('contact verify', ['caro', '--fingerprint-file', 'words'], true, { name: 'caro', verified: { by: 'fingerprint-file' } }, [['bob', '--fingerprint-file', 'wrong-words'], 7, 'E_FINGERPRINT'], []),
  at('contact update', ['bob', 'bob-2.bundle'], true, { change: 'updated', contact: { sequence: 2 } }, [['bob', 'bob.bundle'], 6, 'E_BUNDLE_STALE'], ['bob']),
  at('contact export', ['bob', '--out', 'bob-copy.bundle'], true, { name: 'bob', out: 'bob-copy.bundle' }, [['nobody', '--out', 'x'], 5, 'E_NAME_UNKNOWN'], ['bob']),
  at('contact remove', ['caro'], true, { removed: 'caro', wasVerified: true }, [['caro'], 5, 'E_NAME_UNKNOWN'], []),
  at('selftest', ['--provider', 'native'], false, { failed: 0, files: [{ file: 'built-in', provider: 'native' }], failures: [] }, [['--vectors', 'full'], 5, 'E_NO_VECTORS'], ['--provider', 'openssl']),
  at('check all', [], false, { status: 'OK', checks: [any, any, any, any, any] }, [['--context', 'nowhere'], 3, 'E_NAME_UNKNOWN'], ['--warning', '5']),
  at('check store', ['--warning', '50'], false, { status: 'OK', age: null }, [['--store', 'no/store'], 3, 'E_NO_STORE'], ['--warning', 'hot']),
  at('check identity', ['--as', 'alice'], false, { status: 'OK' }, [['--as', 'nobody'], 3, 'E_NAME_UNKNOWN'], ['--format', 'xml']),
  at('check contacts', [], false, { status: 'OK' }, [none, 3, 'E_NO_HOME'], ['x']),
  at('check outbox', [], false, { status: 'OK', perfdata: [{ label: 'lost', value: 0, critical: '0' }, any, any, any] }, [none, 3, 'E_NO_HOME'], ['--max-age', 'old']),
  at('backup create', ['--what', 'all', '--out', 'all.opb'], true, { what: ['keys', 'store'], store: { messages: 0 } }, [['--out', 'all.opb'], 6, 'E_EXISTS'], ['--what', 'mail', '--out', 'x.opb']),
  at('backup list', [], false, { backups: [{ state: 'present', what: ['keys', 'store'] }] }, [none, 5, 'E_NO_HOME'], ['x']),
  at('backup show', ['all.opb'], false, { what: ['keys', 'store'], kdf: { name: 'argon2id', memoryKib: 65_536 } }, [['pass'], 7, 'E_FORMAT'], []),
  at('backup verify', ['all.opb'], false, { identities: ['alice', 'bot'], contacts: 1 }, [['all.opb', '--passphrase-file', 'wrong'], 4, 'E_PASSPHRASE'], ['-']),
  at('backup restore', ['all.opb', '--home', 'restored', '--store', 'restored-store'], true, { home: { identities: ['alice', 'bot'] }, store: { counts: { messages: 0 } } }, [['all.opb'], 6, 'E_EXISTS'], ['all.opb', '--what', 'mail']),
  at('backup remove', ['all.opb', '--confirm', 'all.opb'], true, { path: 'all.opb' }, [['pass', '--confirm', 'pass'], 7, 'E_FORMAT'], []),
  at('doctor', ['--out', 'doctor.tar'], true, { failed: 0, bundle: { out: 'doctor.tar', files: ['README.txt', 'findings.json', 'settings.json', 'machine.json', 'counts.json'] } }, [[...none, '--backend', 'redis'], 3, 'E_NOT_SUPPORTED'], ['--backend', 'abacus']),
];

const parts = partsFromSources();
const classOf = async (id: string) => (await parts.commands.find((entry) => entry.id === id)!.load()) as unknown as typeof BaseCommand;

let folder: string;
let box: Sandbox;
const said: string[] = [];

async function run(args: readonly string[]): Promise<Ran> {
  const ran = await box.run(args);
  said.push(ran.stdout, ran.stderr);
  return ran;
}

async function ok(...args: string[]): Promise<void> {
  const ran = await run([...args, '--quiet']);
  if (ran.code !== 0) throw new Error(`${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omniplex-'));
  box = await sandbox(folder);
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  await write('pass', `${CANARY}\n`);
  await write('wrong', 'not it\n');
  await mkdir(join(folder, 'full'));
  await write('full/letter.txt', 'mine');
  const secret = ['--passphrase-file', 'pass'];
  const other = ['--home', 'theirs', '--store', 'store'];
  await ok('init', 'local', '--defaults', '--select');
  await ok('init', 'theirs', '--defaults', ...other);
  await ok('identity', 'create', 'alice', ...secret);
  await ok('identity', 'create', 'bot', '--send-only', ...secret);
  const lines: string[] = [];
  for (const name of ['bob', 'carol']) {
    await ok('identity', 'create', name, ...other, ...secret);
    await ok('identity', 'export', name, '--out', `${name}.bundle`, ...other, ...secret);
    const { result } = JSON.parse((await run(['identity', 'show', name, ...other, '--json'])).stdout) as { result: { fingerprint: string } };
    lines.push(result.fingerprint);
  }
  await ok('identity', 'rotate', 'bob', ...other, ...secret);
  await ok('identity', 'export', 'bob', '--out', 'bob-2.bundle', ...other, ...secret);
  await write('words', `bob ${lines[0]}\ncaro ${lines[1]}\n`);
  await write('wrong-words', `bob ${lines[1]}\n`);
  await ok('contact', 'add', 'bob.bundle', '--fingerprint-file', 'words');
  await writeFile(join(folder, 'damaged.bundle'), (await readFile(join(folder, 'bob.bundle'))).subarray(0, 500));
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(cases)('omniplex $id', ({ id, good, changed, result, refused: [refused, exit, code], usage }) => {
  const words = id.split(' ');

  it('answers with one document that keeps its schema, and opens a key only where it says so', async () => {
    const { opensKey } = await classOf(id);
    const ran = await run([...words, ...good, '--json', ...(opensKey ? ['--passphrase-file', 'pass'] : [])]);
    const { document, problems } = await answerOf(id, ran);
    expect({ exit: ran.code, document, problems }).toMatchObject({ exit: 0, problems: [], document: { ok: true, changed, result } });
  });

  it('refuses with one document', async () => {
    const ran = await run([...words, ...refused, '--json', ...((await classOf(id)).opensKey && !refused.includes('--passphrase-file') ? ['--passphrase-file', 'pass'] : [])]);
    const { document, problems } = await answerOf(id, ran);
    expect({ exit: ran.code, document, problems }).toMatchObject({ exit, problems: [], document: { ok: false, changed: false, error: { code, exit } } });
  });

  it('answers wrong usage with one document', async () => {
    const ran = await run([...words, ...usage, '--json', '--passphrase-file', 'pass']);
    const { document, problems } = await answerOf(id, ran);
    const expected = id.startsWith('check ') ? 3 : 2;
    expect({ exit: ran.code, problems, ok: document.ok, code: document.error?.code }).toMatchObject({ exit: expected, problems: [], ok: false });
    expect(['E_USAGE', 'E_FLAG_NEEDED']).toContain(document.error?.code);
  });
});

describe('without a passphrase and a terminal', () => {
  it.each([
    ['identity create', ['erna']],
    ['identity rotate', ['alice']],
    ['identity remove', ['bot', '--confirm', 'bot']],
    ['identity revoke', ['bot', '--reason', 'lost', '--confirm', 'bot']],
    ['identity passphrase', ['alice']],
    ['identity export', ['alice', '--prekeys-until', '200d', '--out', 'never.bundle']],
    ['backup create', ['--out', 'never.opb']],
  ])('%s names the flag and does nothing', async (id, args) => {
    const { document } = await answerOf(id, await run([...id.split(' '), ...args, '--json']));
    expect(document).toMatchObject({ ok: false, changed: false, error: { code: 'E_FLAG_NEEDED', exit: 2, details: { flag: '--passphrase-file' } } });
    expect((await readdir(folder)).filter((name) => name.startsWith('never') || name.includes('.part'))).toEqual([]);
  });

  it('an identity whose prekeys last is exported, and one whose bundle does not expire is not rotated by --due', async () => {
    const exported = await answerOf('identity export', await run(['identity', 'export', 'alice', '--out', 'again.bundle', '--json']));
    expect(exported).toMatchObject({ code: 0, document: { changed: true, result: { rotated: false } } });
    const due = await answerOf('identity rotate', await run(['identity', 'rotate', '--due', '--json']));
    expect(due).toMatchObject({ code: 0, problems: [], document: { ok: true, changed: false } });
  });
});

it('is all of the commands that it should be', () => {
  const mine = parts.commands.map(({ id }) => id).filter((id) => /^(init|doctor|selftest|(identity|contact|check|backup) .*)$/.test(id));
  expect(cases.map(({ id }) => id).concat('check job').toSorted()).toEqual(mine.toSorted());
});

it('leaves no trace of the passphrase but in its file', async () => {
  expect(said.length).toBeGreaterThan(200);
  expect(said.filter((text) => text.includes(CANARY))).toEqual([]);
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await readFile(join(entry.parentPath, entry.name))).includes(CANARY)) found.push(entry.name);
  }
  expect(found).toEqual(['pass']);
});
