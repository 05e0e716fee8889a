/**
 * The key ring of a home: every private seed and secret in one sealed file, unlocked once a run. A change is all or nothing:
 * the file is replaced whole, by one process at a time, and what another process changed meanwhile is taken in first.
 * What it does not promise: that an old copy of the file is useless to someone who knows its passphrase, or that bytes
 * overwritten here are gone from the disk. There is no agent: cron reads the passphrase from a key file (docs/SECURITY.md).
 * Spec: docs/formats/keyring-backup.md
 */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { concat, wipe, type Bytes } from '../base/bytes.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { exists, readBounded, writeWhole } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { Secret } from '../base/secret.ts';
import type { Argon2Parameters, CryptoProvider } from '../crypto/index.ts';
import type { Home } from '../home/home.ts';
import {
  decodeKeyring, defaultKdf, encodeKeyring, openBody, rowAad, sealBody, unwrapRingKey, wrapRingKey, type KeyringBody, type KeyringFile, type KeyringHeader,
} from './keyring-file.ts';

const ROW_KEY = 'ring/rows';
const NONCE_BYTES = 12;
/** Where the home remembers how far its ring has come, so that an older ring is noticed. */
const GENERATION_SETTING = 'home/ring';

const GONE = 'This home has identities, and their keys were in it: put the file back, or restore a backup into a new home: `omniplex backup restore FILE --home NEW`.';

export interface RingOptions {
  readonly crypto: CryptoProvider;
  /** Cost of the passphrase; the default is the one of LIMITS. */
  readonly kdf?: Argon2Parameters;
}

/** The ring's secrets while they are being changed. */
export interface RingDraft {
  has(name: string): boolean;
  /** The bytes themselves, not a copy: for use, not to keep. Throws E_KEYRING when there is none of that name. */
  get(name: string): Bytes;
  /** Takes a copy. Overwrites. */
  put(name: string, value: Bytes): void;
  remove(name: string): boolean;
  names(prefix: string): readonly string[];
}

export class Ring implements Disposable {
  readonly #home: Home;
  readonly #crypto: CryptoProvider;
  #header: KeyringHeader;
  #ringKey: Bytes;
  #body: KeyringBody;
  #locked = false;

  private constructor(home: Home, crypto: CryptoProvider, header: KeyringHeader, ringKey: Bytes, body: KeyringBody) {
    this.#home = home;
    this.#crypto = crypto;
    this.#header = header;
    this.#ringKey = ringKey;
    this.#body = body;
  }

  /** Throws E_EXISTS when the home has one. `secrets` is what a restore brings. */
  static async create(home: Home, passphrase: Secret, { crypto, kdf = defaultKdf }: RingOptions, secrets: ReadonlyMap<string, Bytes> = new Map()): Promise<Ring> {
    return home.exclusively(async () => {
      const path = home.keyringPath;
      if (await exists(path)) throw fail('E_EXISTS', { path });
      const { header, ringKey } = await wrapRingKey(crypto, passphrase, kdf);
      const body = { generation: 1, secrets: new Map([[ROW_KEY, crypto.rng.bytes(32)], ...secrets]) };
      await writeWhole(path, encodeKeyring(sealBody(crypto, ringKey, header, body)));
      noteGeneration(home, body.generation);
      return new Ring(home, crypto, header, ringKey, body);
    });
  }

  /** Throws E_NO_KEYRING, E_MODE, E_KEYRING (damage), E_PASSPHRASE (wrong one), E_HOME_COPIED (one of file and database was put back). */
  static async open(home: Home, passphrase: Secret, { crypto }: RingOptions): Promise<Ring> {
    const path = home.keyringPath;
    const file = await readKeyring(home);
    const ringKey = await unwrapRingKey(crypto, path, file, passphrase);
    const body = openBody(crypto, path, ringKey, file);
    const ring = new Ring(home, crypto, { kdf: file.kdf, wrap: file.wrap }, ringKey, body);
    // Again and alone: while the passphrase was stretched, another process may have changed file and database.
    await ring.refresh();
    return ring;
  }

  /**
   * A new passphrase and a new ring key: the old file opens nothing that is sealed from now on. Atomic: after a crash either
   * the old passphrase opens it or the new one. Other processes that have the ring open must open it again.
   */
  async changePassphrase(passphrase: Secret, kdf: Argon2Parameters = defaultKdf): Promise<void> {
    await this.#exclusively(async () => {
      const { header, ringKey } = await wrapRingKey(this.#crypto, passphrase, kdf);
      await this.#replace(header, ringKey, this.#body.secrets);
    });
  }

  /**
   * Changes secrets in one durable step. What `act` throws leaves the ring as it was. `commit` runs once the file is durable and
   * before anyone else may change it: what the database says about the new secrets is written there. So a crash leaves secrets
   * that nobody names, never a name without its secret. Where `act` changes nothing, nothing is written but what `commit` writes.
   * Throws E_LOCKED, E_BUSY, E_DISK_FULL.
   */
  async change<T>(act: (draft: RingDraft) => T, commit: (result: T) => void = () => undefined): Promise<T> {
    return this.#exclusively(async () => {
      const secrets = new Map(this.#body.secrets);
      const draft = new Draft(secrets, this.#home.keyringPath);
      const result = act(draft);
      if (draft.changed) await this.#replace(this.#header, this.#ringKey, secrets, () => commit(result));
      else this.#home.transaction(() => commit(result));
      return result;
    });
  }

  /** Keeps one secret. */
  async sealSecret(name: string, value: Bytes): Promise<void> {
    await this.change((draft) => draft.put(name, value));
  }

  /** A copy of one secret; the caller wipes it. Throws E_KEYRING when the ring has none of that name. */
  openSecret(name: string): Secret {
    this.#assertOpen();
    return new Secret(Uint8Array.from(this.#body.secrets.get(name) ?? missing(this.#home.keyringPath, name)));
  }

  has(name: string): boolean {
    this.#assertOpen();
    return this.#body.secrets.has(name);
  }

  names(prefix = ''): readonly string[] {
    this.#assertOpen();
    return [...this.#body.secrets.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  /** Copies of the secrets whose names pass, for a backup; the caller wipes them. */
  copies(where: (name: string) => boolean): ReadonlyMap<string, Bytes> {
    this.#assertOpen();
    return new Map([...this.#body.secrets].filter(([name]) => where(name)).map(([name, value]) => [name, Uint8Array.from(value)]));
  }

  /** Takes in what another process changed since. Throws E_BUSY when it changed the passphrase. */
  async refresh(): Promise<void> {
    await this.#exclusively(async () => undefined);
  }

  /** Seals a value for a row of home.db; `context` says what it is and whose, and must be given again to open it. */
  sealRow(context: string, value: Bytes): Bytes {
    const nonce = this.#crypto.rng.bytes(NONCE_BYTES);
    using key = this.openSecret(ROW_KEY);
    return concat(nonce, this.#crypto.aesGcm.seal(key.expose(), nonce, value, rowAad(context)));
  }

  /** Throws E_MAC when the row was not sealed by this ring for this context. */
  openRow(context: string, sealed: Bytes): Secret {
    using key = this.openSecret(ROW_KEY);
    const value = sealed.length < NONCE_BYTES ? undefined : this.#crypto.aesGcm.open(key.expose(), sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), rowAad(context));
    if (value === undefined) throw fail('E_MAC', { kind: 'a sealed row of the home' });
    return new Secret(value);
  }

  /** Wipes what is in memory. Can be called twice; nothing else works afterwards. */
  lock(): void {
    this.#locked = true;
    wipe(this.#ringKey, ...this.#body.secrets.values());
  }

  [Symbol.dispose](): void {
    this.lock();
  }

  #assertOpen(): void {
    if (this.#locked) throw new Error('key ring used after it was locked');
  }

  #exclusively<T>(act: () => Promise<T>): Promise<T> {
    return this.#home.exclusively(async () => {
      this.#assertOpen();
      await this.#read();
      return act();
    });
  }

  async #read(): Promise<void> {
    const path = this.#home.keyringPath;
    const file = await readKeyring(this.#home);
    let body: KeyringBody;
    try {
      body = openBody(this.#crypto, path, this.#ringKey, file);
    } catch (cause) {
      // The file is whole (its sum held), so another ring key means that another process changed the passphrase.
      throw isError(cause, 'E_KEYRING') ? fail('E_BUSY', { what: 'the key ring (its passphrase was changed meanwhile)' }, cause) : cause;
    }
    requireTogether(this.#home, body.generation);
    wipe(...this.#body.secrets.values());
    this.#body = body;
    this.#header = { kdf: file.kdf, wrap: file.wrap };
  }

  async #replace(header: KeyringHeader, ringKey: Bytes, secrets: ReadonlyMap<string, Bytes>, commit = () => undefined as void): Promise<void> {
    const body = { generation: this.#body.generation + 1, secrets };
    await removeLeftovers(this.#home.keyringPath);
    await writeWhole(this.#home.keyringPath, encodeKeyring(sealBody(this.#crypto, ringKey, header, body)), { replace: true });
    for (const [name, value] of this.#body.secrets) if (secrets.get(name) !== value) wipe(value);
    if (ringKey !== this.#ringKey) wipe(this.#ringKey);
    this.#header = header;
    this.#ringKey = ringKey;
    this.#body = body;
    this.#home.transaction(() => {
      noteGeneration(this.#home, body.generation);
      commit();
    });
  }
}

class Draft implements RingDraft {
  readonly #secrets: Map<string, Bytes>;
  readonly #path: string;
  changed = false;

  constructor(secrets: Map<string, Bytes>, path: string) {
    this.#secrets = secrets;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#secrets.has(name);
  }

  get(name: string): Bytes {
    return this.#secrets.get(name) ?? missing(this.#path, name);
  }

  put(name: string, value: Bytes): void {
    this.changed = true;
    this.#secrets.set(name, Uint8Array.from(value));
  }

  remove(name: string): boolean {
    const removed = this.#secrets.delete(name);
    this.changed ||= removed;
    return removed;
  }

  names(prefix: string): readonly string[] {
    return [...this.#secrets.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}

function missing(path: string, name: string): never {
  throw fail('E_KEYRING', { path, why: `it has no secret "${name}"` });
}

/** No ring yet, or one that is gone: where identities had their keys in it, a new one would hide the loss, so the way is back. */
export const noKeyring = (home: Home, cause?: unknown): OmniplexError =>
  fail('E_NO_KEYRING', { path: home.keyringPath, ...(home.people.identities.count('true') > 0 && { hint: GONE }) }, cause);

/** Damage that shows without a passphrase. Throws E_NO_KEYRING, E_MODE, E_KEYRING, E_VERSION_NEWER. */
export async function readKeyring(home: Home): Promise<KeyringFile> {
  return decodeKeyring(home.keyringPath, await readRing(home));
}

async function readRing(home: Home): Promise<Bytes> {
  const path = home.keyringPath;
  try {
    return await readBounded(path, limits.keyringBytesMax, { secret: true, own: true });
  } catch (cause) {
    if (isError(cause, 'E_NOT_FOUND')) throw noKeyring(home, cause);
    if (isError(cause, 'E_FORMAT')) throw fail('E_KEYRING', { path, why: 'it is too long' }, cause);
    throw cause;
  }
}

/** Temporary files of writers that were killed. Only called while the lock is held, so none of them is being written. */
async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const leftover = new RegExp(`^\\.${basename(path).replaceAll('.', '\\.')}\\.[0-9a-f]{16}\\.part$`);
  for (const name of await readdir(folder)) {
    if (leftover.test(name)) await rm(join(folder, name), { force: true });
  }
}

function noteGeneration(home: Home, generation: number): void {
  home.transaction(() => {
    home.settings.set(GENERATION_SETTING, generation);
    home.advance();
  });
}

/**
 * The file is replaced first, then the database counts it: a crash leaves the file one ahead. Anything else means that one of
 * the two was put back from a copy. Throws E_HOME_COPIED.
 */
function requireTogether(home: Home, generation: number): void {
  home.transaction(() => {
    const counted = (home.settings.get(GENERATION_SETTING) as number | undefined) ?? 0;
    if (generation < counted) throw fail('E_HOME_COPIED', { why: 'its key ring is older than its database' });
    if (generation > counted + 1) throw fail('E_HOME_COPIED', { why: 'its database is older than its key ring' });
    if (generation === counted + 1) {
      home.settings.set(GENERATION_SETTING, generation);
      home.advance();
    }
  });
}
