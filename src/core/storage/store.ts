/**
 * A store: where sealed messages live. One folder of one machine, shared by the processes and the homes that point at it.
 * It holds ciphertext, manifests and packets; it never sees a plaintext or a private key, and opens without a passphrase.
 * What it promises is named level by level in DESIGN.md, section 4; what each operation promises stands in its own file.
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
import { FileColdTier } from './cold/files.ts';
import { EmbeddedHotTier } from './hot/embedded.ts';
import { FileJournal } from './journal.ts';
import { layoutOf, newStoreId, readDescription, writeDescription, type StoreLayout } from './layout.ts';
import { EmbeddedLockManager } from './locks/embedded.ts';
import type { BlockTier, ColdTier, ColdTierName, TierName } from './ports.ts';

export interface StoreOptions {
  readonly clock?: Clock;
  readonly rng?: Rng;
  /** Who acts, for the locks that others will see: a command or a node. */
  readonly holder?: string;
  readonly hotBudgetBytes?: number;
}

interface Parts {
  readonly layout: StoreLayout;
  readonly id: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly holder: string;
  readonly hotBudgetBytes: number;
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
  const { clock = systemClock, rng = systemRng, holder = 'omniplex', hotBudgetBytes = limits.hotBudgetBytes } = options;
  const layout = layoutOf(path);
  const { id } = await readDescription(layout);
  const hot = await EmbeddedHotTier.open(layout.hot, clock);
  try {
    const locks = await EmbeddedLockManager.open(layout.locks, { clock, rng, raiseFence: (fence) => hot.raiseFence(fence) });
    const cold = new Map<ColdTierName, ColdTier>([['files', await FileColdTier.open(layout, clock)]]);
    const journal = await FileJournal.open(layout.journal, clock);
    return new Store({ layout, id, clock, rng, holder, hotBudgetBytes, hot, cold, locks, journal });
  } catch (error) {
    await hot.close();
    throw error;
  }
}

export class Store implements AsyncDisposable {
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
    const tier = name === 'hot' ? this.hot : this.cold.get(name);
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
