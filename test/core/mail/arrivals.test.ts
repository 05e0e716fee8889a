import { describe, expect, it } from 'vitest';
import { flipBit, withCrc } from '../packet/helpers.ts';
import { isAuthentic, readArrival } from '../../../src/core/mail/arrivals.ts';
import { Opener } from '../../../src/core/mail/opener.ts';
import { handPost } from '../../support/hand-post.ts';
import { couple } from '../../support/post.ts';

describe('an announcement', () => {
  it('is authentic as it was made, and with no bit of it changed, checksum mended or not', async () => {
    const { alice, bob } = await couple();
    const { cid, sealed, inbox } = await handPost(bob, alice, { metadata: { expiresMs: Date.now() + 86_400_000 } });
    const room = await alice.app.mail();
    const row = await room.store.hot.inbox.find(inbox, cid);
    if (row === undefined) throw new Error('not announced');
    const identity = room.acting();
    using opened = await new Opener(room).open(cid);
    expect(opened.message.headerKey.expose()).toEqual(sealed.headerKey.expose());
    expect(opened.arrival).toBeDefined();
    const authentic = (packet: Uint8Array): boolean => {
      const arrival = readArrival({ row: { ...row, packet }, identity });
      return arrival !== undefined && isAuthentic(arrival, opened.message);
    };
    expect(authentic(row.packet)).toBe(true);
    const letThrough: number[] = [];
    for (let bit = 0; bit < 192 * 8; bit++) {
      const bent = flipBit(row.packet, bit);
      // bits 224 to 255 are the checksum itself: mending it gives the packet back
      if (authentic(bent) || ((bit < 224 || bit > 255) && authentic(withCrc(bent)))) letThrough.push(bit);
    }
    expect(letThrough).toEqual([]);
    for (let length = 0; length < 192; length++) expect(authentic(row.packet.subarray(0, length))).toBe(false);
  });

  it('of one message is not authentic for another of the same people', async () => {
    const { alice, bob } = await couple();
    const [one, two] = [await handPost(bob, alice), await handPost(bob, alice)];
    const room = await alice.app.mail();
    const row = await room.store.hot.inbox.find(one.inbox, one.cid);
    if (row === undefined) throw new Error('not announced');
    const arrival = readArrival({ row, identity: room.acting() });
    using opened = await new Opener(room).open(two.cid);
    expect(arrival !== undefined && isAuthentic(arrival, opened.message)).toBe(false);
  });
});
