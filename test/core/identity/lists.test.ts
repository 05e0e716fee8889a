import { describe, expect, it } from 'vitest';
import { parseFilter, whereOf } from '../../../src/core/base/filter.ts';
import { contactFields, identityFields, listContacts, listIdentities } from '../../../src/core/identity/lists.ts';
import { bundleOf, operator } from '../../support/people.ts';

async function book() {
  const [me, others] = [await operator(), await operator()];
  for (const name of ['ada', 'ben', 'chi', 'dov']) {
    await others.identities.create(name, { sendOnly: name === 'dov' });
    me.contacts.add([{ introduction: await bundleOf(others, name) }]);
  }
  me.contacts.verify('ben', others.identities.show('ben').fingerprint, 'words');
  const names = (where: string | undefined, more: object = {}, laterMs = 0) => {
    const { items, next } = listContacts(me.contacts, { where: whereOf(where, contactFields), nowMs: me.home.clock.now() + laterMs, ...more });
    return [...items.map(({ name }) => name), ...(next === undefined ? [] : [`next ${next}`])];
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
    expect(() => parseFilter(text, contactFields)).toThrow(expect.objectContaining({ code: 'E_FILTER' }));
  });
});

describe('a list of my identities', () => {
  it('is filtered by what is known of each, and comes in pages', async () => {
    const me = await operator();
    for (const name of ['ada', 'ben', 'chi']) await me.identities.create(name, { sendOnly: name === 'chi' });
    await me.identities.revoke('ben', 'lost');
    const names = (where: string | undefined, more: object = {}) => {
      const { items, next } = listIdentities(me.identities, { where: whereOf(where, identityFields), nowMs: me.home.clock.now(), ...more });
      return [...items.map(({ name }) => name), ...(next === undefined ? [] : [`next ${next}`])];
    };
    expect(names(undefined)).toEqual(['ada', 'ben', 'chi']);
    expect(names('revoked')).toEqual(['ben']);
    expect(names('send-only or name = ada')).toEqual(['ada', 'chi']);
    expect(names('prekeys > 0 and not revoked')).toEqual(['ada']);
    expect(names('created > 1h or expired')).toEqual([]);
    expect(names(undefined, { limit: 2 })).toEqual(['ada', 'ben', 'next ben']);
    expect(names(undefined, { limit: 2, after: 'ben' })).toEqual(['chi']);
  });

  it.each(['verified', 'send-only = maybe', 'keystore = file'])('takes no filter such as %j', (text) => {
    expect(() => parseFilter(text, identityFields)).toThrow(expect.objectContaining({ code: 'E_FILTER' }));
  });
});
