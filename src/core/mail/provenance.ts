/**
 * Who sent a message that was opened, as far as this home knows: a contact, myself, a stranger who introduced himself, or nobody that a
 * signature could be checked for. What it does not promise: that a stranger's own name is true.
 */
import type { Bytes } from '../base/bytes.ts';
import { sameCid, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError, warning } from '../base/errors.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Home } from '../home/index.ts';
import { decodeBundle, follows, type Bundle } from '../identity/bundle.ts';
import { covers, knownHistory, signingKeysUnder, type History } from '../identity/history.ts';
import { believeBlocks, type Introduction } from '../identity/introduction.ts';
import type { Revocation } from '../identity/revocation.ts';
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
  /** Signed, and by somebody whose twelve words were compared (or by me), and who has not been revoked, with keys that count. */
  readonly verified: boolean;
  /** When the sender was known to have replaced the keys that signed it, if it was not opened here before. */
  readonly keysReplacedAtMs: number | undefined;
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
  /** When the keys that signed it were known to be replaced, if it was not opened here before. */
  readonly keysReplaced?: string;
}

type Resolvers = Required<Pick<OpenOptions, 'resolveSender' | 'readIntroduction'>>;

/** How `openManifest` learns keys: the bundle that is named, or another that is known to carry the same signing keys. */
export const resolversFor = ({ home, crypto }: MailRoom): Resolvers => ({
  resolveSender: async (identity, bundleSeq) => {
    const publicKeys = signingKeysUnder(home, identity, bundleSeq);
    return publicKeys && { publicKeys };
  },
  readIntroduction: async (introduction, { identity, bundleSeq }) => {
    const known = knownHistory(home, identity);
    const newest = known === undefined ? believeBlocks(crypto, introduction).newest : continuation(crypto, known, introduction);
    if (newest === undefined) return undefined;
    if (covers(newest, bundleSeq)) return { publicKeys: newest.signing.keys };
    if (known === undefined) throw fail('E_SIGNATURE', { kind: 'introduction' });
    return undefined;
  },
});

/** Stolen keys can sign an introduction too: of somebody who is known only what continues his history counts. */
function continuation(crypto: CryptoProvider, { newest }: History, introduction: { readonly genesis: Bytes; readonly bundle: Bytes }): Bundle | undefined {
  try {
    return follows(newest, decodeBundle(introduction.bundle)) ? believeBlocks(crypto, introduction).newest : undefined;
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

/** Keys of the newest bundle known of an identity, where the message names a later one: they are the same, or the signature will not hold. */
export function newestKeys(home: Home, identity: Cid, bundleSeq: number): SenderKeys | undefined {
  const newest = home.people.newestBundle(identity);
  return newest !== undefined && newest.seq < bundleSeq ? { publicKeys: decodeBundle(newest.block).signing.keys } : undefined;
}

/** Who has stolen old keys can sign under the old numbers for ever; only what was opened here before the new ones were known is above that. */
function keysReplacedAt(home: Home, history: History | undefined, bundleSeq: number, cid: Cid): number | undefined {
  const from = history?.newest.signing.from ?? 0;
  if (history === undefined || bundleSeq >= from) return undefined;
  const replacedAtMs = home.people.bundleSince(history.genesis.id, from)?.learnedAtMs ?? 0;
  const openedAtMs = home.messages.find(cid)?.openedAtMs;
  return openedAtMs !== undefined && openedAtMs < replacedAtMs ? undefined : replacedAtMs;
}

const nobody = { identity: undefined, name: undefined, claimedName: undefined, signed: false, verified: false, keysReplacedAtMs: undefined, introduction: undefined, revocation: undefined };

export function provenanceOf({ home, crypto }: MailRoom, { cid, sender }: Pick<OpenedMessage, 'cid' | 'sender'>): Provenance {
  if (sender.kind === 'unsigned') return nobody;
  const { identity } = sender;
  const introduction = sender.kind === 'introduced' ? believeBlocks(crypto, sender.introduction) : undefined;
  const own = home.people.identityOf(identity);
  const contact = home.people.contactOf(identity);
  const history = knownHistory(home, identity);
  const revocation = history?.revocation;
  const signed = sender.kind !== 'unknown';
  const name = contact?.name ?? own?.name;
  const keysReplacedAtMs = signed ? keysReplacedAt(home, history, sender.bundleSeq, cid) : undefined;
  const verified = signed && revocation === undefined && keysReplacedAtMs === undefined && (own !== undefined || contact?.verified !== undefined);
  const claimedName = name === undefined && signed ? (introduction?.newest ?? history?.newest)?.name : undefined;
  return { identity, name, claimedName, signed, verified, keysReplacedAtMs, introduction, revocation };
}

export const senderView = ({ name, identity, verified, keysReplacedAtMs, claimedName, revocation }: Provenance): SenderView => ({
  name: name ?? null,
  identity: identity?.toString() ?? null,
  verified,
  ...(claimedName !== undefined && { claimedName }),
  ...(revocation !== undefined && { revoked: rfc3339(revocation.atMs) }),
  ...(keysReplacedAtMs !== undefined && { keysReplaced: rfc3339(keysReplacedAtMs) }),
});

/** Reading what a stranger wrote is allowed, and told; what nobody can be held to needs `allowUnverified`. Throws E_SENDER_UNKNOWN. */
export function judgeSender(room: MailRoom, cid: Cid, provenance: Provenance, allowUnverified: boolean): void {
  const { identity, name, claimedName, signed, verified, keysReplacedAtMs, revocation } = provenance;
  if (!signed && !allowUnverified) throw fail('E_SENDER_UNKNOWN', { cid: cid.toString(), why: whyUnknown(provenance), hint: hintUnknown(provenance), ...(identity && { identity: identity.toString() }) });
  const sender = name ?? claimedName ?? identity?.toString() ?? 'nobody';
  if (revocation !== undefined) room.warn(warning('W_SENDER_REVOKED', { sender, at: rfc3339(revocation.atMs) }));
  else if (keysReplacedAtMs !== undefined) room.warn(warning('W_SENDER_KEYS_REPLACED', { sender, at: rfc3339(keysReplacedAtMs) }));
  else if (!verified) room.warn(warning('W_SENDER_UNVERIFIED', { sender }));
}

function whyUnknown({ name }: Provenance): string {
  return name === undefined ? 'its sender is not among your contacts' : `"${name}" signed it with keys that are newer than the bundle you have`;
}

function hintUnknown({ name }: Provenance): string {
  const bundle = name === undefined ? 'Ask who sent it for the bundle and run `omniplex contact add FILE`' : `Ask ${name} for the newest bundle and run \`omniplex contact update ${name} FILE\``;
  return `${bundle}. Or give --allow-unverified, and believe nothing of who wrote it.`;
}

/** A contact who introduces himself again has perhaps new keys. What does not continue the history known here is left alone. */
export function learnFrom({ contacts, warn }: MailRoom, { introduction, identity }: Provenance): void {
  if (introduction === undefined || identity === undefined || !sameCid(introduction.genesis.id, identity)) return;
  try {
    for (const told of contacts.learn(introduction)?.warnings ?? []) warn(told);
  } catch (error) {
    if (!isError(error, 'E_BUNDLE_CHAIN', 'E_BUNDLE_STALE', 'E_TOO_MANY', 'E_HOME_COPIED')) throw error;
  }
}
