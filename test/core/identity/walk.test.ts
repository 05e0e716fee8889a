/** Walk 1, as far as identities and contacts go: two homes, one stick. */
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { piecesOf } from '../../../src/core/base/car.ts';
import {
  believeBlocks, contactRecipient, fingerprintOf, formatFingerprint, latestExpiry, parseFingerprint, readIntroductions, recipientKeyFor, signingKeysUnder,
} from '../../../src/core/identity/index.ts';
import { signAll, verifyAll } from '../../../src/core/crypto/index.ts';
import { openStanza, sealXWing } from '../../../src/core/message/stanza.ts';
import { clockAt } from '../../support/home.ts';
import { operator } from '../../support/people.ts';

const DAY = 86_400_000;

describe('first contact over a stick', () => {
  it('ends with two verified contacts, a message key that only alice opens, and a signature that alice can check', async () => {
    const clock = clockAt(Date.parse('2026-11-23T10:00:00Z'));
    const [alice, bob] = [await operator(clock), await operator(clock)];

    const created = await alice.identities.create('alice');
    expect(created).toMatchObject({ name: 'alice', algorithms: ['ed25519', 'ml-dsa-65'], seq: 1, prekeysUntilMs: clock.at + 30 * DAY });
    await bob.identities.create('bob');

    const until = Date.parse('2027-02-28T00:00:00Z');
    const stick = await alice.identities.exportBundle('alice', { prekeysUntilMs: until });
    expect(stick.rotated).toBe(true);
    const [introduction] = await readIntroductions(bob.crypto, piecesOf(stick.bytes), 'alice.bundle');
    const [added] = bob.contacts.add([{ introduction: introduction!, name: 'alice' }]);
    expect(added).toMatchObject({ change: 'added', warnings: [], contact: { seq: 2, prekeysUntilMs: until } });
    expect(added!.contact.verified).toBeUndefined();

    const spoken = formatFingerprint(alice.identities.show('alice').fingerprint);
    expect(() => bob.contacts.verify('alice', fingerprintOf(bob.identities.show('bob').id), 'words')).toThrow(expect.objectContaining({ code: 'E_FINGERPRINT' }));
    expect(bob.contacts.verify('alice', parseFingerprint(spoken.toUpperCase()), 'words')).toMatchObject({ change: 'verified', contact: { verified: { atMs: clock.at, by: 'words' } } });

    const recipient = contactRecipient(bob.home, bob.contacts.record('alice'));
    const expires = latestExpiry(recipient, clock.now());
    expect(expires).toBe(until);
    const key = recipientKeyFor(recipient, expires!, clock.now());
    expect(key).toMatchObject({ untilMs: until, warnings: [] });
    const [messageKey, salt] = [bob.crypto.rng.bytes(32), bob.crypto.rng.bytes(24)];
    const stanza = sealXWing(bob.crypto, messageKey, key.recipient);
    expect(await openStanza(alice.crypto, stanza, salt, { xWing: await alice.identities.openingKeys('alice') })).toEqual(messageKey);
    expect(await openStanza(bob.crypto, stanza, salt, { xWing: await bob.identities.openingKeys('bob') })).toBeUndefined();

    const signer = await bob.identities.signerFor('bob');
    const signature = signAll(bob.crypto, signer.signingKeys, 'message', bytesOf('H'));
    expect(signingKeysUnder(alice.home, signer.identity, signer.bundleSeq)).toBeUndefined();
    const { genesis, newest } = bob.identities.handOut('bob');
    const introduced = believeBlocks(alice.crypto, { genesis: genesis.block, bundle: newest.block });
    expect(introduced.newest).toMatchObject({ name: 'bob', seq: signer.bundleSeq });
    expect(verifyAll(alice.crypto, introduced.newest.signing.keys, 'message', bytesOf('H'), signature)).toBe(true);
    alice.contacts.add([{ introduction: introduced }]);
    alice.contacts.verify('bob', bob.identities.show('bob').fingerprint, 'words');
    expect(verifyAll(alice.crypto, signingKeysUnder(alice.home, signer.identity, signer.bundleSeq)!, 'message', bytesOf('H'), signature)).toBe(true);
  });
});
