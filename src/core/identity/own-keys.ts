/**
 * The private side of an identity: its seeds are made and used here, always inside one change of the key ring, which only ever
 * adds. Seeds go in a change of their own, once the database no longer names them (Identities), so that no crash can lose one.
 * A prekey that left the home lives until its last use date and a grace time; one that never left goes when it is replaced.
 */
import { equalBytes, wipe, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { signatureParameters, type CryptoProvider, type PrivateKey, type SignatureName, type SigningKeys, type VerifyingKeys } from '../crypto/index.ts';
import type { KeyKind, KeyRecord } from '../home/index.ts';
import type { RingDraft } from '../keys/index.ts';
import { certify, keyIdOf, signBundle, type Bundle, type Prekey, type SigningCertificate } from './bundle.ts';
import { makeGenesis, type Genesis } from './genesis.ts';
import { decodeInbox } from './inbox.ts';
import { algorithmsOf } from '../crypto/keys-map.ts';
import { secretNames } from './room.ts';

const KEM = 'x-wing';
const OUTBOX_SECRET_BYTES = 32;
export const defaultAlgorithms: readonly SignatureName[] = ['ed25519', 'ml-dsa-65'];

/** Which keys a rotation replaces. */
export const rotations = ['prekeys', 'kem', 'signing', 'all'] as const;
export type Rotation = (typeof rotations)[number];

/** A new state of an identity: what the database is told once the key ring is durable. */
export interface OwnState {
  readonly bundle: Bundle;
  readonly keys: readonly KeyRecord[];
  /** Prekeys whose time is over: their rows go with this change, their seeds right after it. */
  readonly dead: readonly Bytes[];
}

export interface NewIdentity extends OwnState {
  readonly genesis: Genesis;
}

type Provider = CryptoProvider;

const seedOf = (crypto: Provider, algorithm: SignatureName): Bytes => crypto.rng.bytes(signatureParameters[algorithm].seedBytes);

/** Into the ring, and out of our hands. */
function keep(draft: RingDraft, name: string, secret: Bytes): void {
  draft.put(name, secret);
  wipe(secret);
}

const publicKeys = (keys: SigningKeys): VerifyingKeys => Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, (key as PrivateKey).publicKey]));

function newSigningKeys(crypto: Provider, algorithms: readonly SignatureName[]): { readonly seeds: ReadonlyMap<SignatureName, Bytes>; readonly keys: SigningKeys } {
  const seeds = new Map(algorithms.map((name) => [name, seedOf(crypto, name)]));
  return { seeds, keys: Object.fromEntries([...seeds].map(([name, seed]) => [name, crypto.signature(name).fromSeed(seed)])) };
}

/** Signing keys or root keys of an identity, out of the ring. */
export const signingKeysOf = (crypto: Provider, algorithms: readonly SignatureName[], seed: (algorithm: SignatureName) => Bytes): SigningKeys =>
  Object.fromEntries(algorithms.map((name) => [name, crypto.signature(name).fromSeed(seed(name))]));

function newKemKey(crypto: Provider, draft: RingDraft, id: Cid, kind: KeyKind, createdAtMs: number, untilMs: number): { key: Bytes; record: KeyRecord } {
  const seed = crypto.rng.bytes(crypto.kem(KEM).seedBytes);
  const { publicKey } = crypto.kem(KEM).fromSeed(seed);
  const keyId = keyIdOf(publicKey);
  keep(draft, secretNames.kem(id, kind, keyId), seed);
  return { key: publicKey, record: { keyId, id, kind, createdAtMs, untilMs, current: true, handedOut: false } };
}

export interface CreateOptions {
  readonly name: string;
  readonly nowMs: number;
  readonly sendOnly: boolean;
  readonly algorithms: readonly SignatureName[];
  /** Last use date of the first prekey. */
  readonly prekeysUntilMs: number;
}

/** Makes an identity from nothing. */
export function createOwn(crypto: Provider, draft: RingDraft, { name, nowMs, sendOnly, algorithms, prekeysUntilMs }: CreateOptions): NewIdentity {
  const root = newSigningKeys(crypto, algorithms);
  const genesis = makeGenesis(publicKeys(root.keys));
  const { id } = genesis;
  for (const [algorithm, seed] of root.seeds) keep(draft, secretNames.root(id, algorithm), seed);
  const signing = newSigningKeys(crypto, algorithms);
  for (const [algorithm, seed] of signing.seeds) keep(draft, secretNames.signing(id, 1, algorithm), seed);
  const inboxSeed = seedOf(crypto, 'ed25519');
  const inbox = decodeInbox(crypto.signature('ed25519').fromSeed(inboxSeed).publicKey);
  keep(draft, secretNames.inbox(id, inbox.cid), inboxSeed);
  keep(draft, secretNames.outbox(id), crypto.rng.bytes(OUTBOX_SECRET_BYTES));
  const kem = newKemKey(crypto, draft, id, 'identity', nowMs, 0);
  const prekeys = sendOnly ? [] : [newKemKey(crypto, draft, id, 'prekey', nowMs, prekeysUntilMs)];
  const bundle = signBundle(crypto, signing.keys, {
    id,
    seq: 1,
    issuedAtMs: nowMs,
    expiresAtMs: Math.max(nowMs + (sendOnly ? limits.sendOnlyLifeMs : limits.bundleLifeMs), prekeysUntilMs),
    name,
    signing: certify(crypto, root.keys, id, 1, publicKeys(signing.keys)),
    kemKey: kem.key,
    prekeys: prekeys.map(({ key, record }) => ({ key, keyId: record.keyId, untilMs: record.untilMs })),
    inboxes: [inbox],
  });
  return { genesis, bundle, keys: [kem.record, ...prekeys.map(({ record }) => record)], dead: [] };
}

export interface RotateOptions {
  readonly nowMs: number;
  readonly rotation: Rotation;
  /** Last use date of the new prekey, where one is made. */
  readonly prekeysUntilMs: number;
  /** Number of the new bundle; after a restore it leaps. Default: one more. */
  readonly seq?: number;
}

/** The next bundle of an identity, with the keys that `rotation` names replaced. `known` are its keys as the database has them. */
export function rotateOwn(crypto: Provider, draft: RingDraft, before: Bundle, known: readonly KeyRecord[], options: RotateOptions): OwnState {
  const { nowMs, rotation, prekeysUntilMs } = options;
  const { id } = before;
  const seq = options.seq ?? before.seq + 1;
  const all = rotation === 'all';
  const { keys, signing } = nextSigning(crypto, draft, before, seq, all || rotation === 'signing');
  const kem = all || rotation === 'kem' ? newKemKey(crypto, draft, id, 'identity', nowMs, 0) : undefined;
  const prekey = all || rotation === 'prekeys' ? newKemKey(crypto, draft, id, 'prekey', nowMs, prekeysUntilMs) : undefined;
  // After a leap the private halves of the old prekeys are gone: backups leave them out.
  const prekeys = publishedPrekeys(seq === before.seq + 1 ? before.prekeys : [], prekey && { key: prekey.key, keyId: prekey.record.keyId, untilMs: prekeysUntilMs }, nowMs);
  const bundle = signBundle(crypto, keys, {
    id,
    seq,
    prev: before.cid,
    issuedAtMs: nowMs,
    expiresAtMs: Math.max(nowMs + limits.bundleLifeMs, prekeys.at(-1)?.untilMs ?? 0),
    name: before.name,
    signing,
    kemKey: kem?.key ?? before.kemKey,
    prekeys,
    inboxes: before.inboxes,
  });
  const fresh = [kem, prekey].flatMap((made) => made?.record ?? []);
  const inBundle = (record: KeyRecord): boolean => [bundle.kemKey, ...bundle.prekeys.map(({ key }) => key)].some((key) => equalBytes(keyIdOf(key), record.keyId));
  const records = [...known, ...fresh].map((record) => ({ ...record, current: inBundle(record) }));
  const kept = records.filter((record) => !isDead(record, nowMs));
  const waiting = kept.filter(({ kind }) => kind === 'prekey').length;
  if (waiting > limits.prekeysKeptMax) throw fail('E_TOO_MANY', { what: 'prekeys that still wait for their last use date', count: waiting, max: limits.prekeysKeptMax });
  return { bundle, keys: kept, dead: records.filter((record) => isDead(record, nowMs)).map(({ keyId }) => keyId) };
}

function nextSigning(crypto: Provider, draft: RingDraft, before: Bundle, seq: number, replace: boolean): { readonly keys: SigningKeys; readonly signing: SigningCertificate } {
  const { id } = before;
  const algorithms = algorithmsOf(before.signing.keys);
  const leaps = seq !== before.seq + 1;
  const seed = (name: SignatureName): Bytes => draft.get(secretNames.signing(id, before.signing.from, name));
  if (!replace && !leaps) return { keys: signingKeysOf(crypto, algorithms, seed), signing: before.signing };
  const made = replace ? newSigningKeys(crypto, algorithms) : { seeds: new Map(algorithms.map((name) => [name, Uint8Array.from(seed(name))])), keys: signingKeysOf(crypto, algorithms, seed) };
  for (const [algorithm, value] of made.seeds) keep(draft, secretNames.signing(id, seq, algorithm), value);
  const root = signingKeysOf(crypto, algorithms, (name) => draft.get(secretNames.root(id, name)));
  return { keys: made.keys, signing: certify(crypto, root, id, seq, publicKeys(made.keys)) };
}

/** Those still of use and the new one, earliest first; of more than a bundle carries, the ones that last longest. */
function publishedPrekeys(before: readonly Prekey[], added: Prekey | undefined, nowMs: number): readonly Prekey[] {
  const live = [...before.filter(({ untilMs }) => untilMs > nowMs), ...(added ? [added] : [])];
  return live.sort((a, b) => a.untilMs - b.untilMs).slice(-limits.prekeysMax);
}

/** A prekey is dead past its date and grace, or when it was replaced before anyone could have it. */
export const isDead = ({ kind, untilMs, current, handedOut }: KeyRecord, nowMs: number): boolean =>
  kind === 'prekey' && (untilMs + limits.prekeyGraceMs < nowMs || (!current && !handedOut));
