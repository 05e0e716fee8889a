/**
 * A store: where sealed messages live. One folder of one machine, shared by the processes and the homes that point at it.
 * It holds ciphertext, manifests and packets; it never sees a plaintext or a private key, and opens without a passphrase.
 * What each operation promises stands in its own file. Spec: docs/formats/store.md.
 */
import type { BlockSource } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import { exists, makePrivateFolder } from '../base/files.ts';
import { requireTrustedFilesystem } from '../base/filesystem.ts';
import { limits } from '../base/limits.ts';
import { systemRng, type Rng } from '../base/rng.ts';
import type { AcknowledgedOptions, AcknowledgedResult } from './acknowledged.ts';
import type { BulkOptions, BulkResult } from './bulk.ts';
import type { ExportOptions, ExportResult } from './car-export.ts';
import type { ImportOptions, ImportResult } from './car-import.ts';
import type { ColdCopy } from './cold-copy.ts';
import { FileColdTier } from './cold/files.ts';
import type { CommitOptions, Committed } from './commit.ts';
import type { ContentSink } from './content-sink.ts';
import type { StoreContext } from './context.ts';
import type { DemoteOptions, DemoteResult } from './demote.ts';
import { lru, type EvictionPolicy } from './eviction-policy.ts';
import type { GcOptions, GcResult } from './gc.ts';
import { EmbeddedHotTier } from './hot/embedded.ts';
import { finishSwap, readyOf } from './hot/swap.ts';
import type { ListOptions, MessagePage, MessageState, StoreSummary } from './inventory.ts';
import type { JobRun } from './jobs.ts';
import { FileJournal } from './journal.ts';
import { layoutOf, newStoreId, readDescription, writeDescription, type StoreLayout } from './layout.ts';
import { EmbeddedLockManager } from './locks/embedded.ts';
import type { PinOptions } from './pin.ts';
import type { BlockTier, ColdTier, ColdTierName, MessageCommit, TierName } from './ports.ts';
import type { PromoteOptions, PromoteResult } from './promote.ts';
import type { RebuildReport } from './rebuild.ts';
import type { Selection } from './selection.ts';
import type { VerifyOptions, VerifyResult } from './verify-types.ts';

export interface StoreOptions {
  readonly clock?: Clock;
  readonly rng?: Rng;
  /** Who acts, for the locks that others will see: a command or a node. */
  readonly holder?: string;
  readonly hotBudgetBytes?: number;
  readonly evictionPolicy?: EvictionPolicy;
}

interface Parts {
  readonly layout: StoreLayout;
  readonly id: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly holder: string;
  readonly hotBudgetBytes: number;
  readonly evictionPolicy: EvictionPolicy;
  readonly hot: EmbeddedHotTier;
  readonly cold: ReadonlyMap<ColdTierName, ColdTier>;
  readonly locks: EmbeddedLockManager;
  readonly journal: FileJournal;
}

/**
 * Makes a store in a folder that is new or empty. Durable when it resolves, and then it can be opened.
 * Throws E_EXISTS, E_FILESYSTEM (network, FAT), E_DISK_FULL, E_IO.
 */
export async function createStore(path: string, { clock = systemClock, rng = systemRng }: Pick<StoreOptions, 'clock' | 'rng'> = {}): Promise<{ readonly id: string }> {
  await requireTrustedFilesystem(path);
  const layout = layoutOf(path);
  await makePrivateFolder(path);
  if (await exists(layout.description)) throw fail('E_EXISTS', { path });
  // a creation that was killed before store.json is taken up where it stopped; nothing that lies there is overwritten
  if (!(await exists(layout.hot))) EmbeddedHotTier.create(layout.hot);
  if (!(await exists(layout.locks))) EmbeddedLockManager.create(layout.locks, await nextEpoch(layout.hot, clock));
  await (await FileColdTier.open(layout, clock)).close();
  await (await FileJournal.open(layout.journal, clock)).close();
  const id = newStoreId(rng);
  await writeDescription(layout, id);
  return { id };
}

/** An epoch that no fence in this hot tier has reached. */
async function nextEpoch(path: string, clock: Clock): Promise<number> {
  const hot = await EmbeddedHotTier.open(path, clock);
  try {
    return (await hot.highestEpoch()) + 1;
  } finally {
    await hot.close();
  }
}

/** Throws E_NO_STORE, E_STORE_CORRUPT (then `store verify --repair` rebuilds what is damaged), E_VERSION_NEWER, E_BUSY, E_IO. */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const { clock = systemClock, rng = systemRng, holder = 'omniplex', hotBudgetBytes = limits.hotBudgetBytes, evictionPolicy = lru } = options;
  const layout = layoutOf(path);
  const { id } = await readDescription(layout);
  if (await exists(readyOf(layout.hot))) await takeUpSwap(layout, { clock, rng, holder });
  await using opened = new AsyncDisposableStack();
  const open = <T extends { close(): Promise<void> }>(part: T): T => opened.adopt(part, (one) => one.close());
  const hot = open(await EmbeddedHotTier.open(layout.hot, clock));
  const locks = open(await EmbeddedLockManager.open(layout.locks, { clock, rng, raiseFence: (fence) => hot.raiseFence(fence) }));
  const cold = new Map<ColdTierName, ColdTier>([['files', open(await FileColdTier.open(layout, clock))]]);
  const journal = open(await FileJournal.open(layout.journal, clock));
  // all of it is open: from here on the store closes it
  opened.move();
  return new Store({ layout, id, clock, rng, holder, hotBudgetBytes, evictionPolicy, hot, cold, locks, journal });
}

/** A rebuild was killed when it was all but done. Throws E_LOCKED when it is still at it. */
async function takeUpSwap(layout: StoreLayout, { clock, rng, holder }: { clock: Clock; rng: Rng; holder: string }): Promise<void> {
  const locks = await EmbeddedLockManager.open(layout.locks, { clock, rng, raiseFence: async () => undefined });
  try {
    await using _lock = await locks.acquire('rebuild', { holder, waitMs: limits.sqliteBusyMs });
    await finishSwap(layout.hot, clock);
  } finally {
    await locks.close();
  }
}

export class Store implements StoreContext, AsyncDisposable {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get path(): string {
    return this.#parts.layout.root;
  }
  get layout(): StoreLayout {
    return this.#parts.layout;
  }
  get id(): string {
    return this.#parts.id;
  }
  get clock(): Clock {
    return this.#parts.clock;
  }
  get rng(): Rng {
    return this.#parts.rng;
  }
  get holder(): string {
    return this.#parts.holder;
  }
  get hotBudgetBytes(): number {
    return this.#parts.hotBudgetBytes;
  }
  get evictionPolicy(): EvictionPolicy {
    return this.#parts.evictionPolicy;
  }
  get hot(): EmbeddedHotTier {
    return this.#parts.hot;
  }
  get cold(): ReadonlyMap<ColdTierName, ColdTier> {
    return this.#parts.cold;
  }
  get locks(): EmbeddedLockManager {
    return this.#parts.locks;
  }
  get journal(): FileJournal {
    return this.#parts.journal;
  }

  /** Hot first, then cold. */
  get tiers(): readonly BlockTier[] {
    return [this.hot, ...this.cold.values()];
  }

  tier(name: TierName): BlockTier {
    return name === 'hot' ? this.hot : this.coldTier(name);
  }

  coldTier(name: ColdTierName): ColdTier {
    const tier = this.cold.get(name);
    if (tier === undefined) throw fail('E_NOT_SUPPORTED', { what: `tier ${name}`, backend: 'this store' });
    return tier;
  }

  /**
   * A block from the first tier that has it whole. A tier that holds wrong bytes, or is damaged, is passed over while another has the
   * right ones; when none has, its error is thrown. Absent everywhere is undefined.
   */
  async read(cid: Cid, signal?: AbortSignal): Promise<{ readonly bytes: Bytes; readonly tier: TierName } | undefined> {
    let damage: unknown;
    for (const tier of this.tiers) {
      try {
        const bytes = await tier.get(cid, signal);
        if (bytes !== undefined) return { bytes, tier: tier.tier };
      } catch (error) {
        if (!isError(error, 'E_BLOCK_CORRUPT', 'E_STORE_CORRUPT', 'E_IO')) throw error;
        damage ??= error;
      }
    }
    if (damage !== undefined) throw damage;
    return undefined;
  }

  /** Hot, then cold, hashed: what opening a message reads from. */
  get source(): BlockSource {
    return { get: async (cid, signal) => (await this.read(cid, signal))?.bytes };
  }

  // Each operation stands, with what it promises, in a file of its own; loaded when it is first used.

  /** Where a message is sealed into: hot, or cold when it is beyond the budget. */
  async contentSink(expectedBytes?: number): Promise<ContentSink> {
    const { ContentSink: Sink } = await import('./content-sink.ts');
    return new Sink(this, expectedBytes);
  }

  async commit(commit: MessageCommit, options: CommitOptions): Promise<Committed> {
    return (await import('./commit.ts')).commitMessage(this, commit, options);
  }

  async copyToCold(cid: Cid, options: Omit<CommitOptions, 'durability'> = {}): Promise<ColdCopy> {
    return (await import('./commit.ts')).copyMessageToCold(this, cid, options);
  }

  async promote(selection: Selection, options?: PromoteOptions): Promise<PromoteResult> {
    return (await import('./promote.ts')).promote(this, selection, options);
  }

  async demote(selection: Selection, options?: DemoteOptions): Promise<DemoteResult> {
    return (await import('./demote.ts')).demote(this, selection, options);
  }

  async evict(bytes: number, signal?: AbortSignal): Promise<number> {
    return (await import('./eviction.ts')).evict(this, bytes, { signal });
  }

  async pin(cids: readonly Cid[], options?: PinOptions): Promise<BulkResult> {
    return (await import('./pin.ts')).pin(this, cids, options);
  }

  async unpin(cids: readonly Cid[], options?: BulkOptions): Promise<BulkResult> {
    return (await import('./pin.ts')).unpin(this, cids, options);
  }

  async remove(selection: Selection, options?: BulkOptions): Promise<BulkResult> {
    return (await import('./remove.ts')).remove(this, selection, options);
  }

  async gc(options?: GcOptions): Promise<GcResult> {
    return (await import('./gc.ts')).gc(this, options);
  }

  /** With `repair` a hot database that is broken as a database is rebuilt; the result says what could not be brought back. */
  async verify(options: Omit<VerifyOptions, 'rebuild'> = {}): Promise<VerifyResult> {
    const { verify } = await import('./verify.ts');
    return verify(this, { ...options, rebuild: () => this.rebuild() });
  }

  async verifyAcknowledged(sinceMs: number, options?: AcknowledgedOptions): Promise<AcknowledgedResult> {
    return (await import('./acknowledged.ts')).verifyAcknowledged(this, sinceMs, options);
  }

  /** Makes the hot tier anew, and goes on with the new file. */
  async rebuild(): Promise<RebuildReport> {
    const { rebuildHot } = await import('./rebuild.ts');
    const { layout, clock, holder, journal, hot } = this;
    // no fence can be raised in a tier that is broken; the new one refuses all that are older than the rebuild
    const locks = await EmbeddedLockManager.open(layout.locks, { clock, rng: this.rng, raiseFence: async () => undefined });
    try {
      const report = await rebuildHot({ layout, clock, holder, locks, cold: [...this.cold.values()], journal });
      await hot.takeUp();
      return report;
    } finally {
      await locks.close();
    }
  }

  async summary(options?: { readonly sinceMs?: number | undefined }): Promise<StoreSummary> {
    return (await import('./inventory.ts')).summary(this, options);
  }

  async showMessage(cid: Cid, signal?: AbortSignal): Promise<MessageState> {
    return (await import('./inventory.ts')).showMessage(this, cid, signal);
  }

  async list(options: ListOptions): Promise<MessagePage> {
    return (await import('./inventory.ts')).listMessages(this, options);
  }

  /** What `--for` means: the messages that these inboxes were told of and nobody acknowledged. */
  async messagesFor(inboxes: readonly Bytes[]): Promise<readonly Cid[]> {
    return (await import('./car-export.ts')).messagesFor(this, inboxes);
  }

  async exportCar(cids: readonly Cid[], options: ExportOptions): Promise<ExportResult> {
    return (await import('./car-export.ts')).exportCar(this, cids, options);
  }

  async importCar(pieces: AsyncIterable<Bytes>, options: ImportOptions): Promise<ImportResult> {
    return (await import('./car-import.ts')).importCar(this, pieces, options);
  }

  async recordJob(run: JobRun): Promise<void> {
    return (await import('./jobs.ts')).recordJob(this, run);
  }

  async lastJob(job: string): Promise<JobRun | undefined> {
    return (await import('./jobs.ts')).lastJob(this, job);
  }

  async close(): Promise<void> {
    await this.locks.close();
    await this.hot.close();
    for (const tier of this.cold.values()) await tier.close();
    await this.journal.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
