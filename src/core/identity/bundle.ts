/**
 * Bundle: what others need to write to an identity and to check what it signed. Signed with every declared algorithm, chained by
 * hash, numbered by `seq`, which never goes back. The root certifies the signing keys, the signing keys sign the bundle.
 * What it does not promise: that its name is true (it is the owner's word), or that no newer bundle exists.
 * Spec: docs/formats/identity.md
 */
import { concat, equalBytes, type Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, sameCid, sha256, type Cid } from '../base/cid.ts';
import { decode, encode, Reader, type Value } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { kemParameters, label, signAll, verifyAll, type CryptoProvider, type Signatures, type SigningKeys, type VerifyingKeys } from '../crypto/index.ts';
import type { Genesis } from './genesis.ts';
import { decodeInbox, type Inbox } from './inbox.ts';
import { readByAlgorithm, sameAlgorithms } from '../crypto/keys-map.ts';
import { isActorName } from './name.ts';

const KIND = 'bundle';
const VERSION = 1;
const KEM_BYTES = kemParameters['x-wing'].publicKeyBytes;
const KEY_ID_BYTES = 16;
const KEY_ID_LABEL = label('key-id');

export interface Prekey {
  readonly keyId: Bytes;
  readonly key: Bytes;
  /** The last expiry permitted to what is sealed to it, ms since epoch. */
  readonly untilMs: number;
}

export interface SigningCertificate {
  /** The first bundle that these keys sign. */
  readonly from: number;
  readonly keys: VerifyingKeys;
  /** By the root. */
  readonly certificate: Signatures;
}

export interface BundleFields {
  readonly id: Cid;
  readonly seq: number;
  /** The bundle before; absent in the first. */
  readonly prev?: Cid | undefined;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** What the owner calls himself; absent also where he calls himself what is no name here (`readName`). */
  readonly name?: string | undefined;
  readonly signing: SigningCertificate;
  /** X-Wing, for messages without expiry. */
  readonly kemKey: Bytes;
  /** By last use date, earliest first. */
  readonly prekeys: readonly Prekey[];
  /** The preferred one first. */
  readonly inboxes: readonly Inbox[];
}

export interface Bundle extends BundleFields {
  readonly cid: Cid;
  readonly block: Bytes;
  readonly signatures: Signatures;
}

/** What a stanza is bound to: 16 bytes of SHA-256 over the public key. It is computed, never carried. */
export const keyIdOf = (publicKey: Bytes): Bytes => sha256(concat(KEY_ID_LABEL, publicKey)).slice(0, KEY_ID_BYTES);

const certificateBytes = (id: Cid, { from, keys }: Omit<SigningCertificate, 'certificate'>): Bytes => encode({ v: VERSION, id, from, keys: { ...keys } });

/** The root's word that these keys sign bundles from `from` on. */
export const certify = (crypto: CryptoProvider, root: SigningKeys, id: Cid, from: number, keys: VerifyingKeys): SigningCertificate => ({
  from,
  keys,
  certificate: signAll(crypto, root, 'signing-keys', certificateBytes(id, { from, keys })),
});

const bundleValue = ({ id, seq, prev, issuedAtMs, expiresAtMs, name, signing, kemKey, prekeys, inboxes }: BundleFields): Record<string, Value | undefined> => ({
  v: VERSION,
  id,
  seq,
  prev,
  issued: issuedAtMs,
  expires: expiresAtMs,
  name,
  signing: { from: signing.from, keys: { ...signing.keys }, certificate: { ...signing.certificate } },
  kem: kemKey,
  prekeys: prekeys.map(({ key, untilMs }) => ({ key, until: untilMs })),
  inboxes: inboxes.map(({ block }) => block),
});

/** Signs a bundle with the keys that its certificate names. Asserts that the result is one that `decodeBundle` takes. */
export function signBundle(crypto: CryptoProvider, keys: SigningKeys, fields: BundleFields): Bundle {
  const signatures = signAll(crypto, keys, 'bundle', encode(bundleValue(fields)));
  return decodeBundle(encode({ ...bundleValue(fields), signatures: { ...signatures } }));
}

/** Hostile input: form only, no signature is checked. Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER, E_NOT_IN_VERSION_1. */
export function decodeBundle(block: Bytes): Bundle {
  const reader = new Reader(KIND, decode(KIND, block));
  reader.version(VERSION);
  const bundle = {
    cid: cidOf(DAG_CBOR, block),
    block,
    id: reader.cid('id', DAG_CBOR),
    seq: reader.int('seq', 1),
    prev: reader.optional('prev', () => reader.cid('prev', DAG_CBOR)),
    issuedAtMs: reader.time('issued'),
    expiresAtMs: reader.time('expires'),
    name: reader.optional('name', readName),
    signing: readSigning(reader.map('signing')),
    kemKey: reader.bytes('kem', KEM_BYTES),
    prekeys: reader.list('prekeys', limits.prekeysMax).map(readPrekey),
    inboxes: readInboxes(reader),
    signatures: readByAlgorithm(KIND, reader.map('signatures'), 'signatureBytes'),
  };
  reader.done();
  checkShape(bundle);
  return bundle;
}

/**
 * What is a letter grows with Unicode. A bundle must not become unreadable where Unicode is older, so a text that is no name here is as none:
 * whoever adds the contact names it. It stays in the block, and under the signature.
 */
function readName(reader: Reader): string | undefined {
  const name = reader.text('name', limits.actorNameCharsMax);
  return isActorName(name) ? name : undefined;
}

function readSigning(reader: Reader): SigningCertificate {
  const signing = {
    from: reader.int('from', 1),
    keys: readByAlgorithm(KIND, reader.map('keys'), 'publicKeyBytes'),
    certificate: readByAlgorithm(KIND, reader.map('certificate'), 'signatureBytes'),
  };
  reader.done();
  return signing;
}

function readPrekey(value: unknown): Prekey {
  const reader = new Reader(`${KIND}.prekeys`, value);
  const key = reader.bytes('key', KEM_BYTES);
  const prekey = { key, keyId: keyIdOf(key), untilMs: reader.time('until', 1) };
  reader.done();
  return prekey;
}

function readInboxes(reader: Reader): readonly Inbox[] {
  return reader.list('inboxes', limits.inboxesMax).map((value) => {
    if (!(value instanceof Uint8Array)) throw fail('E_FORMAT', { kind: KIND, why: 'an inbox is not bytes' });
    return decodeInbox(value);
  });
}

/** What no field says alone. */
function checkShape({ seq, prev, issuedAtMs, expiresAtMs, signing, kemKey, prekeys, inboxes, signatures }: Bundle): void {
  const refuse = (why: string): never => {
    throw fail('E_FORMAT', { kind: KIND, why });
  };
  if ((seq === 1) !== (prev === undefined)) refuse('only the first has no bundle before it');
  if (signing.from > seq) refuse('its signing keys begin later than it');
  if (issuedAtMs >= expiresAtMs) refuse('it expires before it was issued');
  if (!sameAlgorithms(signing.keys, signing.certificate) || !sameAlgorithms(signing.keys, signatures)) refuse('keys and signatures are of different algorithms');
  const lasts = prekeys.map(({ untilMs }) => untilMs);
  if (lasts.some((until, i) => until > expiresAtMs || until < (lasts[i - 1] ?? 0))) refuse('its prekeys are not in the order of their dates, or outlive it');
  if (!distinct([kemKey, ...prekeys.map(({ key }) => key)]) || !distinct(inboxes.map(({ block }) => block))) refuse('a key or an inbox stands twice');
}

const distinct = (items: readonly Bytes[]): boolean => items.every((item, i) => !items.slice(0, i).some((other) => equalBytes(item, other)));

/** Of the block and not of the fields: a name that is none here is signed as well. */
function signedBytes({ block }: Bundle): Bytes {
  const { signatures: _, ...fields } = decode(KIND, block) as Record<string, Value>;
  return encode(fields);
}

/**
 * The ordered list of checks before a bundle is believed: it names this identity, its algorithms are those the genesis declares,
 * the root certified its signing keys, and these signed it. Throws E_SIGNATURE, or E_FORMAT where it belongs to someone else.
 */
export function verifyBundle(crypto: CryptoProvider, genesis: Genesis, bundle: Bundle): void {
  if (!sameCid(bundle.id, genesis.id)) throw fail('E_FORMAT', { kind: KIND, why: 'it is of another identity' });
  const { signing, signatures } = bundle;
  if (!sameAlgorithms(signing.keys, genesis.keys)) throw fail('E_SIGNATURE', { kind: 'certificate of signing keys' });
  if (!verifyAll(crypto, genesis.keys, 'signing-keys', certificateBytes(bundle.id, signing), signing.certificate)) {
    throw fail('E_SIGNATURE', { kind: 'certificate of signing keys' });
  }
  if (!verifyAll(crypto, signing.keys, 'bundle', signedBytes(bundle), signatures)) throw fail('E_SIGNATURE', { kind: KIND });
}

/** True when both carry the same public keys for the same algorithms. */
const sameKeys = (a: VerifyingKeys, b: VerifyingKeys): boolean =>
  sameAlgorithms(a, b) && Object.entries(a).every(([name, key]) => equalBytes(key, b[name as keyof VerifyingKeys] as Bytes));

/** Which of two bundles of an identity is the earlier: first by the root's certificate, then by number. Neither ever goes back. */
export const isEarlier = (a: Bundle, b: Bundle): boolean => (a.signing.from === b.signing.from ? a.seq < b.seq : a.signing.from < b.signing.from);

/**
 * Both verified. May `next` stand after `before`? Any that the root certified later, whatever lies between: that is how signing keys are
 * replaced, how an identity goes on after a restore, and what ends a history that stolen signing keys have made. Under one certificate,
 * the next number, chained by hash. Throws E_BUNDLE_STALE, E_BUNDLE_CHAIN.
 */
export function checkFollows(before: Bundle, next: Bundle, name: string): void {
  const stale = () => fail('E_BUNDLE_STALE', { seq: next.seq, known: before.seq, name });
  const astray = () => fail('E_BUNDLE_CHAIN', { seq: next.seq, name });
  const [was, is] = [before.signing.from, next.signing.from];
  if (is > was) return;
  if (is < was) throw next.seq < was ? stale() : astray();
  if (!sameKeys(next.signing.keys, before.signing.keys)) throw astray();
  if (next.seq < before.seq || sameCid(next.cid, before.cid)) throw stale();
  if (next.seq !== before.seq + 1 || next.prev === undefined || !sameCid(next.prev, before.cid)) throw astray();
}

export function follows(before: Bundle, next: Bundle): boolean {
  try {
    checkFollows(before, next, '');
    return true;
  } catch (error) {
    if (isError(error, 'E_BUNDLE_STALE', 'E_BUNDLE_CHAIN')) return false;
    throw error;
  }
}
