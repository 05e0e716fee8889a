import { describe, expect, it } from 'vitest';
import { listContacts, parseContactFilter } from '../../../src/core/identity/contact-filter.ts';
import { bundleOf, operator } from '../../support/people.ts';

async function book() {
  const [me, others] = [await operator(), await operator()];
  for (const name of ['ada', 'ben', 'chi', 'dov']) {
    await others.identities.create(name, { sendOnly: name === 'dov' });
    me.contacts.add([{ introduction: await bundleOf(others, name) }]);
  }
  me.contacts.verify('ben', others.identities.show('ben').fingerprint, 'words');
  const names = (where: string | undefined, more: object = {}, laterMs = 0) => {
    const { contacts, next } = listContacts(me.contacts, { where: where === undefined ? undefined : parseContactFilter(where), nowMs: me.home.clock.now() + laterMs, ...more });
    return [...contacts.map(({ name }) => name), ...(next === undefined ? [] : [`next ${next}`])];
  };
  return { names };
}

describe('a list of contacts', () => {
  it('is filtered by what is known of each', async () => {
    const { names } = await book();
    expect(names(undefined)).toEqual(['ada', 'ben', 'chi', 'dov']);
    expect(names('not verified')).toEqual(['ada', 'chi', 'dov']);
    expect(names('verified or name = ada')).toEqual(['ada', 'ben']);
    expect(names('prekeys = 0')).toEqual(['dov']);
    expect(names('expired or revoked')).toEqual([]);
    expect(names('expired', {}, 367 * 86_400_000)).toEqual(['ada', 'ben', 'chi']);
    expect(names('added > 1h')).toEqual([]);
    expect(names('added > 1h', {}, 7_200_000)).toHaveLength(4);
  });

  it('comes in pages', async () => {
    const { names } = await book();
    expect(names(undefined, { limit: 2 })).toEqual(['ada', 'ben', 'next ben']);
    expect(names(undefined, { limit: 2, after: 'ben' })).toEqual(['chi', 'dov']);
    expect(names('not verified', { limit: 1, after: 'ada' })).toEqual(['chi', 'next chi']);
    expect(names(undefined, { after: 'zed' })).toEqual([]);
  });

  it.each(['verfied', 'name', 'prekeys = many', 'size > 1'])('takes no filter such as %j', (text) => {
    expect(() => parseContactFilter(text)).toThrow(expect.objectContaining({ code: 'E_FILTER' }));
  });
});
