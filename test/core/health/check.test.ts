import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { chmod, cp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail, type OmniplexError } from '../../../src/core/base/errors.ts';
import { checkAll } from '../../../src/core/health/check-all.ts';
import { runCheck, together, worst, type CheckResult, type CheckRoom } from '../../../src/core/health/check.ts';
import { contactsCheck } from '../../../src/core/health/checks/contacts.ts';
import { identityCheck } from '../../../src/core/health/checks/identity.ts';
import { jobCheck } from '../../../src/core/health/checks/job.ts';
import { outboxCheck } from '../../../src/core/health/checks/outbox.ts';
import { storeCheck } from '../../../src/core/health/checks/store.ts';
import { atLeast, atMost } from '../../../src/core/health/range.ts';
import { witness } from '../../../src/core/home/index.ts';
import { OmniPlex } from '../../../src/core/omniplex.ts';
import { keepFindings } from '../../../src/core/storage/bad-findings.ts';
import type { JobRun } from '../../../src/core/storage/jobs.ts';
import { noteLosses } from '../../../src/core/storage/losses.ts';
import { clockAt } from '../../support/home.ts';
import { freshWorld, introduce } from '../../support/mail.ts';

const DAY_MS = 86_400_000;
const CID = parseCid('bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae');

const roomOf = (app: OmniPlex, as?: string): CheckRoom => ({ clock: app.clock, home: () => app.home(), store: () => app.store(), ...(as !== undefined && { as }) });

/** One operator whose clock the test moves; the private keys never are asked for again. */
async function keyless() {
  const world = await freshWorld();
  const clock = clockAt(systemClock.now());
  const alice = await world.operator('alice', { clock });
  const app = await alice.again({ passphrase: async () => Promise.reject(new Error('a check asked for the passphrase')) });
  return { world, clock, alice, app, room: roomOf(app) };
}

const job = (app: OmniPlex, run: Partial<JobRun>): Promise<void> =>
  app.store().then((store) => store.recordJob({ job: 'demote', startedAtMs: app.clock.now() - 3_600_000, endedAtMs: app.clock.now(), exit: 0, code: undefined, counts: {}, ...run }));

const value = ({ metrics }: CheckResult, label: string) => metrics.find((metric) => metric.label === label)?.value;

describe('the status', () => {
  it('is the worst, and what is broken goes before what is not known', () => {
    expect(worst([])).toBe('OK');
    expect(worst(['OK', 'WARNING', 'OK'])).toBe('WARNING');
    expect(worst(['WARNING', 'UNKNOWN'])).toBe('UNKNOWN');
    expect(worst(['UNKNOWN', 'CRITICAL', 'WARNING'])).toBe('CRITICAL');
  });

  it('of the first number is judged by the thresholds that were given, the others by their own', async () => {
    const subject = {
      name: 'it',
      examine: async () => ({
        summary: 's',
        metrics: [
          { label: 'a', value: 5, unit: '' as const, help: 'h', warning: atMost(1) },
          { label: 'b', value: 0, unit: '' as const, help: 'h', critical: atMost(0) },
        ],
      }),
    };
    const room = { clock: systemClock } as CheckRoom;
    expect((await runCheck(room, subject)).status).toBe('WARNING');
    expect((await runCheck(room, subject, { warning: atMost(5) })).status).toBe('OK');
    expect((await runCheck(room, subject, { critical: atMost(4) })).status).toBe('CRITICAL');
    expect((await runCheck(room, subject, { warning: atLeast(5), critical: atLeast(0) })).status).toBe('OK');
  });
});

describe('the store', () => {
  it('is OK when it is new, and says that nobody has verified it', async () => {
    const { room } = await keyless();
    const result = await runCheck(room, storeCheck);
    expect(result).toMatchObject({ status: 'OK', ageMs: undefined });
    expect(await runCheck(room, storeCheck, { maxAgeMs: DAY_MS })).toMatchObject({ status: 'UNKNOWN' });
  });

  it('is as the last verify found it, and its age counts', async () => {
    const { room, app, clock } = await keyless();
    await job(app, { job: 'verify', counts: { checked: 9, bad: 0, repaired: 0 } });
    clock.at += 2 * DAY_MS;
    expect(await runCheck(room, storeCheck, { maxAgeMs: 3 * DAY_MS })).toMatchObject({ status: 'OK', ageMs: 2 * DAY_MS });
    expect(await runCheck(room, storeCheck, { maxAgeMs: DAY_MS })).toMatchObject({ status: 'UNKNOWN' });
    await job(app, { job: 'verify', exit: 7, code: 'E_VERIFY', counts: { checked: 9, bad: 2, repaired: 1 } });
    const damaged = await runCheck(room, storeCheck);
    expect([damaged.status, value(damaged, 'bad')]).toEqual(['CRITICAL', 1]);
    await job(app, { job: 'verify', counts: { checked: 9, bad: 2, repaired: 2 } });
    expect((await runCheck(room, storeCheck)).status).toBe('OK');
    await job(app, { job: 'verify', exit: 130, code: 'E_INTERRUPTED' });
    expect((await runCheck(room, storeCheck)).status).toBe('WARNING');
  });

  it('is CRITICAL while anything found bad stands, however well a narrower verify ended since', async () => {
    const { room, app } = await keyless();
    const store = await app.store();
    await keepFindings(store, 2, true);
    await keepFindings(store, 0, false);
    await job(app, { job: 'verify', counts: { checked: 3, bad: 0, repaired: 0 } });
    const standing = await runCheck(room, storeCheck);
    expect([standing.status, value(standing, 'bad')]).toEqual(['CRITICAL', 2]);
    expect(standing.summary).toContain('which only a full verify takes back');
    await store.verify();
    expect((await runCheck(room, storeCheck)).status).toBe('OK');
  });

  it('is CRITICAL while what was acknowledged is missing, however often a verify ended well since', async () => {
    const { room, app, clock } = await keyless();
    const { hot } = await app.store();
    await noteLosses(hot, [{ cid: CID, durability: 'hot', atMs: clock.at, inboxes: [], bytes: 1, expiresAtMs: clock.at + DAY_MS }]);
    await job(app, { job: 'verify', counts: { bad: 0 } });
    const lost = await runCheck(room, storeCheck);
    expect([lost.status, value(lost, 'lost')]).toEqual(['CRITICAL', 1]);
    clock.at += DAY_MS;
    const expired = await runCheck(room, storeCheck);
    expect([expired.status, value(expired, 'lost')]).toEqual(['OK', 0]);
  });

  it('warns of a full hot tier, by its own thresholds or by those given', async () => {
    const { alice, world } = await keyless();
    const small = await OmniPlex.open({ home: alice.home, store: world.store, settings: { 'hot.budget': 100 } });
    await (await small.store()).hot.put([{ cid: (await import('../../../src/core/base/cid.ts')).cidOf(0x55, new Uint8Array(90)), bytes: new Uint8Array(90) }]);
    expect(await runCheck(roomOf(small), storeCheck)).toMatchObject({ status: 'WARNING' });
    expect(await runCheck(roomOf(small), storeCheck, { warning: atMost(95), critical: atMost(99) })).toMatchObject({ status: 'OK' });
    expect(await runCheck(roomOf(small), storeCheck, { critical: atMost(50) })).toMatchObject({ status: 'CRITICAL' });
    await small.close();
  });
});

describe('a job', () => {
  it('that never ran is UNKNOWN', async () => {
    const { room } = await keyless();
    expect(await runCheck(room, jobCheck('demote'))).toMatchObject({ status: 'UNKNOWN', metrics: [] });
  });

  it.each([
    [0, undefined, 'OK'],
    [12, 'E_INCOMPLETE', 'WARNING'],
    [6, 'E_LOCKED', 'WARNING'],
    [1, 'E_DISK_FULL', 'CRITICAL'],
    [7, 'E_VERIFY', 'CRITICAL'],
    [70, 'E_BUG', 'CRITICAL'],
  ] as const)('that ended %i is told', async (exit, code, status) => {
    const { room, app } = await keyless();
    await job(app, { exit, code });
    const result = await runCheck(room, jobCheck('demote'));
    expect([result.status, value(result, 'exit'), value(result, 'took')]).toEqual([status, exit, 3600]);
  });

  it('ages, by --max-age and by ranges of its seconds', async () => {
    const { room, app, clock } = await keyless();
    await job(app, {});
    clock.at += DAY_MS;
    expect(await runCheck(room, jobCheck('demote'), { maxAgeMs: DAY_MS })).toMatchObject({ status: 'OK' });
    expect(await runCheck(room, jobCheck('demote'), { maxAgeMs: DAY_MS - 1 })).toMatchObject({ status: 'UNKNOWN' });
    expect(await runCheck(room, jobCheck('demote'), { warning: atMost(86_399) })).toMatchObject({ status: 'WARNING' });
    expect(await runCheck(room, jobCheck('demote'), { critical: atMost(3_600), maxAgeMs: 1 })).toMatchObject({ status: 'CRITICAL' });
  });
});

describe('identities', () => {
  it('are OK, then WARNING, then CRITICAL as their prekeys end', async () => {
    const { room, clock } = await keyless();
    const at = async (days: number) => {
      clock.at += days * DAY_MS;
      return (await runCheck(room, identityCheck)).status;
    };
    // Seven days are in order, and one is not yet critical: both edges are inside.
    expect([await at(0), await at(23), await at(0.25), await at(5.75), await at(0.25), await at(30)]).toEqual(['OK', 'OK', 'WARNING', 'WARNING', 'CRITICAL', 'CRITICAL']);
  });

  it('can be one alone; unknown ones and none at all are refused', async () => {
    const { app, alice, world } = await keyless();
    await (await alice.app.identities()).create('bot', { sendOnly: true });
    const bot = await runCheck(roomOf(app, 'bot'), identityCheck);
    expect([bot.status, bot.metrics.map(({ label }) => label)]).toEqual(['OK', ['bundle_left']]);
    await expect(runCheck(roomOf(app, 'nobody'), identityCheck)).rejects.toMatchObject({ code: 'E_NAME_UNKNOWN' });
    const { createHome } = await import('../../../src/core/home/index.ts');
    const { systemRng } = await import('../../../src/core/base/rng.ts');
    (await createHome(`${world.folder}/empty`, { clock: systemClock, rng: systemRng })).close();
    const empty = await OmniPlex.open({ home: `${world.folder}/empty`, store: world.store });
    await expect(runCheck(roomOf(empty), identityCheck)).rejects.toMatchObject({ code: 'E_NO_IDENTITY' });
    await empty.close();
  });

  it('that are revoked count only when they are asked for', async () => {
    const { app, alice } = await keyless();
    const identities = await alice.app.identities();
    await identities.create('old');
    await identities.revoke('old', 'retired');
    expect((await runCheck(roomOf(app), identityCheck)).status).toBe('OK');
    expect(await runCheck(roomOf(app, 'old'), identityCheck)).toMatchObject({ status: 'CRITICAL', summary: expect.stringMatching(/^old is revoked \(retired\) since \d{4}/) as unknown });
    await identities.revoke('alice', 'lost');
    expect(await runCheck(roomOf(app), identityCheck)).toMatchObject({ status: 'UNKNOWN', metrics: [], summary: expect.stringMatching(/^all 2 identities are revoked/) as unknown });
    await rm(join(alice.home, 'keyring.opk'));
    expect(await runCheck(roomOf(app), identityCheck)).toMatchObject({ status: 'CRITICAL' });
  });

  it.each<[string, (ring: string) => Promise<unknown>, RegExp]>([
    ['gone', (ring) => rm(ring), /^there is no key ring at .*keyring\.opk; prekeys of alice/],
    ['garbage', (ring) => writeFile(ring, 'x'.repeat(900)), /^the key ring at .* is damaged/],
    ['empty', (ring) => writeFile(ring, ''), /^the key ring at .* is damaged/],
    ['without end', (ring) => truncate(ring, 9_000_000), /^the key ring at .* is damaged/],
    ['open to others', (ring) => chmod(ring, 0o644), /may be read by others/],
  ])('cannot act while the key ring is %s, and what is sent-only neither', async (_what, damage, says) => {
    const { app, alice, room } = await keyless();
    await (await alice.app.identities()).create('bot', { sendOnly: true });
    await damage(join(alice.home, 'keyring.opk'));
    const found = await runCheck(room, identityCheck);
    expect(found).toMatchObject({ status: 'CRITICAL', summary: expect.stringMatching(says) as unknown });
    expect(value(found, 'prekeys_left')).toBeGreaterThan(0);
    expect((await runCheck(roomOf(app, 'bot'), identityCheck)).status).toBe('CRITICAL');
    expect(together(await checkAll(room, { homeIsNamed: false })).status).toBe('CRITICAL');
  });

  it('cannot act in a copy of their home, but for those that only send', async () => {
    const { world, alice } = await keyless();
    const bot = await world.operator('bot', { sendOnly: true });
    const copyOf = async (of: typeof alice) => {
      await of.app.close();
      const home = join(world.folder, `copy-${of.name}`);
      await cp(of.home, home, { recursive: true });
      return runCheck(roomOf(await of.again({ home })), identityCheck);
    };
    expect(await copyOf(alice)).toMatchObject({ status: 'CRITICAL', summary: expect.stringContaining('not where it was made') as unknown });
    expect(await copyOf(bot)).toMatchObject({ status: 'OK' });
  });

  it('cannot act once the store has seen a later state of their home, and looking leaves no note there', async () => {
    const { alice, app, room } = await keyless();
    const { hot } = await app.store();
    const notes = async () => (await hot.notes('witness/')).length;
    expect([(await runCheck(room, identityCheck)).status, await notes()]).toEqual(['OK', 0]);
    const home = await alice.app.home();
    home.settings.set('home/generation', home.generation + 9);
    await witness(home, hot);
    expect([(await runCheck(room, identityCheck)).status, await notes()]).toEqual(['OK', 1]);
    home.settings.set('home/generation', home.generation - 9);
    expect(await runCheck(room, identityCheck)).toMatchObject({ status: 'CRITICAL', summary: expect.stringContaining('a later state') as unknown });
    for (const error of [fail('E_NO_STORE', { path: 'none' }), fail('E_MODE', { path: 'store', mode: '0755' })]) {
      const blind = { ...room, store: () => Promise.reject(error) };
      expect(await runCheck(blind, identityCheck)).toMatchObject({ status: 'OK', summary: expect.stringContaining('the store was not asked') as unknown });
    }
  });
});

describe('contacts', () => {
  it('are OK while they can be written to, whether anybody verified them or not', async () => {
    const { world, alice, room } = await keyless();
    await introduce(alice, await world.operator('bob'), { verified: false });
    await introduce(alice, await world.operator('bot', { sendOnly: true }));
    const result = await runCheck(room, contactsCheck);
    expect([result.status, value(result, 'unverified'), value(result, 'total')]).toEqual(['OK', 1, 2]);
  });

  it('are WARNING when prekeys are over or bundles expired, CRITICAL where that is asked for', async () => {
    const { world, alice, room, clock } = await keyless();
    await introduce(alice, await world.operator('bob'));
    clock.at += 31 * DAY_MS;
    expect(await runCheck(room, contactsCheck)).toMatchObject({ status: 'WARNING' });
    clock.at += 400 * DAY_MS;
    const expired = await runCheck(room, contactsCheck);
    expect([expired.status, value(expired, 'expired'), value(expired, 'lapsed')]).toEqual(['WARNING', 1, 0]);
    expect((await runCheck(room, contactsCheck, { critical: atMost(0) })).status).toBe('CRITICAL');
  });
});

describe('the outbox', () => {
  const journaled = async (app: OmniPlex, by?: object) => {
    const home = await app.home();
    const inbox = new Uint8Array(32);
    return home.outbox.begin({ createdAtMs: app.clock.now(), expiresAtMs: 0, durability: 'hot', recipients: [{ name: 'bob', identity: CID, inbox }], ...(by && { by }) } as never);
  };

  it('is OK while nothing went wrong', async () => {
    const { app, room } = await keyless();
    const { number } = await journaled(app);
    (await app.home()).outbox.settle(number, { atMs: app.clock.now(), state: 'announced' });
    const result = await runCheck(room, outboxCheck);
    expect([result.status, value(result, 'announced')]).toEqual(['OK', 1]);
  });

  it.each([['failed', 'WARNING'], ['lost', 'CRITICAL']] as const)('is told of what is %s', async (state, status) => {
    const { app, room } = await keyless();
    const { number } = await journaled(app);
    (await app.home()).outbox.settle(number, { atMs: app.clock.now(), state });
    expect((await runCheck(room, outboxCheck)).status).toBe(status);
  });

  it.each<[OmniplexError, string]>([
    [fail('E_STORE_CORRUPT', { tier: 'hot', path: 'hot.db', why: 'gone' }), 'CRITICAL'],
    [fail('E_BUSY', { what: 'the hot database' }), 'UNKNOWN'],
    [fail('E_NO_STORE', { path: 'none' }), 'UNKNOWN'],
  ])('while something may be lost and the store cannot be asked: %s is %s', async (error, status) => {
    const { app, room } = await keyless();
    const { number } = await journaled(app);
    const blind = { ...room, store: () => Promise.reject(error) };
    expect((await runCheck(blind, outboxCheck)).status).toBe('WARNING');
    (await app.home()).outbox.settle(number, { atMs: app.clock.now(), state: 'announced' });
    expect((await runCheck(blind, outboxCheck)).status).toBe(status);
    await journaled(app);
    (await app.home()).outbox.settle(2, { atMs: app.clock.now(), state: 'lost' });
    expect((await runCheck(blind, outboxCheck)).status).toBe('CRITICAL');
  });

  it('is WARNING when a process left no outcome, but not while one is at it', async () => {
    const { app, room } = await keyless();
    await journaled(app, { machine: 'another', pid: 1, startedTicks: 1 });
    expect((await runCheck(room, outboxCheck)).status).toBe('OK');
    await journaled(app);
    const result = await runCheck(room, outboxCheck);
    expect([result.status, value(result, 'unknown')]).toEqual(['WARNING', 1]);
  });
});

describe('all of them', () => {
  it('are those that apply, and no key is opened', async () => {
    const { app, room } = await keyless();
    await job(app, { job: 'verify', counts: { bad: 0 } });
    await job(app, {});
    const results = await checkAll(room, { homeIsNamed: true });
    expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual(['store OK', 'job demote OK', 'job verify OK', 'home OK', 'identity OK', 'contacts OK', 'outbox OK']);
    expect(together(results)).toMatchObject({ name: 'all', status: 'OK' });
    expect(together(results).metrics.map(({ label }) => label)).toContain('job_demote_age');
  });

  it('leave out a home that nobody named, and tell of one that was named and is not there', async () => {
    const { world } = await keyless();
    const app = await OmniPlex.open({ home: `${world.folder}/none`, store: world.store });
    expect((await checkAll(roomOf(app), { homeIsNamed: false })).map(({ name }) => name)).toEqual(['store']);
    expect(await checkAll(roomOf(app), { homeIsNamed: true })).toMatchObject([{ name: 'store', status: 'OK' }, { name: 'home', status: 'UNKNOWN' }]);
    await app.close();
  });

  it('go on when the store is gone', async () => {
    const { world, alice } = await keyless();
    const app = await OmniPlex.open({ home: alice.home, store: `${world.folder}/none` });
    const results = await checkAll(roomOf(app), { homeIsNamed: true });
    expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual(['store UNKNOWN', 'home OK', 'identity OK', 'contacts OK', 'outbox OK']);
    expect(together(results).status).toBe('UNKNOWN');
    await app.close();
  });

  it('go on when a home or a store is damaged, and that is CRITICAL', async () => {
    const { world, alice } = await keyless();
    await alice.app.close();
    await writeFile(join(world.store, 'hot.db'), 'x'.repeat(9000));
    const app = await alice.again();
    for (const subject of [storeCheck, jobCheck('verify')]) expect(await runCheck(roomOf(app), subject)).toMatchObject({ status: 'CRITICAL', metrics: [] });
    const results = await checkAll(roomOf(app), { homeIsNamed: true });
    expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual(['store CRITICAL', 'home OK', 'identity OK', 'contacts OK', 'outbox OK']);
    await app.close();
    await writeFile(join(alice.home, 'home.db'), 'x'.repeat(9000));
    const bare = await OmniPlex.open({ home: alice.home, store: world.store });
    expect((await checkAll(roomOf(bare), { homeIsNamed: false })).map(({ name, status }) => `${name} ${status}`)).toEqual(['store CRITICAL', 'home CRITICAL']);
    await bare.close();
  });

  it('are told when the records of jobs cannot be read', async () => {
    const { world, app, room } = await keyless();
    await job(app, {});
    await job(app, { job: 'verify', counts: { bad: 0 } });
    const db = new DatabaseSync(join(world.store, 'hot.db'));
    db.exec("UPDATE notes SET sum = sum + 1 WHERE name = 'job/demote'");
    db.close();
    const results = await checkAll(room, { homeIsNamed: true });
    expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual(['store OK', 'jobs CRITICAL', 'home OK', 'identity OK', 'contacts OK', 'outbox OK']);
  });

  it('see a page of the home that is damaged, which nobody else may stumble on', async () => {
    const { alice } = await keyless();
    const contacts = await alice.app.contacts();
    expect(contacts.list()).toEqual([]);
    await alice.app.close();
    const file = await open(join(alice.home, 'home.db'), 'r+');
    await file.write(Buffer.alloc(3000), 0, 3000, 5000);
    await file.close();
    const results = await checkAll(roomOf(await alice.again()), { homeIsNamed: true });
    expect(results.find(({ name }) => name === 'home')).toMatchObject({ status: 'CRITICAL', summary: expect.stringContaining('quick_check') as unknown });
    expect(together(results).status).toBe('CRITICAL');
  });

  it('look at the outbox of a home whose identities are gone', async () => {
    const { alice, app, room } = await keyless();
    const home = await app.home();
    const { number } = home.outbox.begin({ createdAtMs: app.clock.now(), expiresAtMs: 0, durability: 'hot', recipients: [{ name: 'bob', identity: CID, inbox: new Uint8Array(32) }] } as never);
    await (await alice.app.identities()).remove('alice');
    const statuses = async () => (await checkAll(room, { homeIsNamed: false })).map(({ name, status }) => `${name} ${status}`);
    expect(await statuses()).toEqual(['store OK', 'home OK', 'identity OK', 'contacts OK', 'outbox WARNING']);
    home.outbox.settle(number, { atMs: app.clock.now(), state: 'lost' });
    expect(await statuses()).toEqual(['store OK', 'home OK', 'identity OK', 'contacts OK', 'outbox CRITICAL']);
    expect((await checkAll(roomOf(app, 'alice'), { homeIsNamed: false })).find(({ name }) => name === 'identity')).toMatchObject({ status: 'UNKNOWN' });
  });
});
