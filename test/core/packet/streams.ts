/** What the reassembler's suites share: a clock that is turned by hand, a sender, and a receiver that answers its own reads. */
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOfDigest, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { decodePacket, encodePacket } from '../../../src/core/packet/codec.ts';
import { Fragmenter } from '../../../src/core/packet/fragmenter.ts';
import { oneShotKey, type PacketKey } from '../../../src/core/packet/keys.ts';
import { isStreamPacket, type DataWords, type StreamPacket } from '../../../src/core/packet/packet.ts';
import { Reassembler, type StreamEffect } from '../../../src/core/packet/reassembler.ts';
import { pseudonymFor, sessionlessId } from '../../../src/core/packet/sessionless.ts';
import { seeded } from './helpers.ts';

export class HandClock {
  nowMs = 1_000;
  monotonic(): number {
    return this.nowMs;
  }
}

export interface Sent {
  readonly key: PacketKey;
  readonly salt: Bytes;
  /** FragStart, contents in order, FragEnd. */
  readonly packets: readonly StreamPacket[];
  readonly contents: readonly string[];
}

const received = (words: DataWords, key: PacketKey): StreamPacket => {
  const packet = decodePacket(encodePacket(words, key));
  if (packet.form === 'masked' || !isStreamPacket(packet)) throw new Error('not a packet of a stream');
  return packet;
};

/** A stream of `count` content blocks, without a session. */
export function sendStream(name: string, count: number, { timeoutMs = 5_000, expiresMs = 0, key = oneShotKey(seeded(`${name} header key`, 32)) } = {}): Sent {
  const inbox = seeded('inbox', 32);
  const salt = seeded(`${name} salt`, 24);
  const fragmenter = new Fragmenter({
    priority: false,
    dup: false,
    qos: 0,
    timeoutMs,
    session: sessionlessId(key),
    sequence: () => 0,
    sender: pseudonymFor(key, inbox),
    inbox,
    salt,
    expiresMs,
  });
  const digest = (part: string) => seeded(`${name} ${part}`, 32);
  const contents = Array.from({ length: count }, (_, i) => cidOfDigest(RAW, digest(`content ${i + 1}`)));
  const words = [
    fragmenter.start(cidOfDigest(DAG_CBOR, digest('opening'))),
    ...contents.map((cid) => fragmenter.content(cid)),
    fragmenter.end(cidOfDigest(DAG_CBOR, digest('manifest'))),
  ];
  return { key, salt, packets: words.map((each) => received(each, key)), contents: contents.map(String) };
}

/** The same packet with other words, authentic under `key`. */
export function altered(packet: StreamPacket, change: Partial<DataWords>, key: PacketKey): StreamPacket {
  const { type, fragment, index, priority, dup, qos, timeoutMs, session, sequence, sender, inbox, block, salt, expiresMs } = packet;
  return received({ type, fragment, index, priority, dup, qos, timeoutMs, session, sequence, sender, inbox, block, salt, expiresMs, ...change } as DataWords, key);
}

/** The short form of an effect that tests compare. */
export function told(effect: StreamEffect): string {
  switch (effect.kind) {
    case 'refused':
      return `refused ${effect.packet.index} ${effect.error.code}`;
    case 'failed':
      return `failed ${effect.error.code} ${String(effect.error.details['missing'])}`;
    case 'complete':
      return `complete ${effect.contents.length}`;
    case 'read':
      return 'read';
    case 'fetch':
    case 'duplicate':
    case 'late':
      return `${effect.kind} ${effect.index}`;
  }
}

/** A reassembler whose `read` effects are answered at once: with the key of the stream that really has this opening, or not at all. */
export class Receiver {
  readonly clock = new HandClock();
  readonly reassembler = new Reassembler(this.clock);
  readonly #known: readonly Sent[];
  readonly #session: PacketKey | undefined;

  constructor(known: readonly Sent[], session?: PacketKey) {
    this.#known = known;
    this.#session = session;
  }

  receive(packet: StreamPacket, peer = 'peer'): StreamEffect[] {
    const effects = [...this.reassembler.handle({ kind: 'packet', peer, packet, ...(this.#session === undefined ? {} : { key: this.#session }) })];
    for (const effect of [...effects]) {
      if (effect.kind !== 'read') continue;
      const { stream } = effect;
      const sent = this.#known.find(({ packets }) => equalBytes((packets[0] as StreamPacket).block, effect.packet.block));
      effects.push(
        ...this.reassembler.handle(
          sent === undefined
            ? { kind: 'unopened', stream, packet: effect.packet }
            : { kind: 'opened', stream, packet: effect.packet, salt: sent.salt, key: sent.key },
        ),
      );
    }
    return effects;
  }

  tell(packet: StreamPacket, peer?: string): string[] {
    return this.receive(packet, peer).map(told);
  }

  tick(ms: number): string[] {
    this.clock.nowMs += ms;
    return this.reassembler.handle({ kind: 'tick' }).map(told);
  }
}

