/**
 * Makes the golden vectors of test/vectors/identity from fixed seeds, with the provider that draws all its randomness from the given
 * source. The files are what is golden; this shows how they came about, and the suite checks that they still do.
 */
import { concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { encodeCar } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, sha256 } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { loadProvider, type CryptoProvider, type SignatureName } from '../../../src/core/crypto/index.ts';
import { signBundle, type Bundle } from '../../../src/core/identity/bundle.ts';
import { encodeBundleFile, fingerprintOf, introductionBlocks, type Introduction } from '../../../src/core/identity/index.ts';
import { algorithmsOf } from '../../../src/core/crypto/keys-map.ts';
import { createOwn, rotateOwn, signingKeysOf, type Rotation } from '../../../src/core/identity/own-keys.ts';
import { makeRevocation, type Revocation } from '../../../src/core/identity/revocation.ts';
import { secretNames } from '../../../src/core/identity/room.ts';
import type { RingDraft } from '../../../src/core/keys/index.ts';
import { seededRng } from '../crypto/support.ts';
import { backup, keyring } from './vectors-sealed.ts';
import { bitOf, NOW, type Fields, type Json } from './vectors-support.ts';

const DAY = 86_400_000;

/** A key ring in memory. */
class MapDraft implements RingDraft {
  readonly secrets = new Map<string, Bytes>();
  has = (name: string) => this.secrets.has(name);
  get = (name: string) => this.secrets.get(name) as Bytes;
  put = (name: string, value: Bytes) => void this.secrets.set(name, Uint8Array.from(value));
  remove = (name: string) => this.secrets.delete(name);
  names = (prefix: string) => [...this.secrets.keys()].filter((name) => name.startsWith(prefix)).sort();
}

export interface Made {
  readonly name: string;
  readonly comment: string;
  readonly draft: MapDraft;
  readonly introduction: Introduction;
}

interface Recipe {
  readonly name: string;
  readonly comment: string;
  readonly algorithms: readonly SignatureName[];
  readonly sendOnly?: boolean;
  readonly rotations?: ReadonlyArray<{ readonly rotation: Rotation; readonly seq?: number }>;
  readonly revoked?: boolean;
}

function make(crypto: CryptoProvider, { name, comment, algorithms, sendOnly = false, rotations = [], revoked = false }: Recipe): Made {
  const draft = new MapDraft();
  const made = createOwn(crypto, draft, { name, nowMs: NOW, sendOnly, algorithms, prekeysUntilMs: NOW + 30 * DAY });
  const { genesis } = made;
  const bundles: Bundle[] = [made.bundle];
  let keys = made.keys;
  for (const [i, { rotation, seq }] of rotations.entries()) {
    const handedOut = keys.map((key) => ({ ...key, handedOut: true }));
    const options = { nowMs: NOW + (i + 1) * DAY, rotation, prekeysUntilMs: NOW + (31 + i) * DAY, ...(seq !== undefined && { seq }) };
    const next = rotateOwn(crypto, draft, bundles.at(-1) as Bundle, handedOut, options);
    bundles.push(next.bundle);
    keys = next.keys;
  }
  const root = signingKeysOf(crypto, algorithms, (algorithm) => draft.get(secretNames.root(genesis.id, algorithm)));
  const revocation = revoked ? makeRevocation(crypto, root, genesis.id, 'lost', NOW + 9 * DAY) : undefined;
  return { name, comment, draft, introduction: { genesis, bundles, newest: bundles.at(-1) as Bundle, revocation } };
}

const positive = ({ name, comment, draft, introduction }: Made): Json => {
  const { genesis, bundles, revocation } = introduction;
  return {
    name,
    comment,
    seeds: Object.fromEntries([...draft.secrets].map(([secret, value]) => [secret.replace(`${genesis.id}/`, ''), hexOf(value)])),
    algorithms: [...algorithmsOf(genesis.keys)],
    id: genesis.id.toString(),
    fingerprint: fingerprintOf(genesis.id).join(' '),
    genesis: hexOf(genesis.block),
    bundles: bundles.map((bundle) => ({
      seq: bundle.seq,
      from: bundle.signing.from,
      issued: bundle.issuedAtMs,
      expires: bundle.expiresAtMs,
      inboxes: bundle.inboxes.map(({ cid }) => cid.toString()),
      prekeys: bundle.prekeys.map(({ keyId, untilMs }) => ({ keyId: hexOf(keyId), until: untilMs })),
      cid: bundle.cid.toString(),
      block: hexOf(bundle.block),
    })),
    ...(revocation && { revocation: { reason: revocation.reason, at: revocation.atMs, cid: revocation.cid.toString(), block: hexOf(revocation.block) } }),
    fileSha256: hexOf(sha256(encodeBundleFile(introduction))),
  };
};

const edited = (block: Bytes, edit: (fields: Fields) => void): Bytes => {
  const fields = { ...(decode('vector', block) as Fields) };
  edit(fields);
  return encode(fields);
};

/** The first length of a CAR with a byte more: 0x80 | low bits, and a zero. It is below 128 in these files. */
const longVarint = (file: Bytes): Bytes => concat(Uint8Array.of((file[0] as number) | 0x80, 0), file.subarray(1));

/** Bundle files of the one-algorithm identity, each wrong in one way. Signatures are right unless the comment says so: they fail first. */
function refused({ introduction }: Made, other: Made, revocation: Revocation): Json[] {
  const { genesis, newest, bundles } = introduction;
  const file = (change: Partial<Introduction>) => encodeBundleFile({ ...introduction, ...change });
  const change = (edit: (fields: Fields) => void) => {
    const changed = introductionBlocks({ ...introduction, bundles: [{ ...newest, block: edited(newest.block, edit) }] });
    return encodeCar(changed.slice(-1).map(({ cid }) => cid), changed);
  };
  const blocks = introductionBlocks(introduction);
  const prekey = (i: number, until: number): Fields => ({ key: new Uint8Array(1216).fill(i), until });
  const revoked = (edit: (fields: Fields) => void) => {
    const block = edited(revocation.block, edit);
    return encodeCar([newest.cid], [...blocks.slice(0, 1), { cid: cidOf(DAG_CBOR, block), bytes: block }, ...blocks.slice(1)]);
  };
  const cases: ReadonlyArray<readonly [string, string, string, Bytes]> = [
    ['version', 'the bundle has v 2', 'E_VERSION_NEWER', change((fields) => (fields['v'] = 2))],
    ['unknown-field', 'the bundle has one field more', 'E_FORMAT', change((fields) => (fields['more'] = 0))],
    ['expired-at-birth', 'expires equals issued', 'E_FORMAT', change((fields) => (fields['expires'] = fields['issued'] as Value))],
    ['name', 'a name of 65 characters', 'E_FORMAT', change((fields) => (fields['name'] = 'e'.repeat(65)))],
    ['seq-0', 'bundles are numbered from 1', 'E_FORMAT', change((fields) => (fields['seq'] = 0))],
    ['prev', 'the first has no bundle before it', 'E_FORMAT', change((fields) => (fields['prev'] = genesis.id))],
    ['from', 'its signing keys begin later than it', 'E_FORMAT', change((fields) => (fields['signing'] = { ...(fields['signing'] as Fields), from: 2 }))],
    ['prekeys-5', 'five prekeys', 'E_FORMAT', change((fields) => (fields['prekeys'] = [1, 2, 3, 4, 5].map((i) => prekey(i, newest.expiresAtMs))))],
    ['prekeys-order', 'prekeys that are not in the order of their dates', 'E_FORMAT', change((fields) => (fields['prekeys'] = [prekey(1, newest.expiresAtMs), prekey(2, newest.expiresAtMs - 1)]))],
    ['prekeys-late', 'a prekey that outlives its bundle', 'E_FORMAT', change((fields) => (fields['prekeys'] = [prekey(1, newest.expiresAtMs + 1)]))],
    ['prekeys-twice', 'a prekey twice', 'E_FORMAT', change((fields) => (fields['prekeys'] = [prekey(1, newest.expiresAtMs), prekey(1, newest.expiresAtMs)]))],
    ['prekey-kem', 'the identity key as a prekey', 'E_FORMAT', change((fields) => (fields['prekeys'] = [{ key: fields['kem'] as Value, until: newest.expiresAtMs }]))],
    ['prekey-short', 'a prekey of 1,215 bytes', 'E_FORMAT', change((fields) => (fields['prekeys'] = [{ key: new Uint8Array(1215), until: newest.expiresAtMs }]))],
    ['inboxes-9', 'nine inboxes', 'E_FORMAT', change((fields) => (fields['inboxes'] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => new Uint8Array(32).fill(i))))],
    ['inboxes-twice', 'an inbox twice', 'E_FORMAT', change((fields) => (fields['inboxes'] = [new Uint8Array(32), new Uint8Array(32)]))],
    ['inbox-short', 'an inbox of 31 bytes', 'E_FORMAT', change((fields) => (fields['inboxes'] = [new Uint8Array(31)]))],
    ['name-unknown', 'a name that moves the cursor is as none, but it is signed', 'E_SIGNATURE', change((fields) => (fields['name'] = 'eve\u001b[2J'))],
    ['algorithm', 'a signature by an algorithm that nobody knows', 'E_NOT_IN_VERSION_1', change((fields) => (fields['signatures'] = { ...(fields['signatures'] as Fields), ed448: new Uint8Array(114) }))],
    ['signature', 'one bit of the signature', 'E_SIGNATURE', change((fields) => (fields['signatures'] = { ed25519: bitOf((fields['signatures'] as Fields)['ed25519'] as Bytes) }))],
    ['certificate', 'one bit of the certificate', 'E_SIGNATURE', change((fields) => (fields['signing'] = { ...(fields['signing'] as Fields), certificate: { ed25519: bitOf(((fields['signing'] as Fields)['certificate'] as Fields)['ed25519'] as Bytes) } }))],
    ['key', 'one bit of the X-Wing key: signed otherwise', 'E_SIGNATURE', change((fields) => (fields['kem'] = bitOf(fields['kem'] as Bytes)))],
    ['other-genesis', 'the bundle comes with the genesis of somebody else', 'E_FORMAT', file({ genesis: other.introduction.genesis })],
    ['no-genesis', 'the genesis is missing', 'E_FORMAT', encodeCar([newest.cid], blocks.slice(1))],
    ['order', 'the genesis comes last', 'E_NOT_CANONICAL', encodeCar([newest.cid], blocks.toReversed())],
    ['root', 'the root is the genesis', 'E_NOT_CANONICAL', encodeCar([genesis.id], blocks)],
    ['cut', 'the last byte is missing', 'E_FORMAT', encodeBundleFile(introduction).slice(0, -1)],
    ['varint', 'the length of the header in a longer varint', 'E_FORMAT', longVarint(encodeBundleFile(introduction))],
    ['twice', 'the bundle twice', 'E_NOT_CANONICAL', encodeCar([newest.cid], [...blocks, ...blocks.slice(-1)])],
    ['two-roots', 'two roots', 'E_NOT_CANONICAL', encodeCar([newest.cid, genesis.id], blocks)],
    ['revocation-reason', 'a revocation for no known reason', 'E_FORMAT', revoked((fields) => (fields['reason'] = 'bored'))],
    ['revocation-signature', 'a revocation dated anew', 'E_SIGNATURE', revoked((fields) => (fields['at'] = 1))],
    ['revocation-more', 'a revocation with a field more', 'E_FORMAT', revoked((fields) => (fields['more'] = 0))],
    ['damaged', 'one bit of a block, under its old CID', 'E_BLOCK_CORRUPT', bitOf(encodeBundleFile(introduction), -1)],
  ];
  if (bundles.length !== 1) throw new Error('made for one bundle');
  return cases.map(([name, comment, code, bytes]) => ({ name, comment, code, file: hexOf(bytes) }));
}

/** Bundles 2, 3 and 4 by whoever has the keys of the first certificate, chained to bundle 1. */
function stolen(crypto: CryptoProvider, { draft, introduction: { genesis, bundles } }: Made): Bundle[] {
  const [first] = bundles as [Bundle];
  const keys = signingKeysOf(crypto, algorithmsOf(genesis.keys), (algorithm) => draft.get(secretNames.signing(genesis.id, 1, algorithm)));
  const made = [first];
  for (const seq of [2, 3, 4]) made.push(signBundle(crypto, keys, { ...first, seq, prev: (made.at(-1) as Bundle).cid, issuedAtMs: NOW + seq, name: 'thief' }));
  return made.slice(1);
}

/** Which bundle may follow which: what is known, and what comes. */
function chains(crypto: CryptoProvider, made: Made): Json[] {
  const { bundles } = made.introduction;
  const thief = stolen(crypto, made);
  const own = (seq: number) => bundles.find((bundle) => bundle.seq === seq) as Bundle;
  const by = (seq: number) => thief.find((bundle) => bundle.seq === seq) as Bundle;
  const leap = (bundles.at(-1) as Bundle).seq;
  const row = (name: string, known: Bundle, next: Bundle, code: string | null): Json => ({ name, known: hexOf(known.block), next: hexOf(next.block), code });
  return [
    row('the next', own(1), own(2), null),
    row('a fresh certificate', own(2), own(3), null),
    row('a fresh certificate over a gap', own(1), own(3), null),
    row('a later bundle under a later certificate', own(1), own(4), null),
    row('after a restore', own(4), own(leap), null),
    row('after a restore, over a gap', own(2), own(leap), null),
    row('back', own(2), own(1), 'E_BUNDLE_STALE'),
    row('back behind a certificate', own(3), own(2), 'E_BUNDLE_STALE'),
    row('itself', own(2), own(2), 'E_BUNDLE_STALE'),
    row('a gap under one certificate', own(1), by(3), 'E_BUNDLE_CHAIN'),
    row('another under the same number', own(2), by(2), 'E_BUNDLE_CHAIN'),
    row('chained to another', own(2), by(3), 'E_BUNDLE_CHAIN'),
    row('by stolen keys, which nobody can tell yet', own(1), by(2), null),
    row('by stolen keys that were replaced', own(3), by(4), 'E_BUNDLE_CHAIN'),
    row('by stolen keys under the number of the rotation', own(3), by(3), 'E_BUNDLE_CHAIN'),
    row('the owner, with a fresh certificate, after a thief who came further', by(4), own(3), null),
  ];
}

function revocationOf(crypto: CryptoProvider, { draft, introduction: { genesis } }: Made): Revocation {
  const root = signingKeysOf(crypto, ['ed25519'], (algorithm) => draft.get(secretNames.root(genesis.id, algorithm)));
  return makeRevocation(crypto, root, genesis.id, 'lost', NOW);
}

/** Every file of the folder. */
export async function vectorFiles(): Promise<Readonly<Record<string, Json>>> {
  const crypto = await loadProvider('noble', seededRng('identity vectors'));
  const bot = make(crypto, { name: 'bot', comment: 'send-only, Ed25519 alone: short enough to read', algorithms: ['ed25519'], sendOnly: true });
  const eve = make(crypto, { name: 'eve', comment: 'another one', algorithms: ['ed25519'], sendOnly: true });
  const chain: Recipe['rotations'] = [{ rotation: 'prekeys' }, { rotation: 'signing' }, { rotation: 'kem' }, { rotation: 'prekeys', seq: 1_763_900_000 }];
  const cleo = make(crypto, { name: 'cleo', comment: 'Ed25519 alone; rotates prekeys, signing keys, the identity key, and goes on after a restore', algorithms: ['ed25519'], rotations: chain });
  const ada = make(crypto, { name: 'ada', comment: 'the default algorithms, rotated once and revoked', algorithms: ['ed25519', 'ml-dsa-65'], rotations: [{ rotation: 'all' }], revoked: true });
  return {
    'identities.json': {
      about: 'Identities from their seeds to their bundle files. Everything is hexadecimal but ids, words and numbers.',
      fields: {
        seeds: 'as in the key ring, without the id before them; keys of earlier bundles that were replaced are kept here',
        genesis: 'the block; id is its CID, fingerprint its words',
        bundles: 'from the earliest on; inboxes are CIDs computed from the inbox blocks in the bundle, key ids are computed from the keys',
        fileSha256: 'of the bundle file: root the newest bundle; genesis, revocation, bundles',
      },
      identities: [bot, cleo, ada].map(positive),
    },
    'refused.json': {
      about: 'Bundle files that must be refused, each with the code of the first reason; and which bundle of "cleo" may follow which: all of them hold under her genesis, some were made by a thief.',
      files: refused(bot, eve, revocationOf(crypto, bot)),
      chains: chains(crypto, cleo),
    },
    'keyring.json': await keyring(crypto, bot),
    'backup.json': await backup(crypto, bot),
  };
}

export const fileText = (content: Json): string => `${JSON.stringify(content, undefined, 1)}\n`;
