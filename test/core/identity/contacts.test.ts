import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { limits } from '../../../src/core/base/limits.ts';
import {
  contactRecipient, decodeBundleFile, formatFingerprint, introducedRecipient, latestExpiry, parseFingerprintFile, recipientKeyFor, signingKeysUnder, type Introduction,
} from '../../../src/core/identity/index.ts';
import { clockAt } from '../../support/home.ts';
import { bundleOf, operator, type Operator } from '../../support/people.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const DAY = 86_400_000;
const refused = (code: string) => expect.objectContaining({ code });

async function pair(at = NOW) {
  const clock = clockAt(at);
  const [ada, ben] = [await operator(clock), await operator(clock)];
  await ada.identities.create('ada');
  return { clock, ada, ben, introduction: await bundleOf(ada, 'ada') };
}

/** What a file from before or after would hold: only these bundles. */
const only = (introduction: Introduction, ...seqs: readonly number[]): Introduction => {
  const bundles = introduction.bundles.filter(({ seq }) => seqs.includes(seq));
  return { ...introduction, bundles, newest: bundles.at(-1)! };
};

const fingerprintLine = (who: Operator, name: string, as = name) => `${as} ${formatFingerprint(who.identities.show(name).fingerprint)}\n`;

describe('adding a contact', () => {
  it('takes the name that is given, else the one that is claimed, and verifies nothing', async () => {
    const { ben, introduction } = await pair();
    expect(ben.contacts.add([{ introduction, name: 'adele' }])).toMatchObject([{ change: 'added', contact: { name: 'adele', claimedName: 'ada', seq: 1 } }]);
    expect(ben.contacts.show('adele').verified).toBeUndefined();
    const other = await pair();
    expect(other.ben.contacts.add([{ introduction: other.introduction, fallbackName: 'file' }])[0]?.contact.name).toBe('ada');
    expect(ben.unlocks()).toBe(0);
  });

  it('again changes nothing, with a newer bundle it updates', async () => {
    const { ada, ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    expect(ben.contacts.add([{ introduction }])).toMatchObject([{ change: 'unchanged' }]);
    await ada.identities.rotate('ada');
    expect(ben.contacts.add([{ introduction: await bundleOf(ada, 'ada') }])).toMatchObject([{ change: 'updated', contact: { seq: 2 } }]);
    expect(() => ben.contacts.add([{ introduction }])).toThrow(refused('E_BUNDLE_STALE'));
  });

  it('of many is all or none', async () => {
    const { ben, introduction } = await pair();
    const eve = await pair();
    const clash = [{ introduction, name: 'x' }, { introduction: eve.introduction, name: 'x' }];
    expect(() => ben.contacts.add(clash)).toThrow(refused('E_NAME_TAKEN'));
    expect(() => ben.contacts.add([{ introduction }, { introduction: eve.introduction, name: '../x' }])).toThrow(refused('E_USAGE'));
    expect(ben.contacts.list()).toEqual([]);
    expect(ben.home.people.bundlesOf(introduction.genesis.id, 10)).toEqual([]);
  });

  it('refuses a second name for one identity, and one name for two', async () => {
    const { ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    expect(() => ben.contacts.add([{ introduction, name: 'adele' }])).toThrow(refused('E_NAME_TAKEN'));
    const eve = await pair();
    expect(() => ben.contacts.add([{ introduction: eve.introduction }])).toThrow(refused('E_NAME_TAKEN'));
  });

  it('refuses a name that an identity of mine has, unless it is that identity', async () => {
    const { ben, introduction } = await pair();
    await ben.identities.create('ada');
    expect(() => ben.contacts.add([{ introduction }])).toThrow(expect.objectContaining({ code: 'E_NAME_TAKEN', details: { kind: 'identity', name: 'ada' }, hint: expect.stringContaining('--name') as unknown }));
    expect(() => ben.contacts.add([{ introduction, name: 'eve' }, { introduction, name: 'ada' }])).toThrow(refused('E_NAME_TAKEN'));
    expect(ben.contacts.list()).toEqual([]);
    ben.contacts.add([{ introduction, name: 'adele' }]);
    expect(() => ben.contacts.rename('adele', 'ada')).toThrow(refused('E_NAME_TAKEN'));
    expect(ben.contacts.rename('adele', 'adele').name).toBe('adele');
    // everybody's bundles in one folder, mine among them
    expect(ben.contacts.add([{ introduction: await bundleOf(ben, 'ada') }])).toMatchObject([{ change: 'added', contact: { name: 'ada' } }]);
    expect(ben.contacts.rename('ada', 'me').name).toBe('me');
    expect(ben.contacts.rename('me', 'ada').name).toBe('ada');
  });

  it('pinned by a fingerprint file is adding and verifying; one mismatch adds nobody', async () => {
    const [a, b] = [await pair(), await pair()];
    const ci = await operator(a.clock);
    const people = [{ introduction: a.introduction, name: 'ada' }, { introduction: b.introduction, name: 'maria' }];
    const good = parseFingerprintFile(bytesOf(fingerprintLine(a.ada, 'ada') + fingerprintLine(b.ada, 'ada', 'maria')));
    const wrong = parseFingerprintFile(bytesOf(fingerprintLine(a.ada, 'ada') + fingerprintLine(a.ada, 'ada', 'maria')));
    const missing = parseFingerprintFile(bytesOf(fingerprintLine(a.ada, 'ada')));
    expect(() => ci.contacts.add(people, wrong)).toThrow(expect.objectContaining({ code: 'E_FINGERPRINT', details: expect.objectContaining({ mismatches: [{ name: 'maria', line: 2 }] }) }));
    expect(() => ci.contacts.add(people, missing)).toThrow(expect.objectContaining({ code: 'E_FINGERPRINT', details: expect.objectContaining({ mismatches: [{ name: 'maria' }] }) }));
    expect(ci.contacts.list()).toEqual([]);
    const added = ci.contacts.add(people, good);
    expect(added.map(({ change, contact }) => [change, contact.verified?.by])).toEqual([['added', 'fingerprint-file'], ['added', 'fingerprint-file']]);
    expect(ci.contacts.add(people, good).map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);
  });

  it('warns of a bundle signed in the future', async () => {
    const { ben, introduction } = await pair(NOW + limits.futureToleranceMs + 1);
    const early = await operator(clockAt(NOW));
    expect(early.contacts.add([{ introduction }])[0]?.warnings).toMatchObject([{ code: 'W_FUTURE_SIGNATURE', contact: 'ada' }]);
    expect(ben.contacts.add([{ introduction }])[0]?.warnings).toEqual([]);
    const justInside = await operator(clockAt(NOW + 1));
    expect(justInside.contacts.add([{ introduction }])[0]?.warnings).toEqual([]);
  });
});

describe('a contact', () => {
  it('is verified once, by its own words', async () => {
    const { ada, ben, introduction, clock } = await pair();
    ben.contacts.add([{ introduction }]);
    const words = ada.identities.show('ada').fingerprint;
    expect(() => ben.contacts.verify('ada', [...words.slice(1), words[0]!], 'words')).toThrow(refused('E_FINGERPRINT'));
    expect(() => ben.contacts.verify('eve', words, 'words')).toThrow(refused('E_NAME_UNKNOWN'));
    expect(ben.contacts.show('ada').verified).toBeUndefined();
    expect(ben.contacts.verify('ada', words, 'words').change).toBe('verified');
    clock.at += DAY;
    expect(ben.contacts.verify('ada', words, 'fingerprint-file')).toMatchObject({ change: 'unchanged', contact: { verified: { atMs: NOW, by: 'words' } } });
    expect(ben.contacts.list().filter(({ verified }) => verified === undefined)).toEqual([]);
  });

  it('stays verified through its own rotations and loses it with another identity', async () => {
    const { ada, ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    ben.contacts.verify('ada', ada.identities.show('ada').fingerprint, 'words');
    await ada.identities.rotate('ada', 'all');
    expect(ben.contacts.update('ada', await bundleOf(ada, 'ada'))).toMatchObject({ change: 'updated', contact: { seq: 2, verified: { by: 'words' } }, warnings: [] });
    const other = await pair();
    const replaced = ben.contacts.update('ada', other.introduction);
    expect(replaced).toMatchObject({ change: 'replaced', warnings: [{ code: 'W_KEY_CHANGED' }], contact: { seq: 1 } });
    expect(replaced.contact.verified).toBeUndefined();
    expect(replaced.contact.before.map(String)).toEqual([introduction.genesis.id.toString()]);
    // And back again is another change, never a way to an old bundle.
    expect(() => ben.contacts.update('ada', introduction)).toThrow(refused('E_BUNDLE_STALE'));
    const back = ben.contacts.update('ada', await bundleOf(ada, 'ada'));
    expect(back).toMatchObject({ change: 'replaced', contact: { seq: 2 } });
    expect(back.contact.verified).toBeUndefined();
  });

  it('is not replaced by an identity of my own', async () => {
    const { ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    await ben.identities.create('dan');
    const own = await bundleOf(ben, 'dan');
    expect(() => ben.contacts.update('ada', own)).toThrow(refused('E_USAGE'));
    expect(ben.contacts.show('ada').id.equals(introduction.genesis.id)).toBe(true);
  });

  it('never goes back, not even when it was removed and added again', async () => {
    const { ada, ben, introduction } = await pair();
    await ada.identities.rotate('ada');
    await ada.identities.rotate('ada');
    const whole = await bundleOf(ada, 'ada');
    ben.contacts.add([{ introduction: whole }]);
    for (const old of [introduction, only(whole, 1, 2)]) expect(() => ben.contacts.update('ada', old)).toThrow(refused('E_BUNDLE_STALE'));
    ben.contacts.remove('ada');
    expect(() => ben.contacts.show('ada')).toThrow(refused('E_NAME_UNKNOWN'));
    expect(() => ben.contacts.add([{ introduction }])).toThrow(refused('E_BUNDLE_STALE'));
    expect(ben.contacts.add([{ introduction: whole }])).toMatchObject([{ change: 'added', contact: { seq: 3 } }]);
  });

  it('with a missing bundle in between is refused, unless the root certified afresh', async () => {
    const { ada, ben, introduction } = await pair();
    for (const rotation of ['prekeys', 'prekeys', 'signing', 'prekeys'] as const) await ada.identities.rotate('ada', rotation);
    const whole = await bundleOf(ada, 'ada');
    ben.contacts.add([{ introduction }]);
    expect(() => ben.contacts.update('ada', only(whole, 3))).toThrow(refused('E_BUNDLE_CHAIN'));
    expect(ben.contacts.show('ada').seq).toBe(1);
    expect(ben.contacts.update('ada', only(whole, 5))).toMatchObject({ change: 'updated', contact: { seq: 5 }, warnings: [] });
    expect(ben.home.people.bundle(introduction.genesis.id, 3)).toBeUndefined();
  });

  it('of my own, and older, is refused as mine', async () => {
    const { ada, introduction } = await pair();
    await ada.identities.rotate('ada');
    const own = expect.objectContaining({ code: 'E_BUNDLE_STALE', details: { seq: 1, known: 2, name: 'ada' }, hint: expect.stringContaining('your own identity') as unknown });
    expect(() => ada.contacts.add([{ introduction }])).toThrow(own);
    ada.contacts.add([{ introduction: await bundleOf(ada, 'ada') }]);
    expect(() => ada.contacts.update('ada', introduction)).toThrow(own);
    expect(ada.contacts.list().map(({ name }) => name)).toEqual(['ada']);
  });

  it('that shows two bundles under one number is refused', async () => {
    const { ada, ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    await ada.identities.rotate('ada');
    const one = await bundleOf(ada, 'ada');
    // The owner, rolled back, makes another second bundle.
    ada.home.people.bundles.remove('seq = ?', 2);
    await ada.identities.rotate('ada', 'kem');
    const two = await bundleOf(ada, 'ada');
    ben.contacts.update('ada', one);
    expect(() => ben.contacts.update('ada', two)).toThrow(refused('E_BUNDLE_CHAIN'));
    await ada.identities.rotate('ada');
    expect(() => ben.contacts.update('ada', two)).toThrow(refused('E_BUNDLE_CHAIN'));
    const later = await bundleOf(ada, 'ada');
    expect(() => ben.contacts.update('ada', later)).toThrow(refused('E_BUNDLE_CHAIN'));
    expect(() => ben.contacts.learn(later)).toThrow(refused('E_BUNDLE_CHAIN'));
    expect(ben.contacts.show('ada').seq).toBe(2);
  });

  it('revoked stays revoked, whatever comes later', async () => {
    const { ada, ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    const words = ada.identities.show('ada').fingerprint;
    await ada.identities.revoke('ada', 'lost');
    const revoked = await bundleOf(ada, 'ada');
    expect(ben.contacts.update('ada', revoked)).toMatchObject({ change: 'revoked', contact: { revoked: { reason: 'lost' } } });
    expect(ben.contacts.update('ada', introduction)).toMatchObject({ change: 'unchanged', contact: { revoked: { reason: 'lost' } } });
    expect(() => ben.contacts.verify('ada', words, 'words')).toThrow(refused('E_REVOKED'));
    expect(() => recipientKeyFor(contactRecipient(ben.home, ben.contacts.record('ada')), 0, NOW)).toThrow(refused('E_REVOKED'));
    ben.contacts.remove('ada');
    ben.contacts.add([{ introduction }]);
    expect(ben.contacts.show('ada').revoked).toMatchObject({ reason: 'lost' });
  });

  it('is renamed, exported to others, and listed by name', async () => {
    const { ada, ben, introduction } = await pair();
    const eve = await pair();
    ben.contacts.add([{ introduction }, { introduction: eve.introduction, name: 'eve' }]);
    expect(() => ben.contacts.rename('ada', 'eve')).toThrow(refused('E_NAME_TAKEN'));
    expect(() => ben.contacts.rename('ada', 'a/b')).toThrow(refused('E_USAGE'));
    expect(() => ben.contacts.rename('nobody', 'x')).toThrow(refused('E_NAME_UNKNOWN'));
    expect(ben.contacts.rename('ada', 'zoe').name).toBe('zoe');
    expect(ben.contacts.rename('zoe', 'zoe').name).toBe('zoe');
    expect(ben.contacts.list().map(({ name }) => name)).toEqual(['eve', 'zoe']);
    const exported = await decodeBundleFile(ben.crypto, ben.contacts.exportBundle('zoe'));
    expect(exported).toEqual(await bundleOf(ada, 'ada'));
    expect(() => ben.contacts.records(['zoe', 'x', 'eve', 'y'])).toThrow(expect.objectContaining({ code: 'E_NAME_UNKNOWN', details: { kind: 'contact', names: '"x", "y"' } }));
  });

  it('learns from what comes along, without a word about strangers or old news', async () => {
    const { ada, ben, introduction } = await pair();
    expect(ben.contacts.learn(introduction)).toBeUndefined();
    ben.contacts.add([{ introduction }]);
    await ada.identities.rotate('ada');
    const newer = await bundleOf(ada, 'ada');
    expect(ben.contacts.learn(newer)).toMatchObject({ change: 'updated' });
    expect(ben.contacts.learn(introduction)).toMatchObject({ change: 'unchanged' });
    expect(ben.contacts.show('ada').seq).toBe(2);
  });
});

describe('the key to seal to', () => {
  async function recipientWith(...days: readonly number[]) {
    const { ada, ben, clock, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    ben.contacts.verify('ada', ada.identities.show('ada').fingerprint, 'words');
    for (const day of days) await ada.identities.exportBundle('ada', { prekeysUntilMs: NOW + day * DAY });
    if (days.length > 0) ben.contacts.update('ada', await bundleOf(ada, 'ada'));
    return { ada, ben, clock, recipient: contactRecipient(ben.home, ben.contacts.record('ada')) };
  }

  it('is the prekey that ends first, but not before the message', async () => {
    const { recipient } = await recipientWith(60, 90);
    const until = (expires: number) => recipientKeyFor(recipient, expires, NOW).untilMs;
    expect(until(NOW + 1)).toBe(NOW + 30 * DAY);
    expect(until(NOW + 30 * DAY)).toBe(NOW + 30 * DAY);
    expect(until(NOW + 30 * DAY + 1)).toBe(NOW + 60 * DAY);
    expect(until(NOW + 90 * DAY)).toBe(NOW + 90 * DAY);
    expect(latestExpiry(recipient, NOW)).toBe(NOW + 90 * DAY);
    expect(() => until(NOW + 90 * DAY + 1)).toThrow(expect.objectContaining({ code: 'E_PREKEY_EXPIRY', details: { names: '"ada"', until: '2027-02-21T10:00:00.000Z' } }));
  });

  it('is the identity key, with a warning, for a message without expiry', async () => {
    const { recipient } = await recipientWith();
    const key = recipientKeyFor(recipient, 0, NOW);
    expect(key).toMatchObject({ recipient: { keyType: 'identity', publicKey: recipient.bundle.kemKey }, warnings: [{ code: 'W_NO_FORWARD_SECRECY' }] });
    expect(key.untilMs).toBeUndefined();
  });

  it('is the identity key, with a warning, for whoever only sends', async () => {
    const { ben } = await pair();
    const bot = await operator(clockAt(NOW));
    await bot.identities.create('bot', { sendOnly: true });
    ben.contacts.add([{ introduction: await bundleOf(bot, 'bot') }]);
    const key = recipientKeyFor(contactRecipient(ben.home, ben.contacts.record('bot')), NOW + DAY, NOW);
    expect(key).toMatchObject({ recipient: { keyType: 'identity' }, warnings: [{ code: 'W_UNVERIFIED' }, { code: 'W_NO_FORWARD_SECRECY' }] });
  });

  it('is none when every prekey is over, or the bundle is', async () => {
    const { recipient } = await recipientWith();
    const at = NOW + 30 * DAY;
    expect(recipientKeyFor(recipient, at, at - 1).warnings).toMatchObject([{ code: 'W_PREKEY_SOON' }]);
    expect(() => recipientKeyFor(recipient, at, at)).toThrow(refused('E_PREKEY_EXPIRY'));
    expect(latestExpiry(recipient, at)).toBeUndefined();
    expect(recipientKeyFor(recipient, 0, at).recipient.keyType).toBe('identity');
    expect(() => recipientKeyFor(recipient, 0, NOW + limits.bundleLifeMs)).toThrow(refused('E_BUNDLE_EXPIRED'));
  });

  it('warns of an unverified contact and of prekeys that end soon, not of others', async () => {
    const { recipient } = await recipientWith();
    const soon = NOW + 30 * DAY - limits.prekeyRenewMs;
    expect(recipientKeyFor(recipient, NOW + 20 * DAY, soon).warnings).toEqual([]);
    expect(recipientKeyFor(recipient, NOW + 20 * DAY, soon + 1).warnings).toMatchObject([{ code: 'W_PREKEY_SOON', contact: 'ada' }]);
    expect(recipientKeyFor({ ...recipient, verified: false }, NOW + DAY, NOW).warnings).toMatchObject([{ code: 'W_UNVERIFIED' }]);
  });

  it('of a bundle file is that of the contact, unless the file is newer; a stranger is unverified', async () => {
    const { ada, ben, introduction } = await pair();
    expect(introducedRecipient(ben.home, introduction)).toMatchObject({ name: 'ada', verified: false, revoked: false });
    ben.contacts.add([{ introduction, name: 'adele' }]);
    ben.contacts.verify('adele', ada.identities.show('ada').fingerprint, 'words');
    expect(introducedRecipient(ben.home, introduction)).toMatchObject({ name: 'adele', verified: true, bundle: { seq: 1 } });
    await ada.identities.rotate('ada');
    expect(introducedRecipient(ben.home, await bundleOf(ada, 'ada'))).toMatchObject({ name: 'adele', verified: true, bundle: { seq: 2 } });
  });
});

describe('what a message was signed with', () => {
  it('is found under the bundle it names, however old, and under one that carries the same keys', async () => {
    const { ada, ben, introduction } = await pair();
    for (const rotation of ['signing', 'prekeys', 'signing'] as const) await ada.identities.rotate('ada', rotation);
    const whole = await bundleOf(ada, 'ada');
    ben.contacts.add([{ introduction: only(whole, 1) }]);
    ben.contacts.update('ada', only(whole, 3));
    ben.contacts.update('ada', only(whole, 4));
    const { id } = introduction.genesis;
    const keys = (seq: number) => whole.bundles[seq - 1]?.signing.keys;
    for (const seq of [1, 2, 3, 4]) expect(signingKeysUnder(ben.home, id, seq)).toEqual(keys(seq));
    expect(keys(2)).toEqual(keys(3));
    for (const seq of [0, 5]) expect(signingKeysUnder(ben.home, id, seq)).toBeUndefined();
    expect(signingKeysUnder(ada.home, id, 4)).toEqual(keys(4));
  });
});
