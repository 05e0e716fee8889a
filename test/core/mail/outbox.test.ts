import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, parseCid, type Cid } from '../../../src/core/base/cid.ts';
import { readCar } from '../../../src/core/base/car.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { readIntroductions, signingKeysUnder } from '../../../src/core/identity/index.ts';
import { outboxFields } from '../../../src/core/mail/outbox.ts';
import { decodeEvidence, readReceipt, verifyEvidence } from '../../../src/core/message/index.ts';
import { acknowledgedError } from '../../../src/core/storage/audit.ts';
import { knownLosses } from '../../../src/core/storage/losses.ts';
import { handPost, receiptByHand } from '../../support/hand-post.ts';
import { clockAt, secretOf } from '../../support/home.ts';
import { freshWorld, introduce, type Operator } from '../../support/mail.ts';
import { all, read, told } from '../../support/reader.ts';
import { ack, hello, trio } from '../../support/trio.ts';

const refused = (code: string) => expect.objectContaining({ code });
const DAY = 86_400_000;
const where = (text: string) => parseFilter(text, outboxFields);

/** As `fetch` leaves it: the home knows that it was opened. */
async function open(operator: Operator, cid: string): Promise<void> {
  await read(operator, cid);
  const home = await operator.app.home();
  const identity = home.people.identityNamed(operator.name);
  home.messages.put({ cid: parseCid(cid), identity: identity?.id, openedAtMs: home.clock.now(), bytes: 5, receipts: [] });
}

describe('the outbox', () => {
  it('lists the newest first, page by page, and filters', async () => {
    const { bob } = await trio();
    const cids: string[] = [];
    for (let i = 0; i < 5; i++) cids.unshift((await bob.app.send(hello({ id: `m${i}`, to: i % 2 === 0 ? ['alice'] : ['carol'] }))).result.cid);
    const list = async (request: Parameters<typeof bob.app.outbox.list>[0]) => (await bob.app.outbox.list(request)).result;
    expect((await list({})).messages.map(({ cid }) => cid)).toEqual(cids);
    const first = await list({ limit: 2 });
    expect(first.messages.map(({ id }) => id)).toEqual(['m4', 'm3']);
    const second = await list({ limit: 2, after: first.next as string });
    expect(second.messages.map(({ id }) => id)).toEqual(['m2', 'm1']);
    const third = await list({ limit: 2, after: second.next as string });
    expect(third).toMatchObject({ messages: [{ id: 'm0' }], next: null });
    const idsWhere = async (text: string) => (await list({ where: where(text) })).messages.map(({ id }) => id);
    expect(await idsWhere('to = carol')).toEqual(['m3', 'm1']);
    expect(await idsWhere('state = announced and id = m2')).toEqual(['m2']);
    expect(await idsWhere('state = unknown or size > 1KiB')).toEqual([]);
    expect(await idsWhere('created < 1h and name ~ plan')).toHaveLength(5);
    expect(await list({ sinceMs: Number.MAX_SAFE_INTEGER })).toEqual({ messages: [], next: null });
    await expect(bob.app.outbox.list({ after: 'x' })).rejects.toEqual(refused('E_USAGE'));
    expect((await list({ limit: 1 })).messages[0]).toEqual({
      cid: cids[0],
      id: 'm4',
      name: 'plan.txt',
      bytes: 5,
      created: expect.stringMatching(/Z$/),
      ended: null,
      expires: expect.stringMatching(/Z$/),
      durability: { asked: 'hot', true: 'hot' },
      receipt: null,
      state: 'announced',
      recipients: { total: 1, names: ['alice'], states: { announced: 1 } },
    });
  });

  it('shows one by its CID or its id, and nothing for what it never sent', async () => {
    const { bob } = await trio();
    const { result } = await bob.app.send(hello({ id: 'x' }));
    const shown = (await bob.app.outbox.show('x')).result;
    expect(shown).toMatchObject({ cid: result.cid, id: 'x', state: 'announced', recipients: [{ name: 'alice', state: 'announced' }, { name: 'carol', state: 'announced' }] });
    expect(shown.recipients[0]?.at).toBe(shown.recipients[0]?.times.announced);
    expect((await bob.app.outbox.show(result.cid)).result).toEqual(shown);
    expect((await bob.app.outbox.show(parseCid(result.cid))).result).toEqual(shown);
    for (const key of ['y', '', cidOf(DAG_CBOR, bytesOf('z')).toString(), 'bafyno']) await expect(bob.app.outbox.show(key)).rejects.toMatchObject({ code: 'E_NOT_FOUND', exit: 5 });
  });

  it('opens no key to list, and none to show while no receipt can have come', async () => {
    const { bob } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'opened' }));
    const keyless = await bob.again({ passphrase: () => Promise.reject(new Error('asked')) });
    expect((await keyless.outbox.list()).result.messages).toHaveLength(1);
    expect((await keyless.outbox.show(result.cid)).result.state).toBe('announced');
    await keyless.outbox.export(result.cid, { out: join((await keyless.home()).path, '..', 'evidence.car') });
  });

  it('learns from receipts: received, then opened, and never back', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'opened' }));
    await ack(carol, result.cid);
    await open(alice, result.cid);
    await ack(alice, result.cid);
    const { result: shown, changed } = await bob.app.outbox.show(result.cid);
    expect(changed).toBe(true);
    expect(shown).toMatchObject({ state: 'received', recipients: [{ name: 'alice', state: 'opened' }, { name: 'carol', state: 'received' }] });
    expect((await bob.app.outbox.show(result.cid)).changed).toBe(false);
    await open(carol, result.cid);
    await ack(carol, result.cid);
    expect((await bob.app.outbox.show(result.cid)).result).toMatchObject({ state: 'opened', recipients: [{ state: 'opened' }, { state: 'opened', times: { announced: expect.any(String), received: expect.any(String) } }] });
    expect(await told(bob)).toEqual([]);
  });

  it('waits for receipts: all, some missing, refused, nobody to wait for', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'opened', id: 'x' }));
    const nobody = await bob.app.outbox.wait('x', { state: 'received', timeoutMs: 0 });
    expect(nobody).toMatchObject({ error: { code: 'E_MISSING_RECIPIENTS', exit: 12, details: { missing: 2, total: 2, state: 'received' } } });
    const waiting = bob.app.outbox.wait('x', { state: 'opened', timeoutMs: 30_000 });
    for (const one of [alice, carol]) {
      await open(one, result.cid);
      await ack(one, result.cid);
    }
    const all = await waiting;
    expect(all.error).toBeUndefined();
    expect(all).toMatchObject({ changed: true, result: { state: 'opened' } });
    expect((await bob.app.outbox.wait('x', { state: 'received', timeoutMs: 0 })).error).toBeUndefined();
    await expect(bob.app.outbox.wait('y', { state: 'opened' })).rejects.toMatchObject({ code: 'E_NOT_FOUND', exit: 5 });
    const silent = await bob.app.send(hello());
    await expect(bob.app.outbox.wait(silent.result.cid, { state: 'opened' })).rejects.toEqual(refused('E_USAGE'));
    const half = await bob.app.send(hello({ receipt: 'received' }));
    await expect(bob.app.outbox.wait(half.result.cid, { state: 'opened' })).rejects.toEqual(refused('E_USAGE'));
  });

  it('stops waiting when a recipient refuses, and when it is told to', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(bob, alice);
    await introduce(alice, bob, { verified: false });
    const { result } = await bob.app.send(hello({ to: ['alice'], receipt: 'opened' }));
    const stopped = bob.app.outbox.wait(result.cid, { state: 'opened', signal: AbortSignal.timeout(50) });
    await expect(stopped).rejects.toMatchObject({ name: 'TimeoutError' });
    await open(alice, result.cid);
    await ack(alice, result.cid);
    const { result: shown, error } = await bob.app.outbox.wait(result.cid, { state: 'opened' });
    expect(shown.state).toBe('refused');
    expect(shown.recipients).toMatchObject([{ code: 'E_UNVERIFIED', why: expect.stringMatching(/verified contact/) as unknown, hint: expect.stringContaining(`omniplex inbox ack ${result.cid}`) as unknown }]);
    expect(error).toMatchObject({ code: 'E_MISSING_RECIPIENTS', details: { missing: 1 }, hint: expect.stringContaining(`outbox show ${result.cid}`) as unknown });
    // what the hint says ends it, does
    (await alice.app.contacts()).verify('bob', (await bob.app.identities()).show('bob').fingerprint, 'words');
    await ack(alice, result.cid);
    const [after] = (await bob.app.outbox.show(result.cid)).result.recipients;
    expect(after).toMatchObject({ state: 'opened' });
    expect(after).not.toHaveProperty('code');
    expect(after).not.toHaveProperty('hint');
  });

  it('resends the very same packets, to whoever was not told', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello());
    const cid = parseCid(result.cid);
    const [before] = await told(alice);
    expect((await bob.app.outbox.resend(result.cid)).changed).toBe(false);
    expect(await told(alice)).toHaveLength(1);
    const { hot } = await bob.app.store();
    for (const { inbox } of await hot.inbox.ofMessage(cid)) await hot.inbox.withdraw(inbox, cid);
    expect((await bob.app.outbox.resend(result.cid, { to: ['carol'] })).changed).toBe(true);
    expect(await told(alice)).toEqual([]);
    expect((await bob.app.outbox.resend(result.cid)).changed).toBe(true);
    expect((await told(alice))[0]?.packet).toEqual(before?.packet);
    expect((await read(carol, result.cid)).content).toEqual(bytesOf('hello'));
    await expect(bob.app.outbox.resend(result.cid, { to: ['dave', 'alice'] })).rejects.toMatchObject({ code: 'E_NAME_UNKNOWN', details: { names: '"dave"' } });
    await expect(bob.app.outbox.resend('y')).rejects.toEqual(refused('E_NOT_FOUND'));
  });

  it('brings back a record that the store lost while the blocks are there', async () => {
    const { alice, bob } = await trio();
    const { result } = await bob.app.send(hello());
    const cid = parseCid(result.cid);
    const { hot } = await bob.app.store();
    await hot.forget(cid, (await hot.message(cid))?.version as number);
    expect(await told(alice)).toEqual([]);
    expect((await bob.app.outbox.resend(result.cid)).changed).toBe(true);
    expect(await hot.message(cid)).toMatchObject({ blocks: result.blocks, tiers: ['hot'] });
    expect((await read(alice, result.cid)).content).toEqual(bytesOf('hello'));
  });

  it('says lost when the blocks are gone, warns once, and counts what cannot be resent', async () => {
    const { alice, bob } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'received' }));
    const kept = await bob.app.send(hello());
    await ack(alice, result.cid);
    await bob.app.outbox.show(result.cid);
    const { hot } = await bob.app.store();
    await hot.remove([parseCid(result.cid)]);
    await expect(bob.app.outbox.resend(result.cid)).rejects.toMatchObject({ code: 'E_MESSAGE_LOST', exit: 7 });
    // alice has said that she has it
    expect((await bob.app.outbox.show(result.cid)).result.recipients.map(({ state }) => state)).toEqual(['received', 'lost']);
    const next = await bob.again();
    await next.outbox.list();
    expect(bob.warnings).toMatchObject([{ code: 'W_LOST', count: 1 }]);
    await (await bob.again()).outbox.list();
    expect(bob.warnings).toHaveLength(1);
    expect((await bob.app.outbox.list({ where: where('state = lost') })).result.messages.map(({ cid }) => cid)).toEqual([result.cid]);
    const bulk = await bob.app.outbox.resendAll({ where: where('state = lost or state = announced') });
    expect(bulk).toMatchObject({ changed: false, result: { matched: 2, resent: 0, left: 1, reasons: { E_MESSAGE_LOST: 1 } }, error: { code: 'E_INCOMPLETE' } });
    expect(kept.result.cid).not.toBe(result.cid);
    expect(await bob.app.outbox.resendAll({ where: where('to = nobody') })).toEqual({ changed: false, result: { matched: 0, resent: 0, left: 0, reasons: {} } });
  });

  it('gives up a lost message that is cancelled: nobody asks for it any more', async () => {
    const { bob } = await trio();
    const { result } = await bob.app.send(hello());
    const store = await bob.app.store();
    await store.hot.remove([parseCid(result.cid)]);
    await store.hot.forget(parseCid(result.cid), 1);
    await expect(bob.app.outbox.resend(result.cid)).rejects.toEqual(refused('E_MESSAGE_LOST'));
    expect(await knownLosses(store)).toHaveLength(1);
    expect(await bob.app.outbox.cancel(result.cid)).toMatchObject({ changed: true, result: { state: 'cancelled', withdrawn: ['alice', 'carol'] } });
    expect(await knownLosses(store)).toEqual([]);
    expect(acknowledgedError(await store.verifyAcknowledged(0))).toBeUndefined();
    expect((await bob.app.outbox.cancel(result.cid)).changed).toBe(false);
  });

  it('does not resend what has expired', async () => {
    const clock = clockAt(Date.UTC(2026, 10, 23));
    const { bob } = await trio({ clock });
    const { result } = await bob.app.send(hello({ expires: '1d' }));
    clock.at += 2 * DAY;
    await expect(bob.app.outbox.resend(result.cid)).rejects.toMatchObject({ code: 'E_EXPIRED', hint: expect.stringContaining('omniplex send FILE') as unknown });
  });

  it('takes back what nobody has handled', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello({ id: 'x' }));
    const plan = await bob.app.outbox.cancel('x', { dryRun: true });
    expect(plan).toMatchObject({ changed: false, result: { withdrawn: ['alice', 'carol'], kept: [], state: 'announced' } });
    expect(await told(alice)).toHaveLength(1);
    const { result: cancelled, changed, error } = await bob.app.outbox.cancel('x');
    expect(error).toBeUndefined();
    expect(changed).toBe(true);
    expect(cancelled).toMatchObject({ withdrawn: ['alice', 'carol'], kept: [], read: null, state: 'cancelled' });
    expect(await told(alice)).toEqual([]);
    expect(await told(carol)).toEqual([]);
    const { hot, journal } = await bob.app.store();
    expect(await hot.message(parseCid(result.cid))).toMatchObject({ removed: true });
    expect(await all(journal.releasedSince(0))).toMatchObject([{ reason: 'removed' }]);
    expect((await bob.app.outbox.cancel('x')).changed).toBe(false);
    await expect(bob.app.outbox.resend('x')).rejects.toMatchObject({ code: 'E_CANCELLED', exit: 6 });
    expect(await bob.app.outbox.resendAll({ where: where('state = cancelled') })).toMatchObject({ changed: false, result: { matched: 0 } });
    expect(await told(alice)).toEqual([]);
    expect((await bob.app.outbox.show('x')).result.state).toBe('cancelled');
  });

  it('cannot take back what somebody has handled, and says whom it was too late for', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello({ durability: 'cold' }));
    await ack(carol, result.cid);
    const { result: cancelled, error } = await bob.app.outbox.cancel(result.cid);
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', exit: 12 });
    expect(cancelled).toMatchObject({ withdrawn: ['alice'], kept: ['carol'], recipients: [{ state: 'cancelled' }, { state: 'announced' }] });
    expect(error?.message).toContain('carol');
    expect(await told(alice)).toEqual([]);
    const store = await bob.app.store();
    expect(await store.hot.message(parseCid(result.cid))).toMatchObject({ removed: false });
    expect(await store.coldTier('files').announcements(parseCid(result.cid))).toHaveLength(1);
    expect(acknowledgedError(await store.verifyAcknowledged(0))).toBeUndefined();
    await expect(bob.app.outbox.resend(result.cid, { to: ['alice'] })).rejects.toEqual(refused('E_CANCELLED'));
    await bob.app.outbox.resend(result.cid);
    expect(await told(alice)).toEqual([]);
    await expect(bob.app.outbox.cancel(result.cid)).rejects.toMatchObject({ code: 'E_TOO_LATE', exit: 6 });
    await expect(bob.app.outbox.cancel('none')).rejects.toEqual(refused('E_NOT_FOUND'));
  });

  it('cannot take back what a recipient says that he has, whatever his inbox shows, and says that somebody read it', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'opened' }));
    await open(alice, result.cid);
    await ack(alice, result.cid);
    const { hot } = await bob.app.store();
    // handled at another store, say: here his inbox knows nothing of it
    for (const { inbox, acknowledgedAtMs } of await hot.inbox.ofMessage(parseCid(result.cid))) if (acknowledgedAtMs !== undefined) await hot.inbox.withdraw(inbox, parseCid(result.cid));
    await hot.touch(parseCid(result.cid), Date.now());
    const { result: cancelled, error } = await bob.app.outbox.cancel(result.cid);
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', exit: 12 });
    expect(cancelled).toMatchObject({ withdrawn: ['carol'], kept: ['alice'], read: expect.stringMatching(/Z$/), recipients: [{ state: 'opened' }, { state: 'cancelled' }] });
    expect(await told(carol)).toEqual([]);
  });

  it('exports evidence that somebody else can check, with no secret and no content in it', async () => {
    const { world, alice, bob, carol } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'opened', id: 'x' }));
    await open(alice, result.cid);
    await ack(alice, result.cid);
    await ack(carol, result.cid);
    const out = join(world.folder, 'evidence.car');
    const { result: exported, error } = await bob.app.outbox.export('x', { out });
    expect(error).toBeUndefined();
    const bytes = await readFile(out);
    expect(exported).toEqual({ cid: result.cid, id: 'x', out, bytes: bytes.length, receipts: { total: 2, opened: 1, received: 1, refused: 0, missing: 0, waiting: 0 }, collected: true, bundles: expect.any(Number) });

    // a third person, who knows nobody
    const judge = await world.operator('judge');
    const [crypto, home] = [await judge.app.crypto(), await judge.app.home()];
    const pieces = () => (async function* () { yield bytes; })();
    const people = await readIntroductions(crypto, pieces(), out);
    expect(people.map(({ newest }) => String(newest.name)).toSorted()).toEqual(['alice', 'bob', 'carol']);
    const { roots, blocks } = await readCar(pieces(), out);
    expect(roots.map(String)).toEqual([result.cid]);
    const said: string[] = [];
    for (const block of await all(blocks)) {
      let evidence;
      try {
        evidence = decodeEvidence(block.bytes);
      } catch {
        continue;
      }
      evidence.messageKey.wipe();
      using opened = await verifyEvidence(crypto, block.bytes, {
        resolveSender: async (identity: Cid, seq: number) => {
          const known = people.find(({ genesis }) => genesis.id.equals(identity));
          const publicKeys = signingKeysUnder(home, identity, seq) ?? known?.bundles.find((bundle) => bundle.seq === seq)?.signing.keys;
          return publicKeys && { publicKeys };
        },
      });
      expect(opened.sender.kind).toBe('signed');
      const { state, of } = await readReceipt(opened);
      expect(of.toString()).toBe(result.cid);
      const signer = people.find(({ genesis }) => opened.sender.kind === 'signed' && genesis.id.equals(opened.sender.identity));
      said.push(`${signer?.newest.name} ${state}`);
    }
    expect(said.toSorted()).toEqual(['alice opened', 'carol received']);
    expect(bytes.includes('hello')).toBe(false);
    await expect(bob.app.outbox.export('x', { out })).rejects.toEqual(refused('E_EXISTS'));
  });

  it('takes in the receipts that wait before it exports, and says so where no key is at hand', async () => {
    const { world, alice, bob, carol } = await trio();
    const out = (name: string) => join(world.folder, name);
    const { result } = await bob.app.send(hello({ receipt: 'received' }));
    await ack(alice, result.cid);
    const nobodyAsks = () => Promise.reject(fail('E_FLAG_NEEDED', { question: 'for the passphrase', flag: '--passphrase-file' }));
    const keyless = await bob.again({ passphrase: nobodyAsks });
    const without = await keyless.outbox.export(result.cid, { out: out('1.car') });
    expect(without).toMatchObject({ result: { receipts: { total: 0 }, collected: false }, error: { code: 'E_INCOMPLETE', exit: 12, hint: expect.stringContaining('--passphrase-file') as unknown } });
    expect((await bob.app.outbox.export(result.cid, { out: out('2.car') }))).toMatchObject({ result: { receipts: { total: 1, received: 1 }, collected: true }, changed: true });

    // what was taken in is evidence without a key, and stands beside what waits
    expect((await keyless.outbox.export(result.cid, { out: out('3.car') })).error).toBeUndefined();
    await ack(carol, result.cid);
    expect(await keyless.outbox.export(result.cid, { out: out('4.car') })).toMatchObject({ result: { receipts: { total: 1, received: 1 }, collected: false }, error: { code: 'E_INCOMPLETE' } });
    // a passphrase that is wrong is no reason to go on without
    const wrong = await bob.again({ passphrase: async () => secretOf('somebody') });
    await expect(wrong.outbox.export(result.cid, { out: out('5.car') })).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
    await expect(access(out('5.car'))).rejects.toThrow('ENOENT');
    // nor is one asked for when nothing can be written
    await expect(wrong.outbox.export(result.cid, { out: out('4.car') })).rejects.toMatchObject({ code: 'E_EXISTS' });
  });

  it('says of how many receipts the signature cannot be checked yet', async () => {
    const { world, alice, bob } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'opened', to: ['alice'] }));
    const other = await bob.app.send(hello({ receipt: 'opened', to: ['alice'] }));
    await (await alice.app.identities()).rotate('alice', 'signing');
    await handPost(alice, bob, receiptByHand(parseCid(result.cid)));
    const exported = await bob.app.outbox.export(result.cid, { out: join(world.folder, 'x.car') });
    expect(exported).toMatchObject({ result: { receipts: { total: 0, waiting: 1 }, collected: true }, error: { code: 'E_INCOMPLETE', hint: expect.stringContaining('contact update') as unknown } });
    expect((await bob.app.outbox.export(other.result.cid, { out: join(world.folder, 'y.car') }))).toMatchObject({ result: { receipts: { waiting: 0 } } });
    expect((await bob.app.outbox.export(other.result.cid, { out: join(world.folder, 'z.car') })).error).toBeUndefined();
  });

  it('says which receipts are no longer there to be shown', async () => {
    const { world, alice, bob } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'received', to: ['alice'] }));
    await ack(alice, result.cid);
    await bob.app.outbox.show(result.cid);
    const home = await bob.app.home();
    const [evidence] = home.outbox.find(parseCid(result.cid))?.recipients[0]?.evidence ?? [];
    await (await bob.app.store()).hot.remove([evidence?.cid as Cid]);
    const { result: exported, error } = await bob.app.outbox.export(result.cid, { out: join(world.folder, 'x.car') });
    expect(exported.receipts).toMatchObject({ total: 1, missing: 1, received: 0 });
    expect(error).toMatchObject({ code: 'E_INCOMPLETE' });
    await (await bob.app.store()).hot.remove([parseCid(result.cid)]);
    await expect(bob.app.outbox.export(result.cid, { out: join(world.folder, 'y.car') })).rejects.toEqual(refused('E_BLOCKS_MISSING'));
  });
});
