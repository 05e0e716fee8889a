/**
 * Opens messages that are for me, with whatever this home has: the key it kept from an earlier opening, the stanza that an announcement
 * names, every stanza, a passphrase. The checks of the message itself are those of `openManifest`, in their order; here they are given keys.
 * An announcement only says where to look: one that is forged costs time, and never keeps out a message that opens without it.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';
import type { IdentityRecord } from '../home/index.ts';
import { decodeManifest } from '../message/manifest.ts';
import { openManifest, openOpening, type OpenedMessage, type OpenKeys } from '../message/open.ts';
import type { Passphrase } from '../message/passphrase.ts';
import type { KemKey } from '../message/stanza.ts';
import { stanzaNumber } from '../packet/packet.ts';
import type { TierName } from '../storage/ports.ts';
import { arrivalsOf, isAuthentic, isAuthenticStart, readersOf, type Arrival, type FiledRow } from './arrivals.ts';
import { newestKeys, provenanceOf, resolversFor, type Provenance } from './provenance.ts';
import type { MailRoom } from './room.ts';

export interface OpenedMail extends Disposable {
  readonly message: OpenedMessage;
  readonly provenance: Provenance;
  /** Which of my identities it is for; absent for a passphrase message. */
  readonly identity: IdentityRecord | undefined;
  /** The announcement that led to it, if it is authentic. */
  readonly arrival: Arrival | undefined;
  /** Where the manifest was read. */
  readonly tier: TierName;
}

export interface OpenerOptions {
  /** For messages that are sealed to one. Left to the caller to dispose. */
  readonly passphrase?: Passphrase | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface ManifestBlock {
  readonly cid: Cid;
  readonly bytes: Bytes;
  readonly tier: TierName;
}

interface OpenCheck {
  readonly stanzaIndex?: number | undefined;
  /** When given, what has expired by then is E_EXPIRED. */
  readonly nowMs?: number | undefined;
}

/** What `sealRow` of the key ring is told about a kept message key. */
export const keptKeyContext = (cid: Cid): string => `message/${cid.toString()}`;

/** For one use case: it keeps the private keys of the identities it is asked about, so that many messages cost one look into the key ring. */
export class Opener {
  readonly #room: MailRoom;
  readonly #options: OpenerOptions;
  readonly #keys = new Map<string, Promise<readonly KemKey[]>>();
  /** Announcements that name no stanza of ours may be looked through, so many a run: a forger must not choose how long we work. */
  #straysLeft: number = limits.strayAnnouncementsMax;

  constructor(room: MailRoom, options: OpenerOptions = {}) {
    this.#room = room;
    this.#options = options;
  }

  /**
   * By its name. Rejects with E_NOT_FOUND, E_NOT_RECIPIENT, E_EXPIRED, E_PASSPHRASE_NEEDED, E_PASSPHRASE, E_NO_IDENTITY, and what
   * `openManifest` rejects with.
   */
  async open(cid: Cid, { nowMs }: Pick<OpenCheck, 'nowMs'> = {}): Promise<OpenedMail> {
    const block = await this.#read(cid);
    if (block === undefined) throw fail('E_NOT_FOUND', { what: `message ${cid.toString()}` });
    if (isForPassphrase(block.bytes)) return this.#openWith(block, { ...(this.#options.passphrase && { passphrase: this.#options.passphrase }) }, undefined, { nowMs });
    const kept = await this.#openKept(block, { nowMs });
    if (kept !== undefined) return this.#withArrival(kept);
    const readers = readersOf(this.#room);
    for (const arrival of await arrivalsOf(this.#room, readers, cid)) {
      const opened = await this.#openAnnounced(block, arrival, { nowMs });
      if (opened !== undefined) return opened;
    }
    for (const identity of readers) {
      const opened = await this.#openAs(block, identity, { nowMs });
      if (opened !== undefined) return opened;
    }
    throw fail('E_NOT_RECIPIENT', { cid: cid.toString() });
  }

  /**
   * By a row of an inbox, for lists; an expired message is opened too. Rejects as `open` does. An announcement that is not authentic, or
   * none at all, is overlooked, and the message then looked through like one that came by name alone, as long as that was not too often.
   */
  async openFiled({ row, identity }: FiledRow, arrival: Arrival | undefined): Promise<OpenedMail> {
    const { cid } = row;
    const block = await this.#read(cid);
    if (block === undefined) throw fail('E_NOT_FOUND', { what: `message ${cid.toString()}` });
    const kept = await this.#openKept(block, {});
    if (kept !== undefined) return arrival !== undefined && isAuthentic(arrival, kept.message) ? { ...kept, arrival, identity } : kept;
    const opened = (arrival && (await this.#openAnnounced(block, arrival, {}))) ?? (await this.#openStray(block, identity));
    if (opened === undefined) throw fail('E_NOT_RECIPIENT', { cid: cid.toString() });
    return opened;
  }

  /** By its form alone. */
  async isManifest(cid: Cid): Promise<boolean> {
    try {
      const block = await this.#read(cid);
      return block !== undefined && decodeManifest(block.bytes).stanzas.length > 0;
    } catch (error) {
      if (isError(error)) return false;
      throw error;
    }
  }

  /** Whether the opening of a stream opens, and the packet that announced it is authentic. */
  async isGenuineStart(arrival: Arrival): Promise<boolean> {
    const { row, identity, packet } = arrival;
    const xWing = await this.#keysOf(identity);
    try {
      const block = await this.#read(row.cid);
      if (block === undefined) return false;
      const stream = await openOpening(this.#room.crypto, row.cid, block.bytes, { xWing }, stanzaNumber(packet));
      using _messageKey = stream.messageKey;
      using _headerKey = stream.headerKey;
      return isAuthenticStart(arrival, stream);
    } catch (error) {
      if (isError(error)) return false;
      throw error;
    }
  }

  /** The manifest's bytes, unread by any key: to tell cheaply what cannot be a receipt. */
  async peek(cid: Cid): Promise<Bytes | undefined> {
    return (await this.#read(cid))?.bytes;
  }

  async #read(cid: Cid): Promise<ManifestBlock | undefined> {
    const found = await this.#room.store.read(cid, this.#options.signal);
    return found && { cid, ...found };
  }

  #keysOf({ name }: IdentityRecord): Promise<readonly KemKey[]> {
    let keys = this.#keys.get(name);
    if (keys === undefined) this.#keys.set(name, (keys = this.#room.identities.openingKeys(name)));
    return keys;
  }

  async #openKept(block: ManifestBlock, check: OpenCheck): Promise<OpenedMail | undefined> {
    const { home } = this.#room;
    const record = home.messages.find(block.cid);
    const identity = record?.identity && home.people.identityOf(record.identity);
    if (record?.sealedKey === undefined || identity === undefined) return undefined;
    using messageKey = await this.#keptKey(block.cid, record.sealedKey);
    return messageKey && (await this.#openWith(block, { messageKey }, identity, check));
  }

  /** Undefined when it was sealed under a ring that is no longer: then the message is opened as if it had never been. */
  async #keptKey(cid: Cid, sealedKey: Bytes): Promise<Secret | undefined> {
    const ring = await this.#room.ring();
    try {
      return ring.openRow(keptKeyContext(cid), sealedKey);
    } catch (error) {
      if (isError(error, 'E_MAC')) return undefined;
      throw error;
    }
  }

  /** The announcement of a message that was opened without it. */
  async #withArrival(opened: OpenedMail): Promise<OpenedMail> {
    if (opened.identity === undefined) return opened;
    const arrivals = await arrivalsOf(this.#room, [opened.identity], opened.message.cid);
    return { ...opened, arrival: arrivals.find((arrival) => isAuthentic(arrival, opened.message)) };
  }

  async #openAnnounced(block: ManifestBlock, arrival: Arrival, check: OpenCheck): Promise<OpenedMail | undefined> {
    if (arrival.packet.sequence >= limits.recipientsMax) return undefined;
    const opened = await this.#openAs(block, arrival.identity, { ...check, stanzaIndex: arrival.packet.sequence });
    return opened && { ...opened, arrival: isAuthentic(arrival, opened.message) ? arrival : undefined };
  }

  async #openStray(block: ManifestBlock, identity: IdentityRecord): Promise<OpenedMail | undefined> {
    decodeManifest(block.bytes);
    if (this.#straysLeft === 0) return undefined;
    this.#straysLeft--;
    return this.#openAs(block, identity, {});
  }

  /** Undefined when no key of this identity opens it. */
  async #openAs(block: ManifestBlock, identity: IdentityRecord, check: OpenCheck): Promise<OpenedMail | undefined> {
    try {
      return await this.#openWith(block, { xWing: await this.#keysOf(identity) }, identity, check);
    } catch (error) {
      if (isError(error, 'E_NOT_RECIPIENT')) return undefined;
      throw error;
    }
  }

  async #openWith({ cid, bytes, tier }: ManifestBlock, keys: OpenKeys, identity: IdentityRecord | undefined, check: OpenCheck): Promise<OpenedMail> {
    const { crypto } = this.#room;
    const first = await openManifest(crypto, cid, bytes, keys, { ...resolversFor(this.#room), ...check });
    const message = await this.#withNewestKeys(bytes, first, check);
    return { message, provenance: provenanceOf(this.#room, message), identity, arrival: undefined, tier, [Symbol.dispose]: () => message[Symbol.dispose]() };
  }

  /** A sender whose later bundle is not known here may still sign with the keys that are. */
  async #withNewestKeys(bytes: Bytes, message: OpenedMessage, { nowMs }: OpenCheck): Promise<OpenedMessage> {
    const { sender, cid, messageKey, stanzaIndex } = message;
    const newest = sender.kind === 'unknown' ? newestKeys(this.#room.home, sender.identity, sender.bundleSeq) : undefined;
    if (newest === undefined) return message;
    try {
      const again = await openManifest(this.#room.crypto, cid, bytes, { messageKey }, { resolveSender: async () => newest, nowMs });
      message[Symbol.dispose]();
      return { ...again, stanzaIndex };
    } catch (error) {
      if (isError(error, 'E_SIGNATURE')) return message;
      throw error;
    }
  }
}

/** It stands alone, so the first stanza tells. Throws what `decodeManifest` throws. */
const isForPassphrase = (bytes: Bytes): boolean => decodeManifest(bytes).stanzas[0]?.type === 'passphrase';
