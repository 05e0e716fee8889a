/**
 * My identities: made, shown, handed out, rotated, revoked, removed. New private keys are one change of the key ring followed by
 * one transaction of the home, under one lock: two processes that rotate at once make two bundles in a row. Old ones go after it.
 * What leads to a new bundle is refused in a home that is a copy (E_HOME_COPIED); reading is not.
 */
import type { Bytes } from '../base/bytes.ts';
import { digestOf } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, revokedOwn, unknownName } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { requireNewPassphrase } from '../base/passphrase.ts';
import type { Secret } from '../base/secret.ts';
import type { SignatureName } from '../crypto/index.ts';
import type { IdentityRecord } from '../home/index.ts';
import { requireOriginalPlace } from '../home/witness.ts';
import type { KemKey } from '../message/stanza.ts';
import { encodeBundleFile, type Introduction } from './introduction.ts';
import type { Inbox } from './inbox.ts';
import { algorithmsOf } from '../crypto/keys-map.ts';
import { historyOf, introductionOf } from './history.ts';
import { parseActorName } from './name.ts';
import { createOwn, defaultAlgorithms, isDead, rotateOwn, signingKeysOf, type NewIdentity, type OwnState, type Rotation } from './own-keys.ts';
import { makeRevocation, type Revocation, type RevocationReason } from './revocation.ts';
import { newestOwn, openingKeysOf, signerOf, sweep, type Signer } from './private-keys.ts';
import { secretNames, type IdentityRoom } from './room.ts';
import { identitySummary, type IdentitySummary } from './summary.ts';

export type { Signer } from './private-keys.ts';

export interface CreateIdentity {
  readonly sendOnly?: boolean;
  readonly algorithms?: readonly SignatureName[];
  /** Last use date of the first prekey; default 30 days. */
  readonly prekeysUntilMs?: number;
  /** Where its private keys will live; `file` is the key ring, and the only one so far. */
  readonly keystore?: string;
}

export interface Rotated {
  readonly identity: IdentitySummary;
  readonly changed: boolean;
  /** Prekeys whose private halves are gone. */
  readonly destroyed: number;
}

export class Identities {
  readonly #room: IdentityRoom;

  constructor(room: IdentityRoom) {
    this.#room = room;
  }

  get #home() {
    return this.#room.home;
  }

  get #now(): number {
    return this.#room.home.clock.now();
  }

  /** By name. */
  list(): readonly IdentitySummary[] {
    return this.#home.people.identities.list('true ORDER BY name').map((record) => identitySummary(this.#home, record));
  }

  /** Throws E_NAME_UNKNOWN. */
  show(name: string): IdentitySummary {
    return identitySummary(this.#home, this.record(name));
  }

  /** Throws E_NAME_UNKNOWN. */
  record(name: string): IdentityRecord {
    const record = this.#home.people.identityNamed(name);
    if (record === undefined) throw unknownName('identity', `"${name.slice(0, 80)}"`);
    return record;
  }

  /** The one to act as: the named one, or the only one there is. Throws E_NO_IDENTITY (its details name those there are), E_NAME_UNKNOWN. */
  acting(name?: string): IdentityRecord {
    if (name !== undefined) return this.record(name);
    const [only, ...others] = this.#home.people.identities.list('true ORDER BY name');
    if (only === undefined || others.length > 0) throw fail('E_NO_IDENTITY', { names: [only, ...others].flatMap((record) => record?.name ?? []) });
    return only;
  }

  /** Makes the key ring too where there is none yet. Throws E_NAME_TAKEN, E_USAGE, E_NOT_SUPPORTED, E_HOME_COPIED, E_NO_KEYRING (one is gone), before a passphrase is asked. */
  async create(typedName: string, { sendOnly = false, algorithms = defaultAlgorithms, prekeysUntilMs, keystore = 'file' }: CreateIdentity = {}): Promise<IdentitySummary> {
    if (keystore !== 'file') throw fail('E_NOT_SUPPORTED', { what: 'a keystore other than `file`', backend: 'this release' });
    const name = parseActorName(typedName);
    const until = this.#prekeyDate(prekeysUntilMs);
    this.#requireFree(name);
    await requireOriginalPlace(this.#home);
    const ring = await this.#room.ring({ create: true });
    await ring.change(
      (draft) => {
        this.#requireFree(name);
        return createOwn(this.#room.crypto, draft, { name, nowMs: this.#now, sendOnly, algorithms, prekeysUntilMs: until });
      },
      (made) => this.#insert({ name, id: made.genesis.id, createdAtMs: this.#now, sendOnly, keystore }, made),
    );
    return this.show(name);
  }

  #requireFree(name: string): void {
    const { people } = this.#home;
    if (people.identityNamed(name) !== undefined) throw fail('E_NAME_TAKEN', { kind: 'identity', name });
    if (people.contactNamed(name) !== undefined) throw fail('E_NAME_TAKEN', { kind: 'contact', name, hint: `Choose another name, or give the contact one: \`omniplex contact rename ${name} NEW\`.` });
  }

  #insert(record: IdentityRecord, made: NewIdentity): void {
    const { people } = this.#home;
    people.identities.insert(record);
    people.actors.put({ id: record.id, genesis: made.genesis.block });
    this.#store(made);
  }

  #store({ bundle, keys, dead }: OwnState): void {
    const { people } = this.#home;
    people.bundles.insert({ id: bundle.id, seq: bundle.seq, cid: bundle.cid, block: bundle.block, learnedAtMs: this.#now });
    for (const key of keys) people.keys.put(key);
    for (const keyId of dead) people.keys.remove('key = ?', keyId);
  }

  /** Default and bounds of a prekey's last use date. Throws E_USAGE. */
  #prekeyDate(untilMs: number = this.#now + limits.prekeyLifeMs): number {
    const days = Math.floor(limits.prekeyLifeMsMax / 86_400_000);
    if (untilMs <= this.#now || untilMs > this.#now + limits.prekeyLifeMsMax) throw fail('E_USAGE', { why: `a prekey lasts until a date within ${days} days from now` });
    return untilMs;
  }

  /** A new bundle. Throws E_SEND_ONLY, E_REVOKED, E_NAME_UNKNOWN, E_HOME_COPIED. */
  async rotate(name: string, rotation: Rotation = 'prekeys', { prekeysUntilMs, seq }: { readonly prekeysUntilMs?: number; readonly seq?: number } = {}): Promise<Rotated> {
    const until = this.#prekeyDate(prekeysUntilMs);
    const record = this.#requireRotatable(name);
    await requireOriginalPlace(this.#home);
    const ring = await this.#room.ring();
    const { dead } = await ring.change(
      (draft) => {
        this.#requireRotatable(name);
        const { people } = this.#home;
        const newest = newestOwn(this.#home, record);
        const options = { nowMs: this.#now, rotation, prekeysUntilMs: until, ...(seq !== undefined && { seq }) };
        return rotateOwn(this.#room.crypto, draft, newest, people.keysOf(record.id), options);
      },
      (state) => this.#store(state),
    );
    await sweep(this.#room);
    return { identity: this.show(name), changed: true, destroyed: dead.length };
  }

  #requireRotatable(name: string): IdentityRecord {
    const record = this.record(name);
    if (record.sendOnly) throw fail('E_SEND_ONLY', { name, why: 'it has one bundle, ever, so that copies of it never disagree' });
    this.#requireNotRevoked(record);
    return record;
  }

  #requireNotRevoked({ id, name }: IdentityRecord): void {
    if (this.#home.people.actor(id)?.revocation !== undefined) throw revokedOwn(name);
  }

  /** What cron runs: prekeys that end soon, bundles that expire soon, private keys whose time is over. Nothing due is no change. */
  async rotateDue(): Promise<readonly Rotated[]> {
    const results: Rotated[] = [];
    for (const identity of this.list()) {
      if (identity.sendOnly || identity.revoked !== undefined) results.push(await this.#destroyDue(identity));
      else results.push(this.#isDue(identity) ? await this.rotate(identity.name) : await this.#destroyDue(identity));
    }
    return results;
  }

  #isDue({ prekeysUntilMs = 0, expiresAtMs }: IdentitySummary): boolean {
    return prekeysUntilMs < this.#now + limits.prekeyRenewMs || expiresAtMs < this.#now + limits.bundleRenewMs;
  }

  async #destroyDue(identity: IdentitySummary): Promise<Rotated> {
    const { people } = this.#home;
    const dead = this.#home.transaction(() => {
      const found = people.keysOf(identity.id).filter((key) => isDead(key, this.#now));
      for (const { keyId } of found) people.keys.remove('key = ?', keyId);
      if (found.length > 0) this.#home.advance();
      return found.length;
    });
    if (dead > 0) await sweep(this.#room);
    return { identity: dead > 0 ? this.show(identity.name) : identity, changed: dead > 0, destroyed: dead };
  }

  /**
   * The public bundle file, recorded as handed out: its prekeys live until their last use date from now on. A new prekey is made
   * when none lasts until `prekeysUntilMs`, or, without that date, when the last one ends soon; only then the key ring is opened.
   */
  async exportBundle(name: string, { prekeysUntilMs }: { readonly prekeysUntilMs?: number } = {}): Promise<{ readonly bytes: Bytes; readonly identity: IdentitySummary; readonly rotated: boolean }> {
    const before = this.show(name);
    if (before.sendOnly && prekeysUntilMs !== undefined) throw fail('E_SEND_ONLY', { name, why: 'it has no prekeys' });
    if (before.revoked !== undefined && prekeysUntilMs !== undefined) throw fail('E_REVOKED', { names: `"${name}"`, hint: 'A revoked identity gets no new prekeys. Without --prekeys-until the file carries the revocation, for those who know it.' });
    const wanted = prekeysUntilMs === undefined ? undefined : this.#prekeyDate(prekeysUntilMs);
    const lacks = wanted === undefined ? this.#isDue(before) : (before.prekeysUntilMs ?? 0) < wanted;
    const rotated = lacks && !before.sendOnly && before.revoked === undefined;
    if (rotated) await this.rotate(name, 'prekeys', wanted === undefined ? {} : { prekeysUntilMs: wanted });
    await requireOriginalPlace(this.#home);
    const bytes = encodeBundleFile(this.handOut(name));
    return { bytes, identity: this.show(name), rotated };
  }

  /** The identity's introduction, recorded as handed out: for bundle files, for `--introduce`, for a CAR that carries it. */
  handOut(name: string): Introduction {
    const { id } = this.record(name);
    const { people } = this.#home;
    return this.#home.transaction(() => {
      const introduction = introductionOf(this.#home, id);
      const newest = people.newestBundle(id);
      if (newest !== undefined && newest.handedOutAtMs === undefined) {
        people.bundles.put({ ...newest, handedOutAtMs: this.#now });
        for (const key of people.keysOf(id)) if (key.current && !key.handedOut) people.keys.put({ ...key, handedOut: true });
        this.#home.advance();
      }
      return introduction;
    });
  }

  /** Signed by the root, final. Old mail can still be opened; nothing new is signed. A second time changes nothing. Throws E_REVOCATION_FINAL for another reason. */
  async revoke(name: string, reason: RevocationReason): Promise<{ readonly revocation: Revocation; readonly changed: boolean }> {
    const { id } = this.record(name);
    const { people } = this.#home;
    const known = historyOf(this.#home, id).revocation;
    if (known !== undefined && known.reason !== reason) throw fail('E_REVOCATION_FINAL', { name, reason: known.reason, asked: reason, at: rfc3339(known.atMs) });
    if (known !== undefined) return { revocation: known, changed: false };
    const ring = await this.#room.ring();
    const algorithms = algorithmsOf(historyOf(this.#home, id).genesis.keys);
    const revocation = await ring.change(
      (draft) => makeRevocation(this.#room.crypto, signingKeysOf(this.#room.crypto, algorithms, (algorithm) => draft.get(secretNames.root(id, algorithm))), id, reason, this.#now),
      (made) => {
        const actor = people.actor(id);
        if (actor !== undefined) people.actors.put({ ...actor, revocation: made.block });
      },
    );
    return { revocation, changed: true };
  }

  /** Destroys the private keys. What is public stays known, so that what the identity signed can still be verified. */
  async remove(name: string): Promise<void> {
    const { id } = this.record(name);
    const ring = await this.#room.ring();
    const { people } = this.#home;
    await ring.change(
      (draft) => draft.names(secretNames.all(id)).forEach((secret) => draft.remove(secret)),
      () => {
        people.keys.remove('id = ?', digestOf(id));
        people.identities.remove('id = ?', digestOf(id));
      },
    );
  }

  /** Changes the passphrase of the key ring that the identity lives in, with all others in it. Throws E_PASSPHRASE_SHORT. */
  async changePassphrase(name: string, passphrase: Secret): Promise<void> {
    this.record(name);
    requireNewPassphrase(passphrase, 'the key ring');
    await (await this.#room.ring()).changePassphrase(passphrase);
  }

  /** Who signs, with what. Throws E_REVOKED, E_HOME_COPIED. */
  async signerFor(name: string): Promise<Signer> {
    const record = this.record(name);
    this.#requireNotRevoked(record);
    await requireOriginalPlace(this.#home);
    return signerOf(this.#room, record);
  }

  /** Every key that may open what is addressed to this identity: live prekeys, then identity keys, the current one first. */
  async openingKeys(name: string): Promise<readonly KemKey[]> {
    return openingKeysOf(this.#room, this.record(name));
  }

  /** The secret behind erase tokens and keys of --id. The caller wipes it. */
  async outboxSecret(name: string): Promise<Secret> {
    return (await this.#room.ring()).openSecret(secretNames.outbox(this.record(name).id));
  }

  /** The identity's inboxes, the preferred one first. */
  inboxes(name: string): readonly Inbox[] {
    return newestOwn(this.#home, this.record(name)).inboxes;
  }
}
