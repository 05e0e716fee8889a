import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../../src/core/base/car.ts';
import { fail, type OmniplexError } from '../../../src/core/base/errors.ts';
import { readPeople, readPerson, type BundleSource } from '../../../src/core/identity/bundle-sources.ts';
import { testCrypto } from '../../support/home.ts';
import { operator, type Operator } from '../../support/people.ts';

const source = (place: string, bytes: Uint8Array): BundleSource => ({ place, open: () => piecesOf(bytes) });
const failing = (place: string, error: OmniplexError): BundleSource => ({
  place,
  open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }),
});
const missing = (place: string): BundleSource => failing(place, fail('E_NOT_FOUND', { what: place }));

async function bundle(of: Operator, name: string): Promise<Uint8Array> {
  if (!of.identities.list().some((identity) => identity.name === name)) await of.identities.create(name);
  return (await of.identities.exportBundle(name)).bytes;
}

describe('people out of files', () => {
  it('are those whom the files introduce, each once and by the newest bundle', async () => {
    const owner = await operator();
    const crypto = await testCrypto();
    const old = await bundle(owner, 'alice');
    await owner.identities.rotate('alice');
    const [renewed, bob] = [await bundle(owner, 'alice'), await bundle(owner, 'bob')];
    for (const order of [[old, renewed, bob], [renewed, bob, old]]) {
      const people = await readPeople(crypto, order.map((bytes, at) => source(`${at}.bundle`, bytes)));
      expect(people.map(({ introduction: { newest } }) => `${newest.name} ${newest.seq}`).toSorted()).toEqual(['alice 2', 'bob 1']);
    }
  });

  it('are called after the operator\'s word, for one alone', async () => {
    const owner = await operator();
    const crypto = await testCrypto();
    const [alice, bob] = [await bundle(owner, 'alice'), await bundle(owner, 'bob')];
    expect((await readPeople(crypto, [source('x.bundle', alice)], 'ally'))[0]).toMatchObject({ name: 'ally', fallbackName: 'x' });
    await expect(readPeople(crypto, [source('a', alice), source('b', bob)], 'ally')).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('are refused all together when one file is not right, and every such file is named', async () => {
    const owner = await operator();
    const crypto = await testCrypto();
    const alice = await bundle(owner, 'alice');
    const cut = source('cut.bundle', alice.subarray(0, 200));
    await expect(readPeople(crypto, [source('good.bundle', alice), missing('no.bundle'), cut])).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      message: expect.stringMatching(/no\.bundle.*cut\.bundle E_FORMAT/),
      details: { refused: [{ place: 'no.bundle', code: 'E_NOT_FOUND' }, { place: 'cut.bundle', code: 'E_FORMAT' }] },
    });
    await expect(readPeople(crypto, [cut])).rejects.toMatchObject({ code: 'E_FORMAT', message: expect.stringContaining('cut.bundle') });
    await expect(readPerson(crypto, source('text', new TextEncoder().encode('hello')))).rejects.toMatchObject({ code: 'E_FORMAT' });
  });

  it('do not hide an interruption among what is wrong with a file', async () => {
    const interrupted = failing('slow', fail('E_INTERRUPTED'));
    await expect(readPeople(await testCrypto(), [interrupted, missing('no')])).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });
});
