/**
 * To whom a message goes, and with which of their keys: a prekey that lasts beyond the message's expiry, the earliest such, since
 * it is destroyed first; the identity key, without forward secrecy, only where the message has no expiry or they have no prekeys.
 * Spec: docs/formats/identity.md, Prekeys
 */
import type { Cid } from '../base/cid.ts';
import type { Bytes } from '../base/bytes.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, warning, type Warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ContactRecord, Home } from '../home/index.ts';
import type { KemRecipient } from '../message/stanza.ts';
import { keyIdOf, type Bundle } from './bundle.ts';
import { historyOf } from './history.ts';
import type { Introduction } from './introduction.ts';

export interface Recipient {
  /** The contact's name; for a bundle file that is no contact, the name it claims or its id. */
  readonly name: string;
  readonly identity: Cid;
  readonly bundle: Bundle;
  readonly verified: boolean;
  readonly revoked: boolean;
  /** CID_R of the preferred inbox; absent where the bundle names none. */
  readonly inbox?: Bytes;
}

export interface RecipientKey {
  readonly recipient: KemRecipient;
  /** Until when they can open it, ms since epoch; absent = as long as they keep their identity key. */
  readonly untilMs?: number;
  readonly warnings: readonly Warning[];
}

function recipientOf(name: string, bundle: Bundle, verified: boolean, revoked: boolean): Recipient {
  const [inbox] = bundle.inboxes;
  return { name, identity: bundle.id, bundle, verified, revoked, ...(inbox && { inbox: inbox.digest }) };
}

/** A contact as recipient. One that I am myself needs no comparing of words. */
export function contactRecipient(home: Home, { name, id, verified }: ContactRecord): Recipient {
  const { newest, revocation } = historyOf(home, id);
  const own = home.people.identityOf(id) !== undefined;
  return recipientOf(name, newest, own || verified !== undefined, revocation !== undefined);
}

/** A bundle file as recipient: a contact's, if the identity is one and the file is not newer; otherwise unverified. */
export function introducedRecipient(home: Home, { genesis, newest, revocation }: Introduction): Recipient {
  const contact = home.people.contactOf(genesis.id);
  const known = contact && contactRecipient(home, contact);
  if (known !== undefined && known.bundle.seq >= newest.seq) return known;
  return recipientOf(known?.name ?? newest.name ?? genesis.id.toString(), newest, known?.verified ?? false, revocation !== undefined || known?.revoked === true);
}

/** The latest expiry a message to them may have; undefined where they have no live prekey. What `send` takes as a default. */
export const latestExpiry = ({ bundle }: Recipient, nowMs: number): number | undefined => bundle.prekeys.findLast(({ untilMs }) => untilMs > nowMs)?.untilMs;

/**
 * `expiresAtMs` 0 = none. Throws E_REVOKED, E_BUNDLE_EXPIRED, E_PREKEY_EXPIRY. Warnings: W_NO_FORWARD_SECRECY, W_PREKEY_SOON, W_UNVERIFIED.
 */
export function recipientKeyFor(recipient: Recipient, expiresAtMs: number, nowMs: number): RecipientKey {
  const { name, bundle, verified, revoked } = recipient;
  const quoted = `"${name}"`;
  if (revoked) throw fail('E_REVOKED', { names: quoted });
  if (bundle.expiresAtMs <= nowMs) throw fail('E_BUNDLE_EXPIRED', { names: quoted });
  const unverified = verified ? [] : [warning('W_UNVERIFIED', { contact: name })];
  const identityKey = (why: string): RecipientKey => ({
    recipient: { keyId: keyIdOf(bundle.kemKey), keyType: 'identity', publicKey: bundle.kemKey },
    warnings: [...unverified, warning('W_NO_FORWARD_SECRECY', { contact: name, why })],
  });
  if (expiresAtMs === 0) return identityKey('the message has no expiry');
  const last = bundle.prekeys.at(-1);
  if (last === undefined) return identityKey('they have no prekeys');
  const prekey = bundle.prekeys.find(({ untilMs }) => untilMs >= expiresAtMs && untilMs > nowMs);
  if (prekey === undefined) throw fail('E_PREKEY_EXPIRY', { names: quoted, until: rfc3339(last.untilMs) });
  const soon = last.untilMs < nowMs + limits.prekeyRenewMs ? [warning('W_PREKEY_SOON', { contact: name, until: rfc3339(last.untilMs) })] : [];
  return { recipient: { keyId: prekey.keyId, keyType: 'prekey', publicKey: prekey.key }, untilMs: prekey.untilMs, warnings: [...unverified, ...soon] };
}
