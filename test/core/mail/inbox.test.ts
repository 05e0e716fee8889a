import { cp } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { cidOf, cidOfDigest, DAG_CBOR, digestOf, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { acknowledge } from '../../../src/core/mail/acknowledge.ts';
import { inboxFields, listInbox, showMessage } from '../../../src/core/mail/inbox.ts';
import type { Announcement } from '../../../src/core/storage/ports.ts';
import { patched, seeded, withCrc } from '../packet/helpers.ts';
import { handPost } from '../../support/hand-post.ts';
import { clockAt, secretOf } from '../../support/home.ts';
import { introduce, type Operator } from '../../support/mail.ts';
import { codeOf, couple, damage, inboxOf, noise, post, read } from '../../support/post.ts';

const SEQUENCE_AT = 16;
const INBOX_AT = 64;
const EXPIRES_AT = 152;

const inboxDigest = async ({ app, name }: Operator): Promise<Uint8Array> => {
  const [inbox] = (await app.identities()).inboxes(name);
  if (inbox === undefined) throw new Error('no inbox');
  return inbox.digest;
};

const announcementOf = async (operator: Operator, cid: Cid): Promise<Announcement> => {
  const row = await (await operator.app.store()).hot.inbox.find(await inboxDigest(operator), cid);
  if (row === undefined) throw new Error('not announced');
  return row;
};

const cidsOf = (messages: ReadonlyArray<{ readonly cid: string }>): string[] => messages.map(({ cid }) => cid);
const ack = async ({ app }: Pick<Operator, 'app'>, ...cids: Cid[]) => acknowledge(await app.mail(), { cids });

describe('the list', () => {
  it('has what is to be handled, oldest first, as mail', async () => {
    const { alice, bob } = await couple();
    const one = await post(bob, ['alice'], 'one', { name: 'one.txt' });
    const two = await post(bob, ['alice', 'bob'], noise(300_000));
    const { messages, next, unreadable } = await inboxOf(alice);
    expect({ next, unreadable }).toEqual({ next: null, unreadable: 0 });
    expect(messages).toEqual([
      { cid: one.toString(), sender: 'bob', verified: true, received: expect.stringMatching(/Z$/), bytes: 3, state: 'unread', name: 'one.txt', to: 'alice' },
      { cid: two.toString(), sender: 'bob', verified: true, received: expect.stringMatching(/Z$/), bytes: 300_000, state: 'unread', name: null, to: 'alice' },
    ]);
    await read(alice, one);
    await ack(alice, two);
    expect((await inboxOf(alice)).messages).toMatchObject([{ cid: one.toString(), state: 'opened' }]);
    expect((await inboxOf(bob)).messages).toMatchObject([{ cid: two.toString(), sender: 'bob', to: 'bob' }]);
  });

  it('comes in pages that neither repeat nor lose one', async () => {
    const { alice, bob } = await couple();
    const sent: string[] = [];
    for (let i = 0; i < 7; i++) sent.push((await post(bob, ['alice'], `${i}`)).toString());
    const got: string[] = [];
    let pages = 0;
    for (let after: string | undefined; ; ) {
      const { messages, next } = await inboxOf(alice, { limit: 3, ...(after !== undefined && { after }) });
      got.push(...cidsOf(messages));
      pages++;
      if (next === null) break;
      after = next;
    }
    expect(got).toEqual(sent);
    expect(pages).toBe(3);
    expect((await inboxOf(alice, { limit: 7 })).next).toBeNull();
    for (const after of ['-1', 'x', '1e3', '', '99999999999999999']) expect(await codeOf(inboxOf(alice, { after }))).toBe('E_USAGE');
    expect(await codeOf(inboxOf(alice, { limit: limits.pageItemsMax + 1 }))).toBe('E_TOO_MANY');
  });

  it('takes a filter', async () => {
    const { world, alice, bob } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    const [small, large] = [await post(bob, ['alice'], 'x', { name: 'x.log' }), await post(bob, ['alice'], noise(50_000))];
    const strange = await post(carol, ['alice'], 'y', { introduce: true });
    await read(alice, small);
    const found = async (where: string) => cidsOf((await inboxOf(alice, { where: parseFilter(where, inboxFields) })).messages);
    expect(await found('size > 10KB')).toEqual([large.toString()]);
    expect(await found('state = opened')).toEqual([small.toString()]);
    expect(await found('not verified')).toEqual([strange.toString()]);
    expect(await found('sender = bob and name ~ log')).toEqual([small.toString()]);
    expect(await found('received > 1d')).toEqual([]);
    expect(await found('received < 1d and to = alice')).toHaveLength(3);
  });

  it('is of the identity that acts, or of all when none was chosen', async () => {
    const { alice, bob } = await couple();
    await (await alice.app.identities()).create('work');
    await introduce(bob, { ...alice, name: 'work' });
    const [home, work] = [await post(bob, ['alice'], 'home'), await post(bob, ['work'], 'work')];
    const both = await post(bob, ['alice', 'work'], 'both');
    const list = async (options: object = {}) => (await inboxOf({ app: await alice.again(options) })).messages.map(({ cid, to }) => `${to} ${cid}`);
    expect(await list({ as: 'work' })).toEqual([`work ${work}`, `work ${both}`]);
    expect(await list({ as: 'alice' })).toEqual([`alice ${home}`, `alice ${both}`]);
    expect((await list()).toSorted()).toEqual([`alice ${home}`, `work ${work}`, `alice ${both}`, `work ${both}`].toSorted());
    await ack({ app: await alice.again({ as: 'work' }) }, both);
    expect(await list({ as: 'work' })).toEqual([`work ${work}`]);
    expect(await list({ as: 'alice' })).toHaveLength(2);
  });

  it('needs an identity', async () => {
    const { world, alice } = await couple();
    const nobody = await world.operator('nobody');
    await (await nobody.app.identities()).remove('nobody');
    expect(await codeOf(inboxOf(nobody))).toBe('E_NO_IDENTITY');
    expect(await inboxOf(alice)).toMatchObject({ messages: [] });
  });
});

describe('a key ring that does not open', () => {
  const rings = [['E_PASSPHRASE', async () => secretOf('wrong')], ['E_NOT_FOUND', () => Promise.reject(fail('E_NOT_FOUND', { what: 'the passphrase file' }))], ['E_FLAG_NEEDED', () => Promise.reject(fail('E_FLAG_NEEDED'))]] as const;

  it.each(rings)('ends a list by %s, whatever waits there, and is not told as bad messages', async (code, passphrase) => {
    const { alice, bob } = await couple();
    await post(bob, ['alice'], 'one');
    await post(bob, ['alice'], noise(600_000), { stream: true });
    const locked = await alice.again({ passphrase });
    await expect(listInbox(await locked.mail(), {})).rejects.toMatchObject({ code });
  });

  it.each(rings)('acknowledges nothing by %s: the receipt that was asked for would be lost', async (code, passphrase) => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'one', { receipt: 'opened' });
    const locked = await alice.again({ passphrase });
    await expect(acknowledge(await locked.mail(), { cids: [cid] })).rejects.toMatchObject({ code });
    expect(cidsOf((await inboxOf(alice)).messages)).toEqual([cid.toString()]);
  });

  it('is not asked for by an empty inbox', async () => {
    const { alice } = await couple();
    const locked = await alice.again({ passphrase: async () => expect.fail('asked') });
    expect((await listInbox(await locked.mail(), {})).result.messages).toEqual([]);
  });
});

describe('one message', () => {
  it('is shown as far as its metadata, and stays unread', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'plan', { name: 'p.txt', mediaType: 'text/plain', receipt: 'opened', expires: '2d' });
    const room = await alice.app.mail();
    expect(await showMessage(room, cid)).toMatchObject({
      ...{ cid: cid.toString(), name: 'p.txt', mediaType: 'text/plain', bytes: 4, state: 'unread', to: 'alice', receiptAsked: 'opened', recipients: 1 },
      ...{ sender: { name: 'bob', verified: true }, received: expect.stringMatching(/Z$/), acknowledged: null, expires: expect.stringMatching(/Z$/) },
    });
    expect((await inboxOf(alice)).messages[0]?.state).toBe('unread');
    await ack(alice, cid);
    expect(await showMessage(room, cid)).toMatchObject({ acknowledged: expect.stringMatching(/Z$/) });
    expect(await codeOf(showMessage(room, cidOf(DAG_CBOR, bytesOf('no'))))).toBe('E_NOT_FOUND');
  });
});

describe('handling', () => {
  it('takes a message out of the list once', async () => {
    const { alice, bob } = await couple();
    const [one, two] = [await post(bob, ['alice'], 'one'), await post(bob, ['alice'], 'two')];
    expect(await ack(alice, one)).toMatchObject({ changed: true, result: { acknowledged: 1, receipts: 0, messages: [{ cid: one.toString(), changed: true, receipt: null }] } });
    expect(await ack(alice, one)).toMatchObject({ changed: false, result: { acknowledged: 0 } });
    expect(cidsOf((await inboxOf(alice)).messages)).toEqual([two.toString()]);
    expect((await read(alice, one)).content).toEqual(bytesOf('one'));
  });

  it('of names that were never announced here does nothing, and names them all', async () => {
    const { alice, bob } = await couple();
    const [mine, his] = [await post(bob, ['alice'], 'mine'), await post(bob, ['bob'], 'his')];
    expect(await codeOf(ack(alice, mine, his))).toBe('E_NOT_FOUND');
    expect(cidsOf((await inboxOf(alice)).messages)).toEqual([mine.toString()]);
  });

  it('also takes out what cannot be opened', async () => {
    const { alice, bob } = await couple();
    const { cid } = await handPost(bob, alice, { changes: () => ({ metadata: (metadata) => ({ ...metadata, name: 'forged' }) }) });
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 1 });
    expect((await ack(alice, cid)).changed).toBe(true);
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 0 });
  });

  it('is fetch --ack too', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'x');
    expect((await read(alice, cid, { ack: true })).result).toMatchObject({ acknowledged: true, receipt: null });
    expect((await inboxOf(alice)).messages).toEqual([]);
  });
});

describe('announcements are hostile', () => {
  it('of garbage are counted and nothing more', async () => {
    const { alice, bob } = await couple();
    const genuine = await post(bob, ['alice'], 'genuine');
    const inbox = await inboxDigest(alice);
    const { hot } = await alice.app.store();
    const { packet } = await announcementOf(alice, genuine);
    const other = cidOf(DAG_CBOR, bytesOf('another block'));
    await hot.inbox.announce([
      { inbox, packet: seeded('garbage', 192), cid: cidOf(DAG_CBOR, bytesOf('1')), expiresAtMs: 0 },
      { inbox, packet: withCrc(seeded('garbage with a checksum', 192)), cid: cidOf(DAG_CBOR, bytesOf('2')), expiresAtMs: 0 },
      // a genuine packet, filed under another block
      { inbox, packet, cid: other, expiresAtMs: 0 },
    ]);
    // about blocks that are not there, are no manifest, are damaged
    const about = (cid: Cid) => hot.inbox.announce([{ inbox, packet: patched(packet, 96, ...digestOf(cid)), cid, expiresAtMs: 0 }]);
    await about(cidOf(DAG_CBOR, bytesOf('3')));
    const noManifest = { bytes: bytesOf('not dag-cbor'), cid: cidOf(DAG_CBOR, bytesOf('not dag-cbor')) };
    await hot.put([noManifest]);
    await about(noManifest.cid);
    const damaged = await post(bob, ['alice'], 'damaged');
    await damage(alice, damaged);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: genuine.toString() }], unreadable: 6 });
    const own = await post(bob, ['bob'], 'for bob alone');
    await about(own);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: genuine.toString() }], unreadable: 7 });
  });

  it('of any 192 bytes under any name never end a list', async () => {
    const { alice, bob } = await couple();
    const genuine = await post(bob, ['alice'], 'genuine');
    const inbox = await inboxDigest(alice);
    const { hot } = await alice.app.store();
    const { packet } = await announcementOf(alice, genuine);
    const made = fc.record({
      at: fc.integer({ min: 0, max: 191 }),
      values: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 16 }),
      digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      codec: fc.constantFrom(RAW, DAG_CBOR),
      named: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(made, async ({ at, values, digest, codec, named }) => {
        const bent = patched(packet, at, ...values.slice(0, 192 - at));
        const cid = cidOfDigest(codec, named ? bent.slice(96, 128) : digest);
        await hot.inbox.announce([{ inbox, packet: bent, cid, expiresAtMs: 0 }]);
        expect(cidsOf((await inboxOf(alice)).messages)).toEqual([genuine.toString()]);
      }),
      { numRuns: 60 },
    );
  });

  it('that are forged do not lock out the true message', async () => {
    const { alice, bob } = await couple();
    // whoever writes the store was first: another stanza, another expiry, another word 5
    const bends = [
      (packet: Uint8Array) => patched(packet, SEQUENCE_AT, 0, 0, 0, 0, 0, 0, 0, 1),
      (packet: Uint8Array) => patched(packet, SEQUENCE_AT, 0, 0, 0, 0, 0, 1, 0, 0),
      (packet: Uint8Array) => patched(packet, EXPIRES_AT, 0, 0, 1, 143, 0, 0, 0, 0),
      (packet: Uint8Array) => patched(packet, 160, 1, 2, 3),
      // the flags of a stream's beginning, and flags that go together with nothing
      (packet: Uint8Array) => patched(packet, 2, 0, 0b0000_0010),
      (packet: Uint8Array) => patched(packet, 2, 0xff, 0xff),
    ];
    for (const [i, bend] of bends.entries()) {
      const { cid } = await handPost(bob, alice, { content: `letter ${i}`, announcements: (made) => made.map((one) => ({ ...one, packet: bend(one.packet) })) });
      expect(cidsOf((await inboxOf(alice)).messages)).toContain(cid.toString());
      expect((await read(alice, cid)).content).toEqual(bytesOf(`letter ${i}`));
    }
    expect(await inboxOf(alice)).toMatchObject({ unreadable: 0 });
  });

  it('that are forged by the dozen are looked through only so far', async () => {
    const { alice, bob } = await couple();
    for (let i = 0; i <= limits.strayAnnouncementsMax; i++) {
      await handPost(bob, alice, { content: `${i}`, announcements: (made) => made.map((one) => ({ ...one, packet: patched(one.packet, SEQUENCE_AT, 0, 0, 0, 0, 0, 0, 0, 9) })) });
    }
    const { messages, unreadable } = await inboxOf(alice);
    expect(messages).toHaveLength(limits.strayAnnouncementsMax);
    expect(unreadable).toBe(1);
  });

  it('that are replayed, to the same inbox or another, change nothing', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'for alice');
    const genuine = await announcementOf(alice, cid);
    const { hot } = await alice.app.store();
    await hot.inbox.announce([genuine, genuine]);
    expect((await inboxOf(alice)).messages).toHaveLength(1);
    await ack(alice, cid);
    await hot.inbox.announce([genuine]);
    expect((await inboxOf(alice)).messages).toEqual([]);
    const bobs = await inboxDigest(bob);
    await hot.inbox.announce([{ ...genuine, inbox: bobs }, { ...genuine, inbox: bobs, packet: patched(genuine.packet, INBOX_AT, ...bobs) }]);
    expect(await inboxOf(bob)).toMatchObject({ messages: [], unreadable: 1 });
  });
});

describe('streams', () => {
  const parts = async (operator: Operator) => (await operator.app.store()).hot.inbox.list(await inboxDigest(operator), { limit: 1_000 });

  it('are one message once they have ended, and leave the list whole', async () => {
    const { alice, bob } = await couple();
    const content = noise(900_000);
    const cid = await post(bob, ['alice'], content, { stream: true, name: 's.bin' });
    expect((await parts(alice)).length).toBeGreaterThan(3);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: cid.toString(), bytes: 900_000, name: 's.bin', sender: 'bob', state: 'unread' }], unreadable: 0, arriving: 0 });
    const got = await read(alice, cid, { ack: true });
    expect(got.content).toEqual(content);
    expect(await parts(alice)).toEqual([]);
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 0, arriving: 0 });
  });

  it('that have not ended are said to be arriving, and after a time to be nothing', async () => {
    const clock = clockAt(Date.now());
    const { alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    let go = (): void => undefined;
    const paused = new Promise<void>((resolve) => (go = resolve));
    let announced = (): void => undefined;
    const begun = new Promise<void>((resolve) => (announced = resolve));
    const open = async function* () {
      yield noise(300_000);
      announced();
      await paused;
      yield noise(300_000, 2);
    };
    const sending = bob.app.send({ input: { open }, to: ['alice'], stream: true });
    await begun;
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 0, arriving: 1 });
    clock.at += limits.reassemblyMs;
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 1, arriving: 0 });
    go();
    await sending;
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ bytes: 600_000 }], unreadable: 0, arriving: 0 });
  });

  it('need their last packet alone: the others may be lost, or forged', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(900_000), { stream: true });
    const { hot } = await alice.app.store();
    const rows = await parts(alice);
    const start = rows[0] as (typeof rows)[number];
    const content = rows[1] as (typeof rows)[number];
    await hot.inbox.withdraw(start.inbox, start.cid);
    await hot.inbox.withdraw(content.inbox, content.cid);
    // another opening and another piece of content claim to be of this stream, and nobody vouches for them
    const stranger = cidOf(DAG_CBOR, bytesOf('another opening'));
    await hot.inbox.announce([{ ...start, packet: patched(start.packet, 96, ...digestOf(stranger)), cid: stranger }]);
    const page = await inboxOf(alice);
    expect(page).toMatchObject({ messages: [{ cid: cid.toString(), bytes: 900_000 }], arriving: 0 });
    expect((await read(alice, cid, { ack: true })).content).toEqual(noise(900_000));
    expect((await parts(alice)).map((row) => row.cid.toString())).toEqual([stranger.toString()]);
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 1, arriving: 0 });
  });

  it('begun by a forger are not arriving', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(600_000), { stream: true });
    const rows = await parts(alice);
    const [start] = rows as [(typeof rows)[number]];
    const { hot } = await alice.app.store();
    for (const row of rows) await hot.inbox.withdraw(row.inbox, row.cid);
    await hot.inbox.announce([{ ...start, packet: patched(start.packet, 8, 9, 9, 9, 9) }]);
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 1, arriving: 0 });
    expect((await read(alice, cid)).content).toEqual(noise(600_000));
  });
});

describe('a copied home', () => {
  it('may look, and leaves everything as it is', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello');
    const copy = `${alice.home}-copy`;
    await cp(alice.home, copy, { recursive: true });
    const app = await alice.again({ home: copy });
    expect((await listInbox(await app.mail())).result.messages).toMatchObject([{ cid: cid.toString() }]);
    expect((await read({ app }, cid)).content).toEqual(bytesOf('hello'));
    expect(await codeOf(ack({ app }, cid))).toBe('E_HOME_COPIED');
    expect((await inboxOf(alice)).messages).toHaveLength(1);
  });
});

describe('the library', () => {
  it('has all of it behind one object', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { name: 'h.txt' });
    const { inbox } = alice.app;
    expect((await inbox.list()).result.messages).toHaveLength(1);
    expect(await inbox.show(cid)).toMatchObject({ name: 'h.txt' });
    for await (const { message } of await inbox.watch()) {
      expect(message.cid).toBe(cid.toString());
      break;
    }
    expect((await inbox.fetch({ folder: world.folder })).result.fetched).toBe(1);
    expect((await inbox.ack({ cids: [cid] })).changed).toBe(true);
    expect((await inbox.list({ limit: 5 })).result.messages).toEqual([]);
  });
});
