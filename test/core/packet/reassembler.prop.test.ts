/**
 * The reassembler against a model a page long: any order, repetition and loss, with forgeries between, over several streams;
 * and under any events at all it never throws, never holds more than it may, and completes nothing twice.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limits } from '../../../src/core/base/limits.ts';
import { oneShotKey } from '../../../src/core/packet/keys.ts';
import type { StreamPacket } from '../../../src/core/packet/packet.ts';
import { Reassembler, type StreamEffect, type StreamEvent } from '../../../src/core/packet/reassembler.ts';
import { seeded } from './helpers.ts';
import { altered, HandClock, Receiver, sendStream, told, type Sent } from './streams.ts';

const stranger = oneShotKey(seeded('stranger', 32));
/** Long enough to overflow the waiting room, and made once: signing is the slow part. */
const longest = 80;
const streams: readonly Sent[] = Array.from({ length: longest + 1 }, (_, count) => (count % 8 === 0 || count < 6 ? sendStream(`stream ${count}`, count) : undefined)).filter(
  (sent) => sent !== undefined,
);

/** What a receiver of one stream must say, from the rules alone. */
class Model {
  readonly #session: boolean;
  readonly #last: number;
  readonly #have = new Set<number>();
  #started = false;
  #complete = false;

  constructor(sent: Sent, session: boolean) {
    this.#session = session;
    this.#last = sent.packets.length - 1;
  }

  /** The fetches are left out: they only save time. */
  receive(index: number): string[] {
    if (this.#complete) return [`late ${index}`];
    if (this.#have.has(index)) return this.#session || this.#started ? [`duplicate ${index}`] : [];
    if (!this.#started && index !== 0 && this.#have.size >= limits.fragmentsWaitingMax) return [`refused ${index} E_FRAGMENT_LIMIT`];
    this.#have.add(index);
    const told = index === 0 && !this.#session ? ['read'] : [];
    if (index === 0) this.#started = true;
    this.#complete = this.#have.size === this.#last + 1;
    return this.#complete ? [...told, `complete ${this.#last - 1}`] : told;
  }
}

/** Any sequence of the packets of one stream: shuffled whole, then with losses and repetitions. */
const schedules = fc.constantFrom(...streams).chain((sent) => {
  const indices = sent.packets.map((_, index) => index);
  const shuffled = fc.shuffledSubarray(indices, { minLength: Math.ceil(indices.length / 2) });
  const whole = fc.shuffledSubarray(indices, { minLength: indices.length });
  const repeats = fc.array(fc.constantFrom(...indices), { maxLength: 20 });
  return fc.record({ sent: fc.constant(sent), session: fc.boolean(), order: fc.tuple(fc.oneof(shuffled, whole), repeats, fc.oneof(whole, fc.constant([]))).map((parts) => parts.flat()) });
});

test('any order, repetition and loss: says what the model says, and completes once, in order', () => {
  let completed = 0;
  fc.assert(
    fc.property(schedules, ({ sent, session, order }) => {
      const receiver = session ? new Receiver([], sent.key) : new Receiver([sent]);
      const model = new Model(sent, session);
      for (const index of order) {
        const effects = receiver.receive(sent.packets[index] as StreamPacket);
        expect(effects.filter(({ kind }) => kind !== 'fetch').map(told)).toEqual(model.receive(index));
        const complete = effects.find((effect) => effect.kind === 'complete');
        if (complete === undefined) continue;
        completed++;
        expect(complete.contents.map(String)).toEqual(sent.contents);
      }
    }),
    { numRuns: 300 },
  );
  expect(completed).toBeGreaterThan(50);
});

/** A forgery under a stranger's key, or an authentic claim of a co-recipient that comes after the true one. */
const forgeries = fc.record({
  index: fc.nat(limits.fragmentsMax * 2),
  role: fc.constantFrom('start', 'content', 'end'),
  block: fc.nat(3).map((i) => seeded(`forged ${i}`, 32)),
  sequence: fc.nat(300),
  timeoutMs: fc.constantFrom(0, 1, 2 ** 32 - 1),
  expiresMs: fc.constantFrom(0, 0, 5),
});

test('forgeries between the packets change neither whether a stream completes nor what of', () => {
  const short = streams.filter(({ packets }) => packets.length < 40);
  fc.assert(
    fc.property(fc.constantFrom(...short), fc.boolean(), fc.array(fc.tuple(fc.nat(100), forgeries), { maxLength: 30 }), fc.infiniteStream(fc.nat(1_000)), (sent, session, forged, chance) => {
      const receiver = session ? new Receiver([], sent.key) : new Receiver([sent]);
      const first = sent.packets[0] as StreamPacket;
      const order = sent.packets.map((packet) => ({ packet, at: chance.next().value as number }));
      for (const [at, { role, index, ...words }] of forged) {
        order.push({ packet: altered(first, { ...words, fragment: role, index: role === 'start' ? 0 : index + 1 } as never, stranger), at: at * 10 });
      }
      const effects = order.sort((a, b) => a.at - b.at).flatMap(({ packet }) => receiver.receive(packet));
      const completes = effects.filter((effect) => effect.kind === 'complete');
      expect(completes).toHaveLength(1);
      expect(completes[0]?.contents.map(String)).toEqual(sent.contents);
      expect(effects.filter(({ kind }) => kind === 'failed')).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('several streams over several peers do not disturb one another', () => {
  const some = streams.slice(0, 6);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...some), fc.constantFrom('one', 'two'), fc.nat(100)), { maxLength: 80 }), (steps) => {
      const together = new Receiver(some);
      const apart = new Map<string, Receiver>();
      for (const [sent, peer, pick] of steps) {
        const packet = sent.packets[pick % sent.packets.length] as StreamPacket;
        const name = `${peer} ${some.indexOf(sent)}`;
        const alone = apart.get(name) ?? new Receiver(some);
        apart.set(name, alone);
        expect(together.tell(packet, peer)).toEqual(alone.tell(packet, peer));
      }
    }),
    { numRuns: 200 },
  );
});

/** Commands of the free-for-all: nothing here is polite. */
const chaos = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('packet' as const), stream: fc.nat(3), pick: fc.nat(100), peer: fc.constantFrom('one', 'two'), keyed: fc.boolean(), forged: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('opened' as const, 'unopened' as const), pick: fc.nat(20), stream: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('fetched' as const), pick: fc.nat(20), bytes: fc.nat(limits.contentBlockBytes) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), ms: fc.constantFrom(0, 1, 1_000, 4_999, 60_000) }) },
  ),
  { minLength: 20, maxLength: 160, size: 'max' },
);

test('under any events: no throw, caps kept, fetches in order, nothing completes twice or after its deadline', () => {
  const some = streams.slice(0, 4);
  const seen = new Set<string>();
  fc.assert(
    fc.property(chaos, (steps) => {
      const clock = new HandClock();
      const reassembler = new Reassembler(clock);
      const reads: Extract<StreamEffect, { kind: 'read' }>[] = [];
      const fetches: Extract<StreamEffect, { kind: 'fetch' }>[] = [];
      const nextFetch = new Map<string, number>();
      const complete = new Set<string>();
      const take = (event: StreamEvent) => {
        for (const effect of reassembler.handle(event)) {
          seen.add(effect.kind);
          if (effect.kind === 'read') reads.push(effect);
          if (effect.kind === 'failed') nextFetch.delete(effect.stream);
          if (effect.kind === 'fetch') {
            fetches.push(effect);
            const expected = nextFetch.get(effect.stream);
            if (expected === undefined) expect(effect.index).toBeLessThanOrEqual(1);
            else expect(effect.index).toBe(expected);
            nextFetch.set(effect.stream, effect.index + 1);
          }
          if (effect.kind === 'complete') {
            expect(complete.has(effect.stream)).toBe(false);
            complete.add(effect.stream);
          }
        }
        for (const peer of ['one', 'two']) {
          const usage = reassembler.usage(peer);
          expect(usage.bytes).toBeLessThanOrEqual(limits.reassemblyBytesPerPeerMax);
          expect(usage.streams).toBeLessThanOrEqual(limits.streamsPerPeerMax);
          if (usage.streams === 0) expect(usage).toEqual({ streams: 0, fragments: 0, bytes: 0 });
          else expect(usage.fragments).toBeGreaterThanOrEqual(usage.streams);
        }
        const due = reassembler.nextDeadlineMs;
        if (event.kind === 'tick' && due !== undefined) expect(due).toBeGreaterThan(clock.nowMs);
      };
      for (const step of steps) {
        if (step.kind === 'packet') {
          const sent = some[step.stream] as Sent;
          const genuine = sent.packets[step.pick % sent.packets.length] as StreamPacket;
          const packet = step.forged ? altered(genuine, { sequence: step.pick }, stranger) : genuine;
          take({ kind: 'packet', peer: step.peer, packet, ...(step.keyed ? { key: sent.key } : {}) });
        } else if (step.kind === 'opened' || step.kind === 'unopened') {
          const read = reads[step.pick % Math.max(reads.length, 1)];
          const sent = some[step.stream] as Sent;
          if (read !== undefined) take({ kind: step.kind, stream: read.stream, packet: read.packet, salt: sent.salt, key: sent.key } as StreamEvent);
        } else if (step.kind === 'fetched') {
          const fetch = fetches[step.pick % Math.max(fetches.length, 1)];
          if (fetch !== undefined) take({ kind: 'fetched', stream: fetch.stream, index: fetch.index, bytes: Math.min(step.bytes, fetch.bytesMax) });
        } else if ('ms' in step) {
          clock.nowMs += step.ms;
          take({ kind: 'tick' });
        }
      }
    }),
    { numRuns: 150 },
  );
  expect([...seen].sort()).toEqual(['complete', 'duplicate', 'failed', 'fetch', 'late', 'read', 'refused']);
});
