/**
 * The store in a backup: every block with the tiers that hold it, every message record with its announcements, and the journal: what was
 * acknowledged, let go, and had its effect under an --id. All of it is sealed mail already; the backup hides who is told of what, and when.
 * Not in it: locks and notes, which belong to the store that was. Blocks that cannot be read are left out and counted.
 */
import type { Block } from '../base/block.ts';
import { hexOf } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { StoreContext } from '../storage/context.ts';
import { encodePayload } from '../storage/journal-record.ts';
import type { BlockTier, ColdTierName, JournalEntry, MessageRecord, Operation, ReceivedAnnouncement, StoredBlock, TierName } from '../storage/ports.ts';
import { KIND, type BackupRecord } from './format.ts';
import { decodeStoreRecord, encodeAnnouncements, encodeBlock, encodeMessage, type AnnouncementRow, type MessageRow } from './store-rows.ts';

export interface StoreCounts {
  blocks: number;
  bytes: number;
  messages: number;
  /** Blocks that no tier could give whole. */
  unreadable: number;
}

export const noCounts = (): StoreCounts => ({ blocks: 0, bytes: 0, messages: 0, unreadable: 0 });

async function* batches(blocks: AsyncIterable<StoredBlock>): AsyncGenerator<readonly Cid[]> {
  let batch: Cid[] = [];
  for await (const { cid } of blocks) {
    batch.push(cid);
    if (batch.length === limits.backupBatchBlocks) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

export async function* storeRecords(store: StoreContext, counts: StoreCounts, signal?: AbortSignal): AsyncGenerator<BackupRecord> {
  for (const [i, tier] of store.tiers.entries()) {
    const earlier = store.tiers.slice(0, i);
    for await (const cids of batches(tier.blocks(undefined, signal))) yield* blockRecords(store, tier, earlier, cids, counts, signal);
  }
  for await (const message of store.hot.messages()) {
    if (message.removed) continue;
    counts.messages++;
    yield* announcementRecords(message.cid, await store.hot.inbox.ofMessage(message.cid));
    yield { type: 'message', payload: encodeMessage(message) };
  }
  for await (const cid of store.hot.inbox.announced()) {
    if ((await store.hot.message(cid)) === undefined) yield* announcementRecords(cid, await store.hot.inbox.ofMessage(cid));
  }
  for await (const entry of store.journal.entries(0)) yield { type: 'journal', payload: encodePayload(entry) };
}

function* announcementRecords(cid: Cid, announcements: readonly ReceivedAnnouncement[]): Generator<BackupRecord> {
  for (let at = 0; at < announcements.length; at += limits.backupAnnouncementsMax) {
    yield { type: 'announcements', payload: encodeAnnouncements(cid, announcements.slice(at, at + limits.backupAnnouncementsMax)) };
  }
}

/** Blocks of one tier that no earlier tier had, each with every tier that holds it. */
async function* blockRecords(
  store: StoreContext, tier: BlockTier, earlier: readonly BlockTier[], cids: readonly Cid[], counts: StoreCounts, signal?: AbortSignal,
): AsyncGenerator<BackupRecord> {
  const seen = await Promise.all(earlier.map((other) => other.has(cids, signal)));
  const fresh = cids.filter((_, i) => seen.every((has) => has[i] === false));
  const others = store.tiers.slice(earlier.length + 1);
  const held = await Promise.all(others.map((other) => other.has(fresh, signal)));
  for (const [i, cid] of fresh.entries()) {
    const found = await store.read(cid, signal).catch((error: unknown) => {
      if (isError(error, 'E_BLOCK_CORRUPT', 'E_STORE_CORRUPT', 'E_IO')) return undefined;
      throw error;
    });
    if (found === undefined) {
      counts.unreadable++;
      continue;
    }
    const tiers = [tier, ...others.filter((_, at) => held[at]?.[i] === true)].map((holder) => holder.tier);
    counts.blocks++;
    counts.bytes += found.bytes.length;
    yield { type: 'block', payload: encodeBlock({ cid, bytes: found.bytes }, tiers) };
  }
}

/** Fills an empty store. A tier that this store does not have is replaced by the cold tier that it has. */
export class StoreRestorer {
  readonly #store: StoreContext;
  readonly #waiting = new Map<TierName, Block[]>();
  /** The newest of each id: the journal comes in its own order. */
  readonly #operations = new Map<string, Operation>();
  #entries: JournalEntry[] = [];
  readonly counts: StoreCounts = noCounts();
  #bytesWaiting = 0;

  constructor(store: StoreContext) {
    this.#store = store;
  }

  /** Takes one record of the store part in; records of the home part are an assertion. Throws what `decodeStoreRecord` throws, and E_FORMAT on one out of place. */
  async take(record: BackupRecord): Promise<void> {
    const decoded = decodeStoreRecord(record);
    switch (decoded.type) {
      case 'block':
        return this.#block(decoded.block, decoded.tiers);
      case 'message':
        return this.#message(decoded.message);
      case 'announcements':
        return this.#announce(decoded.cid, decoded.announcements);
      case 'journal':
        return this.#journal(decoded.entry);
    }
  }

  async #block(block: Block, tiers: readonly TierName[]): Promise<void> {
    for (const tier of this.#mapped(tiers)) this.#waiting.set(tier, [...(this.#waiting.get(tier) ?? []), block]);
    this.counts.blocks++;
    this.counts.bytes += block.bytes.length;
    this.#bytesWaiting += block.bytes.length;
    if (this.#bytesWaiting >= limits.groupCommitBytes || this.counts.blocks % limits.backupBatchBlocks === 0) await this.flush();
  }

  #mapped(tiers: readonly TierName[]): readonly TierName[] {
    const [cold] = this.#store.cold.keys();
    return [...new Set(tiers.map((tier) => (tier === 'hot' || this.#store.cold.has(tier) ? tier : (cold ?? 'hot'))))];
  }

  /** Its announcements came before it. */
  async #message({ pinnedUntilMs, tiers, ...message }: MessageRow): Promise<void> {
    await this.flush();
    await this.#requireNew(message.cid);
    const { hot } = this.#store;
    const mapped = this.#mapped(tiers);
    await hot.commit({ message: { ...message, tiers: mapped }, announcements: [] });
    if (pinnedUntilMs > 0) await hot.change(message.cid, ((await hot.message(message.cid)) as MessageRecord).version, { pinnedUntilMs });
    const packets = (await hot.inbox.ofMessage(message.cid)).map(({ packet }) => packet);
    for (const tier of mapped.filter((name): name is ColdTierName => name !== 'hot')) await this.#store.coldTier(tier).putAnnouncements(message.cid, packets);
    this.counts.messages++;
  }

  async #announce(cid: Cid, announcements: readonly AnnouncementRow[]): Promise<void> {
    await this.flush();
    await this.#requireNew(cid);
    const { inbox } = this.#store.hot;
    await inbox.announce(announcements.map(({ announcement }) => announcement));
    for (const { announcement, acknowledgedAtMs } of announcements) {
      if (acknowledgedAtMs > 0) await inbox.acknowledge(announcement.inbox, cid, acknowledgedAtMs);
    }
  }

  async #requireNew(cid: Cid): Promise<void> {
    if ((await this.#store.hot.message(cid)) !== undefined) throw fail('E_FORMAT', { kind: KIND, why: 'a message stands in it twice, or before its announcements' });
  }

  async #journal(entry: JournalEntry): Promise<void> {
    if (entry.kind === 'acknowledged' && entry.acknowledgement.operation !== undefined) {
      const { operation, cid } = entry.acknowledgement;
      this.#operations.set(hexOf(operation.key), { ...operation, cid });
    }
    this.#entries.push(entry);
    if (this.#entries.length >= limits.groupCommitBlocks) await this.flush();
  }

  /** After the last record: the memory of --id, so that a repeat against the restored store sends nothing twice. */
  async finish(): Promise<void> {
    await this.flush();
    await this.#store.hot.restoreOperations(this.#operations.values());
  }

  /** Everything taken so far is in its tiers when it resolves. */
  async flush(): Promise<void> {
    for (const [tier, blocks] of this.#waiting) await (tier === 'hot' ? this.#store.hot : this.#store.coldTier(tier)).put(blocks);
    this.#waiting.clear();
    this.#bytesWaiting = 0;
    const { journal } = this.#store;
    // begun in their order, so that they lie in it; what waits at the same time is flushed together
    await Promise.all(this.#entries.map((entry) => (entry.kind === 'acknowledged' ? journal.append([entry.acknowledgement]) : journal.release([entry.release]))));
    this.#entries = [];
  }
}
