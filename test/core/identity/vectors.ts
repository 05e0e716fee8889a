/**
 * Makes the golden vectors of test/vectors/identity from fixed seeds, with the provider that draws all its randomness from the given
 * source. The files are what is golden; this shows how they came about, and the suite checks that they still do.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { encodeCar } from '../../../src/core/base/car.ts';
import { sha256 } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { contextOf, encodeHeader } from '../../../src/core/backup/format.ts';
import { encodeRow } from '../../../src/core/backup/rows.ts';
import { BackupWriter } from '../../../src/core/backup/writer.ts';
import { loadProvider, type CryptoProvider, type SignatureName } from '../../../src/core/crypto/index.ts';
import type { Bundle } from '../../../src/core/identity/bundle.ts';
import { encodeBundleFile, fingerprintOf, introductionBlocks, type Introduction } from '../../../src/core/identity/index.ts';
import { algorithmsOf } from '../../../src/core/crypto/keys-map.ts';
import { createOwn, rotateOwn, signingKeysOf, type Rotation } from '../../../src/core/identity/own-keys.ts';
import { makeRevocation } from '../../../src/core/identity/revocation.ts';
import { secretNames } from '../../../src/core/identity/room.ts';
import type { RingDraft } from '../../../src/core/keys/index.ts';
import { encodeKeyring, sealBody, wrapRingKey } from '../../../src/core/keys/keyring-file.ts';
import { seededRng } from '../crypto/support.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const NOW = Date.UTC(2026, 10, 23, 10);
const DAY = 86_400_000;
const KDF = { memoryKib: 64, passes: 1, lanes: 1 } as const;
const PASSPHRASE = 'correct horse battery staple';

/** A key ring in memory. */
class MapDraft implements RingDraft {
  readonly secrets = new Map<string, Bytes>();
  has = (name: string) => this.secrets.has(name);
  get = (name: string) => this.secrets.get(name) as Bytes;
  put = (name: string, value: Bytes) => void this.secrets.set(name, Uint8Array.from(value));
  remove = (name: string) => this.secrets.delete(name);
  names = (prefix: string) => [...this.secrets.keys()].filter((name) => name.startsWith(prefix)).sort();
}

interface Made {
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

type Fields = Record<string, Value>;
const edited = (block: Bytes, edit: (fields: Fields) => void): Bytes => {
  const fields = { ...(decode('vector', block) as Fields) };
  edit(fields);
  return encode(fields);
};
/** One bit flipped in the byte at `at`, counted from the end where it is negative. */
const bitOf = (bytes: Bytes, at = 5): Bytes => bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));

/** Bundle files of the one-algorithm identity, each wrong in one way. Signatures are right unless the comment says so: they fail first. */
function refused({ introduction }: Made, other: Made): Json[] {
  const { genesis, newest, bundles } = introduction;
  const file = (change: Partial<Introduction>) => encodeBundleFile({ ...introduction, ...change });
  const change = (edit: (fields: Fields) => void) => {
    const changed = introductionBlocks({ ...introduction, bundles: [{ ...newest, block: edited(newest.block, edit) }] });
    return encodeCar(changed.slice(-1).map(({ cid }) => cid), changed);
  };
  const blocks = introductionBlocks(introduction);
  const cases: ReadonlyArray<readonly [string, string, string, Bytes]> = [
    ['version', 'the bundle has v 2', 'E_VERSION_NEWER', change((fields) => (fields['v'] = 2))],
    ['unknown-field', 'the bundle has one field more', 'E_FORMAT', change((fields) => (fields['more'] = 0))],
    ['expired-at-birth', 'expires equals issued', 'E_FORMAT', change((fields) => (fields['expires'] = fields['issued'] as Value))],
    ['name', 'a name of 65 characters', 'E_FORMAT', change((fields) => (fields['name'] = 'e'.repeat(65)))],
    ['algorithm', 'a signature by an algorithm that nobody knows', 'E_NOT_IN_VERSION_1', change((fields) => (fields['signatures'] = { ...(fields['signatures'] as Fields), ed448: new Uint8Array(114) }))],
    ['signature', 'one bit of the signature', 'E_SIGNATURE', change((fields) => (fields['signatures'] = { ed25519: bitOf((fields['signatures'] as Fields)['ed25519'] as Bytes) }))],
    ['certificate', 'one bit of the certificate', 'E_SIGNATURE', change((fields) => (fields['signing'] = { ...(fields['signing'] as Fields), certificate: { ed25519: bitOf(((fields['signing'] as Fields)['certificate'] as Fields)['ed25519'] as Bytes) } }))],
    ['key', 'one bit of the X-Wing key: signed otherwise', 'E_SIGNATURE', change((fields) => (fields['kem'] = bitOf(fields['kem'] as Bytes)))],
    ['other-genesis', 'the bundle comes with the genesis of somebody else', 'E_FORMAT', file({ genesis: other.introduction.genesis })],
    ['no-genesis', 'the genesis is missing', 'E_FORMAT', encodeCar([newest.cid], blocks.slice(1))],
    ['order', 'the genesis comes last', 'E_NOT_CANONICAL', encodeCar([newest.cid], blocks.toReversed())],
    ['root', 'the root is the genesis', 'E_NOT_CANONICAL', encodeCar([genesis.id], blocks)],
    ['cut', 'the last byte is missing', 'E_FORMAT', encodeBundleFile(introduction).slice(0, -1)],
    ['damaged', 'one bit of a block, under its old CID', 'E_BLOCK_CORRUPT', bitOf(encodeBundleFile(introduction), -1)],
  ];
  if (bundles.length !== 1) throw new Error('made for one bundle');
  return cases.map(([name, comment, code, bytes]) => ({ name, comment, code, file: hexOf(bytes) }));
}

/** Chains that must not be followed: what is known, and what comes. */
const chains = ({ introduction: { bundles } }: Made): Json[] => {
  const row = (name: string, known: number, next: number, code: string | null): Json => ({ name, known: (bundles[known] as Bundle).seq, next: (bundles[next] as Bundle).seq, code });
  return [
    row('the next', 0, 1, null),
    row('a fresh certificate', 1, 2, null),
    row('a fresh certificate over a gap', 0, 2, null),
    row('after a restore', 3, 4, null),
    row('after a restore, over a gap', 1, 4, null),
    row('back', 2, 1, 'E_BUNDLE_STALE'),
    row('itself', 1, 1, 'E_BUNDLE_STALE'),
    row('a gap', 0, 3, 'E_BUNDLE_CHAIN'),
  ];
};

async function keyring(crypto: CryptoProvider, made: Made): Promise<Json> {
  const { header, ringKey } = await wrapRingKey(crypto, new Secret(bytesOf(PASSPHRASE)), KDF);
  const file = encodeKeyring(sealBody(crypto, ringKey, header, { generation: 3, secrets: made.draft.secrets }));
  const map = decode('key ring', file.subarray(0, -32)) as Record<string, Fields>;
  const again = (edit: (fields: Record<string, Fields>) => void) => {
    const fields = { ...map };
    edit(fields);
    const bytes = encode(fields as Value);
    return concat(bytes, sha256(bytes));
  };
  const damaged: ReadonlyArray<readonly [string, string, Bytes]> = [
    ['one bit', 'E_KEYRING', bitOf(file)],
    ['one byte short', 'E_KEYRING', file.slice(0, -1)],
    ['a hundred passes, with a checksum that fits', 'E_KEYRING', again((fields) => (fields['kdf'] = { ...(fields['kdf'] as Fields), passes: 100 }))],
    ['another wrapped key, with a checksum that fits', 'E_PASSPHRASE', again((fields) => (fields['wrap'] = { ...(fields['wrap'] as Fields), sealed: bitOf((fields['wrap'] as Fields)['sealed'] as Bytes) }))],
    ['another body, with a checksum that fits', 'E_KEYRING', again((fields) => (fields['body'] = { ...(fields['body'] as Fields), sealed: bitOf((fields['body'] as Fields)['sealed'] as Bytes) }))],
  ];
  return {
    about: 'A key ring file, and files that must be refused. The seeds in it are those of the identity "bot" in identities.json.',
    passphrase: PASSPHRASE,
    generation: 3,
    ringKey: hexOf(ringKey),
    secrets: Object.fromEntries([...made.draft.secrets].map(([name, value]) => [name, hexOf(value)])),
    file: hexOf(file),
    refused: damaged.map(([comment, code, bytes]) => ({ comment, code, file: hexOf(bytes) })),
  };
}

async function backup(crypto: CryptoProvider, { draft }: Made): Promise<Json> {
  const folder = await mkdtemp(join(tmpdir(), 'omniplex-vectors-'));
  try {
    const path = join(folder, 'x.opb');
    const header = { createdAtMs: NOW, what: ['keys'] as const, kdf: { ...KDF, salt: crypto.rng.bytes(32) } };
    const writer = await BackupWriter.create(path, crypto, new Secret(bytesOf(PASSPHRASE)), header);
    const records = [
      { type: 'secrets', payload: encode(Object.fromEntries(draft.secrets)) },
      { type: 'home', payload: encodeRow('origin', { generation: 7, witnessKey: new Uint8Array(32).fill(7) }) },
    ] as const;
    const listed = records.map(({ type, payload }) => ({ type, payload: hexOf(payload) }));
    for (const record of records) await writer.add(record);
    await writer.commit();
    const file: Bytes = new Uint8Array(await readFile(path));
    return {
      about: 'A backup whose records are listed; it holds no whole home, so it verifies and does not restore.',
      passphrase: PASSPHRASE,
      created: NOW,
      context: hexOf(contextOf(encodeHeader(header))),
      records: listed,
      file: hexOf(file),
      refused: [
        { comment: 'one bit of the head', code: 'E_FORMAT', file: hexOf(bitOf(file, 30)) },
        { comment: 'one bit of a chunk', code: 'E_CIPHERTEXT', file: hexOf(bitOf(file, -20)) },
        { comment: 'one byte short', code: 'E_CIPHERTEXT', file: hexOf(file.slice(0, -1)) },
        { comment: 'one byte more', code: 'E_CIPHERTEXT', file: hexOf(concat(file, new Uint8Array(1))) },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
      about: 'Bundle files that must be refused, each with the code of the first reason; and which bundle of "cleo" may follow which.',
      files: refused(bot, eve),
      chains: chains(cleo),
    },
    'keyring.json': await keyring(crypto, bot),
    'backup.json': await backup(crypto, bot),
  };
}

export const fileText = (content: Json): string => `${JSON.stringify(content, undefined, 1)}\n`;
