/** An entry of the outbox: one message, its recipients, and how far it has come with each. */
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { Durability } from '../storage/ports.ts';
import type { RecipientState } from './recipient-states.ts';

/** A receipt as evidence: the signed message that carried it. */
export interface Evidence {
  readonly state: 'received' | 'opened' | 'refused';
  readonly cid: Cid;
  readonly atMs: number;
  /** Message key of the receipt: opens that receipt alone, which says no more than this row. Given away with it as evidence. */
  readonly key?: Bytes | undefined;
}

/** A process that works on an entry: as storage/locks/holder.ts names processes. */
export interface EntryHolder {
  readonly machine: string;
  readonly pid: number;
  readonly startedTicks: number;
}

/** One recipient of one entry. */
export interface Delivery {
  /** The contact's name when it was sent. */
  readonly name: string;
  readonly identity: Cid;
  /** Digest of the inbox, as in CID_R. */
  readonly inbox: Bytes;
  readonly state: RecipientState;
  /** When each state that still counts was reached, ms since epoch. */
  readonly times: { readonly [State in RecipientState]?: number };
  /** The 192 bytes that announce it: what a resend repeats, and what a lost hot tier is rebuilt from. */
  readonly packet?: Bytes | undefined;
  readonly evidence: readonly Evidence[];
  /** Error code of the last failure. */
  readonly code?: string | undefined;
}

export type NewDelivery = Pick<Delivery, 'name' | 'identity' | 'inbox'> & Partial<Pick<Delivery, 'packet'>>;

export interface OutboxEntry {
  /** Order of sending in this home: pages continue after it. */
  readonly number: number;
  /** Key of --id. */
  readonly id?: string | undefined;
  /** Who sent it; absent for a passphrase message without a sender. */
  readonly identity?: Cid | undefined;
  /** Id of the store that it went to. */
  readonly store?: string | undefined;
  /** Who began it: tells a send under way from one whose process died. */
  readonly by?: EntryHolder | undefined;
  /** Of the manifest; absent until it is sealed. */
  readonly cid?: Cid | undefined;
  readonly createdAtMs: number;
  /** When the outcome became known; absent while it is not. */
  readonly settledAtMs?: number | undefined;
  readonly name?: string | undefined;
  readonly bytes?: number | undefined;
  /** ms since epoch, 0 = none. */
  readonly expiresAtMs: number;
  /** When this home learned that the store let go of it on purpose. The store knows; here it only saves asking again. */
  readonly letGoAtMs?: number | undefined;
  readonly durability: { readonly asked: Durability; readonly true: Durability };
  readonly receipt?: 'received' | 'opened' | undefined;
  /** The manifest itself, where the caller keeps it for a rebuild. */
  readonly manifest?: Bytes | undefined;
  readonly recipients: readonly Delivery[];
}

export type NewEntry = Pick<OutboxEntry, 'id' | 'identity' | 'store' | 'by' | 'createdAtMs' | 'name' | 'bytes' | 'expiresAtMs' | 'receipt'> & {
  readonly cid?: Cid | undefined;
  readonly durability: Durability;
  readonly recipients: readonly NewDelivery[];
};

export interface Settlement {
  readonly atMs: number;
  readonly cid?: Cid;
  readonly bytes?: number;
  /** What holds now. */
  readonly durability?: Durability;
  readonly expiresAtMs?: number;
  readonly manifest?: Bytes;
  /** State for every recipient that is still `unknown`; each is left alone where this is absent. */
  readonly state?: RecipientState;
  readonly code?: string;
  /** Packets by place in the list of recipients. */
  readonly packets?: readonly (Bytes | undefined)[];
}

export interface OutboxPage {
  /** Entries older than this number; absent = from the newest. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** At most so many are looked at, whether they match or not; all by default. */
  readonly scan?: number;
  /** Only entries with a recipient in one of these states: answered by an index. */
  readonly states?: readonly RecipientState[];
  /** Any other condition. */
  readonly where?: (entry: OutboxEntry) => boolean;
}
