/**
 * Who sent a message that was opened, as far as this home knows: a contact, myself, a stranger who introduced himself, or nobody that a
 * signature could be checked for. What it does not promise: that a stranger's own name is true.
 * A message names the bundle under which it was signed. Prekeys change more often than signing keys, so a reader who lacks that very
 * bundle looks for the same signing keys in those he has: an earlier set of keys says no more about a later message than it always could.
 */
import { sameCid, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError, warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Home } from '../home/index.ts';
import { decodeBundle, type Bundle } from '../identity/bundle.ts';
import { knownHistory } from '../identity/history.ts';
import { believeBlocks, type Introduction } from '../identity/introduction.ts';
import type { Revocation } from '../identity/revocation.ts';
import { resolveSender } from '../identity/senders.ts';
import type { OpenedMessage, OpenOptions, SenderKeys } from '../message/open.ts';
import type { MailRoom } from './room.ts';

export interface Provenance {
  /** Absent only where nobody signed. */
  readonly identity: Cid | undefined;
  /** The contact's name, or that of my own identity; absent for a stranger. */
  readonly name: string | undefined;
  /** What a stranger calls himself, in the introduction that he signed. */
  readonly claimedName: string | undefined;
  /** The signature held, under keys known here or brought along. False: they are not known, and the message may be anybody's. */
  readonly signed: boolean;
  /** Signed, and by somebody whose twelve words were compared (or by me), and who has not been revoked. */
  readonly verified: boolean;
  /** What came with the message, believed. */
  readonly introduction: Introduction | undefined;
  readonly revocation: Revocation | undefined;
}

/** As scripts get it. */
export interface SenderView {
  readonly name: string | null;
  readonly identity: string | null;
  readonly verified: boolean;
  readonly claimedName?: string;
  /** When the sender's identity was revoked. */
  readonly revoked?: string;
}

type Resolvers = Required<Pick<OpenOptions, 'resolveSender' | 'readIntroduction'>>;

/** How `openManifest` learns keys: the bundle that is named, or another that is known to carry the same signing keys. */
export const resolversFor = ({ home, crypto }: MailRoom): Resolvers => ({
  resolveSender: async (identity, bundleSeq) => knownKeys(home, identity, bundleSeq),
  readIntroduction: async (introduction, { identity, bundleSeq }) => {
    const believed = believeBlocks(crypto, introduction);
    const bundle = resolveSender(home, identity, believed.newest.seq, believed)?.bundle;
    if (bundle === undefined || !covers(bundle, bundleSeq)) throw fail('E_SIGNATURE', { kind: 'introduction' });
    return { publicKeys: bundle.signing.keys };
  },
});

function knownKeys(home: Home, identity: Cid, bundleSeq: number): SenderKeys | undefined {
  const named = resolveSender(home, identity, bundleSeq);
  if (named !== undefined) return { publicKeys: named.signingKeys };
  const later = home.people.bundlesOf(identity, limits.bundleFileChainMax).map(({ block }) => decodeBundle(block)).find((bundle) => covers(bundle, bundleSeq));
  return later && { publicKeys: later.signing.keys };
}

/** The keys of a certificate are those of every bundle from its first to any that carries it. */
const covers = ({ seq, signing }: Bundle, bundleSeq: number): boolean => signing.from <= bundleSeq && bundleSeq <= seq;

/** Keys of the newest bundle known of an identity, where the message names a later one: they are the same, or the signature will not hold. */
export function newestKeys(home: Home, identity: Cid, bundleSeq: number): SenderKeys | undefined {
  const newest = home.people.newestBundle(identity);
  return newest !== undefined && newest.seq < bundleSeq ? { publicKeys: decodeBundle(newest.block).signing.keys } : undefined;
}

export function provenanceOf({ home, crypto }: MailRoom, { sender }: Pick<OpenedMessage, 'sender'>): Provenance {
  if (sender.kind === 'unsigned') return { identity: undefined, name: undefined, claimedName: undefined, signed: false, verified: false, introduction: undefined, revocation: undefined };
  const { identity } = sender;
  const introduction = sender.kind === 'introduced' ? believeBlocks(crypto, sender.introduction) : undefined;
  const own = home.people.identityOf(identity);
  const contact = home.people.contactOf(identity);
  const history = knownHistory(home, identity);
  const revocation = history?.revocation;
  const signed = sender.kind !== 'unknown';
  const name = contact?.name ?? own?.name;
  const verified = signed && revocation === undefined && (own !== undefined || contact?.verified !== undefined);
  return { identity, name, claimedName: name === undefined && signed ? (introduction?.newest ?? history?.newest)?.name : undefined, signed, verified, introduction, revocation };
}

export const senderView = ({ name, identity, verified, claimedName, revocation }: Provenance): SenderView => ({
  name: name ?? null,
  identity: identity?.toString() ?? null,
  verified,
  ...(claimedName !== undefined && { claimedName }),
  ...(revocation !== undefined && { revoked: rfc3339(revocation.atMs) }),
});

/** Reading what a stranger wrote is allowed, and told; what nobody can be held to needs `allowUnverified`. Throws E_SENDER_UNKNOWN. */
export function judgeSender(room: MailRoom, cid: Cid, provenance: Provenance, allowUnverified: boolean): void {
  const { identity, name, claimedName, signed, verified, revocation } = provenance;
  if (!signed && !allowUnverified) throw fail('E_SENDER_UNKNOWN', { cid: cid.toString(), why: whyUnknown(provenance), ...(identity && { identity: identity.toString() }) });
  const sender = name ?? claimedName ?? identity?.toString() ?? 'nobody';
  if (revocation !== undefined) room.warn(warning('W_SENDER_REVOKED', { sender, at: rfc3339(revocation.atMs) }));
  else if (!verified) room.warn(warning('W_SENDER_UNVERIFIED', { sender }));
}

function whyUnknown({ name }: Provenance): string {
  return name === undefined ? 'its sender is not among your contacts' : `"${name}" signed it with keys that are newer than the bundle you have`;
}

/** A contact who introduces himself again has perhaps new keys. What does not continue the history known here is left alone. */
export function learnFrom({ contacts }: MailRoom, { introduction, identity }: Provenance): void {
  if (introduction === undefined || identity === undefined || !sameCid(introduction.genesis.id, identity)) return;
  try {
    contacts.learn(introduction);
  } catch (error) {
    if (!isError(error, 'E_BUNDLE_CHAIN', 'E_BUNDLE_STALE', 'E_TOO_MANY', 'E_HOME_COPIED')) throw error;
  }
}
