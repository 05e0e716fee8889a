/** What the store says of an outbox: lost, forgotten, let go of, expired, and there again. */
import { createReadStream } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCid } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { parseFilter } from '../../../src/core/base/filter.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { runCheck } from '../../../src/core/health/check.ts';
import { outboxCheck } from '../../../src/core/health/checks/outbox.ts';
import { newsOf } from '../../../src/core/mail/news.ts';
import { outboxFields } from '../../../src/core/mail/outbox.ts';
import { verifyError } from '../../../src/core/storage/audit.ts';
import { createStore } from '../../../src/core/storage/store.ts';
import { clockAt } from '../../support/home.ts';
import { ack, hello, trio, type Trio } from '../../support/trio.ts';

const refused = (code: string) => expect.objectContaining({ code });
const DAY = 86_400_000;
const where = (text: string) => parseFilter(text, outboxFields);

describe('a message of the outbox', () => {
  it('turns lost by itself once an audit found it, and back when the message is there again', async () => {
    const { world, alice, bob } = await trio();
    const out = join(world.folder, 'out.car');
    const { result } = await bob.app.send(hello({ receipt: 'received', out }));
    await ack(alice, result.cid);
    await bob.app.outbox.show(result.cid);
    const store = await bob.app.store();
    await store.hot.remove([parseCid(result.cid)]);
    const room = { clock: bob.app.clock, home: () => bob.app.home(), store: async () => store };
    expect((await runCheck(room, outboxCheck)).status).toBe('OK');
    await store.verify();
    const found = await runCheck(room, outboxCheck);
    expect([found.status, found.metrics[0]]).toMatchObject(['CRITICAL', { label: 'lost', value: 1 }]);
    expect((await bob.app.home()).outbox.counts().lost).toBe(0);
    const next = await bob.again();
    expect((await next.outbox.list({ where: where('state = lost') })).result.messages.map(({ cid }) => cid)).toEqual([result.cid]);
    expect(bob.warnings).toMatchObject([{ code: 'W_LOST', count: 1 }]);
    expect(await next.outbox.wait(result.cid, { state: 'received' })).toMatchObject({ error: { code: 'E_MESSAGE_LOST' }, result: { recipients: [{ state: 'received' }, { state: 'lost' }] } });
    await store.importCar(createReadStream(out), { place: out });
    expect((await runCheck(room, outboxCheck)).status).toBe('OK');
    const { recipients } = (await next.outbox.show(result.cid)).result;
    expect(recipients).toMatchObject([{ state: 'received' }, { state: 'announced' }]);
    expect(recipients[1]?.times).not.toHaveProperty('lost');
  });

  it('turns lost what a store forgot that was put back to an older copy, which finds nothing wrong with itself', async () => {
    const { world, alice, bob, carol } = await trio();
    const kept = await bob.app.send(hello({ id: 'kept' }));
    for (const { app } of [alice, bob, carol]) await app.close();
    const copy = join(world.folder, 'copy');
    await cp(world.store, copy, { recursive: true });
    const then = await bob.again();
    const [first, second] = [await then.send(hello({ id: 'first' })), await then.send(hello({ id: 'second', to: ['carol'] }))];
    await then.close();
    await rm(world.store, { recursive: true });
    await rename(copy, world.store);

    const app = await bob.again();
    const store = await app.store();
    expect(verifyError(await store.verify())).toBeUndefined();
    const found = await runCheck({ clock: app.clock, home: () => app.home(), store: async () => store }, outboxCheck);
    expect([found.status, found.metrics[0]]).toMatchObject(['CRITICAL', { label: 'lost', value: 3 }]);
    expect((await app.home()).outbox.counts().lost, 'a check writes nothing').toBe(0);
    const { messages } = (await app.outbox.list()).result;
    expect(messages.map(({ id, state, ended }) => [id, state, ended])).toEqual([['second', 'lost', null], ['first', 'lost', null], ['kept', 'announced', null]]);
    expect(bob.warnings).toMatchObject([{ code: 'W_LOST', count: 3 }]);
    await expect(app.outbox.resend('first')).rejects.toEqual(refused('E_MESSAGE_LOST'));

    const again = await app.send(hello({ id: 'first' }));
    expect(again.changed).toBe(true);
    expect([kept, first, second].map(({ result }) => result.cid)).not.toContain(again.result.cid);
    expect(bob.warnings.at(-1)).toMatchObject({ code: 'W_SENT_AGAIN' });
    await app.outbox.cancel('second');
    expect((await runCheck({ clock: app.clock, home: () => app.home(), store: async () => store }, outboxCheck)).metrics[0]).toMatchObject({ label: 'lost', value: 0 });
  });

  it.each([
    ['that was cancelled is refused as cancelled', async ({ bob }: Trio) => void (await bob.app.outbox.cancel('once')), 'E_CANCELLED'],
    ['that everybody has is not given twice', async ({ bob, alice, carol }: Trio, cid: string) => (await ack(alice, cid), await ack(carol, cid), void (await bob.app.outbox.show('once'))), 'E_INCOMPLETE'],
    ['that came back by an import is not given twice', undefined, 'E_INCOMPLETE'],
  ] as const)('and a send of an id %s, whatever the store remembers', async (_, then, code) => {
    const three = await trio();
    const { world, alice, bob, carol } = three;
    const out = join(world.folder, 'once.car');
    const copy = join(world.folder, 'copy');
    await cp(world.store, copy, { recursive: true });
    const { result } = await bob.app.send(hello({ id: 'once', receipt: 'received', out }));
    await then?.(three, result.cid);
    for (const { app } of [alice, bob, carol]) await app.close();
    await rm(world.store, { recursive: true });
    await rename(copy, world.store);
    const app = await bob.again();
    const store = await app.store();
    if (then === undefined) await store.importCar(createReadStream(out), { place: out });
    await expect(app.send(hello({ id: 'once', receipt: 'received' }))).rejects.toMatchObject({ code });
    expect((await app.outbox.list()).result.messages).toHaveLength(1);
    expect(bob.warnings.map((one) => one.code)).not.toContain('W_SENT_AGAIN');
  });

  it('says removed, and not lost, of what the store let go of, and stops waiting for it', async () => {
    const { alice, bob } = await trio();
    const { result } = await bob.app.send(hello({ receipt: 'received' }));
    const store = await bob.app.store();
    const remove = async (cid: string) => {
      const { planId } = await store.remove({ cids: [parseCid(cid)] }, { dryRun: true });
      await store.remove({ cids: [parseCid(cid)] }, { confirm: planId as string });
    };
    await ack(alice, result.cid);
    expect((await bob.app.outbox.show(result.cid)).result).toMatchObject({ ended: null });
    await remove(result.cid);
    const waited = await bob.app.outbox.wait(result.cid, { state: 'received' });
    expect(waited).toMatchObject({ result: { ended: 'removed', recipients: [{ state: 'received' }, { state: 'announced' }] }, error: { code: 'E_MISSING_RECIPIENTS', details: { missing: 1 }, hint: expect.stringContaining('removed from the store') as unknown } });
    // the record goes with the next gc, and what is known stays known
    await store.hot.forget(parseCid(result.cid), (await store.hot.message(parseCid(result.cid)))?.version as number);
    expect((await (await bob.again()).outbox.list()).result.messages).toMatchObject([{ ended: 'removed', state: 'announced' }]);
    expect((await bob.app.outbox.resend(result.cid)).result).toMatchObject({ ended: null, state: 'announced' });

    const other = await bob.app.send(hello());
    await remove(other.result.cid);
    await store.hot.forget(parseCid(other.result.cid), (await store.hot.message(parseCid(other.result.cid)))?.version as number);
    await store.hot.remove([parseCid(other.result.cid)]);
    expect((await (await bob.again()).outbox.list({ limit: 1 })).result.messages).toMatchObject([{ cid: other.result.cid, ended: 'removed', state: 'announced' }]);
  });

  it('says expired of what has, does not call it lost when it is gone, and still waits for a late word', async () => {
    const clock = clockAt(Date.now());
    const { alice, bob } = await trio({ clock });
    const { result } = await bob.app.send(hello({ expires: '1d', receipt: 'received', to: ['alice'] }));
    clock.at += 2 * DAY;
    const waiting = bob.app.outbox.wait(result.cid, { state: 'received' });
    await ack(alice, result.cid);
    expect(await waiting).toMatchObject({ result: { ended: 'expired', state: 'received' } });
    const gone = await bob.app.send(hello({ expires: '1d', receipt: 'received' }));
    clock.at += 2 * DAY;
    const { hot } = await bob.app.store();
    await hot.forget(parseCid(gone.result.cid), (await hot.message(parseCid(gone.result.cid)))?.version as number);
    await hot.remove([parseCid(gone.result.cid)]);
    expect((await (await bob.again()).outbox.list({ where: where('ended = expired and state = announced') })).result.messages).toMatchObject([{ cid: gone.result.cid, ended: 'expired', state: 'announced' }]);
    const late = await bob.app.outbox.wait(gone.result.cid, { state: 'received', timeoutMs: 1 });
    expect(late).toMatchObject({ result: { ended: 'expired' }, error: { code: 'E_MISSING_RECIPIENTS', hint: expect.stringContaining('has expired') as unknown } });
  });

  it('notices a store that went back behind whatever is newer and ended, or went elsewhere', async () => {
    const { world, alice, bob, carol } = await trio();
    for (const { app } of [alice, bob, carol]) await app.close();
    const copy = join(world.folder, 'copy');
    await cp(world.store, copy, { recursive: true });
    const then = await bob.again();
    await then.send(hello({ id: 'first' }));
    for (let i = 0; i <= limits.outboxProbed; i++) {
      const { result } = await then.send(hello({ to: ['alice'] }));
      await (await then.store()).journal.release([{ cid: parseCid(result.cid), atMs: 1, reason: 'removed' }]);
      (await then.home()).outbox.setLetGo((await then.home()).outbox.find(parseCid(result.cid))?.number as number, 1);
    }
    await then.close();
    const elsewhere = join(world.folder, 'elsewhere');
    await createStore(elsewhere);
    const other = await bob.again({ store: elsewhere });
    for (let i = 0; i <= limits.outboxProbed; i++) await other.send(hello({ to: ['alice'] }));
    await other.close();
    await rm(world.store, { recursive: true });
    await rename(copy, world.store);
    const { messages } = (await (await bob.again()).outbox.list({ where: where('state = lost') })).result;
    expect(messages.map(({ id }) => id)).toEqual(['first']);
  });

  it('calls nothing lost that a cold tier may have and does not tell', async () => {
    const { bob } = await trio();
    const { result } = await bob.app.send(hello({ durability: 'cold' }));
    const store = await bob.app.store();
    const cid = parseCid(result.cid);
    await store.hot.remove([cid]);
    await store.hot.forget(cid, (await store.hot.message(cid))?.version as number);
    const silent = { has: () => Promise.reject(fail('E_IO', { path: 'cold', why: 'no answer' })), get: () => Promise.reject(fail('E_IO', { path: 'cold', why: 'no answer' })), tier: 'files', place: 'cold' };
    const blind = Object.create(store, { tiers: { value: [store.hot, silent] }, hot: { value: store.hot }, journal: { value: store.journal }, id: { value: store.id }, clock: { value: store.clock } }) as typeof store;
    expect(await newsOf(await bob.app.home(), blind)).toEqual({ moves: [], letGo: [] });
    await rm(join(store.path, 'cold'), { recursive: true });
    expect((await newsOf(await bob.app.home(), store)).moves).toHaveLength(2);
  });

  it('takes back that it was removed when an import brings it back', async () => {
    const { world, bob } = await trio();
    const out = join(world.folder, 'back.car');
    const { result } = await bob.app.send(hello({ id: 'back', out }));
    const store = await bob.app.store();
    const { planId } = await store.remove({ cids: [parseCid(result.cid)] }, { dryRun: true });
    await store.remove({ cids: [parseCid(result.cid)] }, { confirm: planId as string });
    expect((await bob.app.outbox.show('back')).result).toMatchObject({ ended: 'removed' });
    await store.importCar(createReadStream(out), { place: out });
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ id: 'back', ended: null }]);
    expect((await bob.app.outbox.show('back')).result).toMatchObject({ ended: null, state: 'announced' });
    expect((await bob.app.home()).outbox.entry(1).letGoAtMs).toBeUndefined();
  });
});
