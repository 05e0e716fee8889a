/**
 * One stream in the reassembler: which fragments are known, whether they fit together, what is missing.
 * Everything in it was verified, except what is `waiting`. Knows no time, no caps and no other stream.
 * Spec: docs/PROTOCOL.md, Streams.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts';
import { cidOfDigest, type Cid } from '../base/cid.ts';
import type { PacketKey } from './keys.ts';
import type { StreamPacket } from './packet.ts';
import { blockRule } from './types.ts';

/** `new`: it can be added. `conflict` covers overlaps: content past the end, an end before content, two ends. */
export type Fit = 'new' | 'duplicate' | 'conflict';

export class Stream {
  readonly id: string;
  readonly session: Bytes;
  readonly salt: Bytes;
  readonly firstMs: number;
  /** What word 5 is checked with: from the session, or once the opening was opened. */
  key: PacketKey | undefined;
  deadlineMs: number;
  /** In order of arrival: packets that nobody has vouched for, or that came before the FragStart of their session. */
  waiting: StreamPacket[] = [];
  expiresMs = 0;
  /** The next index to fetch ahead; everything before it was asked for. */
  nextFetch = 0;
  /** Bytes reserved by index while the fetch is under way. */
  readonly #fetching = new Map<number, number>();
  #heldBytes = 0;
  readonly #content = new Map<number, Bytes>();
  #contentIndexMax = 0;
  #opening: Bytes | undefined;
  #end: { readonly index: number; readonly manifest: Bytes } | undefined;

  constructor(id: string, first: StreamPacket, nowMs: number, deadlineMs: number) {
    this.id = id;
    this.session = first.session.slice();
    this.salt = first.salt.slice();
    this.firstMs = nowMs;
    this.deadlineMs = deadlineMs;
  }

  get started(): boolean {
    return this.#opening !== undefined;
  }

  /** Verified fragments, and packets that wait to become some. */
  get size(): number {
    return (this.started ? 1 : 0) + this.#content.size + (this.#end === undefined ? 0 : 1) + this.waiting.length;
  }

  /** Whether a verified packet fits what is known. */
  fit(packet: StreamPacket): Fit {
    const { index, block } = packet;
    switch (packet.fragment) {
      case 'start':
        return this.#opening === undefined ? 'new' : sameOr(this.#opening, block);
      case 'content': {
        const known = this.#content.get(index);
        if (known !== undefined) return sameOr(known, block);
        return this.#end !== undefined && index >= this.#end.index ? 'conflict' : 'new';
      }
      case 'end':
        if (this.#end !== undefined) return index === this.#end.index ? sameOr(this.#end.manifest, block) : 'conflict';
        return index <= this.#contentIndexMax ? 'conflict' : 'new';
    }
  }

  /** Takes a packet that fits and is new. Copies what it keeps: the packet may lie in a large buffer. */
  add(packet: StreamPacket): void {
    const block = packet.block.slice();
    switch (packet.fragment) {
      case 'start':
        this.#opening = block;
        this.expiresMs = packet.expiresMs;
        break;
      case 'content':
        this.#content.set(packet.index, block);
        this.#contentIndexMax = Math.max(this.#contentIndexMax, packet.index);
        break;
      case 'end':
        this.#end = { index: packet.index, manifest: block };
        break;
    }
  }

  /** The block to fetch for an index, if its packet is here. The manifest is left to whoever opens the message. */
  blockAt(index: number): { readonly cid: Cid; readonly bytesMax: number } | undefined {
    const digest = index === 0 ? this.#opening : this.#content.get(index);
    if (digest === undefined) return undefined;
    const { codec, bytesMax } = blockRule('data', index === 0 ? 'start' : 'content');
    return { cid: cidOfDigest(codec, digest), bytesMax };
  }

  /** All of it, once every fragment from the opening to the end is known. */
  get whole(): { readonly opening: Cid; readonly contents: readonly Cid[]; readonly manifest: Cid } | undefined {
    if (this.#opening === undefined || this.#end === undefined || this.#content.size !== this.#end.index - 1) return undefined;
    const { codec } = blockRule('data', 'content');
    const contents = Array.from({ length: this.#content.size }, (_, i) => cidOfDigest(codec, this.#content.get(i + 1) as Bytes));
    return {
      opening: cidOfDigest(blockRule('data', 'start').codec, this.#opening),
      contents,
      manifest: cidOfDigest(blockRule('data', 'end').codec, this.#end.manifest),
    };
  }

  /** Fragments known to be missing: the opening, the end, and the gaps between those that are here. */
  get missing(): number {
    const contentCount = this.#end === undefined ? this.#contentIndexMax : this.#end.index - 1;
    return (this.started ? 0 : 1) + (contentCount - this.#content.size) + (this.#end === undefined ? 1 : 0);
  }

  /** Reserved for fetches under way, or here. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  reserve(index: number, bytesMax: number): void {
    this.#fetching.set(index, bytesMax);
    this.#heldBytes += bytesMax;
  }

  /** The fetch of `index` ended with so many bytes. Answers false when none was under way. */
  settle(index: number, bytes: number): boolean {
    const reserved = this.#fetching.get(index);
    if (reserved === undefined) return false;
    if (bytes > reserved) throw new RangeError(`a fetch bounded to ${reserved} bytes brought ${bytes}`);
    this.#fetching.delete(index);
    this.#heldBytes += bytes - reserved;
    return true;
  }
}

const sameOr = (known: Bytes, block: Bytes): Fit => (equalBytes(known, block) ? 'duplicate' : 'conflict');
