import { cp, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/core/base/cid.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { openHome } from '../../../src/core/home/index.ts';
import { decodeBundle, Identities, rotations } from '../../../src/core/identity/index.ts';
import { rotateOwn } from '../../../src/core/identity/own-keys.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import { cheapKdf, clockAt, freshHome, freshRing, secretOf, testCrypto } from '../../support/home.ts';
import { bundleOf, operator, operatorOf } from '../../support/people.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const DAY = 86_400_000;
const refused = (code: string) => expect.objectContaining({ code });

describe('an identity of mine', () => {
  it('is made with one prekey, one inbox and both algorithms, and shown without the key ring', async () => {
    const me = await operator(clockAt(NOW));
    await me.identities.create('ada');
    const unlocked = me.unlocks();
    const shown = me.identities.show('ada');
    expect(shown).toMatchObject({
      name: 'ada', seq: 1, sendOnly: false, keystore: 'file', algorithms: ['ed25519', 'ml-dsa-65'], prekeysUntilMs: NOW + 30 * DAY, expiresAtMs: NOW + limits.bundleLifeMs,
    });
    expect(shown.prekeys).toHaveLength(1);
    expect(shown.fingerprint).toHaveLength(12);
    expect(me.identities.list()).toEqual([shown]);
    expect(me.identities.inboxes('ada').map(({ cid, digest }) => [cid.toString(), digest])).toEqual([[shown.inboxes[0]!.toString(), digestOf(shown.inboxes[0]!)]]);
    expect(me.unlocks()).toBe(unlocked);
  });

  it('has a name of its own', async () => {
    const me = await operator();
    await me.identities.create('ada');
    await expect(me.identities.create('ada')).rejects.toEqual(refused('E_NAME_TAKEN'));
    for (const name of ['', '-x', 'a b', 'a/b', '.a', 'a\n', 'group:x', 'x'.repeat(65)]) await expect(me.identities.create(name)).rejects.toEqual(refused('E_USAGE'));
    expect(() => me.identities.show('eve')).toThrow(refused('E_NAME_UNKNOWN'));
    const eve = await operator();
    await eve.identities.create('eve');
    me.contacts.add([{ introduction: await bundleOf(eve, 'eve') }]);
    const unlocks = me.unlocks();
    await expect(me.identities.create('eve')).rejects.toMatchObject({ code: 'E_NAME_TAKEN', details: { kind: 'contact' }, hint: expect.stringContaining('omniplex contact rename eve') as unknown });
    expect(me.unlocks()).toBe(unlocks);
    expect(me.identities.list()).toHaveLength(1);
    me.contacts.rename('eve', 'evelyn');
    expect((await me.identities.create('eve')).name).toBe('eve');
  });

  it('acts when it is the only one', async () => {
    const me = await operator();
    expect(() => me.identities.acting()).toThrow(refused('E_NO_IDENTITY'));
    await me.identities.create('ada');
    expect(me.identities.acting().name).toBe('ada');
    await me.identities.create('bot', { sendOnly: true });
    expect(() => me.identities.acting()).toThrow(refused('E_NO_IDENTITY'));
    expect(me.identities.acting('bot').name).toBe('bot');
    expect(() => me.identities.acting('eve')).toThrow(refused('E_NAME_UNKNOWN'));
  });

  it.each(rotations)('rotates %s into a new bundle, and still opens what was sealed before', async (rotation) => {
    const me = await operator(clockAt(NOW));
    await me.identities.create('ada');
    const before = (await bundleOf(me, 'ada')).newest;
    const keysBefore = (await me.identities.openingKeys('ada')).map(({ keyId }) => Buffer.from(keyId).toString('hex'));
    const { identity, changed } = await me.identities.rotate('ada', rotation);
    const after = (await bundleOf(me, 'ada')).newest;
    expect([changed, identity.seq, after.seq]).toEqual([true, 2, 2]);
    const is = (...names: string[]) => names.includes(rotation);
    expect(after.signing.from).toBe(is('signing', 'all') ? 2 : 1);
    expect(Buffer.compare(after.kemKey, before.kemKey) !== 0).toBe(is('kem', 'all'));
    expect(after.prekeys).toHaveLength(is('prekeys', 'all') ? 2 : 1);
    expect(after.inboxes).toEqual(before.inboxes);
    const keysAfter = (await me.identities.openingKeys('ada')).map(({ keyId }) => Buffer.from(keyId).toString('hex'));
    expect(keysAfter).toEqual(expect.arrayContaining(keysBefore));
    expect((await me.identities.signerFor('ada')).bundleSeq).toBe(2);
  });

  it('publishes at most four prekeys, keeps those that left until their date, and not those that never did', async () => {
    const clock = clockAt(NOW);
    const me = await operator(clock);
    await me.identities.create('ada');
    // Never exported: each replaced prekey that falls out of the bundle goes at once.
    for (let i = 0; i < 6; i++) await me.identities.rotate('ada');
    expect(me.identities.show('ada').prekeys).toHaveLength(4);
    expect((await me.identities.openingKeys('ada')).filter(({ keyType }) => keyType === 'prekey')).toHaveLength(4);
    await me.identities.exportBundle('ada');
    for (let i = 0; i < 4; i++) await me.identities.rotate('ada');
    expect((await me.identities.openingKeys('ada')).filter(({ keyType }) => keyType === 'prekey')).toHaveLength(8);
    clock.at = NOW + 30 * DAY + limits.prekeyGraceMs;
    // Those that never left go with the bundle that names them no more; the four that did stay to the last moment of their grace.
    expect((await me.identities.rotateDue())[0]).toMatchObject({ changed: true, destroyed: 4 });
    clock.at += 1;
    expect((await me.identities.rotateDue())[0]).toMatchObject({ changed: true, destroyed: 4 });
    expect((await me.identities.rotateDue())[0]).toMatchObject({ changed: false, destroyed: 0 });
    const ring = await me.ring();
    expect(ring.names().filter((name) => name.includes('/prekey/'))).toHaveLength(me.home.people.keysOf(me.identities.show('ada').id).filter(({ kind }) => kind === 'prekey').length);
  });

  it('does not pile up prekeys without end', async () => {
    const me = await operator(clockAt(NOW));
    await me.identities.create('ada');
    await expect(
      (async () => {
        for (let i = 0; i < limits.prekeysKeptMax + 2; i++) {
          me.identities.handOut('ada');
          await me.identities.rotate('ada');
        }
      })(),
    ).rejects.toEqual(refused('E_TOO_MANY'));
    expect((await me.identities.signerFor('ada')).bundleSeq).toBe(me.identities.show('ada').seq);
  });

  it('is exported without the key ring unless a prekey must be made, and remembers that it left', async () => {
    const clock = clockAt(NOW);
    const me = await operator(clock);
    await me.identities.create('ada');
    expect(me.identities.show('ada').handedOutAtMs).toBeUndefined();
    const unlocked = me.unlocks();
    const first = await me.identities.exportBundle('ada');
    expect([first.rotated, first.identity.handedOutAtMs, me.unlocks()]).toEqual([false, NOW, unlocked]);
    const far = NOW + 90 * DAY;
    const second = await me.identities.exportBundle('ada', { prekeysUntilMs: far });
    expect([second.rotated, second.identity.prekeysUntilMs, second.identity.seq]).toEqual([true, far, 2]);
    expect((await me.identities.exportBundle('ada', { prekeysUntilMs: far })).rotated).toBe(false);
    clock.at = NOW + 80 * DAY;
    expect((await me.identities.exportBundle('ada')).rotated).toBe(true);
    for (const until of [clock.at, NOW, clock.at + limits.prekeyLifeMsMax + 1]) {
      await expect(me.identities.exportBundle('ada', { prekeysUntilMs: until })).rejects.toEqual(refused('E_USAGE'));
    }
  });

  it('that only sends has no prekeys and one bundle, ever', async () => {
    const me = await operator(clockAt(NOW));
    const bot = await me.identities.create('bot', { sendOnly: true });
    expect(bot).toMatchObject({ sendOnly: true, prekeys: [] });
    expect(bot.inboxes).toHaveLength(1);
    for (const rotation of rotations) await expect(me.identities.rotate('bot', rotation)).rejects.toEqual(refused('E_SEND_ONLY'));
    await expect(me.identities.exportBundle('bot', { prekeysUntilMs: NOW + DAY })).rejects.toEqual(refused('E_SEND_ONLY'));
    expect(await me.identities.rotateDue()).toMatchObject([{ changed: false }]);
    expect((await bundleOf(me, 'bot')).newest.seq).toBe(1);
    expect((await me.identities.openingKeys('bot')).map(({ keyType }) => keyType)).toEqual(['identity']);
  });

  it('revoked, signs and rotates no more, opens still, and tells whoever gets its bundle', async () => {
    const me = await operator(clockAt(NOW));
    await me.identities.create('ada');
    const { revocation, changed } = await me.identities.revoke('ada', 'compromised');
    expect(changed).toBe(true);
    expect(await me.identities.revoke('ada', 'compromised')).toEqual({ revocation, changed: false });
    await expect(me.identities.revoke('ada', 'lost')).rejects.toMatchObject({ code: 'E_REVOCATION_FINAL', exit: 6, details: { reason: 'compromised', asked: 'lost' } });
    await expect(me.identities.signerFor('ada')).rejects.toEqual(refused('E_REVOKED'));
    await expect(me.identities.rotate('ada')).rejects.toEqual(refused('E_REVOKED'));
    expect(await me.identities.openingKeys('ada')).toHaveLength(2);
    expect((await bundleOf(me, 'ada')).revocation).toMatchObject({ reason: 'compromised', atMs: NOW });
    expect(me.identities.show('ada').revoked).toEqual({ reason: 'compromised', atMs: NOW });
  });

  it('removed, leaves no private key, and its name is free', async () => {
    const me = await operator();
    const { id } = await me.identities.create('ada');
    await me.identities.create('ben');
    await me.identities.remove('ada');
    const ring = await me.ring();
    expect(ring.names(id.toString())).toEqual([]);
    expect(me.identities.list().map(({ name }) => name)).toEqual(['ben']);
    await expect(me.identities.signerFor('ada')).rejects.toEqual(refused('E_NAME_UNKNOWN'));
    expect((await me.identities.create('ada')).id.equals(id)).toBe(false);
  });

  it('of two processes that rotate at once makes bundles in a row', async () => {
    const home = await freshHome();
    const one = await operatorOf(home, await freshRing(home, 'pass'));
    await one.identities.create('ada');
    using second = await openHome(home.path, home);
    const two = await operatorOf(second, await Ring.open(second, secretOf('pass'), { crypto: await testCrypto() }));
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => (i % 2 === 0 ? one : two).identities.rotate('ada', i % 3 === 0 ? 'all' : 'prekeys')));
    expect(results.every(({ changed }) => changed)).toBe(true);
    const { bundles } = await bundleOf(one, 'ada');
    expect(bundles.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const who of [one, two]) expect((await who.identities.signerFor('ada')).bundleSeq).toBe(7);
    expect((await one.identities.openingKeys('ada')).length).toBe((await two.identities.openingKeys('ada')).length);
  });

  it('survives a crash between key ring and database, wherever new keys were made', async () => {
    for (const rotation of rotations) {
      const me = await operator(clockAt(NOW));
      const { id } = await me.identities.create('ada');
      const ring = await me.ring();
      const { people } = me.home;
      const crash = ring.change(
        (draft) => rotateOwn(me.crypto, draft, decodeBundle(people.newestBundle(id)!.block), people.keysOf(id), { nowMs: NOW, rotation, prekeysUntilMs: NOW + DAY }),
        () => {
          throw new Error('crash');
        },
      );
      await expect(crash).rejects.toThrow('crash');
      const after = await operatorOf(me.home, await Ring.open(me.home, secretOf('correct horse'), { crypto: me.crypto }));
      expect((await after.identities.signerFor('ada')).bundleSeq).toBe(1);
      expect(await after.identities.openingKeys('ada')).toHaveLength(2);
      await after.identities.rotate('ada', rotation);
      expect((await after.identities.signerFor('ada')).bundleSeq).toBe(2);
      const secrets = (await after.ring()).names(`${id}/`);
      expect(secrets.filter((name) => name.includes('/kem/') || name.includes('/prekey/'))).toHaveLength(people.keysOf(id).length);
      expect(secrets.filter((name) => name.includes('/signing/'))).toHaveLength(2);
    }
  });
});

describe('a copied home', () => {
  async function copied(sendOnly: boolean) {
    const home = await freshHome();
    const me = await operatorOf(home, await freshRing(home, 'pass'));
    await me.identities.create('ada', { sendOnly });
    home.close();
    const path = join(dirname(home.path), 'copy');
    await cp(home.path, path, { recursive: true });
    const copy = await openHome(path, home);
    return { original: home, me: await operatorOf(copy, await Ring.open(copy, secretOf('pass'), { crypto: await testCrypto() })) };
  }

  it('signs nothing, rotates nothing, hands nothing out; it still opens and shows', async () => {
    const { me } = await copied(false);
    await expect(me.identities.signerFor('ada')).rejects.toEqual(refused('E_HOME_COPIED'));
    await expect(me.identities.rotate('ada')).rejects.toEqual(refused('E_HOME_COPIED'));
    await expect(me.identities.exportBundle('ada')).rejects.toEqual(refused('E_HOME_COPIED'));
    await expect(me.identities.create('eve')).rejects.toEqual(refused('E_HOME_COPIED'));
    expect(await me.identities.openingKeys('ada')).toHaveLength(2);
    expect(me.identities.list()).toHaveLength(1);
    me.home.close();
  });

  it('whose identities only send is none', async () => {
    const { me } = await copied(true);
    expect((await me.identities.signerFor('ada')).bundleSeq).toBe(1);
    await me.identities.exportBundle('ada');
    me.home.close();
  });

  it('that was only moved is the same', async () => {
    const home = await freshHome();
    const me = await operatorOf(home, await freshRing(home, 'pass'));
    await me.identities.create('ada');
    home.close();
    const path = join(dirname(home.path), 'moved');
    await rename(home.path, path);
    using moved = await openHome(path, home);
    const again = await operatorOf(moved, await Ring.open(moved, secretOf('pass'), { crypto: await testCrypto() }));
    await again.identities.rotate('ada');
  });

  it('is told when its owner goes on elsewhere: a bundle of mine that was not made here', async () => {
    const me = await operator();
    await me.identities.create('ada');
    await me.identities.rotate('ada');
    const ahead = await bundleOf(me, 'ada');
    const newest = me.home.people.newestBundle(ahead.genesis.id)!;
    // As if rolled back by one.
    me.home.people.bundles.remove('seq = ?', newest.seq);
    expect(() => me.contacts.add([{ introduction: ahead, name: 'myself' }])).toThrow(refused('E_HOME_COPIED'));
  });
});

describe('the passphrase', () => {
  it('is that of the ring that holds the identity', async () => {
    const home = await freshHome();
    const me = await operatorOf(home, await freshRing(home, 'old'));
    await me.identities.create('ada');
    await expect(me.identities.changePassphrase('eve', secretOf('new'))).rejects.toEqual(refused('E_NAME_UNKNOWN'));
    await expect(me.identities.changePassphrase('ada', secretOf('new'))).rejects.toEqual(refused('E_PASSPHRASE_SHORT'));
    await (await me.ring()).changePassphrase(secretOf('new'), cheapKdf);
    await expect(Ring.open(home, secretOf('old'), { crypto: me.crypto })).rejects.toEqual(refused('E_PASSPHRASE'));
    const again = await operatorOf(home, await Ring.open(home, secretOf('new'), { crypto: me.crypto }));
    expect((await again.identities.signerFor('ada')).bundleSeq).toBe(1);
  });
});

it('an identities service is made anew over the same home as often as one likes', async () => {
  const me = await operator();
  await me.identities.create('ada');
  expect(new Identities(me).show('ada')).toEqual(me.identities.show('ada'));
});
