import { cp, rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sameCid, type Cid } from '../../../src/core/base/cid.ts';
import { acknowledge } from '../../../src/core/mail/acknowledge.ts';
import { applyReceipts } from '../../../src/core/mail/apply-receipts.ts';
import { encodeReceipt, RECEIPT_MEDIA_TYPE } from '../../../src/core/message/index.ts';
import { handPost, receiptByHand as receipt } from '../../support/hand-post.ts';
import { clockAt } from '../../support/home.ts';
import { introduce, type Operator } from '../../support/mail.ts';
import { told } from '../../support/reader.ts';
import { codeOf, couple, forgetKeys, inboxOf, post, read } from '../../support/post.ts';

const ack = async ({ app }: Pick<Operator, 'app'>, ...cids: Cid[]) => (await acknowledge(await app.mail(), { cids })).result;
const apply = async ({ app }: Pick<Operator, 'app'>) => applyReceipts(await app.mail());
const stateOf = async ({ app }: Operator, cid: Cid) => (await app.home()).outbox.find(cid)?.recipients.map(({ name, state }) => `${name} ${state}`);
const codes = ({ warnings }: Operator): string[] => warnings.map(({ code }) => code);

describe('giving a receipt', () => {
  it('says "opened" when it was opened here, in its own time', async () => {
    const clock = clockAt(Date.now());
    const { alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    clock.at += 60_000;
    await read(alice, cid);
    const openedAtMs = clock.at;
    clock.at += 60_000;
    expect(await ack(alice, cid)).toMatchObject({ acknowledged: 1, receipts: 1, messages: [{ receipt: 'opened', receiptTo: 'bob', changed: true }] });
    expect(await apply(bob)).toEqual({ applied: 1, ignored: 0, waiting: [] });
    const [recipient] = (await bob.app.home()).outbox.find(cid)?.recipients ?? [];
    expect(recipient).toMatchObject({ name: 'alice', state: 'opened', times: { opened: openedAtMs } });
    expect(recipient?.evidence).toMatchObject([{ state: 'opened', atMs: openedAtMs, key: expect.any(Uint8Array) }]);
    expect(codes(alice)).toEqual([]);
  });

  it('says "received" when it was not opened, or when no more was asked', async () => {
    const { alice, bob } = await couple();
    const unread = await post(bob, ['alice'], 'unread', { receipt: 'opened' });
    const little = await post(bob, ['alice'], 'little', { receipt: 'received' });
    await read(alice, little);
    expect((await ack(alice, unread, little)).messages.map((one) => one.receipt)).toEqual(['received', 'received']);
    await apply(bob);
    expect([await stateOf(bob, unread), await stateOf(bob, little)]).toEqual([['alice received'], ['alice received']]);
    // it is opened later, and handled again: then that is said too, once
    await read(alice, unread);
    expect(await ack(alice, unread)).toMatchObject({ messages: [{ receipt: 'opened', changed: true }] });
    expect(await ack(alice, unread)).toMatchObject({ messages: [{ receipt: 'opened', changed: false }] });
    expect(await apply(bob)).toMatchObject({ applied: 1 });
    expect(await stateOf(bob, unread)).toEqual(['alice opened']);
  });

  it('is nothing when nobody asked, and nothing before it was handled', async () => {
    const { alice, bob } = await couple();
    const plain = await post(bob, ['alice'], 'no wish');
    const asked = await post(bob, ['alice'], 'a wish', { receipt: 'opened' });
    await read(alice, plain);
    await read(alice, asked);
    await inboxOf(alice);
    expect(await ack(alice, plain)).toMatchObject({ receipts: 0 });
    expect(await told(bob)).toEqual([]);
  });

  it('is "refused" to whoever is not verified, by default', async () => {
    const { world, alice, bob } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    await introduce(alice, carol, { verified: false });
    const cid = await post(carol, ['alice'], 'hello', { receipt: 'opened' });
    await read(alice, cid);
    expect(await ack(alice, cid)).toMatchObject({ messages: [{ receipt: 'refused', receiptTo: 'carol' }] });
    expect(await apply(carol)).toMatchObject({ applied: 1 });
    expect(await stateOf(carol, cid)).toEqual(['alice refused']);
    expect(await told(bob)).toEqual([]);
  });

  it('is no refusal to whoever was told more while he was verified', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await read(alice, cid);
    expect(await ack(alice, cid)).toMatchObject({ messages: [{ receipt: 'opened', changed: true }] });
    (await alice.app.contacts()).remove('bob');
    await introduce(alice, bob, { verified: false });
    expect(await ack(alice, cid)).toMatchObject({ messages: [{ receipt: null, changed: false }] });
    expect(await apply(bob)).toMatchObject({ applied: 1, waiting: [] });
    expect(await stateOf(bob, cid)).toEqual(['alice opened']);
  });

  it('by setting `always` goes to strangers who introduced themselves, and `never` to nobody', async () => {
    const { world, alice } = await couple({ alice: { settings: { receipts: 'always' } } });
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    const first = await post(carol, ['alice'], 'hello', { receipt: 'received', introduce: true });
    expect(await ack(alice, first)).toMatchObject({ messages: [{ receipt: 'received', receiptTo: 'carol' }] });
    expect(await apply(carol)).toMatchObject({ applied: 1 });
    const second = await post(carol, ['alice'], 'hello', { receipt: 'received', introduce: true });
    expect(await ack({ app: await alice.again({ settings: { receipts: 'never' } }) }, second)).toMatchObject({ acknowledged: 1, messages: [{ receipt: null }] });
    expect(await told(carol)).toEqual([]);
  });

  it('is not given to one whose signature could not be checked', async () => {
    const { world, alice } = await couple({ alice: { settings: { receipts: 'always' } } });
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    const cid = await post(carol, ['alice'], 'hello', { receipt: 'opened' });
    await read(alice, cid, { allowUnverified: true });
    expect(await ack(alice, cid)).toMatchObject({ acknowledged: 1, messages: [{ receipt: null }] });
    expect(await told(carol)).toEqual([]);
  });

  it('that cannot be sent is a warning, and the message is handled', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    const identities = await alice.app.identities();
    await identities.revoke('alice', 'superseded');
    await read(alice, cid);
    expect(await ack(alice, cid)).toMatchObject({ acknowledged: 1, messages: [{ receipt: null, changed: true }] });
    expect(codes(alice)).toEqual(['W_NO_RECEIPT']);
  });

  it('goes with fetch --ack', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    expect((await read(alice, cid, { ack: true })).result).toMatchObject({ acknowledged: true, receipt: 'opened' });
    await apply(bob);
    expect(await stateOf(bob, cid)).toEqual(['alice opened']);
  });

  it('hides its state from whoever holds the store: every one has the same length', async () => {
    const { world, alice, bob } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    await introduce(alice, carol, { verified: false });
    const [opened, received] = [await post(bob, ['alice'], 'x', { receipt: 'opened' }), await post(bob, ['alice'], 'y', { receipt: 'received' })];
    const refused = await post(carol, ['alice'], 'z', { receipt: 'opened' });
    await read(alice, opened);
    await ack(alice, opened, received, refused);
    const { hot } = await alice.app.store();
    const rows = [...(await told(bob)), ...(await told(carol))];
    const sizes = await Promise.all(rows.map(async ({ cid }) => (await hot.get(cid))?.length));
    expect(rows).toHaveLength(3);
    expect(new Set(sizes).size).toBe(1);
  });

  it('of a message in two of my inboxes is one of each', async () => {
    const { alice, bob } = await couple();
    await (await alice.app.identities()).create('work');
    await introduce(bob, { ...alice, name: 'work' });
    const cid = await post(bob, ['alice', 'work'], 'both', { receipt: 'received' });
    for (const as of ['alice', 'work', 'alice']) await ack({ app: await alice.again({ as }) }, cid);
    expect(await apply(bob)).toMatchObject({ applied: 2 });
    expect(await stateOf(bob, cid)).toEqual(['alice received', 'work received']);
  });
});

describe('taking receipts in', () => {
  it('is done by a list too, and they are not mail', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await read(alice, cid, { ack: true });
    expect(await told(bob)).toHaveLength(1);
    expect(await inboxOf(bob)).toMatchObject({ messages: [], receipts: 1, unreadable: 0 });
    expect(await stateOf(bob, cid)).toEqual(['alice opened']);
    expect(await told(bob)).toEqual([]);
    expect(await inboxOf(bob)).toMatchObject({ messages: [], receipts: 0 });
  });

  it('opens no key ring where nothing can be one, and looks at nothing twice', async () => {
    const { alice, bob } = await couple();
    await post(alice, ['bob'], new Uint8Array(300_000));
    const locked = { app: await bob.again({ passphrase: async () => expect.fail('nothing here can be a receipt') }) };
    expect(await apply(locked)).toEqual({ applied: 0, ignored: 0, waiting: [] });
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'received' });
    await ack(alice, cid);
    expect(await apply(bob)).toMatchObject({ applied: 1 });
    expect(await apply(locked)).toEqual({ applied: 0, ignored: 0, waiting: [] });
  });

  it('never goes back, whatever comes late', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await handPost(alice, bob, receipt(cid, 'opened'));
    await apply(bob);
    await handPost(alice, bob, receipt(cid, 'received'));
    await handPost(alice, bob, receipt(cid, 'opened'));
    await apply(bob);
    expect(await stateOf(bob, cid)).toEqual(['alice opened']);
    expect((await bob.app.home()).outbox.find(cid)?.recipients[0]?.evidence.map(({ state }) => state)).toEqual(['opened', 'received']);
    expect(await told(bob)).toEqual([]);
  });

  it('takes back a refusal by any word, in whatever order they come, by whatever clock', async () => {
    for (const order of [['refused', 'opened'], ['opened', 'refused'], ['refused', 'received', 'opened']] as const) {
      const { alice, bob } = await couple();
      const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
      for (const [i, state] of order.entries()) {
        await handPost(alice, bob, receipt(cid, state, { content: encodeReceipt({ of: cid, state, atMs: 1_000 * (order.length - i) }) }));
        await apply(bob);
      }
      expect(await stateOf(bob, cid)).toEqual(['alice opened']);
      expect((await bob.app.outbox.show(cid)).result).toMatchObject({ state: 'opened' });
    }
  });

  it('of a message whose receipt is refused goes on: show hears the later word', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await handPost(alice, bob, receipt(cid, 'refused'));
    expect((await bob.app.outbox.show(cid)).result.state).toBe('refused');
    await handPost(alice, bob, receipt(cid, 'opened'));
    expect((await bob.app.outbox.show(cid)).result.state).toBe('opened');
  });

  it('believes a clock that is ahead no further than its own', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await handPost(alice, bob, { content: encodeReceipt({ of: cid, state: 'opened', atMs: 8e15 }), metadata: { mediaType: RECEIPT_MEDIA_TYPE } });
    await apply(bob);
    expect((await bob.app.home()).outbox.find(cid)?.recipients[0]?.times.opened).toBeLessThanOrEqual(Date.now());
  });

  it('ignores who is no recipient, what was not sent, and what is not well-formed', async () => {
    const { world, alice, bob } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, bob);
    await introduce(bob, carol);
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    const others = await post(alice, ['bob'], 'of alice');
    // a verified contact, but not one that this message went to
    await handPost(carol, bob, receipt(cid));
    // about a message that alice sent herself, or that nobody did
    await handPost(alice, bob, receipt(others));
    // no receipt but for its media type; one that asks for a receipt; one that is not inline
    await handPost(alice, bob, receipt(cid, 'opened', { content: 'opened!' }));
    await handPost(alice, bob, receipt(cid, 'opened', { metadata: { mediaType: RECEIPT_MEDIA_TYPE, receipt: 'opened' } }));
    expect(await apply(bob)).toEqual({ applied: 0, ignored: 4, waiting: [] });
    expect(await stateOf(bob, cid)).toEqual(['alice announced']);
    expect(await inboxOf(bob)).toMatchObject({ messages: [{ cid: others.toString() }], receipts: 0, unreadable: 0 });
    await handPost(alice, bob, receipt(cid, 'opened', { content: new Uint8Array(300_000) }));
    expect((await inboxOf(bob)).messages).toHaveLength(1);
    expect(await stateOf(bob, cid)).toEqual(['alice announced']);
  });

  it('does not take the word of a co-recipient for the other', async () => {
    const { world, alice, bob } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, bob);
    await introduce(bob, carol);
    const cid = await post(bob, ['alice', 'carol'], 'hello', { receipt: 'opened' });
    const alices = (await alice.app.identities()).show('alice').id;
    await handPost(carol, bob, receipt(cid, 'opened', { changes: () => ({ metadata: (metadata) => ({ ...metadata, sender: { identity: alices, bundleSeq: 1 } }) }) }));
    await apply(bob);
    expect(await stateOf(bob, cid)).toEqual(['alice announced', 'carol announced']);
    await handPost(carol, bob, receipt(cid));
    await apply(bob);
    expect(await stateOf(bob, cid)).toEqual(['alice announced', 'carol opened']);
  });

  it('of a receiver who rotated his prekeys works, for a receipt names the keys that signed', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await (await alice.app.identities()).rotate('alice', 'prekeys');
    await read(alice, cid, { ack: true });
    expect(await apply(bob)).toMatchObject({ applied: 1 });
  });

  it('of a receiver who rotated his signing keys works, for the receipt brings the new ones', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    const identities = await alice.app.identities();
    await identities.rotate('alice', 'signing');
    await identities.rotate('alice', 'prekeys');
    await read(alice, cid, { ack: true });
    expect(await apply(bob)).toMatchObject({ applied: 1 });
    expect(await stateOf(bob, cid)).toEqual(['alice opened']);
  });

  it('waits where the keys are not known, and goes on when they come', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await (await alice.app.identities()).rotate('alice', 'signing');
    const { cid: receiptCid } = await handPost(alice, bob, receipt(cid));
    expect(await apply(bob)).toEqual({ applied: 0, ignored: 0, waiting: [expect.any(Number)] });
    expect(await apply(bob)).toEqual({ applied: 0, ignored: 0, waiting: [expect.any(Number)] });
    expect(await inboxOf(bob)).toMatchObject({ messages: [], receipts: 0 });
    expect((await told(bob)).some((row) => sameCid(row.cid, receiptCid))).toBe(true);
    const { newest, genesis } = (await alice.app.identities()).handOut('alice');
    (await bob.app.contacts()).learn({ genesis, newest, bundles: [...(await alice.app.identities()).handOut('alice').bundles] });
    expect(await apply(bob)).toMatchObject({ applied: 1, waiting: [] });
    expect(await told(bob)).toEqual([]);
  });

  it('survives prekeys that are gone: a receipt is sealed to the key that stays', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    const [home, ring] = [await bob.app.home(), await bob.app.ring()];
    await read(alice, cid, { ack: true });
    const { id } = (await bob.app.identities()).record('bob');
    await ring.change((draft) => draft.names(`${id}/prekey/`).forEach((name) => draft.remove(name)));
    expect(home.people.keysOf(id).length).toBeGreaterThan(1);
    expect(await apply(bob)).toMatchObject({ applied: 1 });
    await forgetKeys(bob);
  });
});

describe('a send-only identity', () => {
  it('gets its receipts in every home it lives in, and none of them takes them from the others', async () => {
    const { world, alice } = await couple();
    const bot = await world.operator('bot', { sendOnly: true });
    await introduce(bot, alice);
    await introduce(alice, bot);
    const cid = await post(bot, ['alice'], 'release', { id: 'release-1', receipt: 'opened' });
    await read(alice, cid, { ack: true });
    expect(await apply(bot)).toMatchObject({ applied: 1 });
    expect(await apply(bot)).toEqual({ applied: 0, ignored: 0, waiting: [] });
    expect(await told(bot)).toHaveLength(1);
    // the same identity in another home, which learns of the message from the record of its id
    const other = `${bot.home}-restored`;
    await cp(bot.home, other, { recursive: true });
    const app = await bot.again({ home: other });
    const restored = { ...bot, app };
    const outbox = (await app.home()).outbox;
    outbox.remove(outbox.find(cid)?.number as number);
    expect(await apply(restored)).toEqual({ applied: 0, ignored: 0, waiting: [] });
    await post(restored, ['alice'], 'release', { id: 'release-1', receipt: 'opened' });
    expect(await stateOf(restored, cid)).toEqual(['alice announced']);
    expect(await apply(restored)).toMatchObject({ applied: 1 });
    expect(await stateOf(restored, cid)).toEqual(['alice opened']);
  });
});

describe('once', () => {
  it('is how often each state is told, however often it is handled and by whom', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'opened' });
    await read(alice, cid);
    const apps = await Promise.all([alice.again(), alice.again(), alice.again()]);
    const answers = await Promise.all([...apps, alice.app].map((app) => ack({ app }, cid)));
    expect(answers.filter(({ messages }) => messages[0]?.changed === true).length).toBeGreaterThan(0);
    expect(answers.every(({ messages }) => messages[0]?.receipt === 'opened')).toBe(true);
    expect(await told(bob)).toHaveLength(1);
    await ack(alice, cid);
    expect(await told(bob)).toHaveLength(1);
  });

  it('and again when the store lost it, on the next handling', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'received' });
    await ack(alice, cid);
    const [lost] = await told(bob);
    const store = await alice.app.store();
    await store.hot.remove([lost!.cid]);
    await store.hot.forget(lost!.cid, (await store.hot.message(lost!.cid))?.version as number);
    expect(await ack(alice, cid)).toMatchObject({ messages: [{ receipt: 'received', changed: true }] });
    expect(await told(bob)).toHaveLength(1);
    expect(await apply(bob)).toMatchObject({ applied: 1 });
    expect(await ack(alice, cid)).toMatchObject({ messages: [{ receipt: 'received', changed: false }] });
    expect((await store.verifyAcknowledged(0)).lost).toEqual([]);
  });

  it('and again when the store forgot it, put back to an older copy', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'received' });
    for (const { app } of [alice, bob]) await app.close();
    await cp(world.store, `${world.store}.copy`, { recursive: true });
    const app = await alice.again();
    await ack({ app }, cid);
    await app.close();
    await rm(world.store, { recursive: true });
    await rename(`${world.store}.copy`, world.store);
    const now = await alice.again();
    expect(await ack({ app: now }, cid)).toMatchObject({ messages: [{ receipt: 'received', changed: true }] });
    expect(await ack({ app: now }, cid)).toMatchObject({ messages: [{ receipt: 'received', changed: false }] });
    expect(await apply({ app: await bob.again() })).toMatchObject({ applied: 1 });
  });

  it('also when the home forgot that it told', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello', { receipt: 'received' });
    await ack(alice, cid);
    (await alice.app.home()).messages.remove(cid);
    expect(await ack(alice, cid)).toMatchObject({ messages: [{ receipt: 'received', changed: false }] });
    expect(await told(bob)).toHaveLength(1);
  });

  it('is a receipt answered: never', async () => {
    const { alice, bob } = await couple();
    const asks = await handPost(alice, bob, { ...receipt(await post(bob, ['alice'], 'x')), metadata: { mediaType: RECEIPT_MEDIA_TYPE, receipt: 'opened' } });
    expect(await codeOf(ack(bob, asks.cid))).toBe('nothing was thrown');
    expect((await told(alice)).filter((row) => sameCid(row.cid, asks.cid))).toEqual([]);
    expect(await told(alice)).toHaveLength(1);
  });
});
