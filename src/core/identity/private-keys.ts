/**
 * The private keys of an identity in use: what signs, what opens, and what is taken out of the ring when its time is over.
 * The ring in memory may be older than the database: another process rotated since it was opened. Then it is read again.
 */
import { equalBytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { SignatureName, SigningKeys } from '../crypto/index.ts';
import type { Home, IdentityRecord, KeyRecord } from '../home/index.ts';
import type { KemKey } from '../message/stanza.ts';
import { decodeBundle, type Bundle } from './bundle.ts';
import { algorithmsOf } from '../crypto/keys-map.ts';
import { isDead, signingKeysOf } from './own-keys.ts';
import { parseSecretName, secretNames, type IdentityRoom } from './room.ts';

export interface Signer {
  readonly identity: Cid;
  readonly bundleSeq: number;
  readonly signingKeys: SigningKeys;
}

/** Throws E_HOME_CORRUPT when the home has an identity and not its bundle. */
export function newestOwn(home: Home, { id, name }: Pick<IdentityRecord, 'id' | 'name'>): Bundle {
  const newest = home.people.newestBundle(id);
  if (newest === undefined) throw fail('E_HOME_CORRUPT', { path: home.path, why: `identity "${name}" has no bundle` });
  return decodeBundle(newest.block);
}

/** The signing keys of the newest bundle. Throws E_KEYRING when the ring has others. */
export async function signerOf({ home, crypto, ring: openRing }: IdentityRoom, record: IdentityRecord): Promise<Signer> {
  const ring = await openRing();
  let bundle = newestOwn(home, record);
  const algorithms = algorithmsOf(bundle.signing.keys);
  const nameOf = (algorithm: SignatureName) => secretNames.signing(record.id, bundle.signing.from, algorithm);
  if (!algorithms.every((algorithm) => ring.has(nameOf(algorithm)))) {
    await ring.refresh();
    bundle = newestOwn(home, record);
  }
  const seeds = new Map(algorithms.map((algorithm) => [algorithm, ring.openSecret(nameOf(algorithm))]));
  const signingKeys = signingKeysOf(crypto, algorithms, (algorithm) => (seeds.get(algorithm) as Secret).expose());
  for (const seed of seeds.values()) seed.wipe();
  if (!signs(bundle, signingKeys)) throw fail('E_KEYRING', { path: home.keyringPath, why: `its signing keys are not those of "${record.name}"` });
  return { identity: record.id, bundleSeq: bundle.seq, signingKeys };
}

const signs = (bundle: Bundle, keys: SigningKeys): boolean =>
  Object.entries(bundle.signing.keys).every(([name, publicKey]) => {
    const key = keys[name as SignatureName];
    return key !== undefined && equalBytes(key.publicKey, publicKey);
  });

/** Live prekeys, then identity keys; of each kind the ones in the newest bundle first. */
export async function openingKeysOf({ home, crypto, ring: openRing }: IdentityRoom, { id }: IdentityRecord): Promise<readonly KemKey[]> {
  const ring = await openRing();
  const secretOf = ({ kind, keyId }: KeyRecord) => secretNames.kem(id, kind, keyId);
  const live = () => home.people.keysOf(id).filter((key) => !isDead(key, home.clock.now()));
  if (live().some((key) => !ring.has(secretOf(key)))) await ring.refresh();
  const order = ({ kind, current }: KeyRecord) => (kind === 'prekey' ? 0 : 2) + (current ? 0 : 1);
  return live()
    .filter((key) => ring.has(secretOf(key)))
    .sort((a, b) => order(a) - order(b))
    .map((key) => {
      using seed = ring.openSecret(secretOf(key));
      return { keyId: key.keyId, keyType: key.kind, key: crypto.kem('x-wing').fromSeed(seed.expose()) };
    });
}

/** Takes out of the ring what the database no longer names: replaced, dead, or left behind by a crash. Answers how many. */
export async function sweep({ home, ring: openRing }: IdentityRoom): Promise<number> {
  const ring = await openRing();
  return ring.change((draft) => {
    const named = namedSecrets(home);
    const stale = draft.names('').filter((name) => parseSecretName(name) !== undefined && !named.has(name));
    for (const name of stale) draft.remove(name);
    return stale.length;
  });
}

function namedSecrets(home: Home): ReadonlySet<string> {
  return new Set(
    home.people.identities.list('true').flatMap((record) => {
      const { id } = record;
      const { signing, inboxes } = newestOwn(home, record);
      return [
        secretNames.outbox(id),
        ...inboxes.map(({ cid }) => secretNames.inbox(id, cid)),
        ...algorithmsOf(signing.keys).flatMap((algorithm) => [secretNames.root(id, algorithm), secretNames.signing(id, signing.from, algorithm)]),
        ...home.people.keysOf(id).map(({ kind, keyId }) => secretNames.kem(id, kind, keyId)),
      ];
    }),
  );
}
