/**
 * Backups: one sealed file of a home, a store, or both. What it promises: every flipped bit and every cut is refused with a code, no
 * file exists after a failure, and memory stays flat. What it does not: prekeys (what was sealed to one is lost with the home), the
 * freshness of the state, or a store that was written to meanwhile as of one moment. Restoring is in restore.ts.
 */
import { rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Bytes } from '../base/bytes.ts';
import { rfc3339, type Clock } from '../base/clock.ts';
import { fail, isError, warning, type Warning } from '../base/errors.ts';
import { fileError, isMissing } from '../base/files.ts';
import type { FilterFields } from '../base/filter.ts';
import { limits } from '../base/limits.ts';
import { pageOf, type Page, type PageQuery } from '../base/page.ts';
import { isShortPassphrase, requireNewPassphrase } from '../base/passphrase.ts';
import type { Secret } from '../base/secret.ts';
import type { Argon2Parameters, CryptoProvider } from '../crypto/index.ts';
import type { BackupRecord, Home } from '../home/index.ts';
import { defaultKdf, freshSalt } from '../keys/keyring-file.ts';
import type { Ring } from '../keys/index.ts';
import type { StoreContext } from '../storage/context.ts';
import { backupParts, KIND, type BackupHeader, type BackupPart } from './format.ts';
import { decodeSecrets, homeRecords } from './home-part.ts';
import { readBackup, readBackupHeader, type ReadOptions } from './reader.ts';
import { decodeRow } from './rows.ts';
import { noCounts, storeRecords, type StoreCounts } from './store-part.ts';
import { decodeStoreRecord, type StoreRecord } from './store-rows.ts';
import { BackupWriter } from './writer.ts';

export interface CreateBackup {
  readonly crypto: CryptoProvider;
  /** Of the key ring: one passphrase opens both. */
  readonly passphrase: Secret;
  /** Where to; must not exist. */
  readonly path: string;
  readonly keys?: { readonly home: Home; readonly ring: Ring };
  readonly store?: StoreContext;
  readonly clock: Clock;
  readonly kdf?: Argon2Parameters;
  readonly signal?: AbortSignal;
  /** Bytes of blocks so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface BackupResult {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: Bytes;
  readonly what: readonly BackupPart[];
  readonly records: number;
  readonly store?: StoreCounts;
  readonly warnings: readonly Warning[];
}

/** Throws E_EXISTS, E_USAGE (nothing to back up), E_PASSPHRASE_SHORT (a new one), E_DISK_FULL; after any failure there is no file. Recorded in the home, where there is one. */
export async function createBackup({ crypto, passphrase, path, keys, store, clock, kdf = defaultKdf, signal, onProgress }: CreateBackup): Promise<BackupResult> {
  const what = backupParts.filter((part) => (part === 'keys' ? keys : store) !== undefined);
  if (what.length === 0) throw fail('E_USAGE', { why: 'there is nothing to back up' });
  // The ring's passphrase is what it is, and a home that cannot be backed up is worse; without a ring it is a new one.
  if (keys === undefined) requireNewPassphrase(passphrase, 'the backup');
  const short = isShortPassphrase(passphrase) ? [warning('W_PASSPHRASE_SHORT', { what: 'this backup', min: limits.newPassphraseCharsMin })] : [];
  const whole = resolve(path);
  const { memoryKib, passes, lanes } = kdf;
  const createdAtMs = clock.now();
  const writer = await BackupWriter.create(whole, crypto, passphrase, { createdAtMs, what, kdf: { memoryKib, passes, lanes, salt: freshSalt(crypto) } });
  const counts = noCounts();
  try {
    if (keys !== undefined) for (const record of homeRecords(keys.home, keys.ring, store !== undefined)) await writer.add(record);
    if (store !== undefined) {
      for await (const record of storeRecords(store, counts, signal)) {
        signal?.throwIfAborted();
        await writer.add(record);
        onProgress?.(counts.bytes);
      }
    }
    const written = await writer.commit();
    keys?.home.backups.add({ path: whole, createdAtMs, what, ...written });
    const unreadable = counts.unreadable > 0 ? [warning('W_NOT_RESTORED', { what: `what no tier could read of the store (blocks: ${counts.unreadable})`, why: 'it is not in this backup' })] : [];
    return { path: whole, ...written, what, records: writer.records, ...(store && { store: counts }), warnings: [...short, ...unreadable] };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** What can be seen without the passphrase. Throws E_NOT_FOUND, E_FORMAT, E_VERSION_NEWER. */
export const showBackup = (path: string): Promise<{ readonly header: BackupHeader; readonly bytes: number }> => readBackupHeader(path);

export interface BackupContent {
  readonly header: BackupHeader;
  readonly bytes: number;
  readonly records: number;
  readonly identities: readonly string[];
  readonly contacts: number;
  readonly store: StoreCounts;
}

/** Reads all of it as a restore would, hashes every block, writes nothing. Throws as `readBackup`, and E_BLOCK_CORRUPT. */
export async function verifyBackup(path: string, crypto: CryptoProvider, passphrase: Secret, options: ReadOptions = {}): Promise<BackupContent> {
  const { header, bytes } = await readBackupHeader(path);
  const identities: string[] = [];
  const counts = noCounts();
  let [records, contacts, origins] = [0, 0, 0];
  for await (const record of readBackup(path, crypto, passphrase, options)) {
    records++;
    if (record.type === 'secrets') decodeSecrets(record.payload);
    else if (record.type === 'home') {
      const { kind, row } = decodeRow(record.payload);
      if (kind === 'origin') origins++;
      if (kind === 'identity') identities.push(row.name);
      if (kind === 'contact') contacts++;
    } else count(counts, decodeStoreRecord(record));
  }
  if (origins !== (header.what.includes('keys') ? 1 : 0)) throw fail('E_FORMAT', { kind: KIND, why: 'it does not say of what one home it was made' });
  return { header, bytes, records, identities, contacts, store: counts };
}

function count(counts: StoreCounts, record: StoreRecord): void {
  if (record.type === 'message') counts.messages++;
  if (record.type !== 'block') return;
  counts.blocks++;
  counts.bytes += record.block.bytes.length;
}

export type ListedBackup = BackupRecord & {
  /** `changed`: the file has another length. Whether it can be restored is what `verifyBackup` says. */
  readonly state: 'present' | 'missing' | 'changed';
};

/** Backups recorded in this home, newest first, each compared with its file. */
export const listBackups = (home: Home): Promise<readonly ListedBackup[]> =>
  Promise.all(
    home.backups.list().map(async (record) => {
      try {
        const { size } = await stat(record.path);
        return { ...record, state: size === record.bytes ? 'present' : 'changed' } as const;
      } catch (error) {
        if (isMissing(error)) return { ...record, state: 'missing' } as const;
        throw fileError(record.path, error);
      }
    }),
  );

/** What --where can ask of backups. */
export const backupFields = { path: 'text', what: backupParts, created: 'age', size: 'size', state: ['present', 'missing', 'changed'] } as const satisfies FilterFields;

const ofBackups = {
  keyOf: ({ createdAtMs, path }: ListedBackup) => rfc3339(createdAtMs) + path,
  fieldsOf: ({ path, what, createdAtMs, bytes, state }: ListedBackup) => ({ path, what, created: createdAtMs, size: bytes, state }),
  descending: true,
};

/** Newest first. */
export const pageOfBackups = async (home: Home, query: PageQuery<typeof backupFields>): Promise<Page<ListedBackup>> => pageOf(await listBackups(home), ofBackups, query);

/** Deletes the file, if it is a backup, and the record of it. Answers false when there was neither. Throws E_FORMAT when it is something else. */
export async function removeBackup(path: string, home?: Home): Promise<boolean> {
  const whole = resolve(path);
  const isThere = await readBackupHeader(whole).then(
    () => true,
    (error: unknown) => {
      if (isError(error, 'E_NOT_FOUND')) return false;
      throw error;
    },
  );
  // The record first: a home that is busy refuses before anything is gone.
  const wasRecorded = home?.backups.remove(whole) ?? false;
  await rm(whole, { force: true }).catch((cause: unknown) => {
    throw fileError(whole, cause);
  });
  return isThere || wasRecorded;
}
