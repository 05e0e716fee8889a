/**
 * The library: one operator's home, one store, and the mail between them. Everything is opened when it is first needed, once, and
 * closed together; what only reads a home never unlocks a key. Knows no terminal: the command line and other programs stand on it alike.
 *
 *     await using omniplex = await OmniPlex.open({ home, store, passphrase: async () => new Secret(bytes) });
 *     const { result } = await omniplex.send({ input: await fileInput('plan.pdf'), to: ['alice'] });
 *
 * It does not promise that two of them in one process are faster than one: share it.
 */
import { homedir } from 'node:os';
import { emptyConfig, resolveSettings, type Values } from './base/config.ts';
import type { Cid } from './base/cid.ts';
import { systemClock, type Clock } from './base/clock.ts';
import { fail, isError, warning, type Warning } from './base/errors.ts';
import { exists } from './base/files.ts';
import { systemRng, type Rng } from './base/rng.ts';
import type { Secret } from './base/secret.ts';
import type { Argon2Parameters, CryptoProvider, ProviderName } from './crypto/index.ts';
import type { Home } from './home/index.ts';
import type { Contacts } from './identity/contacts.ts';
import type { Identities } from './identity/identities.ts';
import type { Ring } from './keys/index.ts';
import type { AckRequest } from './mail/acknowledge.ts';
import type { BatchRequest, BatchResult } from './mail/batch-types.ts';
import type { FetchAllRequest } from './mail/fetch-all.ts';
import type { InboxRequest } from './mail/inbox.ts';
import type { OpenerOptions } from './mail/opener.ts';
import type { EvidenceRequest } from './mail/outbox-export.ts';
import type { CancelRequest } from './mail/outbox-cancel.ts';
import type { ResendAllRequest, ResendRequest } from './mail/outbox-resend.ts';
import type { OutboxListRequest, WaitRequest } from './mail/outbox.ts';
import type { FetchRequest, FetchResult } from './mail/fetch.ts';
import type { Outcome } from './mail/outcome.ts';
import type { MailRoom } from './mail/room.ts';
import type { SendRequest, SendResult } from './mail/send-types.ts';
import type { WatchRequest } from './mail/watch.ts';
import type { RepairReport } from './storage/repair.ts';
import type { Store } from './storage/store.ts';

export interface OmniPlexOptions {
  /** Folder of the home, and folder of the store. They win over `settings`. */
  readonly home?: string;
  readonly store?: string;
  /** Which identity acts; needed where the home has several. */
  readonly as?: string;
  /** As resolved by whoever calls; the rest are the defaults. The environment is not looked at. */
  readonly settings?: Partial<Values>;
  /** Asked at most once, when a private key is first needed. The secret stays the caller's to wipe, after `close`. */
  readonly passphrase?: (need: { readonly create: boolean }) => Promise<Secret>;
  readonly provider?: ProviderName | 'auto';
  /** What it costs to stretch the passphrase of a key ring that is made here; the default is that of LIMITS. */
  readonly kdf?: Argon2Parameters;
  readonly clock?: Clock;
  readonly rng?: Rng;
  /** Who acts, for the locks that others see. */
  readonly holder?: string;
  /** Ends whatever can wait. */
  readonly signal?: AbortSignal;
  readonly onWarning?: (warning: Warning) => void;
}

/** Made once, when it is first asked for. A failure is not kept: the next caller tries again. */
class Once<T> {
  readonly #make: () => Promise<T>;
  #made: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  get(make = this.#make): Promise<T> {
    this.#made ??= make().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  /** What was made, if anything was. Waits for what is under way. */
  async peek(): Promise<T | undefined> {
    return this.#made?.catch(() => undefined);
  }
}

const defaultSettings = (): Values => resolveSettings({ flags: {}, env: {}, file: emptyConfig, userHome: homedir(), cwd: process.cwd() }).values;

export class OmniPlex implements AsyncDisposable {
  readonly settings: Values;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly signal: AbortSignal | undefined;
  readonly #options: OmniPlexOptions;
  readonly #home = new Once(() => this.#openHome());
  readonly #store = new Once(() => this.#openStore());
  readonly #crypto = new Once(() => this.#loadCrypto());
  readonly #ring = new Once(() => this.#openRing(false));
  readonly #identities = new Once(() => this.#makeIdentities());
  readonly #contacts = new Once(() => this.#makeContacts());
  readonly #mail = new Once(() => this.#makeMail());
  readonly #original = new Once(() => this.#requireOriginal());
  #closed: Promise<void> | undefined;

  private constructor(options: OmniPlexOptions) {
    const { home, store, as, provider } = options;
    this.#options = options;
    this.settings = {
      ...defaultSettings(),
      ...options.settings,
      ...(home !== undefined && { home }),
      ...(store !== undefined && { store, node: undefined }),
      ...(as !== undefined && { as }),
      ...(provider !== undefined && { provider }),
    };
    this.clock = options.clock ?? systemClock;
    this.rng = options.rng ?? systemRng;
    this.signal = options.signal;
  }

  /** Opens nothing yet. */
  static async open(options: OmniPlexOptions = {}): Promise<OmniPlex> {
    return new OmniPlex(options);
  }

  /** Throws E_NO_HOME, E_MODE, E_FILESYSTEM, E_HOME_CORRUPT, E_VERSION_NEWER, E_BUSY. */
  home(): Promise<Home> {
    return this.#use(this.#home);
  }

  /** Throws E_NO_STORE, E_STORE_CORRUPT, E_VERSION_NEWER, E_BUSY; E_NOT_SUPPORTED for what is not a folder. */
  store(): Promise<Store> {
    return this.#use(this.#store);
  }

  /** Makes a store that does not open whole again, before it is opened; changes nothing in one that does. See storage/repair.ts. */
  async repairStore(): Promise<RepairReport> {
    const { repairStore } = await import('./storage/repair.ts');
    const { holder } = this.#options;
    return repairStore(this.#storePath(), { clock: this.clock, rng: this.rng, ...(holder !== undefined && { holder }) });
  }

  /** Throws E_NOT_SUPPORTED. */
  crypto(): Promise<CryptoProvider> {
    return this.#use(this.#crypto);
  }

  /**
   * The key ring, unlocked: here the passphrase is asked. `create` makes one where there is none yet, for the first identity:
   * where identities are there and their ring is gone it throws E_NO_KEYRING, as without it.
   * Throws E_NO_KEYRING, E_PASSPHRASE, E_PASSPHRASE_SHORT (a new one), E_KEYRING, E_MODE, E_HOME_COPIED.
   */
  async ring({ create = false } = {}): Promise<Ring> {
    const fresh = create && !(await exists((await this.home()).keyringPath));
    return this.#use(this.#ring, () => this.#openRing(fresh));
  }

  identities(): Promise<Identities> {
    return this.#use(this.#identities);
  }

  contacts(): Promise<Contacts> {
    return this.#use(this.#contacts);
  }

  /** What the use cases of mail are given. */
  mail(): Promise<MailRoom> {
    return this.#use(this.#mail);
  }

  /** Seals, stores and announces one message: see mail/send.ts for what it throws. */
  async send(request: SendRequest): Promise<Outcome<SendResult>> {
    const { send } = await import('./mail/send.ts');
    return send(await this.mail(), this.#withSignal(request));
  }

  /** Finds, verifies, opens and writes one message: see mail/fetch.ts for what it throws. */
  async fetch(request: FetchRequest): Promise<Outcome<FetchResult>> {
    const { fetch } = await import('./mail/fetch.ts');
    return fetch(await this.mail(), this.#withSignal(request));
  }

  /** Sends the messages of a list: see mail/batch.ts. */
  async sendBatch(request: BatchRequest): Promise<Outcome<BatchResult>> {
    const { sendBatch } = await import('./mail/batch.ts');
    return sendBatch(await this.mail(), this.#withSignal(request));
  }

  /** What came and is to be handled: see mail/inbox.ts, mail/fetch-all.ts, mail/watch.ts and mail/acknowledge.ts. */
  readonly inbox = {
    list: async (request: InboxRequest = {}) => (await import('./mail/inbox.ts')).listInbox(await this.mail(), this.#withSignal(request)),
    show: async (cid: Cid, options: OpenerOptions = {}) => (await import('./mail/inbox.ts')).showMessage(await this.mail(), cid, this.#withSignal(options)),
    fetch: async (request: FetchAllRequest) => (await import('./mail/fetch-all.ts')).fetchAll(await this.mail(), this.#withSignal(request)),
    ack: async (request: AckRequest) => (await import('./mail/acknowledge.ts')).acknowledge(await this.mail(), this.#withSignal(request)),
    watch: async (request: WatchRequest = {}) => (await import('./mail/watch.ts')).watchInbox(await this.mail(), this.#withSignal(request)),
  };

  /** What became of what was sent: see mail/outbox*.ts. */
  readonly outbox = {
    list: async (request?: OutboxListRequest) => (await import('./mail/outbox.ts')).listOutbox(await this.mail(), request),
    show: async (key: Cid | string) => (await import('./mail/outbox.ts')).showOutbox(await this.mail(), key, this.#withSignal({})),
    wait: async (key: Cid | string, request: WaitRequest) => (await import('./mail/outbox.ts')).waitOutbox(await this.mail(), key, this.#withSignal(request)),
    resend: async (key: Cid | string, request: ResendRequest = {}) => (await import('./mail/outbox-resend.ts')).resend(await this.mail(), key, this.#withSignal(request)),
    resendAll: async (request: ResendAllRequest) => (await import('./mail/outbox-resend.ts')).resendAll(await this.mail(), this.#withSignal(request)),
    cancel: async (key: Cid | string, request: CancelRequest = {}) => (await import('./mail/outbox-cancel.ts')).cancel(await this.mail(), key, this.#withSignal(request)),
    export: async (key: Cid | string, request: EvidenceRequest) => (await import('./mail/outbox-export.ts')).exportEvidence(await this.mail(), key, this.#withSignal(request)),
  };

  #withSignal<T extends { readonly signal?: AbortSignal | undefined }>(request: T): T {
    return { ...request, signal: request.signal ?? this.signal };
  }

  /** Locks the key ring and closes what was opened. Can be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    (await this.#ring.peek())?.lock();
    await (await this.#store.peek())?.close();
    (await this.#home.peek())?.close();
  }

  async #use<T>(part: Once<T>, make?: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new Error('used after it was closed');
    return part.get(make);
  }

  async #openHome(): Promise<Home> {
    const { openHome } = await import('./home/home.ts');
    return openHome(this.settings.home, { clock: this.clock, rng: this.rng });
  }

  async #openStore(): Promise<Store> {
    const { openStore } = await import('./storage/store.ts');
    const { holder } = this.#options;
    return openStore(this.#storePath(), { clock: this.clock, rng: this.rng, hotBudgetBytes: this.settings['hot.budget'], ...(holder !== undefined && { holder }) });
  }

  #storePath(): string {
    const { store, node } = this.settings;
    if (store === undefined) throw fail('E_NOT_SUPPORTED', { what: 'a node', backend: node === undefined ? 'no store' : 'this release: name a store' });
    if (/^[a-z][a-z0-9+.-]*:\/\//.test(store)) throw fail('E_NOT_SUPPORTED', { what: 'a store at an address', backend: 'this release: name a folder' });
    return store;
  }

  async #loadCrypto(): Promise<CryptoProvider> {
    const { loadProvider } = await import('./crypto/index.ts');
    const provider = await loadProvider(this.settings.provider, this.rng);
    if (this.settings.provider === 'auto' && provider.name !== 'native') this.#warn(warning('W_PROVIDER', { provider: provider.name, why: 'this Node lacks the native one' }));
    return provider;
  }

  async #openRing(create: boolean): Promise<Ring> {
    const { passphrase, kdf } = this.#options;
    const [home, crypto, { Ring, noKeyring }] = [await this.home(), await this.crypto(), await import('./keys/index.ts')];
    if (create ? home.people.identities.count('true') > 0 : !(await exists(home.keyringPath))) throw noKeyring(home);
    if (passphrase === undefined) throw fail('E_FLAG_NEEDED', { question: 'for the passphrase of the key ring', flag: '--passphrase-file' });
    const secret = await passphrase({ create });
    if (create) (await import('./base/passphrase.ts')).requireNewPassphrase(secret, 'the key ring');
    return create ? Ring.create(home, secret, { crypto, ...(kdf && { kdf }) }) : Ring.open(home, secret, { crypto });
  }

  async #makeIdentities(): Promise<Identities> {
    const { Identities } = await import('./identity/identities.ts');
    return new Identities({ home: await this.home(), crypto: await this.crypto(), ring: (options) => this.ring(options) });
  }

  async #makeContacts(): Promise<Contacts> {
    const { Contacts } = await import('./identity/contacts.ts');
    return new Contacts({ home: await this.home(), crypto: await this.crypto() });
  }

  async #makeMail(): Promise<MailRoom> {
    const [home, store, identities, contacts] = [await this.home(), await this.store(), await this.identities(), await this.contacts()];
    const [{ learnNews }, { warnOfLost }] = await Promise.all([import('./mail/news.ts'), import('./mail/losses.ts')]);
    const room: MailRoom = {
      ...{ home, store, identities, contacts, crypto: await this.crypto() },
      ring: () => this.ring(),
      settings: {
        receipts: this.settings.receipts,
        padding: this.settings.padding,
        durability: this.settings.durability,
        fetchPromotes: this.settings['fetch.promote'],
      },
      acting: () => this.#acting(identities),
      original: () => this.#use(this.#original),
      warn: (told) => this.#warn(told),
    };
    await learnNews(room);
    warnOfLost(room);
    return room;
  }

  #acting(identities: Identities) {
    try {
      return identities.acting(this.settings.as);
    } catch (error) {
      if (!isError(error, 'E_NO_IDENTITY')) throw error;
      const all = identities.list();
      const living = all.filter(({ revoked }) => revoked === undefined).map(({ name }) => name);
      const hint = living.length > 0 ? `Choose one with --as: ${living.join(', ')}.` : 'All of them are revoked. Create another with `omniplex identity create NAME`.';
      throw fail('E_NO_IDENTITY', { identities: all.map(({ name }) => name), ...(all.length > 0 && { hint }) }, error);
    }
  }

  async #requireOriginal(): Promise<void> {
    const { witness } = await import('./home/witness.ts');
    await witness(await this.home(), (await this.store()).hot);
  }

  #warn(told: Warning): void {
    this.#options.onWarning?.(told);
  }
}
