/**
 * A home: one operator's private folder (0700) with `home.json` (its version and id), `home.db` (contacts, history, outbox) and,
 * once there is an identity, `keyring.opk`. Several processes may use it at once; several homes may share one store.
 * It does not protect itself from the user it belongs to, nor from root: file modes are the border.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { bytesOf, hexOf, textOf, type Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import { fileError, isMissing, makePrivateFolder, PRIVATE_FOLDER, readBounded, refuseLooseMode, syncFolder, writeWhole } from '../base/files.ts';
import { requireTrustedFilesystem } from '../base/filesystem.ts';
import { limits } from '../base/limits.ts';
import { ProcessMutex, type MutexErrors } from '../base/process-mutex.ts';
import type { Rng } from '../base/rng.ts';
import { BackupRecords } from './backups.ts';
import { HomeDatabase } from './database.ts';
import { OpenedMessages } from './messages.ts';
import { Outbox } from './outbox.ts';
import { People } from './people.ts';
import { placeOf } from './place.ts';
import { GivenReceipts } from './receipts.ts';
import { Settings } from './settings.ts';

const HOME_VERSION = 1;
const ID_BYTES = 16;
/** The file without which a folder is no home. */
export const HOME_MARKER = 'home.json';
const FILES = { marker: HOME_MARKER, database: 'home.db', lock: 'home.lock', keyring: 'keyring.opk' } as const;

export interface HomeOptions {
  readonly clock: Clock;
  readonly rng: Rng;
}

/** What tells this home from a copy of it: see witness.ts. */
export interface HomeInstance {
  readonly instance: Bytes;
  readonly place: Bytes;
  /** Names and authenticates the home's note in a store. */
  readonly witnessKey: Bytes;
}

export class Home implements Disposable {
  readonly path: string;
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly people: People;
  readonly outbox: Outbox;
  readonly messages: OpenedMessages;
  readonly receipts: GivenReceipts;
  readonly backups: BackupRecords;
  readonly settings: Settings;
  readonly #database: HomeDatabase;

  constructor(path: string, id: string, database: HomeDatabase, { clock, rng }: HomeOptions) {
    this.path = path;
    this.id = id;
    this.clock = clock;
    this.rng = rng;
    this.#database = database;
    this.people = new People(database);
    this.outbox = new Outbox(database);
    this.messages = new OpenedMessages(database);
    this.receipts = new GivenReceipts(database);
    this.backups = new BackupRecords(database);
    this.settings = new Settings(database);
  }

  get keyringPath(): string {
    return join(this.path, FILES.keyring);
  }

  /** One atomic, durable step over all of the home's tables. Synchronous: nothing may be awaited inside. */
  transaction<T>(act: () => T): T {
    return this.#database.transaction(act);
  }

  /** Alone among all processes of this home: for changes of the key ring. Throws E_LOCKED. */
  async exclusively<T>(act: () => Promise<T>): Promise<T> {
    const path = join(this.path, FILES.lock);
    await using mutex = new ProcessMutex(path, this.clock, lockErrors(path));
    return await mutex.run(act);
  }

  get instance(): HomeInstance {
    const value = this.settings.get('home/instance') as HomeInstance | undefined;
    if (value === undefined) throw fail('E_HOME_CORRUPT', { path: this.path, why: 'it does not know its own instance' });
    return value;
  }

  /** Grows by one with every durable change of private state. */
  get generation(): number {
    return (this.settings.get('home/generation') as number | undefined) ?? 0;
  }

  /** Counts one change of private state; call it inside the transaction that makes the change. */
  advance(): void {
    this.settings.set('home/generation', this.generation + 1);
  }

  /** Reads every page of the database: for doctor. Throws E_HOME_CORRUPT. */
  check(): void {
    this.#database.check();
  }

  /** Can be called twice. */
  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Nothing is ever written to the lock, so nothing has to be restored. */
const LOCK_HINT = 'It holds nothing: while no command uses this home, move away what has its name, and run the command again. See too that its folder can be written to.';

const lockErrors = (path: string): MutexErrors => ({
  busy: (cause) => fail('E_LOCKED', { name: 'the key ring of this home', holder: 'another process' }, cause),
  broken: (cause) => (isError(cause) ? cause : fail('E_HOME_CORRUPT', { path, why: 'its lock cannot be used', hint: LOCK_HINT }, cause)),
});

/**
 * Makes a home: whole, or not at all. `fill` adds what a restore brings before the home appears under its name.
 * Throws E_EXISTS (a home or a folder with something in it), E_FILESYSTEM, E_DISK_FULL.
 */
export async function createHome(path: string, options: HomeOptions, fill: (home: Home) => Promise<void> = async () => undefined): Promise<Home> {
  const whole = resolve(path);
  await requireTrustedFilesystem(whole);
  await refuseOccupied(whole);
  await makeParents(dirname(whole));
  const building = join(dirname(whole), `.${basename(whole).slice(0, 100)}.${hexOf(options.rng.bytes(8))}.part`);
  try {
    await mkdir(building, { mode: PRIVATE_FOLDER });
    const id = hexOf(options.rng.bytes(ID_BYTES));
    const database = await HomeDatabase.create(join(building, FILES.database));
    const home = new Home(building, id, database, options);
    try {
      const instance = { instance: options.rng.bytes(ID_BYTES), place: await placeOf(building, id), witnessKey: options.rng.bytes(32) };
      home.transaction(() => {
        home.settings.set('home/id', id);
        home.settings.set('home/instance', instance);
      });
      await fill(home);
    } finally {
      home.close();
    }
    await writeWhole(join(building, FILES.marker), bytesOf(`${JSON.stringify({ v: HOME_VERSION, id })}\n`));
    // An empty folder of that name is replaced, a filled one refused: both by the kernel, in one step.
    await rename(building, whole);
    await syncFolder(dirname(whole));
  } catch (cause) {
    await rm(building, { recursive: true, force: true }).catch(() => undefined);
    if (isError(cause)) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'ENOTDIR') throw fail('E_EXISTS', { path: whole }, cause);
    if (code === 'EBUSY') throw fail('E_IO', { path: whole, why: 'it is a mount point; name a folder inside it' }, cause);
    throw code === undefined ? cause : fileError(whole, cause);
  }
  return openHome(whole, options);
}

/** Throws E_NO_HOME, E_MODE, E_FILESYSTEM, E_HOME_CORRUPT, E_VERSION_NEWER, E_BUSY. Opens no key. */
export async function openHome(path: string, options: HomeOptions): Promise<Home> {
  const whole = resolve(path);
  await requireFolder(whole);
  await requireTrustedFilesystem(whole);
  const id = await readMarker(whole);
  const database = await HomeDatabase.open(join(whole, FILES.database));
  const home = new Home(whole, id, database, options);
  try {
    if (home.settings.get('home/id') !== id) throw fail('E_HOME_CORRUPT', { path: whole, why: 'home.json and home.db are not of one home' });
    return home;
  } catch (error) {
    home.close();
    throw error;
  }
}

async function requireFolder(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw isMissing(cause) ? fail('E_NO_HOME', { path }, cause) : fileError(path, cause);
  });
  if (!stats.isDirectory()) throw fail('E_NO_HOME', { path });
  refuseLooseMode(path, stats);
}

async function readMarker(path: string): Promise<string> {
  const file = join(path, FILES.marker);
  let marker: { v?: unknown; id?: unknown };
  try {
    const bytes = await readBounded(file, limits.homeMarkerBytesMax, { secret: true, own: true });
    marker = JSON.parse(textOf(bytes)) as typeof marker;
  } catch (cause) {
    if (isError(cause, 'E_NOT_FOUND')) throw fail('E_NO_HOME', { path }, cause);
    if (isError(cause, 'E_MODE', 'E_IO')) throw cause;
    throw fail('E_HOME_CORRUPT', { path: file, why: 'not the JSON it should be' }, cause);
  }
  const { v, id } = marker ?? {};
  if (typeof v === 'number' && v > HOME_VERSION) throw fail('E_VERSION_NEWER', { kind: 'home', version: v, known: HOME_VERSION });
  if (v !== HOME_VERSION || typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw fail('E_HOME_CORRUPT', { path: file, why: 'fields v and id' });
  return id;
}

async function refuseOccupied(path: string): Promise<void> {
  const entries = await readdir(path).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw (cause as NodeJS.ErrnoException).code === 'ENOTDIR' ? fail('E_EXISTS', { path }, cause) : fileError(path, cause);
  });
  if (entries.length > 0) throw fail('E_EXISTS', { path, hint: 'Nothing is overwritten: name a new place with --home.' });
}

/** Parents that are missing are made private; existing ones are left as they are. */
const makeParents = async (path: string): Promise<void> => void (await makePrivateFolder(path));
