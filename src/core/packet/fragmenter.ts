/**
 * Turns the blocks of one message into the packets that announce them to one inbox: a single for a whole message, or
 * for a stream FragStart with the opening block, FragCont with each content block in order, FragEnd with the manifest.
 * It only fills in words; encoding, masking and sending are the caller's. Blocks must be stored before they are announced.
 * Spec: docs/PROTOCOL.md, Streams.
 */
import { digestOf, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { FragmentRole } from './flags.ts';
import type { DataWords, PacketWords } from './packet.ts';
import { blockRule } from './types.ts';

/** What all packets of one message to one inbox have in common. */
export interface Announced extends Omit<PacketWords, 'block' | 'sequence'> {
  /** The next sequence number of the session, reserved durably; without a session always the recipient's stanza. */
  readonly sequence: () => number;
}

/** One message to one inbox. Calls out of order are assertions. */
export class Fragmenter {
  readonly #announced: Announced;
  #next = 0;
  #ended = false;

  constructor(announced: Announced) {
    this.#announced = announced;
  }

  /** The whole message in one packet. */
  single(manifest: Cid): DataWords {
    if (this.#next !== 0) throw new Error('a single is announced instead of a stream, not within one');
    const words = this.#words('single', manifest);
    this.#ended = true;
    return { ...words, fragment: 'single', index: 0 };
  }

  /** The block {v, salt, stanzas} that lets the receiver check what follows. */
  start(opening: Cid): DataWords {
    if (this.#next !== 0) throw new Error('a stream starts once');
    const words = this.#words('start', opening);
    this.#next = 1;
    return { ...words, fragment: 'start', index: 0 };
  }

  /** The next block of ciphertext. Throws E_TOO_MANY when only the manifest still has room: `end` then tells of the rest. */
  content(block: Cid): DataWords {
    if (this.#next === 0) throw new Error('a stream starts with its opening');
    if (this.#next >= limits.fragmentsMax - 1) throw fail('E_TOO_MANY', { what: 'fragments of a stream', count: this.#next + 2, max: limits.fragmentsMax });
    const words = this.#words('content', block);
    return { ...words, fragment: 'content', index: this.#next++ };
  }

  end(manifest: Cid): DataWords {
    if (this.#next === 0) throw new Error('a stream starts with its opening');
    const words = this.#words('end', manifest);
    this.#ended = true;
    return { ...words, fragment: 'end', index: this.#next++ };
  }

  #words(role: FragmentRole, cid: Cid): PacketWords & { readonly type: 'data' } {
    if (this.#ended) throw new Error('nothing follows the end of a message');
    if (cid.code !== blockRule('data', role).codec) throw new Error(`a packet that is ${role} does not name a block of codec 0x${cid.code.toString(16)}`);
    return { ...this.#announced, type: 'data', block: digestOf(cid), sequence: this.#announced.sequence() };
  }
}
