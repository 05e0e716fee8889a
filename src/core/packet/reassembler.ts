/**
 * Puts the packets of streams back together: events in, effects out, no input or output of its own and no time but
 * the clock it is given. Packets may come in any order, twice, late, forged or not at all. Nothing counts before
 * word 5 was verified: with a session on arrival, without one once the opening block was read and opened.
 * It handles announcements, not blocks. What it asks to fetch ahead is bounded and only saves time: a stream is
 * complete when every announcement is in, and only opening the manifest says whether the message is genuine.
 * Spec: docs/PROTOCOL.md, Streams.
 */
import { equalBytes, hexOf, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { Clock } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import { fail, type OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { verifyPacket } from './codec.ts';
import type { PacketKey } from './keys.ts';
import { blockCid, ruleOf, type StreamPacket } from './packet.ts';
import { isSessionless } from './sessionless.ts';
import { Stream } from './stream.ts';

export type StreamEvent =
  /**
   * A packet came. `peer` is whoever is charged for it, in the caller's words; streams of two peers never mix.
   * `key` is the session's for this direction, left out for a packet of no known session.
   */
  | { readonly kind: 'packet'; readonly peer: string; readonly packet: StreamPacket; readonly key?: PacketKey }
  /** Answer to `read`: the block opened with the stanza that its packet names. `key` is the header key, `salt` the block's. */
  | { readonly kind: 'opened'; readonly stream: string; readonly packet: StreamPacket; readonly salt: Bytes; readonly key: PacketKey }
  /** Answer to `read`: not in the own store, not well-formed, or no key of ours opens it. */
  | { readonly kind: 'unopened'; readonly stream: string; readonly packet: StreamPacket }
  /** Answer to `fetch`: how many bytes are now held for it, 0 when it did not come. */
  | { readonly kind: 'fetched'; readonly stream: string; readonly index: number; readonly bytes: number }
  /** Time passed: due at `nextDeadlineMs`, harmless at any other moment. */
  | { readonly kind: 'tick' };

export type StreamEffect =
  /** Read this block from the recipient's own store and nowhere else: its packet is not yet verified. */
  | { readonly kind: 'read'; readonly stream: string; readonly packet: StreamPacket; readonly cid: Cid; readonly bytesMax: number }
  /** This block may be fetched ahead, from wherever it is. */
  | { readonly kind: 'fetch'; readonly stream: string; readonly index: number; readonly cid: Cid; readonly bytesMax: number }
  /** Whoever opens the manifest checks that its salt and stanzas equal the opening's and its links the contents. */
  | { readonly kind: 'complete'; readonly stream: string; readonly opening: Cid; readonly contents: readonly Cid[]; readonly manifest: Cid }
  /** A verified packet that was here already. */
  | { readonly kind: 'duplicate'; readonly stream: string; readonly index: number }
  /** A packet of a stream that has ended. Nothing of it was verified. */
  | { readonly kind: 'late'; readonly stream: string; readonly index: number }
  /** The packet counts for nothing; the stream goes on. */
  | { readonly kind: 'refused'; readonly stream: string; readonly packet: StreamPacket; readonly error: OmniplexError }
  /** The stream is given up. A new FragStart opens it again. */
  | { readonly kind: 'failed'; readonly stream: string; readonly error: OmniplexError };

interface Peer {
  readonly streams: Map<string, Stream>;
  /** Ended streams, oldest first, for the sake of late packets. */
  readonly ended: Map<string, 'complete' | 'failed'>;
}

export class Reassembler {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #peers = new Map<string, Peer>();
  /** The peer of each open stream. */
  readonly #owners = new Map<string, Peer>();
  /** No deadline is earlier. */
  #nextDeadlineMs = Infinity;
  #effects: StreamEffect[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** When a `tick` is due, on the monotonic clock: never too late, at most too early. Undefined while nothing is open. */
  get nextDeadlineMs(): number | undefined {
    return this.#owners.size === 0 ? undefined : this.#nextDeadlineMs;
  }

  /** What one peer makes us hold. */
  usage(peer: string): { readonly streams: number; readonly fragments: number; readonly bytes: number } {
    const streams = this.#peers.get(peer)?.streams ?? new Map<string, Stream>();
    return { streams: streams.size, fragments: sumOf(streams, (stream) => stream.size), bytes: sumOf(streams, (stream) => stream.heldBytes) };
  }

  /** Never throws on what a peer sent: refusals are effects, in the order in which they came about. */
  handle(event: StreamEvent): readonly StreamEffect[] {
    this.#effects = [];
    this.#expire();
    if (event.kind === 'packet') {
      this.#packet(event.peer, event.packet, event.key);
    } else if (event.kind !== 'tick') {
      const peer = this.#owners.get(event.stream);
      const stream = peer?.streams.get(event.stream);
      if (peer !== undefined && stream !== undefined) this.#answer(peer, stream, event);
    }
    return this.#effects;
  }

  #answer(peer: Peer, stream: Stream, event: Exclude<StreamEvent, { readonly kind: 'packet' | 'tick' }>): void {
    if (event.kind === 'fetched') {
      if (stream.settle(event.index, event.bytes)) this.#fetchAhead(peer);
      return;
    }
    const at = stream.waiting.indexOf(event.packet);
    if (at < 0) return;
    stream.waiting.splice(at, 1);
    if (event.kind === 'opened') {
      const refusal = openingRefusal(stream, event);
      if (refusal === undefined) return this.#trust(peer, stream, event.packet, event.key, 1);
      this.#refuse(stream.id, event.packet, refusal);
    }
    if (stream.size === 0) this.#close(peer, stream);
  }

  #packet(peerName: string, packet: StreamPacket, sessionKey: PacketKey | undefined): void {
    const id = streamId(peerName, packet);
    const known = this.#owners.get(id)?.streams.get(id);
    const ended = this.#peers.get(peerName)?.ended.get(id);
    if (ended === 'complete' || (ended === 'failed' && known === undefined && packet.fragment !== 'start')) {
      this.#effects.push({ kind: 'late', stream: id, index: packet.index });
      return;
    }
    const key = sessionKey ?? known?.key;
    if (key !== undefined && !verifyPacket(packet, key)) return this.#refuse(id, packet, fail('E_PACKET_DIGEST'));
    if (packet.index >= limits.fragmentsMax) return this.#refuse(id, packet, full('fragments of a stream', limits.fragmentsMax));
    const peer = this.#peerNamed(peerName);
    if (peer === undefined) return this.#refuse(id, packet, full('peers', limits.reassemblyPeersMax));
    if (known === undefined && peer.streams.size >= limits.streamsPerPeerMax) {
      return this.#refuse(id, packet, full('streams of a peer', limits.streamsPerPeerMax));
    }
    const stream = known ?? this.#open(peer, id, packet);
    if (key === undefined) {
      this.#wait(peer, stream, packet);
    } else if (stream.key === undefined) {
      this.#trust(peer, stream, packet, key, 0);
    } else {
      this.#place(peer, stream, packet);
      this.#advance(peer, stream);
    }
    if (stream.size === 0 && peer.streams.has(id)) this.#close(peer, stream);
  }

  #open(peer: Peer, id: string, packet: StreamPacket): Stream {
    const nowMs = this.#clock.monotonic();
    const stream = new Stream(id, packet, nowMs, nowMs + limits.reassemblyUnverifiedMs);
    this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, stream.deadlineMs);
    peer.streams.set(id, stream);
    this.#owners.set(id, peer);
    return stream;
  }

  /** Nobody vouches for it yet. A FragStart asks for its opening to be read; the same 192 bytes again change nothing. */
  #wait(peer: Peer, stream: Stream, packet: StreamPacket): void {
    if (stream.waiting.some((other) => equalBytes(other.bytes, packet.bytes))) return;
    // Counted apart: a full waiting room must not keep out the packet that it waits for.
    const alike = stream.waiting.filter((other) => (other.fragment === 'start') === (packet.fragment === 'start')).length;
    if (alike >= limits.fragmentsWaitingMax) return this.#refuse(stream.id, packet, full('packets that wait for a FragStart', limits.fragmentsWaitingMax));
    if (!hasRoom(peer)) return this.#refuse(stream.id, packet, full('fragments of a peer', limits.fragmentsPerPeerMax));
    stream.waiting.push(packet);
    if (packet.fragment !== 'start') return;
    this.#effects.push({ kind: 'read', stream: stream.id, packet, cid: blockCid(packet), bytesMax: ruleOf(packet).bytesMax });
  }

  /** The key of this stream is known from now on, and its first verified packet names the deadline. What waited is checked. */
  #trust(peer: Peer, stream: Stream, first: StreamPacket, key: PacketKey, nextFetch: 0 | 1): void {
    stream.key = key;
    stream.nextFetch = nextFetch;
    stream.expiresMs = first.expiresMs;
    stream.deadlineMs = stream.firstMs + Math.min(first.timeoutMs === 0 ? limits.reassemblyMs : first.timeoutMs, limits.reassemblyMsMax);
    this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, stream.deadlineMs);
    if (this.#isOver(peer, stream)) return;
    this.#place(peer, stream, first);
    for (const packet of stream.waiting.splice(0)) {
      if (verifyPacket(packet, key)) this.#place(peer, stream, packet);
      else this.#refuse(stream.id, packet, fail('E_PACKET_DIGEST'));
    }
    this.#advance(peer, stream);
  }

  /** A verified packet takes its place, or is told why it has none. The first authentic claim to an index stands. */
  #place(peer: Peer, stream: Stream, packet: StreamPacket): void {
    const fit = stream.fit(packet);
    if (packet.expiresMs !== stream.expiresMs) {
      this.#refuse(stream.id, packet, fail('E_PACKET_FIELD', { field: 'expiry', why: 'it is not that of its stream' }));
    } else if (fit === 'duplicate') {
      this.#effects.push({ kind: 'duplicate', stream: stream.id, index: packet.index });
    } else if (fit === 'conflict') {
      this.#refuse(stream.id, packet, fail('E_FRAGMENT_CONFLICT', { index: packet.index }));
    } else if (!stream.started && packet.fragment !== 'start' && stream.size >= limits.fragmentsWaitingMax) {
      this.#refuse(stream.id, packet, full('packets that wait for a FragStart', limits.fragmentsWaitingMax));
    } else if (!hasRoom(peer)) {
      this.#refuse(stream.id, packet, full('fragments of a peer', limits.fragmentsPerPeerMax));
    } else {
      stream.add(packet);
    }
  }

  #advance(peer: Peer, stream: Stream): void {
    const { whole } = stream;
    if (whole !== undefined) {
      this.#effects.push({ kind: 'complete', stream: stream.id, ...whole });
      this.#close(peer, stream, 'complete');
    }
    this.#fetchAhead(peer);
  }

  /** In order, without gaps, as far as the bytes allow: what is fetched is always what is needed next. */
  #fetchAhead(peer: Peer): void {
    let freeBytes = limits.reassemblyBytesPerPeerMax - sumOf(peer.streams, (stream) => stream.heldBytes);
    for (const stream of peer.streams.values()) {
      for (let block = stream.blockAt(stream.nextFetch); block !== undefined && block.bytesMax <= freeBytes; block = stream.blockAt(stream.nextFetch)) {
        stream.reserve(stream.nextFetch, block.bytesMax);
        freeBytes -= block.bytesMax;
        this.#effects.push({ kind: 'fetch', stream: stream.id, index: stream.nextFetch, ...block });
        stream.nextFetch++;
      }
    }
  }

  #expire(): void {
    if (this.#clock.monotonic() < this.#nextDeadlineMs) return;
    this.#nextDeadlineMs = Infinity;
    for (const [id, peer] of this.#owners) {
      const stream = peer.streams.get(id) as Stream;
      if (!this.#isOver(peer, stream)) this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, stream.deadlineMs);
    }
  }

  /** Gives up a stream whose deadline has come. Only one that was vouched for is remembered: else anybody could burn its name. */
  #isOver(peer: Peer, stream: Stream): boolean {
    if (this.#clock.monotonic() < stream.deadlineMs) return false;
    const ms = stream.deadlineMs - stream.firstMs;
    const error = fail('E_FRAGMENT_TIMEOUT', { ms, after: formatDuration(ms), missing: stream.missing });
    this.#effects.push({ kind: 'failed', stream: stream.id, error });
    this.#close(peer, stream, stream.key === undefined ? undefined : 'failed');
    this.#fetchAhead(peer);
    return true;
  }

  #close(peer: Peer, stream: Stream, ended?: 'complete' | 'failed'): void {
    peer.streams.delete(stream.id);
    this.#owners.delete(stream.id);
    peer.ended.delete(stream.id);
    if (ended === undefined) return;
    peer.ended.set(stream.id, ended);
    const [oldest] = peer.ended.keys();
    if (peer.ended.size > limits.streamsRememberedMax && oldest !== undefined) peer.ended.delete(oldest);
  }

  /** The peer, made if need be: then the longest idle one is forgotten where there are too many. Undefined when none is idle. */
  #peerNamed(name: string): Peer | undefined {
    const known = this.#peers.get(name);
    if (known !== undefined) return known;
    if (this.#peers.size >= limits.reassemblyPeersMax) {
      const idle = this.#peers.entries().find(([, { streams }]) => streams.size === 0);
      if (idle === undefined) return undefined;
      this.#peers.delete(idle[0]);
    }
    const peer: Peer = { streams: new Map(), ended: new Map() };
    this.#peers.set(name, peer);
    return peer;
  }

  #refuse(stream: string, packet: StreamPacket, error: OmniplexError): void {
    this.#effects.push({ kind: 'refused', stream, packet, error });
  }
}

/** Packets of one stream agree in all of these. */
const streamId = (peer: string, packet: StreamPacket): string => `${hexOf(packet.inbox)}/${hexOf(packet.session)}/${hexOf(packet.salt)}/${peer}`;

/** Whether the block that was opened is the opening of this stream, and its packet authentic. */
function openingRefusal(stream: Stream, { packet, salt, key }: Extract<StreamEvent, { readonly kind: 'opened' }>): OmniplexError | undefined {
  if (!equalBytes(salt, stream.salt)) return fail('E_PACKET_FIELD', { field: 'salt', why: 'it is not that of the opening block' });
  return isSessionless(packet, key) && verifyPacket(packet, key) ? undefined : fail('E_PACKET_DIGEST');
}

const full = (what: string, max: number): OmniplexError => fail('E_FRAGMENT_LIMIT', { what, max });

const sumOf = (streams: ReadonlyMap<string, Stream>, of: (stream: Stream) => number): number => streams.values().reduce((sum, stream) => sum + of(stream), 0);

const hasRoom = (peer: Peer): boolean => sumOf(peer.streams, (stream) => stream.size) < limits.fragmentsPerPeerMax;
