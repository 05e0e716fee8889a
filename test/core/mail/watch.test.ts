import { describe, expect, it } from 'vitest';
import { acknowledge } from '../../../src/core/mail/acknowledge.ts';
import { watchInbox, type WatchedMessage } from '../../../src/core/mail/watch.ts';
import { ManualClock } from '../../support/clock.ts';
import { introduce } from '../../support/mail.ts';
import { couple, noise, post, read } from '../../support/post.ts';

/** Resolves once somebody sleeps on the clock. */
async function asleep(clock: ManualClock): Promise<void> {
  while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('inbox watch', () => {
  it('begins with what is to be handled, goes on with what comes, gives each once, and ends with its signal', async () => {
    const clock = new ManualClock(Date.now());
    const { alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    const [first, second] = [await post(bob, ['alice'], 'first'), await post(bob, ['alice'], 'second')];
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { message } of watchInbox(await alice.app.mail(), { signal: stop.signal })) seen.push(message.cid);
    })();
    await asleep(clock);
    expect(seen).toEqual([first, second].map(String));
    await acknowledge(await alice.app.mail(), { cids: [first] });
    clock.advance(1_000);
    await asleep(clock);
    expect(seen).toHaveLength(2);
    const third = await post(bob, ['alice'], noise(600_000), { stream: true });
    clock.advance(1_000);
    await asleep(clock);
    expect(seen).toEqual([first, second, third].map(String));
    stop.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
  });

  it('goes on from a position, and gives again what nobody handled', async () => {
    const clock = new ManualClock(Date.now());
    const { alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    const cids = [await post(bob, ['alice'], '1'), await post(bob, ['alice'], '2')];
    const room = await alice.app.mail();
    const firstOf = async (after?: string): Promise<WatchedMessage> => {
      for await (const one of watchInbox(room, after === undefined ? {} : { after })) return one;
      throw new Error('it ended');
    };
    const one = await firstOf();
    expect(one.message).toMatchObject({ cid: cids[0]?.toString(), sender: 'bob', state: 'unread' });
    expect((await firstOf(one.position)).message.cid).toBe(cids[1]?.toString());
    expect((await firstOf()).message.cid).toBe(cids[0]?.toString());
  });

  it('takes receipts in and passes garbage by', async () => {
    const clock = new ManualClock(Date.now());
    const { world, alice, bob } = await couple({ alice: { clock }, bob: { clock } });
    const carol = await world.operator('carol', { clock });
    await introduce(carol, bob);
    const sent = await post(bob, ['alice'], 'asks', { receipt: 'opened' });
    await read(alice, sent, { ack: true });
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { message } of watchInbox(await bob.app.mail(), { signal: stop.signal })) seen.push(message.cid);
    })();
    await asleep(clock);
    expect(seen).toEqual([]);
    expect((await bob.app.home()).outbox.find(sent)?.recipients[0]?.state).toBe('opened');
    const letter = await post(carol, ['bob'], 'from a stranger');
    clock.advance(1_000);
    await asleep(clock);
    expect(seen).toEqual([letter.toString()]);
    stop.abort();
    await expect(watching).rejects.toBe(stop.signal.reason);
  });
});
