/**
 * Who I am and whom I know, as rows: identities (mine), contacts (names for others), actors (what is known of any identity),
 * bundles (their history, which never goes back) and keys (what is known in public about my private keys).
 * Formats are checked before they come here; these repositories only keep them.
 */
import type { Bytes } from '../base/bytes.ts';
import { digestOf, type Cid } from '../base/cid.ts';
import type { HomeDatabase } from './database.ts';
import { Records } from './records.ts';

export interface IdentityRecord {
  readonly name: string;
  readonly id: Cid;
  readonly createdAtMs: number;
  readonly sendOnly: boolean;
  /** Where its private keys live: `file`, later `vault:..` or `pkcs11:..`. */
  readonly keystore: string;
}

export interface Verification {
  readonly atMs: number;
  /** `words`: someone typed what the other read aloud. `fingerprint-file`: a pipeline was given the words. */
  readonly by: 'words' | 'fingerprint-file';
}

export interface ContactRecord {
  readonly name: string;
  readonly id: Cid;
  readonly addedAtMs: number;
  readonly verified?: Verification | undefined;
  /** Identities that this name stood for before its key changed, oldest first. */
  readonly before: readonly Cid[];
}

/** What is known of an identity, mine or another's. Kept when the contact goes: without it a history could be rolled back. */
export interface ActorRecord {
  readonly id: Cid;
  readonly genesis: Bytes;
  readonly revocation?: Bytes | undefined;
}

export interface BundleRecord {
  readonly id: Cid;
  readonly seq: number;
  readonly cid: Cid;
  readonly block: Bytes;
  /** When it was made here, or first believed. */
  readonly learnedAtMs: number;
  /** When this bundle first left the home (mine only). */
  readonly handedOutAtMs?: number | undefined;
}

export type KeyKind = 'prekey' | 'identity';

/** A key others seal to. Its seed is in the key ring under the same id. */
export interface KeyRecord {
  readonly keyId: Bytes;
  readonly id: Cid;
  readonly kind: KeyKind;
  readonly createdAtMs: number;
  /** Last use date of a prekey; 0 for an identity key, which has none. */
  readonly untilMs: number;
  /** In the newest bundle, or replaced there by another. */
  readonly current: boolean;
  readonly handedOut: boolean;
}

export class People {
  readonly identities: Records<IdentityRecord>;
  readonly contacts: Records<ContactRecord>;
  readonly actors: Records<ActorRecord>;
  readonly bundles: Records<BundleRecord>;
  readonly keys: Records<KeyRecord>;

  constructor(database: HomeDatabase) {
    this.identities = new Records(database, { table: 'identities', columns: ['name', 'id'], columnsOf: ({ name, id }) => [name, digestOf(id)] });
    this.contacts = new Records(database, { table: 'contacts', columns: ['name', 'id'], columnsOf: ({ name, id }) => [name, digestOf(id)] });
    this.actors = new Records(database, { table: 'actors', columns: ['id'], columnsOf: ({ id }) => [digestOf(id)] });
    this.bundles = new Records(database, { table: 'bundles', columns: ['id', 'seq'], columnsOf: ({ id, seq }) => [digestOf(id), seq] });
    this.keys = new Records(database, {
      table: 'keys',
      columns: ['key', 'id', 'kind', 'until'],
      columnsOf: ({ keyId, id, kind, untilMs }) => [keyId, digestOf(id), kind, untilMs],
    });
  }

  identityNamed = (name: string): IdentityRecord | undefined => this.identities.find('name = ?', name);
  identityOf = (id: Cid): IdentityRecord | undefined => this.identities.find('id = ?', digestOf(id));
  contactNamed = (name: string): ContactRecord | undefined => this.contacts.find('name = ?', name);
  contactOf = (id: Cid): ContactRecord | undefined => this.contacts.find('id = ?', digestOf(id));
  actor = (id: Cid): ActorRecord | undefined => this.actors.find('id = ?', digestOf(id));
  bundle = (id: Cid, seq: number): BundleRecord | undefined => this.bundles.find('id = ? AND seq = ?', digestOf(id), seq);
  newestBundle = (id: Cid): BundleRecord | undefined => this.bundles.find('id = ? ORDER BY seq DESC', digestOf(id));
  /** The earliest from this number on. */
  bundleSince = (id: Cid, seq: number): BundleRecord | undefined => this.bundles.find('id = ? AND seq >= ? ORDER BY seq', digestOf(id), seq);
  /** Newest first, at most `limit`. */
  bundlesOf = (id: Cid, limit: number): BundleRecord[] => this.bundles.list('id = ? ORDER BY seq DESC LIMIT ?', digestOf(id), limit);
  keysOf = (id: Cid): KeyRecord[] => this.keys.list('id = ? ORDER BY kind, until', digestOf(id));
}
