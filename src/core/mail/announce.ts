/**
 * The packets that announce a message without a session: one an inbox, or for a stream one a block and inbox.
 * All of them follow from the message alone, so that a resend is the same packet. Spec: docs/PROTOCOL.md, Packet.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { Secret } from '../base/secret.ts';
import { encodePacket } from '../packet/codec.ts';
import type { Qos } from '../packet/flags.ts';
import { Fragmenter } from '../packet/fragmenter.ts';
import { oneShotKey } from '../packet/keys.ts';
import type { DataWords } from '../packet/packet.ts';
import { pseudonymFor, sessionlessId } from '../packet/sessionless.ts';
import type { Announcement } from '../storage/ports.ts';

/** What is known of a message before its content is read. */
export interface Announceable {
  readonly headerKey: Secret;
  readonly salt: Bytes;
  /** Number of the stanza by recipient. */
  readonly stanzaOf: readonly number[];
}

export interface AnnounceOptions {
  readonly expiresMs: number;
  readonly priority: boolean;
  readonly qos: Qos;
}

export type Step = 'single' | 'start' | 'content' | 'end';

/** Makes the packets of one message, step by step, for all its recipients at once. */
export class Announcer {
  readonly #packets: readonly { readonly inbox: Bytes; readonly fragmenter: Fragmenter }[];
  readonly #headerKey: Secret;
  readonly #expiresMs: number;

  /** `inboxes` are the digests of the recipients' inbox blocks, in the order in which they were handed to the seal. */
  constructor({ headerKey, salt, stanzaOf }: Announceable, inboxes: readonly Bytes[], { expiresMs, priority, qos }: AnnounceOptions) {
    this.#headerKey = headerKey;
    this.#expiresMs = expiresMs;
    const key = oneShotKey(headerKey.expose());
    const session = sessionlessId(key);
    this.#packets = inboxes.map((inbox, recipient) => ({
      inbox,
      fragmenter: new Fragmenter({
        ...{ priority, dup: false, qos, timeoutMs: 0, session, salt, expiresMs, inbox },
        sender: pseudonymFor(key, inbox),
        sequence: () => stanzaOf[recipient] as number,
      }),
    }));
  }

  /** One packet an inbox about this block. */
  announce(step: Step, cid: Cid): Announcement[] {
    const key = oneShotKey(this.#headerKey.expose());
    return this.#packets.map(({ inbox, fragmenter }) => {
      const words: DataWords = fragmenter[step](cid);
      return { inbox, packet: encodePacket(words, key), cid, expiresAtMs: this.#expiresMs };
    });
  }
}
