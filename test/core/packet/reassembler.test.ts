/** The reassembler, case by case: order, repetition, loss, conflict, lateness, forgery, and every cap at its edge. */
import { expect, test } from 'vitest';
import { limits } from '../../../src/core/base/limits.ts';
import { oneShotKey, type PacketKey } from '../../../src/core/packet/keys.ts';
import type { StreamPacket } from '../../../src/core/packet/packet.ts';
import { seeded } from './helpers.ts';
import { altered, Receiver, sendStream, type Sent } from './streams.ts';

const at = (sent: Sent, index: number): StreamPacket => sent.packets.at(index) as StreamPacket;
const stranger = oneShotKey(seeded('stranger', 32));
/** Vouches for every packet whose word 5 is zero: for caps that take many packets. */
const cheapKey: PacketKey = { hash: () => new Uint8Array(32) };

test('in order, without a session: the opening is read, content fetched ahead, the end completes', () => {
  const sent = sendStream('a', 2);
  const receiver = new Receiver([sent]);
  expect(sent.packets.map((packet) => receiver.tell(packet))).toEqual([['read'], ['fetch 1'], ['fetch 2'], ['complete 2']]);
  expect(receiver.reassembler.usage('peer')).toEqual({ streams: 0, fragments: 0, bytes: 0 });
  expect(receiver.reassembler.nextDeadlineMs).toBeUndefined();
});

test('what completes is named in the order of the sender', () => {
  const sent = sendStream('a', 5);
  const receiver = new Receiver([sent]);
  const effects = [3, 6, 1, 0, 5, 2, 4].flatMap((index) => receiver.receive(at(sent, index)));
  const complete = effects.find((effect) => effect.kind === 'complete');
  expect(complete).toMatchObject({ kind: 'complete' });
  if (complete?.kind !== 'complete') return;
  expect(complete.contents.map(String)).toEqual(sent.contents);
  expect(complete.opening.multihash.digest).toEqual(at(sent, 0).block);
  expect(complete.manifest.multihash.digest).toEqual(at(sent, -1).block);
});

test('with a session every packet is verified on arrival and nothing is read unverified', () => {
  const sent = sendStream('a', 2);
  const receiver = new Receiver([], sent.key);
  expect([1, 0, 3, 2].map((index) => receiver.tell(at(sent, index)))).toEqual([[], ['fetch 0', 'fetch 1'], [], ['complete 2']]);
});

test('an empty stream completes', () => {
  const sent = sendStream('a', 0);
  expect(sent.packets.toReversed().map((packet) => new Receiver([sent]).tell(packet))).toEqual([[], ['read']]);
  const receiver = new Receiver([sent]);
  expect(sent.packets.toReversed().flatMap((packet) => receiver.tell(packet))).toEqual(['read', 'complete 0']);
});

test('a duplicate counts once it is verified, and never twice', () => {
  const sent = sendStream('a', 2);
  const receiver = new Receiver([sent]);
  expect(receiver.tell(at(sent, 1))).toEqual([]);
  expect(receiver.tell(at(sent, 1))).toEqual([]);
  expect(receiver.reassembler.usage('peer').fragments).toBe(1);
  expect(receiver.tell(at(sent, 0))).toEqual(['read', 'fetch 1']);
  expect([0, 1].map((index) => receiver.tell(at(sent, index)))).toEqual([['duplicate 0'], ['duplicate 1']]);
  expect(receiver.tell(at(sent, 3))).toEqual([]);
  expect(receiver.tell(at(sent, 3))).toEqual(['duplicate 3']);
  expect(receiver.tell(at(sent, 2))).toEqual(['complete 2']);
});

test('what comes after the end is late, whatever it is', () => {
  const sent = sendStream('a', 1);
  const receiver = new Receiver([sent]);
  for (const packet of sent.packets) receiver.receive(packet);
  for (const packet of sent.packets) expect(receiver.tell(packet)).toEqual([`late ${packet.index}`]);
  expect(receiver.tell(altered(at(sent, 1), { index: 9 }, stranger))).toEqual(['late 9']);
});

test('conflict: the first authentic claim to an index stands', () => {
  const sent = sendStream('a', 2);
  const receiver = new Receiver([sent]);
  const forged = seeded('forged', 32);
  receiver.receive(at(sent, 0));
  receiver.receive(at(sent, 1));
  expect(receiver.tell(altered(at(sent, 0), { block: forged }, sent.key))).toEqual(['refused 0 E_FRAGMENT_CONFLICT']);
  expect(receiver.tell(altered(at(sent, 1), { block: forged }, sent.key))).toEqual(['refused 1 E_FRAGMENT_CONFLICT']);
  receiver.receive(at(sent, 3));
  expect(receiver.tell(altered(at(sent, 3), { block: forged }, sent.key))).toEqual(['refused 3 E_FRAGMENT_CONFLICT']);
  expect(receiver.tell(at(sent, 2))).toEqual(['complete 2']);
});

test('overlap: content at or past the end, an end at or before content, two ends', () => {
  const sent = sendStream('a', 3);
  const first = new Receiver([sent]);
  first.receive(at(sent, 0));
  first.receive(at(sent, 4));
  for (const index of [4, 5, 60_000]) expect(first.tell(altered(at(sent, 1), { index }, sent.key))).toEqual([`refused ${index} E_FRAGMENT_CONFLICT`]);
  for (const index of [3, 5]) expect(first.tell(altered(at(sent, 4), { index }, sent.key))).toEqual([`refused ${index} E_FRAGMENT_CONFLICT`]);
  const second = new Receiver([sent]);
  second.receive(at(sent, 0));
  second.receive(at(sent, 3));
  for (const index of [1, 2, 3]) expect(second.tell(altered(at(sent, 4), { index }, sent.key))).toEqual([`refused ${index} E_FRAGMENT_CONFLICT`]);
  expect([4, 1, 2].flatMap((index) => second.tell(at(sent, index))).at(-1)).toBe('complete 3');
});

test('a stream has one expiry', () => {
  const sent = sendStream('a', 1, { expiresMs: 7 });
  const receiver = new Receiver([sent]);
  receiver.receive(at(sent, 0));
  expect(receiver.tell(altered(at(sent, 1), { expiresMs: 8 }, sent.key))).toEqual(['refused 1 E_PACKET_FIELD']);
  expect(receiver.tell(at(sent, 1))).toEqual(['fetch 1']);
});

test('forged packets: refused on arrival once the key is known, thrown out of the waiting room when it becomes known', () => {
  const sent = sendStream('a', 2);
  const receiver = new Receiver([sent]);
  const forged = altered(at(sent, 1), { block: seeded('forged', 32) }, stranger);
  expect(receiver.tell(forged)).toEqual([]);
  expect(receiver.tell(at(sent, 2))).toEqual([]);
  expect(receiver.tell(at(sent, 0))).toEqual(['read', 'refused 1 E_PACKET_DIGEST']);
  expect(receiver.tell(forged)).toEqual(['refused 1 E_PACKET_DIGEST']);
  expect(receiver.tell(at(sent, 1))).toEqual(['fetch 1', 'fetch 2']);
});

test('forged packets of a known session leave no trace', () => {
  const sent = sendStream('a', 2);
  const receiver = new Receiver([], stranger);
  for (const packet of sent.packets) expect(receiver.tell(packet)).toEqual([`refused ${packet.index} E_PACKET_DIGEST`]);
  expect(receiver.reassembler.usage('peer')).toEqual({ streams: 0, fragments: 0, bytes: 0 });
});

test('a forged FragStart does not stand in the way of the genuine one', () => {
  const sent = sendStream('a', 1);
  const receiver = new Receiver([sent]);
  const bogus = altered(at(sent, 0), { block: seeded('no such opening', 32) }, stranger);
  // The opening is ours, but the packet that names it is not authentic.
  const copied = altered(at(sent, 0), { sequence: 9 }, stranger);
  expect(receiver.tell(bogus)).toEqual(['read']);
  expect(receiver.tell(copied)).toEqual(['read', 'refused 0 E_PACKET_DIGEST']);
  expect(receiver.reassembler.usage('peer').streams).toBe(0);
  expect(sent.packets.flatMap((packet) => receiver.tell(packet))).toEqual(['read', 'fetch 1', 'complete 1']);
});

test('an opening that opens but belongs to another message is refused: other salt, other key', () => {
  const [sent, other] = [sendStream('a', 1), sendStream('b', 1)];
  for (const { salt, key, code } of [
    { salt: other.salt, key: sent.key, code: 'E_PACKET_FIELD' },
    { salt: sent.salt, key: other.key, code: 'E_PACKET_DIGEST' },
  ]) {
    const { reassembler } = new Receiver([]);
    const packet = at(sent, 0);
    const [read] = reassembler.handle({ kind: 'packet', peer: 'peer', packet });
    if (read?.kind !== 'read') return expect.fail('no read');
    const effects = reassembler.handle({ kind: 'opened', stream: read.stream, packet, salt, key });
    expect(effects).toMatchObject([{ kind: 'refused', error: { code } }]);
    expect(reassembler.usage('peer').streams).toBe(0);
  }
});

test('a sender who names another stream cannot vouch for it with a key of his own', () => {
  // The attacker copies the clear words of a stream and announces an opening that we can open, under his own header key.
  const [sent, attacker] = [sendStream('a', 1), sendStream('attacker', 1)];
  const receiver = new Receiver([sent, { ...attacker, salt: sent.salt }]);
  const mine = altered(at(attacker, 0), { session: at(sent, 0).session, salt: at(sent, 0).salt }, attacker.key);
  expect(receiver.tell(mine)).toEqual(['read', 'refused 0 E_PACKET_DIGEST']);
  expect(sent.packets.flatMap((packet) => receiver.tell(packet)).at(-1)).toBe('complete 1');
});

test('an opening is read with the bound of its type, a content block fetched with that of its own', () => {
  const sent = sendStream('a', 1);
  const receiver = new Receiver([sent]);
  const bounds = sent.packets.flatMap((packet) => receiver.receive(packet)).flatMap((effect) => ('bytesMax' in effect ? [[effect.kind, effect.bytesMax]] : []));
  expect(bounds).toEqual([['read', 1_048_576], ['fetch', 262_400]]);
});

test('the deadline is the timeout from the first packet on, at the millisecond', () => {
  const sent = sendStream('a', 3, { timeoutMs: 5_000 });
  const receiver = new Receiver([sent]);
  receiver.receive(at(sent, 1));
  receiver.clock.nowMs += 1_000;
  receiver.receive(at(sent, 0));
  receiver.receive(at(sent, 3));
  expect(receiver.tick(3_999)).toEqual([]);
  expect(receiver.tick(1)).toEqual(['failed E_FRAGMENT_TIMEOUT 2']);
  expect(receiver.reassembler.usage('peer').streams).toBe(0);
  expect(receiver.tell(at(sent, 2))).toEqual(['late 2']);
});

test('a packet that comes at the deadline is late, without any tick', () => {
  const sent = sendStream('a', 1, { timeoutMs: 10 });
  const receiver = new Receiver([sent]);
  receiver.receive(at(sent, 0));
  receiver.receive(at(sent, 1));
  receiver.clock.nowMs += 10;
  expect(receiver.tell(at(sent, 2))).toEqual(['failed E_FRAGMENT_TIMEOUT 1', 'late 2']);
});

test('a stream whose timeout had run out while it waited for its opening fails at once', () => {
  const sent = sendStream('a', 1, { timeoutMs: 10 });
  const receiver = new Receiver([sent]);
  receiver.receive(at(sent, 1));
  receiver.clock.nowMs += 10;
  expect(receiver.tell(at(sent, 0))).toEqual(['read', 'failed E_FRAGMENT_TIMEOUT 2']);
});

test('a new FragStart opens a failed stream again', () => {
  const sent = sendStream('a', 1, { timeoutMs: 10 });
  const receiver = new Receiver([sent]);
  receiver.receive(at(sent, 0));
  receiver.tick(10);
  expect(receiver.tell(at(sent, 1))).toEqual(['late 1']);
  expect(sent.packets.flatMap((packet) => receiver.tell(packet))).toEqual(['read', 'fetch 1', 'complete 1']);
});

test('timeout 0 leaves the deadline to the receiver, and a long one is cut', () => {
  for (const [timeoutMs, wantMs] of [[0, limits.reassemblyMs], [1, 1], [limits.reassemblyMsMax, limits.reassemblyMsMax], [2 ** 32 - 1, limits.reassemblyMsMax]] as const) {
    const sent = sendStream('a', 1, { timeoutMs });
    const receiver = new Receiver([sent]);
    receiver.receive(at(sent, 0));
    receiver.tick(0);
    expect(receiver.tick(wantMs - 1)).toEqual([]);
    expect(receiver.tick(1)).toEqual(['failed E_FRAGMENT_TIMEOUT 1']);
  }
});

test('what nobody vouched for waits as long as we say, whatever it claims, and burns no name', () => {
  for (const timeoutMs of [1, 2 ** 32 - 1]) {
    const sent = sendStream('a', 1, { timeoutMs });
    const receiver = new Receiver([sent]);
    receiver.receive(at(sent, 1));
    expect(receiver.reassembler.nextDeadlineMs).toBe(receiver.clock.nowMs + limits.reassemblyUnverifiedMs);
    expect(receiver.tick(limits.reassemblyUnverifiedMs - 1)).toEqual([]);
    expect(receiver.tick(1)).toEqual(['failed E_FRAGMENT_TIMEOUT 2']);
    expect([1, 2, 0].flatMap((index) => receiver.tell(at(sent, index)))).toEqual(['read', 'complete 1']);
  }
});

test('64 packets wait for a FragStart, the 65th is refused, and the FragStart still comes in', () => {
  const sent = sendStream('a', 70);
  for (const receiver of [new Receiver([sent]), new Receiver([], sent.key)]) {
    for (let index = 1; index <= limits.fragmentsWaitingMax; index++) expect(receiver.tell(at(sent, index))).toEqual([]);
    expect(receiver.tell(at(sent, 65))).toEqual(['refused 65 E_FRAGMENT_LIMIT']);
    expect(receiver.tell(at(sent, 0)).filter((line) => line.startsWith('fetch')).at(-1)).toBe('fetch 64');
    expect(sent.packets.slice(65).flatMap((packet) => receiver.tell(packet)).at(-1)).toBe('complete 70');
  }
});

test('64 FragStarts may be under examination, no more', () => {
  const sent = sendStream('a', 1);
  const { reassembler } = new Receiver([]);
  const startOf = (i: number) => altered(at(sent, 0), { block: seeded(`opening ${i}`, 32) }, stranger);
  const kinds = Array.from({ length: 65 }, (_, i) => reassembler.handle({ kind: 'packet', peer: 'peer', packet: startOf(i) })[0]);
  expect(kinds.slice(0, 64).every((effect) => effect?.kind === 'read')).toBe(true);
  expect(kinds[64]).toMatchObject({ kind: 'refused', error: { code: 'E_FRAGMENT_LIMIT' } });
});

test('an index at the edge of what a stream may have', () => {
  const sent = sendStream('a', 1);
  const receiver = new Receiver([sent]);
  receiver.receive(at(sent, 0));
  expect(receiver.tell(altered(at(sent, 1), { index: limits.fragmentsMax - 1 }, sent.key))).toEqual([]);
  for (const index of [limits.fragmentsMax, 2 ** 32 - 1]) {
    expect(receiver.tell(altered(at(sent, 1), { index }, sent.key))).toEqual([`refused ${index} E_FRAGMENT_LIMIT`]);
  }
});

test('streams of one peer: 64, and a peer beside it has its own', () => {
  const receiver = new Receiver([], cheapKey);
  const startOf = (i: number) => altered(at(sendStream('a', 0), 0), { salt: seeded(`salt ${i}`, 24) }, cheapKey);
  for (let i = 0; i < limits.streamsPerPeerMax; i++) expect(receiver.tell(startOf(i))).toEqual(['fetch 0']);
  expect(receiver.tell(startOf(64))).toEqual(['refused 0 E_FRAGMENT_LIMIT']);
  expect(receiver.tell(startOf(64), 'other')).toEqual(['fetch 0']);
  expect(receiver.reassembler.usage('peer').streams).toBe(64);
});

test('peers: 1,024 with open streams, and an idle one makes room', () => {
  const sent = sendStream('a', 0, { key: cheapKey });
  const receiver = new Receiver([], cheapKey);
  for (let i = 0; i < limits.reassemblyPeersMax; i++) receiver.receive(at(sent, 0), `peer ${i}`);
  expect(receiver.tell(at(sent, 0), 'one more')).toEqual(['refused 0 E_FRAGMENT_LIMIT']);
  expect(receiver.tell(at(sent, 1), 'peer 7')).toEqual(['complete 0']);
  expect(receiver.tell(at(sent, 0), 'one more')).toEqual(['fetch 0']);
});

test('fragments of one peer, over all its streams', () => {
  const sent = sendStream('a', 1, { key: cheapKey });
  const receiver = new Receiver([], cheapKey);
  const salts = Array.from({ length: 3 }, (_, i) => seeded(`salt ${i}`, 24));
  for (const salt of salts) receiver.receive(altered(at(sent, 0), { salt }, cheapKey));
  let index = 1;
  while (receiver.reassembler.usage('peer').fragments < limits.fragmentsPerPeerMax) {
    // From 2 on, so that nothing is fetched ahead.
    index++;
    for (const salt of salts.slice(0, 2)) receiver.receive(altered(at(sent, 1), { salt, index }, cheapKey));
    if (index === limits.fragmentsMax - 2) break;
  }
  while (receiver.reassembler.usage('peer').fragments < limits.fragmentsPerPeerMax) {
    receiver.receive(altered(at(sent, 1), { salt: salts[2] as Uint8Array, index: index-- }, cheapKey));
  }
  expect(receiver.tell(altered(at(sent, 1), { salt: salts[2] as Uint8Array, index: 1 }, cheapKey))).toEqual(['refused 1 E_FRAGMENT_LIMIT']);
  expect(receiver.tell(altered(at(sent, 1), { salt: seeded('a new stream', 24) }, cheapKey))).toEqual(['refused 1 E_FRAGMENT_LIMIT']);
  expect(receiver.reassembler.usage('peer').streams).toBe(3);
});

test('bytes of one peer: fetched ahead as far as they go, and further as room comes back', () => {
  const windowBlocks = Math.floor(limits.reassemblyBytesPerPeerMax / limits.contentBlockBytes);
  const sent = sendStream('a', windowBlocks + 10, { key: cheapKey });
  const receiver = new Receiver([sent]);
  const effects = sent.packets.slice(0, -1).flatMap((packet) => receiver.receive(packet));
  const fetches = effects.filter((effect) => effect.kind === 'fetch');
  expect(fetches.map(({ index }) => index)).toEqual(Array.from({ length: windowBlocks }, (_, i) => i + 1));
  const { stream } = fetches[0] as (typeof fetches)[number];
  const answer = (index: number, bytes: number) => receiver.reassembler.handle({ kind: 'fetched', stream, index, bytes });
  expect(answer(1, limits.contentBlockBytes)).toEqual([]);
  expect(answer(2, 0)).toMatchObject([{ kind: 'fetch', index: windowBlocks + 1 }]);
  expect(answer(2, 0)).toEqual([]);
  expect(answer(60_000, 0)).toEqual([]);
  expect(() => answer(3, limits.contentBlockBytes + 1)).toThrow(RangeError);
  expect(receiver.reassembler.usage('peer').bytes).toBeLessThanOrEqual(limits.reassemblyBytesPerPeerMax);
  expect(receiver.tell(at(sent, -1))).toEqual([`complete ${windowBlocks + 10}`]);
  expect(receiver.reassembler.usage('peer').bytes).toBe(0);
});

test('room that one stream gives back is used by the next', () => {
  const windowBlocks = Math.floor(limits.reassemblyBytesPerPeerMax / limits.contentBlockBytes);
  const greedy = sendStream('a', windowBlocks, { key: cheapKey });
  const modest = sendStream('b', 3, { key: cheapKey });
  const receiver = new Receiver([greedy, modest]);
  for (const packet of greedy.packets.slice(0, -1)) receiver.receive(packet);
  expect(modest.packets.slice(0, 3).flatMap((packet) => receiver.tell(packet))).toEqual(['read']);
  expect(receiver.tell(at(greedy, -1))).toEqual([`complete ${windowBlocks}`, 'fetch 1', 'fetch 2']);
});

test('room that a failed stream gives back is used by the next', () => {
  const windowBlocks = Math.floor(limits.reassemblyBytesPerPeerMax / limits.contentBlockBytes);
  const greedy = sendStream('a', windowBlocks, { key: cheapKey, timeoutMs: 10 });
  const modest = sendStream('b', 3, { key: cheapKey });
  const receiver = new Receiver([greedy, modest]);
  for (const packet of [...greedy.packets.slice(0, -1), ...modest.packets.slice(0, 3)]) receiver.receive(packet);
  expect(receiver.tick(10)).toEqual(['failed E_FRAGMENT_TIMEOUT 1', 'fetch 1', 'fetch 2']);
});

test('a late packet is recognised for as many streams as are remembered', () => {
  const receiver = new Receiver([], cheapKey);
  const base = sendStream('a', 0, { key: cheapKey });
  const streamOf = (i: number) => base.packets.map((packet) => altered(packet, { salt: seeded(`salt ${i}`, 24) }, cheapKey));
  for (let i = 0; i <= limits.streamsRememberedMax; i++) for (const packet of streamOf(i)) receiver.receive(packet);
  expect(receiver.tell(streamOf(1)[0] as StreamPacket)).toEqual(['late 0']);
  expect(receiver.tell(streamOf(0)[0] as StreamPacket)).toEqual(['fetch 0']);
});

test('answers to what was never asked, or no longer matters, change nothing', () => {
  const sent = sendStream('a', 1);
  const receiver = new Receiver([sent]);
  const packet = at(sent, 0);
  const answers = (stream: string) =>
    [
      { kind: 'opened', stream, packet, salt: sent.salt, key: sent.key },
      { kind: 'unopened', stream, packet },
      { kind: 'fetched', stream, index: 1, bytes: 5 },
    ] as const;
  for (const event of answers('nothing')) expect(receiver.reassembler.handle(event)).toEqual([]);
  const [read] = receiver.receive(packet);
  if (read?.kind !== 'read') return expect.fail('no read');
  for (const event of answers(read.stream)) expect(receiver.reassembler.handle(event)).toEqual([]);
  expect(sent.packets.slice(1).flatMap((each) => receiver.tell(each)).at(-1)).toBe('complete 1');
  for (const event of answers(read.stream)) expect(receiver.reassembler.handle(event)).toEqual([]);
});

test('the same stream over two peers is two streams', () => {
  const sent = sendStream('a', 1);
  const receiver = new Receiver([sent]);
  expect(receiver.tell(at(sent, 0), 'one')).toEqual(['read']);
  expect(receiver.tell(at(sent, 1), 'two')).toEqual([]);
  expect(receiver.tell(at(sent, 2), 'one')).toEqual([]);
  expect(receiver.tell(at(sent, 1), 'one')).toEqual(['complete 1']);
});
