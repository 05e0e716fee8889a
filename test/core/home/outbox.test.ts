import { describe, expect, it } from 'vitest';
import { cidOf, DAG_CBOR, type Cid } from '../../../src/core/base/cid.ts';
import { openHome, recipientStates, type NewEntry, type RecipientState } from '../../../src/core/home/index.ts';
import { freshHome } from '../../support/home.ts';

const refused = (code: string) => expect.objectContaining({ code });
const cid = (text: string): Cid => cidOf(DAG_CBOR, Buffer.from(text));
const sender = cid('sender');
const to = (name: string) => ({ name, identity: cid(name), inbox: new Uint8Array(32).fill(name.length) });
const entry = (more: Partial<NewEntry> = {}): NewEntry => ({
  identity: sender,
  createdAtMs: 1000,
  expiresAtMs: 0,
  durability: 'hot',
  recipients: [to('ada'), to('ben')],
  id: undefined,
  name: undefined,
  bytes: undefined,
  receipt: undefined,
  ...more,
});

describe('the outbox', () => {
  it('has an entry before anything is sent: accepted, and unknown to every recipient', async () => {
    const home = await freshHome();
    const begun = home.outbox.begin(entry());
    expect(begun).toMatchObject({ durability: { asked: 'hot', true: 'accepted' }, recipients: [{ name: 'ada', state: 'unknown', times: { unknown: 1000 } }, { name: 'ben', state: 'unknown' }] });
    expect([begun.cid, begun.settledAtMs]).toEqual([undefined, undefined]);
    home.close();
    using again = await openHome(home.path, home);
    expect(again.outbox.entry(begun.number)).toEqual(begun);
  });

  it('settles what is still unknown, and leaves alone what a recipient already said', async () => {
    const { outbox } = await freshHome();
    const { number } = outbox.begin(entry());
    outbox.setRecipientState(number, 1, { state: 'received', atMs: 1500 });
    const packets = [new Uint8Array(192).fill(1), new Uint8Array(192).fill(2)];
    const settled = outbox.settle(number, { atMs: 2000, cid: cid('m'), bytes: 5, durability: 'hot', state: 'announced', packets });
    expect(settled).toMatchObject({ settledAtMs: 2000, bytes: 5, durability: { asked: 'hot', true: 'hot' } });
    expect(settled.recipients.map(({ state }) => state)).toEqual(['announced', 'received']);
    expect(settled.recipients.map(({ packet }) => packet)).toEqual(packets);
    expect(outbox.find(cid('m'))).toEqual(settled);
    expect(outbox.settle(number, { atMs: 3000, durability: 'cold' })).toMatchObject({ cid: settled.cid, durability: { asked: 'hot', true: 'cold' } });
    expect(() => outbox.settle(99, { atMs: 1 })).toThrow(refused('E_NOT_FOUND'));
    expect(() => outbox.setRecipientState(number, 2, { state: 'failed', atMs: 1 })).toThrow(refused('E_NOT_FOUND'));
  });

  it('answers a repeated id with the entry it made, one identity apart from another', async () => {
    const { outbox } = await freshHome();
    const first = outbox.begin(entry({ id: 'release-1' }));
    expect(outbox.begin(entry({ id: 'release-1', recipients: [] }))).toEqual(first);
    const other = outbox.begin(entry({ id: 'release-1', identity: cid('other') }));
    expect(other.number).not.toBe(first.number);
    expect(outbox.find('release-1', sender)).toEqual(first);
    expect(outbox.find('release-1')).toEqual(other);
    expect(outbox.find('release-2')).toBeUndefined();
    expect(outbox.find(cid('none'))).toBeUndefined();
  });

  const said: ReadonlyArray<readonly [RecipientState, RecipientState, RecipientState]> = [
    ['unknown', 'announced', 'announced'],
    ['announced', 'received', 'received'],
    ['announced', 'lost', 'lost'],
    ['lost', 'announced', 'announced'],
    ['failed', 'announced', 'announced'],
    ['received', 'opened', 'opened'],
    ['received', 'refused', 'received'],
    ['received', 'announced', 'received'],
    ['received', 'lost', 'received'],
    ['opened', 'received', 'opened'],
    ['opened', 'refused', 'opened'],
    ['opened', 'failed', 'opened'],
    ['refused', 'unknown', 'refused'],
    ['refused', 'lost', 'refused'],
    ['refused', 'received', 'received'],
    ['refused', 'opened', 'opened'],
    ['announced', 'cancelled', 'cancelled'],
    ['received', 'cancelled', 'received'],
    ['cancelled', 'opened', 'opened'],
  ];
  it.each(said)('%s, then %s, is %s', async (before, then, after) => {
    const { outbox } = await freshHome();
    const { number } = outbox.begin(entry());
    outbox.setRecipientState(number, 0, { state: before, atMs: 1 });
    expect(outbox.setRecipientState(number, 0, { state: then, atMs: 2 })).toBe(after === then);
    expect(outbox.entry(number).recipients[0]).toMatchObject({ state: after });
    expect(outbox.setRecipientState(number, 0, { state: then, atMs: 3 })).toBe(false);
  });

  it('keeps the first time of each state, and one evidence of each', async () => {
    const { outbox } = await freshHome();
    const { number } = outbox.begin(entry());
    const evidence = { state: 'opened', cid: cid('r'), atMs: 9 } as const;
    expect(outbox.setRecipientState(number, 0, { state: 'opened', atMs: 9, evidence })).toBe(true);
    expect(outbox.setRecipientState(number, 0, { state: 'opened', atMs: 10, evidence: { ...evidence, cid: cid('s') } })).toBe(false);
    expect(outbox.setRecipientState(number, 0, { state: 'received', atMs: 8, evidence: { state: 'received', cid: cid('q'), atMs: 8 } })).toBe(true);
    expect(outbox.entry(number).recipients[0]).toMatchObject({ state: 'opened', times: { unknown: 1000, opened: 9 }, evidence: [{ state: 'opened' }, { state: 'received' }] });
  });

  it('pages from the newest, by state and by any condition', async () => {
    const { outbox } = await freshHome();
    const numbers = outbox.beginMany(Array.from({ length: 25 }, (_, i) => entry({ createdAtMs: i }))).map(({ number }) => number);
    for (const number of numbers.filter((_, i) => i % 5 === 0)) outbox.setRecipientState(number, 1, { state: 'lost', atMs: 1 });
    const page = outbox.list({ limit: 10 });
    expect(page.entries.map(({ createdAtMs }) => createdAtMs)).toEqual([24, 23, 22, 21, 20, 19, 18, 17, 16, 15]);
    const rest = outbox.list({ limit: 100, before: page.next! });
    expect(rest.entries.map(({ createdAtMs }) => createdAtMs)).toEqual(Array.from({ length: 15 }, (_, i) => 14 - i));
    expect(rest.next).toBeUndefined();
    expect(outbox.list({ limit: 100, states: ['lost'] }).entries.map(({ createdAtMs }) => createdAtMs)).toEqual([20, 15, 10, 5, 0]);
    expect(outbox.list({ limit: 2, where: ({ createdAtMs }) => createdAtMs % 2 === 0 }).entries.map(({ createdAtMs }) => createdAtMs)).toEqual([24, 22]);
    expect(outbox.list({ limit: 5 })).toMatchObject({ next: numbers[20] });
    expect(outbox.counts()).toMatchObject({ unknown: 45, lost: 5, opened: 0 });
    expect(Object.keys(outbox.counts())).toEqual([...recipientStates]);
  });

  it('has a page that ends exactly with the last entry, and none after it', async () => {
    const { outbox } = await freshHome();
    outbox.beginMany([entry(), entry(), entry()]);
    expect(outbox.list({ limit: 3 })).toMatchObject({ next: undefined, entries: [{}, {}, {}] });
    expect(outbox.list({ limit: 2 }).next).toBeDefined();
    expect((await freshHome()).outbox.list({ limit: 2 })).toEqual({ entries: [], next: undefined });
  });

  it('forgets what is removed', async () => {
    const { outbox } = await freshHome();
    const { number } = outbox.begin(entry({ cid: cid('m') }));
    expect([outbox.remove(number), outbox.remove(number)]).toEqual([true, false]);
    expect(outbox.find(cid('m'))).toBeUndefined();
    expect(outbox.counts().unknown).toBe(0);
    expect(() => outbox.entry(number)).toThrow(refused('E_NOT_FOUND'));
  });
});

describe('opened messages', () => {
  it('keep their key when they are opened again without one', async () => {
    const { messages } = await freshHome();
    const sealedKey = new Uint8Array(60).fill(3);
    messages.put({ cid: cid('m'), openedAtMs: 5, bytes: 1, receipts: ['received'], sealedKey });
    messages.put({ cid: cid('m'), openedAtMs: 9, bytes: 1, receipts: ['opened'] });
    expect(messages.find(cid('m'))).toMatchObject({ openedAtMs: 5, sealedKey, receipts: ['received', 'opened'] });
    messages.put({ cid: cid('n'), openedAtMs: 7, bytes: 1, receipts: [] });
    expect(messages.findMany([cid('x'), cid('n')]).map((found) => found?.openedAtMs)).toEqual([undefined, 7]);
    expect(messages.list(10).map(({ openedAtMs }) => openedAtMs)).toEqual([7, 5]);
    expect(messages.list(10, 7)).toHaveLength(1);
    expect([messages.remove(cid('n')), messages.remove(cid('n'))]).toEqual([true, false]);
  });
});

describe('rows', () => {
  it('that somebody edited are damage, not data', async () => {
    const home = await freshHome();
    home.outbox.begin(entry({ cid: cid('m') }));
    home.settings.set('x', 'y');
    home.close();
    const { DatabaseSync } = await import('node:sqlite');
    const raw = new DatabaseSync(`${home.path}/home.db`);
    raw.exec(`UPDATE deliveries SET state = 'opened' WHERE place = 0; UPDATE settings SET name = 'z' WHERE name = 'x'`);
    raw.close();
    using again = await openHome(home.path, home);
    expect(() => again.outbox.list({ limit: 1 })).toThrow(refused('E_HOME_CORRUPT'));
    expect(() => again.settings.get('z')).toThrow(refused('E_HOME_CORRUPT'));
    again.check();
  });

  it('of a database without its tables, or of a newer one, are refused', async () => {
    for (const [sql, code] of [['DROP TABLE outbox', 'E_HOME_CORRUPT'], ['PRAGMA user_version = 2', 'E_VERSION_NEWER'], ['PRAGMA user_version = 0', 'E_HOME_CORRUPT']] as const) {
      const home = await freshHome();
      home.close();
      const { DatabaseSync } = await import('node:sqlite');
      const raw = new DatabaseSync(`${home.path}/home.db`);
      raw.exec(sql);
      raw.close();
      const use = async () => {
        using again = await openHome(home.path, home);
        again.outbox.list({ limit: 1 });
      };
      await expect(use()).rejects.toEqual(refused(code));
    }
  });
});
