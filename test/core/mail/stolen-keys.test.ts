/** What a thief of signing keys can still make believe once they were replaced: nothing that counts as verified. */
import { describe, expect, it } from 'vitest';
import { decodeBundle, signBundle, type Bundle } from '../../../src/core/identity/bundle.ts';
import { decodeBundleFile } from '../../../src/core/identity/index.ts';
import { handPost } from '../../support/hand-post.ts';
import type { Operator } from '../../support/mail.ts';
import { codeOf, couple, inboxOf, post, read } from '../../support/post.ts';

const codes = ({ warnings }: Operator): string[] => warnings.map(({ code }) => code);

/** Bob replaces his signing keys. Answers what a thief of the old ones has: they, the bundle that they signed, the genesis. */
async function replaceKeys(bob: Operator) {
  const identities = await bob.app.identities();
  const { genesis, newest } = identities.handOut('bob');
  const { signingKeys } = await identities.signerFor('bob');
  await identities.rotate('bob', 'signing');
  return { genesis, old: newest, signingKeys };
}

async function tell(alice: Operator, bob: Operator): Promise<void> {
  const { bytes } = await (await bob.app.identities()).exportBundle('bob');
  (await alice.app.contacts()).update('bob', await decodeBundleFile(await alice.app.crypto(), bytes));
}

/** A bundle with a high number under the old certificate. */
const forgeBundle = async (bob: Operator, { old, signingKeys }: Awaited<ReturnType<typeof replaceKeys>>, seq: number): Promise<Bundle> =>
  signBundle(await bob.app.crypto(), signingKeys, { ...old, seq, prev: old.cid });

describe('signing keys that were replaced', () => {
  it('introduce nobody under a number that the reader does not know', async () => {
    const { alice, bob } = await couple();
    const thief = await replaceKeys(bob);
    await tell(alice, bob);
    const forged = await forgeBundle(bob, thief, 7);
    const sender = { identity: thief.genesis.id, bundleSeq: 7, signingKeys: thief.signingKeys };
    const { cid } = await handPost(bob, alice, { request: { sender, introduction: { genesis: thief.genesis.block, bundle: forged.block } } });
    expect(await codeOf(read(alice, cid))).toBe('E_SENDER_UNKNOWN');
    expect((await read(alice, cid, { allowUnverified: true })).result.sender).toMatchObject({ name: 'bob', verified: false });
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ verified: false }] });
    const home = await alice.app.home();
    expect(decodeBundle(home.people.newestBundle(thief.genesis.id)!.block).seq).toBe(2);
  });

  it('sign under the old number, and that is told, unless the message was opened here before', async () => {
    const { alice, bob } = await couple();
    const before = await post(bob, ['alice'], 'opened in time');
    expect((await read(alice, before)).result.sender).toMatchObject({ name: 'bob', verified: true });
    const thief = await replaceKeys(bob);
    await tell(alice, bob);
    const sender = { identity: thief.genesis.id, bundleSeq: 1, signingKeys: thief.signingKeys };
    const { cid } = await handPost(bob, alice, { request: { sender } });
    alice.warnings.length = 0;
    for (let time = 0; time < 2; time++) {
      expect((await read(alice, cid)).result.sender).toMatchObject({ name: 'bob', verified: false, keysReplaced: expect.stringMatching(/Z$/) });
      expect(codes(alice)).toEqual(['W_SENDER_KEYS_REPLACED']);
      alice.warnings.length = 0;
    }
    expect((await read(alice, before)).result.sender).toEqual(expect.objectContaining({ name: 'bob', verified: true }));
    expect(codes(alice)).toEqual([]);
  });

  it('do not sign under the new number', async () => {
    const { alice, bob } = await couple();
    const thief = await replaceKeys(bob);
    await tell(alice, bob);
    for (const bundleSeq of [2, 3]) {
      const { cid } = await handPost(bob, alice, { request: { sender: { identity: thief.genesis.id, bundleSeq, signingKeys: thief.signingKeys } } });
      expect(await codeOf(read(alice, cid))).toMatch(bundleSeq === 2 ? /^E_SIGNATURE$/ : /^E_SENDER_UNKNOWN$/);
    }
  });

  it('lead to a fork that is told when the owner’s own history comes, whoever came first', async () => {
    const { alice, bob } = await couple();
    const thief = await replaceKeys(bob);
    const forged = await forgeBundle(bob, thief, 2);
    const sender = { identity: thief.genesis.id, bundleSeq: 2, signingKeys: thief.signingKeys };
    const { cid } = await handPost(bob, alice, { request: { sender, introduction: { genesis: thief.genesis.block, bundle: forged.block } } });
    // nobody can tell yet: alice does not know of the rotation
    expect((await read(alice, cid)).result.sender).toMatchObject({ name: 'bob', verified: true });
    const home = await alice.app.home();
    expect(home.people.bundle(thief.genesis.id, 2)?.cid.equals(forged.cid)).toBe(true);
    alice.warnings.length = 0;
    const honest = await post(bob, ['alice'], 'it is me', { introduce: true });
    expect((await read(alice, honest)).result.sender).toMatchObject({ name: 'bob', verified: true });
    expect(codes(alice)).toEqual(['W_BUNDLE_FORK']);
    expect(home.people.bundle(thief.genesis.id, 2)?.cid.equals(forged.cid)).toBe(false);
    expect(await codeOf(read(alice, cid))).toBe('E_SIGNATURE');
  });
});
