/** What `send` is asked and what it answers. */
import type { Qos } from '../packet/flags.ts';
import type { Padding } from '../message/padding.ts';
import type { Passphrase } from '../message/passphrase.ts';
import type { ReceiptWish } from '../message/sealed.ts';
import type { Durability, TierName } from '../storage/ports.ts';
import type { PlainInput } from './input.ts';

/** How messages are sent, the same for all of a batch. */
export interface SendOptions {
  /** Default: the room's setting. */
  readonly durability?: Durability | undefined;
  readonly padding?: Padding | undefined;
  readonly receipt?: ReceiptWish | undefined;
  /** A duration, a date, or `never`. Default: as long as the recipients' prekeys last. */
  readonly expires?: string | undefined;
  readonly qos?: Qos | undefined;
  readonly priority?: boolean | undefined;
  /** The sender's genesis and bundle travel sealed in the message, and open in the CAR of `out`. */
  readonly introduce?: boolean | undefined;
  readonly allowUnverified?: boolean | undefined;
  /** Instead of recipients: whoever has the passphrase and the CID. Left to the caller to dispose. */
  readonly passphrase?: Passphrase | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SendRequest extends SendOptions {
  readonly input: PlainInput;
  /** Contacts, identities of mine, paths of bundle files. */
  readonly to: readonly string[];
  /** Key of --id: the same id with the same content has one effect, however often it is asked. */
  readonly id?: string | undefined;
  /** What the receiver is told it is called. Default: the input's. */
  readonly name?: string | undefined;
  readonly mediaType?: string | undefined;
  /** Announce blocks while the input is still being read. */
  readonly stream?: boolean | undefined;
  /** A CAR with the message, its packets and, with `introduce`, the sender's bundle. Created exclusively. */
  readonly out?: string | undefined;
  /** Bytes of the input read so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface DurabilityResult {
  readonly asked: Durability;
  readonly true: Durability;
  readonly copies: Readonly<Partial<Record<TierName, number>>>;
  readonly announcements: 'hot' | 'cold';
}

export interface SendResult {
  readonly cid: string;
  readonly id?: string;
  /** Length of the content before padding. */
  readonly bytes: number;
  readonly blocks: number;
  readonly recipients: { readonly total: number; readonly announced: number; readonly names: readonly string[] };
  readonly durability: DurabilityResult;
  readonly postQuantum: boolean;
  readonly forwardSecret: boolean;
  /** RFC 3339; null = never. */
  readonly expires: string | null;
  /** Only where the id had its effect before this call: RFC 3339; null when the store no longer says when. */
  readonly sentBefore?: string | null;
  readonly out?: { readonly path: string; readonly bytes: number };
}
