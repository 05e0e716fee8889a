/** check and doctor as cron, Nagios, the node exporter and a frightened operator use them: no passphrase, no terminal, anything may be down. */
import { chmod, cp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/core/storage/store.ts';
import { documentOf } from '../support/fixture.ts';
import { sandbox, type Sandbox } from '../support/run.ts';
import { answerOf } from '../support/stored.ts';

const DAY_MS = 86_400_000;

interface Place extends Sandbox {
  readonly home: string;
  readonly store: string;
}

async function place(): Promise<Place> {
  const box = await sandbox();
  const [home, store] = [join(box.folder, 'op'), join(box.folder, 'store')];
  expect((await box.run(['init', 'local', '--home', home, '--store', store, '--select', '--quiet'])).code).toBe(0);
  return { ...box, home, store };
}

async function withIdentity(): Promise<Place> {
  const box = await place();
  await writeFile(join(box.folder, 'pass'), 'tulip mania\n', { mode: 0o600 });
  expect((await box.run(['identity', 'create', 'alice', '--quiet', '--passphrase-file', 'pass'])).code).toBe(0);
  return box;
}

async function record(path: string, job: string, exit: number, agoMs = 0, counts = {}): Promise<void> {
  const store = await openStore(path);
  await store.recordJob({ job, startedAtMs: Date.now() - agoMs - 60_000, endedAtMs: Date.now() - agoMs, exit, code: exit === 0 ? undefined : 'E_INCOMPLETE', counts });
  await store.close();
}

describe('check', () => {
  it('speaks one line and the exit codes of a monitoring plugin', async () => {
    const { run, store } = await withIdentity();
    const ok = await run(['check', 'store']);
    expect([ok.code, ok.stderr]).toEqual([0, '']);
    expect(ok.stdout).toMatch(/^OMNIPLEX STORE OK: .* \| hot_used=0%;80;95 hot=0B hot_blocks=0 locks_left=0\n$/);
    const warning = await run(['check', 'identity', '--warning', '60d:']);
    expect([warning.code, warning.stdout.split(':')[0]]).toEqual([1, 'OMNIPLEX IDENTITY WARNING']);
    const critical = await run(['check', 'identity', '--critical', '60d:']);
    expect([critical.code, critical.stdout.split(':')[0]]).toEqual([2, 'OMNIPLEX IDENTITY CRITICAL']);
    const unknown = await run(['check', 'store', '--max-age', '1d']);
    expect([unknown.code, unknown.stdout.split(':')[0]]).toEqual([3, 'OMNIPLEX STORE UNKNOWN']);
    const broken = await run(['check', 'store', '--store', `${store}-none`]);
    expect([broken.code, broken.stdout.split(':')[0]]).toEqual([3, 'OMNIPLEX STORE UNKNOWN']);
    const misused = await run(['check', 'store', '--warning', 'no range']);
    expect([misused.code, misused.stdout.split(':')[0]]).toEqual([3, 'OMNIPLEX STORE UNKNOWN']);
    expect(misused.stdout + misused.stderr).not.toContain('no range');
  });

  it('takes damage for a fault and not for ignorance', async () => {
    const { run, store } = await withIdentity();
    await writeFile(join(store, 'hot.db'), 'x'.repeat(9000));
    for (const args of [['store'], ['job', 'verify'], ['all']]) {
      const ran = await run(['check', ...args]);
      expect([ran.code, ran.stdout.split(':')[0], ran.stderr]).toEqual([2, `OMNIPLEX${args[0] === 'all' ? '' : ` ${args[0]?.toUpperCase()}`} CRITICAL`, '']);
    }
    expect((await run(['check', 'store', '--format', 'prometheus'])).stdout).toMatch(/^omniplex_check_status\{check="store"\} 2$/m);
    await rm(store, { recursive: true });
    expect((await run(['check', 'store'])).code).toBe(3);
  });

  it('is not green over a home that can no longer act', async () => {
    const { run, folder, home, store } = await withIdentity();
    const secret = ['--passphrase-file', 'pass'];
    const identity = async (...more: string[]) => {
      const { code, stdout } = await run(['check', 'identity', ...more]);
      return [code, stdout.replace(/^OMNIPLEX IDENTITY (\w+): ([^;|]*).*\n$/, '$1 $2')];
    };
    // a copy, and a home that was overtaken by its own backup
    await cp(home, join(folder, 'copy'), { recursive: true });
    expect(await identity('--home', 'copy')).toEqual([2, expect.stringMatching(/^CRITICAL this home was copied .* not where it was made$/)]);
    await writeFile(join(folder, 'letter'), 'dear diary');
    expect((await run(['backup', 'create', '--out', 'b.opb', '--quiet', ...secret])).code).toBe(0);
    const anew = ['--home', 'new', '--no-context', ...secret];
    expect((await run(['backup', 'restore', 'b.opb', '--quiet', ...anew])).code).toBe(0);
    expect([await identity(), (await run(['doctor'])).code]).toEqual([[0, expect.stringMatching(/^OK prekeys of alice/)], 0]);
    expect((await run(['send', 'letter', '--to', 'alice', '--store', store, '--quiet', ...anew])).code).toBe(0);
    for (let i = 0; i < 2; i++) {
      expect(await identity()).toEqual([2, expect.stringMatching(/^CRITICAL this home was copied .* that home has taken over$/)]);
      const doctor = await run(['doctor']);
      expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/^fail {2}home-original .*taken over.*\(E_HOME_COPIED\)$/m)]);
    }
    expect(documentOf(await run(['send', 'letter', '--to', 'alice', '--json', ...secret]))).toMatchObject({ error: { code: 'E_HOME_COPIED' } });
    expect((await run(['check', 'identity', '--home', 'new', '--store', store, '--no-context'])).code).toBe(0);
    // the ring is gone: nothing may hide that
    await rename(join(folder, 'new', 'keyring.opk'), join(folder, 'ring'));
    expect((await run(['check', 'all', '--home', 'new'])).code).toBe(2);
    for (const args of [['send', 'letter', '--to', 'alice'], ['identity', 'create', 'bob']]) {
      expect(documentOf(await run([...args, '--store', store, '--json', ...anew]))).toMatchObject({ error: { code: 'E_NO_KEYRING', hint: expect.stringContaining('omniplex backup restore FILE') } });
    }
    expect((await readdir(join(folder, 'new'))).includes('keyring.opk')).toBe(false);
  });

  it('is silent with --quiet while all is well, and only then', async () => {
    const { run } = await withIdentity();
    expect(await run(['check', 'all', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await run(['check', 'identity', '--warning', '60d:', '--quiet'])).stdout).toContain('WARNING');
  });

  it('reads what jobs left behind', async () => {
    const { run, store } = await place();
    const never = await answerOf('check job', await run(['check', 'job', 'demote', '--json']));
    expect(never).toMatchObject({ code: 3, problems: [], document: { ok: true, result: { status: 'UNKNOWN' } } });
    await record(store, 'demote', 12, 3_600_000, { moved: 31_007, left: 17_204 });
    const late = await run(['check', 'job', 'demote', '--max-age', '26h']);
    expect([late.code, late.stdout]).toEqual([1, expect.stringMatching(/^OMNIPLEX JOB WARNING: demote ended 12 \(E_INCOMPLETE\) at .*left 17204, moved 31007 \| age=36\d\ds exit=12 took=60s\n$/)]);
    expect((await run(['check', 'job', 'demote', '--max-age', '30m'])).code).toBe(3);
    expect((await run(['check', 'job', 'demote', '--critical', '30m'])).code).toBe(2);
    await record(store, 'verify', 0, 2 * DAY_MS, { checked: 5, bad: 0 });
    const all = await answerOf('check all', await run(['check', 'all', '--json']));
    expect(all).toMatchObject({ code: 1, problems: [], document: { ok: true, result: { status: 'WARNING', checks: [{ name: 'store', age: expect.any(Number) }, { name: 'job demote' }, { name: 'job verify' }, { name: 'home' }, { name: 'identity', status: 'OK', summary: 'there is none' }, { name: 'contacts' }, { name: 'outbox' }] } } });
    expect((await run(['check', 'all', '--max-age', '1d'])).code).toBe(3);
  });

  it('writes a file for the node exporter: readable by it, replaced whole, exit 0 whatever it says', async () => {
    const { run, folder, store } = await withIdentity();
    const file = join(folder, 'omniplex.prom');
    await record(store, 'demote', 7);
    const args = ['check', 'all', '--format', 'prometheus', '--out', file];
    expect(await run(args)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const first = await readFile(file, 'utf8');
    expect(first).toMatch(/^omniplex_check_status\{check="job demote"\} 2$/m);
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    await record(store, 'demote', 0);
    expect((await run(args)).code).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^omniplex_check_status\{check="job demote"\} 0$/m);
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining('.part'));
    // Every line is a comment or a sample.
    for (const line of first.trimEnd().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"\})? -?[\d.]+)$/);
    const gone = await run(['check', 'store', '--format', 'prometheus', '--out', file, '--store', `${store}-none`]);
    expect(gone.code).toBe(3);
    expect(await readFile(file, 'utf8')).toContain('omniplex_check_status{check="store"} 3');
  });

  it('a text is for people, and another file is never overwritten', async () => {
    const { run, folder } = await place();
    expect((await run(['check', 'all', '--format', 'text'])).stdout).toMatch(/^STATUS {2}CHECK {5}SAYS\nOK {6}store {5}.*\nOK {6}home {6}every page .*\nOK {6}identity {2}there is none\n/);
    await writeFile(join(folder, 'mine'), 'mine');
    expect((await run(['check', 'store', '--out', 'mine'])).code).toBe(3);
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine');
  });
});

describe('doctor', () => {
  it('names what is wrong and what to do, and exits 1', async () => {
    const { run, home, store } = await withIdentity();
    await writeFile(join(store, 'hot.db'), 'x'.repeat(5000));
    await chmod(home, 0o755);
    const ran = await run(['doctor']);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^fail {2}home .*\(E_MODE\)$/m);
    expect(ran.stdout).toMatch(/^fail {2}store .*\(E_STORE_CORRUPT\)\n.*omniplex store verify --repair/m);
    expect(ran.stderr).toContain('home, store');
    const { document, problems } = await answerOf('doctor', await run(['doctor', '--json']));
    expect({ document, problems }).toMatchObject({ problems: [], document: { ok: false, result: { failed: 2, bundle: null }, error: { code: 'E_DOCTOR', details: { failed: 2 } } } });
  });

  it('works when the configuration is broken and nothing was ever made', async () => {
    const { run, folder } = await place();
    const config = join(folder, 'home', '.config', 'omniplex', 'config.json');
    await writeFile(config, '{"v":1,');
    for (const args of [['doctor'], ['doctor', '--context', 'nowhere'], ['doctor', '--home', 'none', '--store', 'none']]) {
      const ran = await run([...args, '--json']);
      expect(ran.code).toBe(1);
      expect(documentOf(ran)).toMatchObject({ error: { code: 'E_DOCTOR', details: { names: expect.stringContaining('settings') } } });
    }
    await rm(config);
    expect(documentOf(await run(['doctor', '--json']))).toMatchObject({ error: { details: { names: 'home, store' } } });
  });

  it('says what its bundle holds before it writes it, and takes nothing of it back', async () => {
    const { run, folder } = await withIdentity();
    const ran = await run(['doctor', '--out', 'incident.tar']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/incident\.tar will hold[^]*findings\.json[^]*none of: keys and passphrases/);
    const tar = await readFile(join(folder, 'incident.tar'));
    expect(tar.subarray(257, 262).toString()).toBe('ustar');
    expect(tar.includes('alice')).toBe(false);
    expect(tar.includes(join(folder, 'home'))).toBe(false);
    expect((await run(['doctor', '--out', 'incident.tar'])).code).toBe(6);
    const piped = await run(['doctor', '--out', '-', '--quiet']);
    expect(piped.stdoutBytes.subarray(257, 262).toString()).toBe('ustar');
    expect(piped.stdoutBytes.length % 512).toBe(0);
  });
});
