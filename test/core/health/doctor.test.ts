import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCid } from '../../../src/core/base/cid.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { emptyConfig, resolveSettings } from '../../../src/core/base/config.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { bundleContent, bundleMembers } from '../../../src/core/health/doctor/bundle.ts';
import type { DoctorRoom } from '../../../src/core/health/doctor/room.ts';
import { diagnosisError, doctor, type Diagnosis } from '../../../src/core/health/doctor.ts';
import { freshFolder } from '../../support/folder.ts';
import { clockAt } from '../../support/home.ts';
import { freshWorld, introduce, type World } from '../../support/mail.ts';

const ON_A_HOME = ['home-database', 'home-original', 'key-ring', 'identities', 'contacts', 'outbox', 'backups'];
const ON_A_STORE = ['hot-tier', 'cold-tier', 'journal', 'locks', 'audit', 'jobs'];

function roomOf(folder: string, home: string, store: string | undefined, more: Partial<DoctorRoom> = {}): DoctorRoom {
  const { values } = resolveSettings({ flags: { home }, env: {}, file: emptyConfig, userHome: folder, cwd: folder });
  return { clock: systemClock, rng: systemRng, settings: { ...values, store }, context: undefined, configPath: join(folder, 'config.json'), ...more };
}

const verdictsOf = ({ findings }: Diagnosis): Record<string, string> => Object.fromEntries(findings.map(({ check, verdict, code }) => [check, code === undefined ? verdict : `${verdict} ${code}`]));

/** Every check that is not in order. */
const notOk = (diagnosis: Diagnosis): Record<string, string> => Object.fromEntries(Object.entries(verdictsOf(diagnosis)).filter(([, verdict]) => verdict !== 'ok' && verdict !== 'skip'));

async function operator(): Promise<{ world: World; home: string; room: DoctorRoom }> {
  const world = await freshWorld();
  const alice = await world.operator('alice-canary');
  await introduce(alice, await world.operator('bob-canary'));
  await alice.app.close();
  return { world, home: alice.home, room: roomOf(world.folder, alice.home, world.store) };
}

describe('a doctor', () => {
  it('finds nothing to fail where all is well, and gives advice wherever it is not', async () => {
    const { room } = await operator();
    const seen: string[] = [];
    const diagnosis = await doctor(room, { onFinding: ({ check }) => seen.push(check) });
    expect(notOk(diagnosis)).toEqual({ backups: 'warn' });
    expect(diagnosis).toMatchObject({ failed: 0, warned: 1 });
    expect(diagnosisError(diagnosis)).toBeUndefined();
    expect(seen).toEqual(diagnosis.findings.map(({ check }) => check));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([...ON_A_HOME, ...ON_A_STORE]));
  });

  it('works when everything is down', async () => {
    const folder = await freshFolder();
    const diagnosis = await doctor(roomOf(folder, join(folder, 'none'), join(folder, 'nowhere'), { settingsError: fail('E_CONFIG', { why: 'broken' }) }));
    expect(notOk(diagnosis)).toEqual({ settings: 'fail E_CONFIG', home: 'fail E_NO_HOME', store: 'fail E_NO_STORE' });
    expect(diagnosis.findings.filter(({ verdict }) => verdict === 'skip').map(({ check }) => check)).toEqual([...ON_A_HOME, ...ON_A_STORE]);
    expect(diagnosisError(diagnosis)).toMatchObject({ code: 'E_DOCTOR', exit: 1 });
    expect(await readdir(folder)).toEqual([]);
  });

  it('advises wherever it warns or fails', async () => {
    const folder = await freshFolder();
    for (const { verdict, advice } of (await doctor(roomOf(folder, join(folder, 'none'), undefined))).findings) {
      if (verdict === 'warn' || verdict === 'fail') expect(advice).toMatch(/\S/);
    }
  });

  it('changes nothing', async () => {
    const { room, home, world } = await operator();
    const digests = async () => {
      const found: Record<string, string> = {};
      for (const folder of [home, world.store]) {
        for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
          const path = join(entry.parentPath, entry.name);
          if (entry.isFile() && !/-(?:wal|shm)$/.test(path)) found[path] = createHash('sha256').update(await readFile(path)).digest('hex');
        }
      }
      return found;
    };
    const before = await digests();
    await doctor(room);
    expect(await digests()).toEqual(before);
  });

  it('can be sent to one backend', async () => {
    const { room } = await operator();
    expect((await doctor(room, { backend: 'embedded' })).findings.map(({ check }) => check)).toEqual(['store', 'store-disk', ...ON_A_STORE]);
    await expect(doctor(room, { backend: 'redis' })).rejects.toMatchObject({ code: 'E_NOT_SUPPORTED' });
    await expect(doctor(room, { backend: 'secret-typed-by-mistake' })).rejects.toMatchObject({ code: 'E_USAGE', message: expect.not.stringContaining('mistake') });
  });

  it('says that a node or an address is out of reach', async () => {
    const { room } = await operator();
    for (const store of [undefined, 'redis://127.0.0.1:1']) expect(notOk(await doctor({ ...room, settings: { ...room.settings, store } }))).toMatchObject({ store: 'fail E_NOT_SUPPORTED' });
  });

  it('ends with the signal', async () => {
    const { room } = await operator();
    await expect(doctor({ ...room, signal: AbortSignal.abort(fail('E_INTERRUPTED')) })).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });
});

describe('what is broken', () => {
  it.each<[string, (home: string, store: string) => Promise<unknown>, Record<string, string>]>([
    ['a home that others may read', (home) => chmod(home, 0o755), { home: 'fail E_MODE' }],
    ['a key ring that others may read', (home) => chmod(join(home, 'keyring.opk'), 0o644), { 'key-ring': 'fail E_MODE' }],
    ['a key ring with a flipped bit', async (home) => writeFile(join(home, 'keyring.opk'), (await readFile(join(home, 'keyring.opk'))).map((byte, at) => (at === 40 ? byte ^ 1 : byte))), { 'key-ring': 'fail E_KEYRING' }],
    ['a key ring that is gone', (home) => rm(join(home, 'keyring.opk')), { 'key-ring': 'fail E_NO_KEYRING' }],
    ['a home database that is none', (home) => writeFile(join(home, 'home.db'), 'x'.repeat(9000)), { home: 'fail E_HOME_CORRUPT' }],
    ['a home database that is gone', (home) => rm(join(home, 'home.db')), { home: 'fail E_HOME_CORRUPT' }],
    ['a hot database that is none', (_home, store) => writeFile(join(store, 'hot.db'), 'x'.repeat(9000)), { store: 'fail E_STORE_CORRUPT' }],
    ['a store from the future', (_home, store) => writeFile(join(store, 'store.json'), JSON.stringify({ v: 9, id: '0'.repeat(32) })), { store: 'fail E_VERSION_NEWER' }],
    ['a cold tier whose folder is a file', (_home, store) => rm(join(store, 'cold', 'announcements'), { recursive: true }).then(() => writeFile(join(store, 'cold', 'announcements'), '')), { store: 'fail E_EXISTS' }],
    ['a journal that is garbage', (_home, store) => writeFile(join(store, 'journal', `${new Date(systemClock.now()).toISOString().slice(0, 7)}.000.log`), 'x'.repeat(500)), { journal: 'fail E_STORE_CORRUPT' }],
  ])('%s is a finding and no crash', async (_what, damage, expected) => {
    const { room, home, world } = await operator();
    await damage(home, world.store);
    expect(notOk(await doctor(room))).toMatchObject(expected);
  });

  it('an outbox whose store cannot be asked is not said to have lost nothing', async () => {
    const { room, home, world } = await operator();
    const { openHome } = await import('../../../src/core/home/index.ts');
    const opened = await openHome(home, { clock: systemClock, rng: systemRng });
    const outboxOf = async () => (await doctor(room)).findings.find(({ check }) => check === 'outbox');
    await rm(join(world.store, 'hot.db'));
    expect(await outboxOf()).toMatchObject({ verdict: 'ok' });
    const { number } = opened.outbox.begin({ createdAtMs: systemClock.now(), expiresAtMs: 0, durability: 'hot', recipients: [{ name: 'bob', identity: parseCid('bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae'), inbox: new Uint8Array(32) }] } as never);
    opened.outbox.settle(number, { atMs: systemClock.now(), state: 'announced' });
    opened.close();
    expect(await outboxOf()).toMatchObject({ verdict: 'warn', code: 'E_STORE_CORRUPT', says: expect.not.stringContaining('nothing lost'), advice: expect.stringContaining('--repair') });
  });

  it('a copied home is told from the one it was made of', async () => {
    const { room, home, world } = await operator();
    const { cp } = await import('node:fs/promises');
    const copy = join(world.folder, 'copy');
    await cp(home, copy, { recursive: true });
    expect(notOk(await doctor({ ...room, settings: { ...room.settings, home: copy } }))).toMatchObject({ 'home-original': 'fail E_HOME_COPIED' });
  });

  it('time: prekeys that end, a bundle that expired, a clock that is wrong', async () => {
    const { room } = await operator();
    const at = async (ms: number) => notOk(await doctor({ ...room, clock: clockAt(systemClock.now() + ms) }));
    expect(await at(20 * 86_400_000)).toMatchObject({ identities: 'warn' });
    expect(await at(400 * 86_400_000)).toMatchObject({ identities: 'fail', contacts: 'warn' });
    expect(await at(-3_600_000)).toMatchObject({ clock: 'fail' });
    expect(notOk(await doctor({ ...room, clock: clockAt(0) }))).toMatchObject({ clock: 'fail' });
  });

  it('files with secrets that others may read, or that are missing', async () => {
    const { room, world } = await operator();
    const file = join(world.folder, 'pass');
    const withFile = async () => notOk(await doctor({ ...room, settings: { ...room.settings, 'passphrase-file': file, 'token-file': file } }));
    expect(await withFile()).toMatchObject({ 'passphrase-file': 'fail E_NOT_FOUND', 'token-file': 'fail E_NOT_FOUND' });
    await writeFile(file, 'x', { mode: 0o644 });
    expect(await withFile()).toMatchObject({ 'passphrase-file': 'fail E_MODE', 'token-file': 'fail E_MODE' });
    await chmod(file, 0o600);
    expect(await withFile()).toEqual({ backups: 'warn' });
  });

  it('jobs that failed, a lock that was left, a home without an identity', async () => {
    const { room, world } = await operator();
    const { openStore } = await import('../../../src/core/storage/store.ts');
    const store = await openStore(world.store);
    await store.recordJob({ job: 'demote', startedAtMs: 1, endedAtMs: 2, exit: 12, code: 'E_INCOMPLETE', counts: {} });
    await store.close();
    const later = clockAt(systemClock.now());
    const crashed = await openStore(world.store, { clock: later });
    await crashed.locks.acquire('gc', { holder: 'test', waitMs: 0 });
    await crashed.close();
    later.at += 3_600_000;
    expect(notOk(await doctor({ ...room, clock: later }))).toEqual({ backups: 'warn', jobs: 'warn', locks: 'warn' });
    await mkdir(join(world.folder, 'fresh'));
    const { createHome } = await import('../../../src/core/home/index.ts');
    (await createHome(join(world.folder, 'fresh'), { clock: systemClock, rng: systemRng })).close();
    expect(notOk(await doctor(roomOf(world.folder, join(world.folder, 'fresh'), undefined)))).toMatchObject({ 'key-ring': 'warn', identities: 'warn' });
  });
});

describe('the bundle', () => {
  it('holds what was announced, in that order, and names nobody', async () => {
    const { room, world } = await operator();
    // Something to tell of people: their names must stay here all the same.
    const given = { ...room, settings: { ...room.settings, as: 'alice-canary' }, clock: clockAt(systemClock.now() + 400 * 86_400_000) };
    const diagnosis = await doctor(given);
    expect(diagnosis.findings.find(({ check }) => check === 'contacts')?.about).toEqual(['bob-canary']);
    const members = bundleMembers({ room: given, ...diagnosis, version: '1.2.3', userHome: world.folder });
    expect(members.map(({ name }) => name)).toEqual(bundleContent.holds.map(({ name }) => name));
    const texts = new Map(members.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]));
    for (const [name, text] of texts) if (name.endsWith('.json')) expect(() => JSON.parse(text)).not.toThrow();
    for (const what of [...bundleContent.holds.map((held) => held.what), ...bundleContent.lacks]) expect(texts.get('README.txt')).toContain(what);
    expect(JSON.parse(texts.get('counts.json')!)).toMatchObject({ outbox: { lost: 0 }, store: { hot: { blocks: 0 }, locks: [] } });
    // The folder of this test's home has the name in it; the path of a home is told.
    const all = [...texts.values()].join('\n').replaceAll('home-alice-canary', 'home');
    expect(all).toMatch(/"home": "~\//);
    expect(all).not.toMatch(/canary|bafy|bafk/);
    expect(all).not.toContain(world.folder);
  });
});
