/**
 * Restoring a backup: all of it or nothing. Home and store are built beside their names and appear when everything is in them.
 * A restored home is a new instance: it takes over from the one it was made of (home/witness.ts), and each of its identities goes on
 * with a new bundle and new prekeys, numbered past whatever the lost home can have made. Send-only identities come back as they were.
 */
import { fail, warning, type Warning } from '../base/errors.ts';
import { wipe, type Bytes } from '../base/bytes.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { systemRng, type Rng } from '../base/rng.ts';
import type { Secret } from '../base/secret.ts';
import type { Argon2Parameters, CryptoProvider } from '../crypto/index.ts';
import { createHome, type Home } from '../home/index.ts';
import { Identities } from '../identity/index.ts';
import { defaultKdf } from '../keys/keyring-file.ts';
import { Ring } from '../keys/index.ts';
import { KIND, type BackupHeader, type BackupPart } from './format.ts';
import { decodeSecrets, requireWholeHome, restoreRow } from './home-part.ts';
import { readBackup, readBackupHeader, type ReadOptions } from './reader.ts';
import type { HomeOrigin } from './rows.ts';
import { StoreBuilding } from './store-building.ts';
import type { StoreCounts, StoreRestorer } from './store-part.ts';

/** Bundles and generations leap at least this far: what was made after the backup is passed over, whatever it was. */
const LEAP = 1_000;

export interface RestoreBackup {
  readonly crypto: CryptoProvider;
  readonly passphrase: Secret;
  readonly path: string;
  /** What is wanted of it: the rest is left without a warning. Default all that it holds. */
  readonly what?: readonly BackupPart[];
  /** Where the home goes: a folder that is new or empty. Absent: the keys stay in the backup. */
  readonly homePath?: string;
  /** Where the store goes. Absent: the mail stays in the backup. */
  readonly storePath?: string;
  readonly clock?: Clock;
  readonly rng?: Rng;
  /** Cost of the new key ring's passphrase. */
  readonly kdf?: Argon2Parameters;
  readonly signal?: AbortSignal;
  readonly onProgress?: ReadOptions['onProgress'];
}

export interface RestoreResult {
  /** Open; the caller closes it. */
  readonly home?: Home;
  readonly identities: readonly string[];
  /** Of these, who goes on with a new bundle: neither send-only nor revoked. */
  readonly renewed: readonly string[];
  readonly store?: StoreCounts;
  readonly warnings: readonly Warning[];
}

/**
 * All or nothing: home and store appear under their names when everything is in them. Throws E_EXISTS, E_PASSPHRASE, E_CIPHERTEXT,
 * E_FORMAT, E_USAGE (the backup lacks what is asked for, or nothing is), E_FILESYSTEM, E_DISK_FULL.
 */
export async function restoreBackup(options: RestoreBackup): Promise<RestoreResult> {
  const { path, homePath, storePath, clock = systemClock, rng = systemRng } = options;
  const { header } = await readBackupHeader(path);
  requireParts(header, homePath, storePath);
  const isLeft = (part: BackupPart, place: string | undefined): boolean => place === undefined && header.what.includes(part) && options.what?.includes(part) !== false;
  const left = [
    ...(isLeft('keys', homePath) ? [warning('W_NOT_RESTORED', { what: 'the home', why: 'no place was named for it' })] : []),
    ...(isLeft('store', storePath) ? [warning('W_NOT_RESTORED', { what: 'the store', why: 'no place was named for it' })] : []),
  ];
  const building = storePath === undefined ? undefined : await StoreBuilding.begin(storePath, clock, rng);
  try {
    if (homePath === undefined) {
      await readInto(options, undefined, building?.restorer);
      await building?.commit();
      return { identities: [], renewed: [], ...(building && { store: building.restorer.counts }), warnings: left };
    }
    let restored: RestoredHome = { identities: [], renewed: [], warnings: [] };
    const home = await createHome(homePath, { clock, rng }, async (fresh) => {
      restored = await restoreHome(options, fresh, building?.restorer);
      await building?.commit();
    });
    return { home, ...restored, ...(building && { store: building.restorer.counts }), warnings: [...left, ...restored.warnings] };
  } catch (error) {
    await building?.abandon();
    throw error;
  }
}

function requireParts({ what }: BackupHeader, homePath: string | undefined, storePath: string | undefined): void {
  if (homePath === undefined && storePath === undefined) throw fail('E_USAGE', { why: 'name a place for the home, the store, or both' });
  if (homePath !== undefined && !what.includes('keys')) throw fail('E_USAGE', { why: 'this backup holds no keys' });
  if (storePath !== undefined && !what.includes('store')) throw fail('E_USAGE', { why: 'this backup holds no store' });
}

type RestoredHome = Pick<RestoreResult, 'identities' | 'renewed' | 'warnings'>;

/** Reads the stream to its end, which is what makes it whole. The home's part comes first. */
async function readInto({ path, crypto, passphrase, signal, onProgress }: RestoreBackup, home: Home | undefined, store: StoreRestorer | undefined) {
  let secrets: ReadonlyMap<string, Bytes> = new Map();
  let origin: HomeOrigin | undefined;
  for await (const record of readBackup(path, crypto, passphrase, { signal, onProgress })) {
    if (record.type === 'secrets') {
      if (home !== undefined) secrets = decodeSecrets(record.payload);
    } else if (record.type === 'home') {
      const found = home && restoreRow(home, record.payload);
      if (found !== undefined && origin !== undefined) throw fail('E_FORMAT', { kind: KIND, why: 'it was made of two homes' });
      origin ??= found;
    } else await store?.take(record);
  }
  await store?.finish();
  return { secrets, origin };
}

async function restoreHome(options: RestoreBackup, home: Home, store: StoreRestorer | undefined): Promise<RestoredHome> {
  const { crypto, passphrase, kdf = defaultKdf } = options;
  const { secrets, origin } = await readInto(options, home, store);
  if (origin === undefined) throw fail('E_FORMAT', { kind: KIND, why: 'it does not say what home it was made of' });
  using ring = await Ring.create(home, passphrase, { crypto, kdf }, secrets);
  wipe(...secrets.values());
  requireWholeHome(home, ring);
  const seconds = Math.floor(home.clock.now() / 1000);
  home.transaction(() => {
    home.settings.set('home/instance', { ...home.instance, witnessKey: origin.witnessKey });
    home.settings.set('home/generation', Math.max(origin.generation + LEAP, seconds));
  });
  const identities = new Identities({ home, crypto, ring: async () => ring });
  const renewed = identities.list().filter(({ sendOnly, revoked }) => !sendOnly && revoked === undefined);
  for (const { name, seq } of renewed) {
    // Newer than any bundle that the lost home can have made, and than that of an earlier restore of the same backup.
    await identities.rotate(name, 'prekeys', { seq: Math.max(seq + LEAP, seconds) });
  }
  const warnings = renewed.map(({ name }) => warning('W_NOT_RESTORED', { what: `prekeys of "${name}"`, why: 'backups leave them out; hand out its new bundle' }));
  return { identities: identities.list().map(({ name }) => name), renewed: renewed.map(({ name }) => name), warnings };
}
