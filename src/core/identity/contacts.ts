/**
 * Whom I know. A contact is a name for an identity; what is believed of the identity itself (bundles, revocation) is kept apart
 * and never goes back, not even when the contact is removed and added again. No key ring is opened here.
 * Verified means: someone compared the twelve words, or a pipeline was given them. It is lost when the identity changes.
 */
import type { Bytes } from '../base/bytes.ts';
import { digestOf, sameCid, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError, unknownName, warning, type Warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { CryptoProvider } from '../crypto/index.ts';
import type { ContactRecord, Home, Verification } from '../home/index.ts';
import { checkFollows, follows, isEarlier, type Bundle } from './bundle.ts';
import { fingerprintMatches, type Fingerprint } from './fingerprint.ts';
import type { FingerprintLine } from './fingerprint-file.ts';
import { introductionOf, knownHistory } from './history.ts';
import { encodeBundleFile, type Introduction } from './introduction.ts';
import { isActorName, parseActorName } from './name.ts';
import { contactSummary, type ContactSummary } from './summary.ts';

export interface ContactsRoom {
  readonly home: Home;
  readonly crypto: CryptoProvider;
}

export interface NewContact {
  readonly introduction: Introduction;
  /** As the operator says. */
  readonly name?: string;
  /** Where neither the operator nor the bundle says one: the file's name. */
  readonly fallbackName?: string;
}

export type ContactChange = 'added' | 'updated' | 'verified' | 'revoked' | 'replaced' | 'unchanged';

export interface ContactResult {
  readonly contact: ContactSummary;
  readonly change: ContactChange;
  readonly warnings: readonly Warning[];
}

interface Learned {
  readonly change: 'added' | 'updated' | 'revoked' | 'unchanged';
  readonly warnings: readonly Warning[];
}

const unchanged: Learned = { change: 'unchanged', warnings: [] };

export class Contacts {
  readonly #room: ContactsRoom;

  constructor(room: ContactsRoom) {
    this.#room = room;
  }

  get #home(): Home {
    return this.#room.home;
  }

  get #now(): number {
    return this.#room.home.clock.now();
  }

  /** By name. */
  list(): readonly ContactSummary[] {
    return this.#home.people.contacts.list('true ORDER BY name').map((record) => contactSummary(this.#home, record));
  }

  /** Throws E_NAME_UNKNOWN. */
  show(name: string): ContactSummary {
    return contactSummary(this.#home, this.record(name));
  }

  /** Throws E_NAME_UNKNOWN. */
  record(name: string): ContactRecord {
    const record = this.#home.people.contactNamed(name);
    if (record === undefined) throw unknownName('contact', `"${name.slice(0, 80)}"`);
    return record;
  }

  /**
   * All or none. With `pinned` every one must stand in the fingerprint file, under its name and with its words, and is verified
   * by that; a single mismatch adds nobody, and all of them are named (E_FINGERPRINT). One that is known already is updated, or left
   * as it is. Throws E_NAME_TAKEN, E_USAGE (no name), E_BUNDLE_STALE, E_BUNDLE_CHAIN.
   */
  add(people: readonly NewContact[], pinned?: ReadonlyMap<string, FingerprintLine>): readonly ContactResult[] {
    return this.#home.transaction(() => {
      if (pinned !== undefined) this.#requirePinned(people, pinned);
      return people.map((person) => this.#add(person, pinned));
    });
  }

  #requirePinned(people: readonly NewContact[], pinned: ReadonlyMap<string, FingerprintLine>): void {
    const wrong = people.flatMap(({ introduction, name: wanted, fallbackName }) => {
      const name = this.#nameFor(introduction, wanted, fallbackName);
      const line = pinned.get(name);
      if (line !== undefined && fingerprintMatches(line.words, introduction.genesis.id)) return [];
      return [{ name, ...(line && { line: line.line }) }];
    });
    if (wrong.length === 0) return;
    const names = wrong.map(({ name, line }) => `"${name}" (${line === undefined ? 'not in the file' : `line ${line} of the file`})`);
    throw fail('E_FINGERPRINT', { names: names.join(', '), mismatches: wrong });
  }

  #add({ introduction, name: wanted, fallbackName }: NewContact, pinned: ReadonlyMap<string, FingerprintLine> | undefined): ContactResult {
    const { id } = introduction.genesis;
    const name = this.#nameFor(introduction, wanted, fallbackName);
    const known = this.#home.people.contactOf(id);
    if (known !== undefined && known.name !== name) throw knownAs(known.name);
    if (known === undefined) this.#requireFree(name, id);
    const { change: learned, warnings } = this.#learn(introduction, name);
    if (known === undefined) this.#home.people.contacts.insert({ name, id, addedAtMs: this.#now, before: [] });
    const verifies = pinned !== undefined && this.#verify(name, 'fingerprint-file');
    const change = known === undefined ? 'added' : learned !== 'unchanged' ? learned : verifies ? 'verified' : 'unchanged';
    return this.#result(name, change, introduction.newest, warnings);
  }

  /** Of no other contact, and of no identity of mine but the one that it is: a name says whom a message is for. */
  #requireFree(name: string, id: Cid): void {
    const { people } = this.#home;
    if (people.contactNamed(name) !== undefined) throw fail('E_NAME_TAKEN', { kind: 'contact', name });
    const own = people.identityNamed(name);
    if (own !== undefined && !sameCid(own.id, id)) throw fail('E_NAME_TAKEN', { kind: 'identity', name, hint: `One of your own identities is called so. Call the contact something else: \`omniplex contact add FILE --name NAME\`, or \`omniplex contact rename\`.` });
  }

  #nameFor({ newest, genesis }: Introduction, wanted: string | undefined, fallback: string | undefined): string {
    if (wanted !== undefined) return parseActorName(wanted);
    const known = this.#home.people.contactOf(genesis.id);
    if (known !== undefined) return known.name;
    const claimed = newest.name ?? (fallback !== undefined && isActorName(fallback) ? fallback : undefined);
    if (claimed === undefined) throw fail('E_USAGE', { why: 'the bundle does not say a name; give one with --name' });
    return claimed;
  }

  #result(name: string, change: ContactChange, newest: Bundle, extra: readonly Warning[] = []): ContactResult {
    const future = newest.issuedAtMs > this.#now + limits.futureToleranceMs;
    const warnings = [...extra, ...(future ? [warning('W_FUTURE_SIGNATURE', { contact: name, at: rfc3339(newest.issuedAtMs) })] : [])];
    return { contact: this.show(name), change, warnings };
  }

  /** Compares what was typed or given with the contact's own words. Throws E_FINGERPRINT, E_REVOKED, E_NAME_UNKNOWN. */
  verify(name: string, words: Fingerprint, by: Verification['by']): ContactResult {
    return this.#home.transaction(() => {
      const { id } = this.record(name);
      const history = introductionOf(this.#home, id);
      if (history.revocation !== undefined) throw fail('E_REVOKED', { names: `"${name}"` });
      if (!fingerprintMatches(words, id)) throw fail('E_FINGERPRINT', { names: `"${name}"` });
      return this.#result(name, this.#verify(name, by) ? 'verified' : 'unchanged', history.newest);
    });
  }

  /** Answers false when it was verified already: the first time stands. */
  #verify(name: string, by: Verification['by']): boolean {
    const record = this.record(name);
    if (record.verified !== undefined) return false;
    this.#home.people.contacts.update({ ...record, verified: { atMs: this.#now, by } }, 'name = ?', name);
    return true;
  }

  /**
   * Takes in a newer bundle or a revocation. A bundle of another identity replaces the contact's: it is unverified again, with
   * W_KEY_CHANGED. Throws E_BUNDLE_STALE, E_BUNDLE_CHAIN, E_NAME_TAKEN (that identity has a name already), E_NAME_UNKNOWN, E_USAGE (it is
   * an identity of mine: whoever wrote to the contact would write to himself).
   */
  update(name: string, introduction: Introduction): ContactResult {
    return this.#home.transaction(() => {
      const record = this.record(name);
      const { id } = introduction.genesis;
      const learn = () => this.#learn(introduction, name);
      if (sameCid(id, record.id)) {
        const { change, warnings } = learn();
        return this.#result(name, change, introduction.newest, warnings);
      }
      const other = this.#home.people.contactOf(id);
      if (other !== undefined) throw knownAs(other.name);
      const own = this.#home.people.identityOf(id);
      if (own !== undefined) throw ownInstead(own.name, name);
      const { warnings } = learn();
      this.#home.people.contacts.update({ ...record, id, verified: undefined, before: [...record.before, record.id] }, 'name = ?', name);
      return this.#result(name, 'replaced', introduction.newest, [...warnings, warning('W_KEY_CHANGED', { contact: name })]);
    });
  }

  /**
   * What came along with a message or a CAR: taken in when it is of a contact and newer, otherwise left alone without a word
   * (undefined: not a contact). A bundle that contradicts what is known throws E_BUNDLE_CHAIN.
   */
  learn(introduction: Introduction): ContactResult | undefined {
    return this.#home.transaction(() => {
      const record = this.#home.people.contactOf(introduction.genesis.id);
      if (record === undefined) return undefined;
      const known = knownHistory(this.#home, record.id);
      const old = known !== undefined && isEarlier(introduction.newest, known.newest) && introduction.revocation === undefined;
      const { change, warnings } = old ? unchanged : this.#learn(introduction, record.name);
      return this.#result(record.name, change, introduction.newest, warnings);
    });
  }

  /** Adds to what is known of an identity. Bundles only ever go forward; a revocation is taken in whatever the bundles say, and stays. */
  #learn(introduction: Introduction, name: string): Learned {
    const { people } = this.#home;
    const { genesis, revocation } = introduction;
    const known = knownHistory(this.#home, genesis.id);
    const revoked = revocation !== undefined && known?.revocation === undefined;
    const own = people.identityOf(genesis.id);
    const newer = own === undefined ? newerBundles : newerOfOwn;
    const fresh = revoked && known !== undefined ? newerIfAny(known.newest, introduction, name) : newer(known?.newest, introduction, name);
    if (own !== undefined && fresh.length > 0) throw fail('E_HOME_COPIED', { why: `there is a bundle of "${own.name}" that was not made here` });
    if (known !== undefined && fresh.length === 0 && !revoked) return unchanged;
    const warnings = known === undefined ? [] : this.#leaveFork(known.newest, introduction, fresh, name);
    people.actors.put({ id: genesis.id, genesis: genesis.block, revocation: (known?.revocation ?? revocation)?.block });
    for (const { id, seq, cid, block } of fresh) people.bundles.insert({ id, seq, cid, block, learnedAtMs: this.#now });
    const count = people.bundles.count('id = ?', digestOf(genesis.id));
    if (count > limits.bundleChainMax) throw fail('E_TOO_MANY', { what: `bundles of "${name}"`, count, max: limits.bundleChainMax });
    return { change: revoked ? 'revoked' : known === undefined ? 'added' : 'updated', warnings };
  }

  /**
   * A later certificate ends what the earlier keys have made from its number on. Where that was believed here, or another bundle under one
   * of these numbers, two hands had the earlier keys, and the operator is told.
   */
  #leaveFork(known: Bundle, { bundles }: Introduction, [next]: readonly Bundle[], name: string): readonly Warning[] {
    const { people } = this.#home;
    if (next === undefined || next.signing.from <= known.signing.from) return [];
    const other = bundles.find(({ id, seq, cid }) => seq < next.signing.from && !sameCid(people.bundle(id, seq)?.cid ?? cid, cid));
    const displaced = people.bundleSince(next.id, next.signing.from);
    people.bundles.remove('id = ? AND seq >= ?', digestOf(next.id), next.signing.from);
    const since = other?.seq ?? displaced?.seq;
    return since === undefined ? [] : [warning('W_BUNDLE_FORK', { contact: name, seq: since })];
  }

  /** Throws E_NAME_TAKEN, E_NAME_UNKNOWN, E_USAGE. */
  rename(name: string, typedName: string): ContactSummary {
    const to = parseActorName(typedName);
    return this.#home.transaction(() => {
      const record = this.record(name);
      if (to !== name) this.#requireFree(to, record.id);
      this.#home.people.contacts.update({ ...record, name: to }, 'name = ?', name);
      return this.show(to);
    });
  }

  /** The name goes; what is known of the identity stays, so that a later `add` cannot roll it back. */
  remove(name: string): void {
    this.#home.transaction(() => {
      this.record(name);
      this.#home.people.contacts.remove('name = ?', name);
    });
  }

  /** The contact's bundle file, to introduce him to others. */
  exportBundle(name: string): Bytes {
    return encodeBundleFile(introductionOf(this.#home, this.record(name).id));
  }

  /** Every one of these names, or all the unknown ones in one E_NAME_UNKNOWN. */
  records(names: readonly string[]): readonly ContactRecord[] {
    const found = names.map((name) => this.#home.people.contactNamed(name));
    const unknown = names.filter((_, i) => found[i] === undefined);
    if (unknown.length > 0) throw unknownName('contact', unknown.map((name) => `"${name.slice(0, 80)}"`).join(', '));
    return found as readonly ContactRecord[];
  }
}

/** Another name is no way out: the identity has one. */
const knownAs = (name: string) => fail('E_NAME_TAKEN', { kind: 'contact', name, hint: `It is the name of this very identity, which is a contact already: \`omniplex contact rename ${name} NEW\` gives it another.` });

const ownInstead = (own: string, name: string) =>
  fail('E_USAGE', { why: `the bundle is of "${own}", an identity of your own, and not of the contact "${name}"`, hint: '`omniplex inspect FILE` says whose a bundle is; take the one that the contact gave you.' });

/**
 * The bundles that go beyond what is known: from the first that follows it. A file that reaches further back is fine as long as it
 * agrees. Throws E_BUNDLE_STALE when its newest is older, E_BUNDLE_CHAIN when it contradicts or leaves a gap.
 */
function newerBundles(known: Bundle | undefined, { bundles, newest }: Introduction, name: string): readonly Bundle[] {
  if (known === undefined) return bundles;
  if (sameCid(newest.cid, known.cid)) return [];
  const later = bundles.filter((bundle) => isEarlier(known, bundle));
  const start = later.findIndex((bundle) => follows(known, bundle));
  if (start < 0) checkFollows(known, later[0] ?? newest, name);
  const certified = later[start]?.signing.from !== known.signing.from;
  const same = bundles.find(({ seq }) => seq === known.seq);
  if (!certified && same !== undefined && !sameCid(same.cid, known.cid)) throw fail('E_BUNDLE_CHAIN', { seq: same.seq, name });
  return later.slice(start);
}

/** As `newerBundles`, of an identity of mine: there is nobody to ask for a newer one. */
function newerOfOwn(known: Bundle | undefined, introduction: Introduction, name: string): readonly Bundle[] {
  try {
    return newerBundles(known, introduction, name);
  } catch (error) {
    if (!isError(error, 'E_BUNDLE_STALE')) throw error;
    throw fail('E_BUNDLE_STALE', { ...error.details, hint: 'It is an older bundle of your own identity, and nothing is missing here. `omniplex identity export NAME --out FILE` writes the newest.' }, error);
  }
}

/** The root's last word counts also where nothing else that came with it can be believed. */
function newerIfAny(known: Bundle, introduction: Introduction, name: string): readonly Bundle[] {
  try {
    return newerBundles(known, introduction, name);
  } catch (error) {
    if (isError(error, 'E_BUNDLE_STALE', 'E_BUNDLE_CHAIN')) return [];
    throw error;
  }
}
