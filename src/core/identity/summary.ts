/** Identities and contacts as commands show them: public facts only, no key opened. */
import { hexOf } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { SignatureName } from '../crypto/index.ts';
import type { ContactRecord, Home, IdentityRecord, Verification } from '../home/index.ts';
import type { Bundle } from './bundle.ts';
import { fingerprintOf, type Fingerprint } from './fingerprint.ts';
import { historyOf, type History } from './history.ts';
import { algorithmsOf } from '../crypto/keys-map.ts';
import type { RevocationReason } from './revocation.ts';

interface PublicFacts {
  readonly name: string;
  readonly id: Cid;
  readonly fingerprint: Fingerprint;
  readonly algorithms: readonly SignatureName[];
  readonly seq: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** Those in the newest bundle, earliest first. */
  readonly prekeys: ReadonlyArray<{ readonly keyId: string; readonly untilMs: number }>;
  /** Last use date of the last of them. */
  readonly prekeysUntilMs?: number;
  readonly inboxes: readonly Cid[];
  readonly revoked?: { readonly reason: RevocationReason; readonly atMs: number };
}

export interface IdentitySummary extends PublicFacts {
  readonly sendOnly: boolean;
  readonly keystore: string;
  readonly createdAtMs: number;
  /** When its newest bundle first left the home. */
  readonly handedOutAtMs?: number;
}

export interface ContactSummary extends PublicFacts {
  readonly addedAtMs: number;
  readonly verified?: Verification;
  /** What the contact calls himself. */
  readonly claimedName?: string;
  /** Identities this name stood for before its key changed. */
  readonly before: readonly Cid[];
}

const lastOf = ({ prekeys }: Bundle) => prekeys.at(-1)?.untilMs;

function publicFacts(name: string, id: Cid, { newest, revocation }: History): PublicFacts {
  const until = lastOf(newest);
  return {
    name,
    id,
    fingerprint: fingerprintOf(id),
    algorithms: algorithmsOf(newest.signing.keys),
    seq: newest.seq,
    issuedAtMs: newest.issuedAtMs,
    expiresAtMs: newest.expiresAtMs,
    prekeys: newest.prekeys.map(({ keyId, untilMs }) => ({ keyId: hexOf(keyId), untilMs })),
    ...(until !== undefined && { prekeysUntilMs: until }),
    inboxes: newest.inboxes.map(({ cid }) => cid),
    ...(revocation && { revoked: { reason: revocation.reason, atMs: revocation.atMs } }),
  };
}

export function identitySummary(home: Home, { name, id, sendOnly, keystore, createdAtMs }: IdentityRecord): IdentitySummary {
  const handedOutAtMs = home.people.newestBundle(id)?.handedOutAtMs;
  return { ...publicFacts(name, id, historyOf(home, id)), sendOnly, keystore, createdAtMs, ...(handedOutAtMs !== undefined && { handedOutAtMs }) };
}

export function contactSummary(home: Home, { name, id, addedAtMs, verified, before }: ContactRecord): ContactSummary {
  const history = historyOf(home, id);
  const claimedName = history.newest.name;
  return { ...publicFacts(name, id, history), addedAtMs, before, ...(verified && { verified }), ...(claimedName !== undefined && { claimedName }) };
}
