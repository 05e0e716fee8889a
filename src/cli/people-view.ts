/** Identities and contacts as rows of an answer, and as lines for people. */
import { rfc3339, systemClock } from '../core/base/clock.ts';
import { limits } from '../core/base/limits.ts';
import type { SignatureName } from '../core/crypto/index.ts';
import type { ContactSummary, IdentitySummary } from '../core/identity/index.ts';
import { facts, type Fact } from './facts.ts';
import { day, when } from './human.ts';
import type { Lines, View } from './output.ts';
import { array, boolean, integer, nullable, object, oneOf, string, time, type Infer } from './schema.ts';

const publicFacts = {
  name: string(),
  id: string('CID of the genesis block'),
  fingerprint: string('the twelve words, apart by spaces'),
  sequence: integer('of the newest bundle'),
  issued: time('of the newest bundle'),
  expires: time('of the newest bundle'),
  prekeys: array(object({ id: string(), until: time() }), 'of the newest bundle, earliest first'),
  inboxes: array(string('CID'), 'the preferred one first'),
  revoked: nullable(object({ reason: string(), at: time() })),
};

const keys = { signing: array(string()), kem: string() };

export const identityRow = object({
  ...publicFacts,
  keys: object({ ...keys, keystore: string() }),
  sendOnly: boolean('no prekeys, one bundle for good; may be copied'),
  created: time(),
  exported: nullable(time('when the newest bundle first left this home')),
});

export const contactRow = object({
  ...publicFacts,
  keys: object(keys),
  added: time(),
  verified: nullable(object({ at: time(), by: oneOf(['words', 'fingerprint-file']) })),
  claims: nullable(string('what the contact calls itself')),
  before: array(string('CID'), 'identities that this name stood for earlier'),
});

export type IdentityRow = Infer<typeof identityRow>;
export type ContactRow = Infer<typeof contactRow>;

const KEM = 'X-Wing';

const commonRow = ({ name, id, fingerprint, seq, issuedAtMs, expiresAtMs, prekeys, inboxes, revoked }: IdentitySummary | ContactSummary) => ({
  name,
  id: id.toString(),
  fingerprint: fingerprint.join(' '),
  sequence: seq,
  issued: rfc3339(issuedAtMs),
  expires: rfc3339(expiresAtMs),
  prekeys: prekeys.map(({ keyId, untilMs }) => ({ id: keyId, until: rfc3339(untilMs) })),
  inboxes: inboxes.map(String),
  revoked: revoked === undefined ? null : { reason: revoked.reason, at: rfc3339(revoked.atMs) },
});

export const identityRowOf = (identity: IdentitySummary): IdentityRow => ({
  ...commonRow(identity),
  keys: { signing: [...identity.algorithms], kem: KEM.toLowerCase(), keystore: identity.keystore },
  sendOnly: identity.sendOnly,
  created: rfc3339(identity.createdAtMs),
  exported: identity.handedOutAtMs === undefined ? null : rfc3339(identity.handedOutAtMs),
});

export const contactRowOf = (contact: ContactSummary): ContactRow => ({
  ...commonRow(contact),
  keys: { signing: [...contact.algorithms], kem: KEM.toLowerCase() },
  added: rfc3339(contact.addedAtMs),
  verified: contact.verified === undefined ? null : { at: rfc3339(contact.verified.atMs), by: contact.verified.by },
  claims: contact.claimedName ?? null,
  before: contact.before.map(String),
});

const ALGORITHMS: Readonly<Record<SignatureName, string>> = { ed25519: 'Ed25519', 'ml-dsa-44': 'ML-DSA-44', 'ml-dsa-65': 'ML-DSA-65', 'ml-dsa-87': 'ML-DSA-87', 'slh-dsa-sha2-128f': 'SLH-DSA-128f' };

/** `Ed25519 + ML-DSA-65, X-Wing`. */
export const algorithmsText = ({ keys: { signing } }: Pick<IdentityRow | ContactRow, 'keys'>): string =>
  `${signing.map((name) => ALGORITHMS[name as SignatureName] ?? name).join(' + ')}, ${KEM}`;

/** Twelve words in groups of four, as they are read aloud: on one line where it fits, else a group a line. */
export function fingerprintLines(words: string, columns: number): Lines {
  const all = words.split(' ');
  const groups = [0, 4, 8].map((at) => all.slice(at, at + 4).join(' '));
  const one = groups.join(' / ');
  return one.length <= columns ? one : groups.map((group, at) => (at < 2 ? `${group} /` : group));
}

/** The widest label beside which they are told, and its gap. */
const LABEL_COLUMNS = 14;

/** The same as the value of a fact. */
export const fingerprintBeside = (words: string, view: View): Lines => fingerprintLines(words, view.columns - LABEL_COLUMNS);

/** A date that has passed, or soon will have, says so. */
export function dateText(at: string | undefined, { paint }: View): string {
  if (at === undefined) return '-';
  const leftMs = Date.parse(at) - systemClock.now();
  if (leftMs <= 0) return paint.bad(`${day(at)} (over)`);
  return leftMs <= limits.prekeyRenewMs ? paint.warn(`${day(at)} (soon)`) : day(at);
}

/** Of a bundle that is over: nothing can be sealed to it. */
export const overText = ({ expires }: Pick<ContactRow, 'expires'>, view: View): string => (Date.parse(expires) > systemClock.now() ? '' : `, bundle until ${dateText(expires, view)}`);

const revokedText = ({ revoked }: Pick<IdentityRow, 'revoked'>): string | undefined => (revoked === null ? undefined : `${revoked.reason}, ${when(revoked.at)}`);

export const verifiedText = ({ verified, revoked }: ContactRow, { paint }: View): string =>
  revoked !== null ? paint.bad('REVOKED') : verified === null ? paint.warn('UNVERIFIED') : paint.good('verified');

function commonFacts(row: IdentityRow | ContactRow, view: View): readonly Fact[] {
  const { id, prekeys, inboxes, sequence, expires } = row;
  const revoked = revokedText(row);
  return [
    ['fingerprint', fingerprintBeside(row.fingerprint, view)],
    ['identity', id],
    ['keys', algorithmsText(row)],
    ['prekeys', prekeys.length === 0 ? 'none' : prekeys.map(({ id: keyId, until }, at) => `${keyId.slice(0, 8)} until ${at === prekeys.length - 1 ? dateText(until, view) : day(until)}`)],
    ['inboxes', inboxes],
    ['bundle', `number ${sequence}, expires ${dateText(expires, view)}`],
    ['revoked', revoked === undefined ? undefined : view.paint.bad(revoked)],
  ];
}

export const identityLines = (row: IdentityRow, view: View): readonly string[] => [
  `${view.paint.bold(row.name)}${row.sendOnly ? ', send-only' : ''}`,
  ...facts(view, [
    ...commonFacts(row, view),
    ['keystore', row.keys.keystore],
    ['created', when(row.created)],
    ['exported', row.exported === null ? 'this bundle has not left the home yet' : when(row.exported)],
  ]),
];

export const verifiedByText = (verified: NonNullable<ContactRow['verified']>): string => `${when(verified.at)} by ${verified.by === 'words' ? 'voice' : 'fingerprint file'}`;

export const contactLines = (row: ContactRow, view: View): readonly string[] => [
  `${view.paint.bold(row.name)}, ${verifiedText(row, view)}`,
  ...facts(view, [
    ['verified', row.verified === null ? 'no' : verifiedByText(row.verified)],
    ['calls itself', row.claims === null || row.claims === row.name ? undefined : row.claims],
    ...commonFacts(row, view),
    ['added', when(row.added)],
    ['was before', row.before],
  ]),
];
