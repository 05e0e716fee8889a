import { expect, describe, it } from 'vitest';
import { encodeCar } from '../../../src/core/base/car.ts';
import { OmniplexError } from '../../../src/core/base/errors.ts';
import { signBundle, type Bundle } from '../../../src/core/identity/bundle.ts';
import { decodeBundleFile, introductionBlocks, type Introduction } from '../../../src/core/identity/index.ts';
import { clockAt } from '../../support/home.ts';
import { bundleOf, operator, type Operator } from '../../support/people.ts';

const refused = (code: string) => expect.objectContaining({ code });

async function pair() {
  const clock = clockAt(Date.parse('2026-11-23T10:00:00Z'));
  const [ada, ben] = [await operator(clock), await operator(clock)];
  await ada.identities.create('ada');
  return { ada, ben, introduction: await bundleOf(ada, 'ada') };
}

const only = (introduction: Introduction, ...seqs: readonly number[]): Introduction => {
  const bundles = introduction.bundles.filter(({ seq }) => seqs.includes(seq));
  return { ...introduction, bundles, newest: bundles.at(-1) as Bundle };
};

/** A thief has the signing keys of ada's first certificate, and goes on with bundles of his own. */
describe('stolen signing keys', () => {
  const steal = async (ada: Operator, after: Introduction, ...seqs: readonly number[]): Promise<Introduction> => {
    const { signingKeys } = await ada.identities.signerFor('ada');
    const bundles = [...after.bundles];
    for (const seq of seqs) {
      const before = bundles.at(-1) as Bundle;
      const kemKey = ada.crypto.kem('x-wing').fromSeed(ada.crypto.rng.bytes(32)).publicKey;
      bundles.push(signBundle(ada.crypto, signingKeys, { ...before, seq, prev: before.cid, kemKey }));
    }
    return { ...after, bundles, newest: bundles.at(-1) as Bundle };
  };

  it('make a history that ends where the root certifies others, whoever came first', async () => {
    const { ada, ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    const forged = await steal(ada, introduction, 2, 3, 4);
    expect(ben.contacts.update('ada', forged)).toMatchObject({ change: 'updated', contact: { seq: 4 } });
    await ada.identities.rotate('ada');
    expect(() => ben.contacts.update('ada', introduction)).toThrow(refused('E_BUNDLE_STALE'));
    const sameKeys = await bundleOf(ada, 'ada');
    expect(() => ben.contacts.update('ada', sameKeys)).toThrow(refused('E_BUNDLE_STALE'));
    await ada.identities.rotate('ada', 'all');
    const honest = await bundleOf(ada, 'ada');
    const result = ben.contacts.update('ada', honest);
    expect(result).toMatchObject({ change: 'updated', contact: { seq: 3 }, warnings: [{ code: 'W_BUNDLE_FORK', message: expect.stringContaining('ada') }] });
    expect(ben.home.people.newestBundle(introduction.genesis.id)?.cid.equals(honest.newest.cid)).toBe(true);
    expect(ben.home.people.bundle(introduction.genesis.id, 4)).toBeUndefined();
    // and there is no way back
    for (const old of [forged, sameKeys, introduction, await steal(ada, introduction, 2)]) expect(() => ben.contacts.update('ada', old)).toThrow(OmniplexError);
    expect(ben.contacts.show('ada').seq).toBe(3);
  });

  it('believed nobody who has seen the rotation', async () => {
    const { ada, ben, introduction } = await pair();
    const forged = await steal(ada, introduction, 2, 3, 4, 5);
    await ada.identities.rotate('ada', 'signing');
    ben.contacts.add([{ introduction: await bundleOf(ada, 'ada') }]);
    expect(() => ben.contacts.update('ada', forged)).toThrow(refused('E_BUNDLE_CHAIN'));
    expect(() => ben.contacts.update('ada', only(forged, 5))).toThrow(refused('E_BUNDLE_CHAIN'));
    expect(() => ben.contacts.update('ada', only(forged, 1))).toThrow(refused('E_BUNDLE_STALE'));
    expect(ben.contacts.show('ada').seq).toBe(2);
  });

  it('keep no revocation away', async () => {
    const { ada, ben, introduction } = await pair();
    ben.contacts.add([{ introduction }]);
    ben.contacts.update('ada', await steal(ada, introduction, 2, 3));
    await ada.identities.rotate('ada');
    await ada.identities.revoke('ada', 'compromised');
    expect(ben.contacts.update('ada', await bundleOf(ada, 'ada'))).toMatchObject({ change: 'revoked', contact: { seq: 3, revoked: { reason: 'compromised' } } });
  });

  it('are not two histories of one file', async () => {
    const { ada, introduction } = await pair();
    const forged = await steal(ada, introduction, 2);
    await ada.identities.rotate('ada', 'signing');
    const honest = await bundleOf(ada, 'ada');
    const both = encodeCar([honest.newest.cid], introductionBlocks({ ...honest, bundles: [...forged.bundles, honest.newest] }));
    await expect(decodeBundleFile(ada.crypto, both)).rejects.toEqual(refused('E_BUNDLE_CHAIN'));
  });
});
