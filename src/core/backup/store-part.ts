/**
 * The store in a backup: every block with the tiers that hold it, every message record with its announcements, and its journal: what was
 * acknowledged, let go, and had its effect under an --id. All of it is sealed mail already; the backup hides who is told of what, and when.
 * Not in it: locks and notes, which belong to the store that was. Blocks that cannot be read are left out and counted.
 */
import type { Block } from '../base/block.ts';
import { concat, hexOf, type Bytes } from '../base/bytes.ts';
import { CID_BYTES, decodeCid, verified, type Cid } from '../base/cid.ts';
import { decode, encode, type Value } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { announcementOf } from '../storage/announcing.ts';
import type { StoreContext } from '../storage/context.ts';
import type { Acknowledgement, BlockTier, ColdTierName, MessageRecord, Operation, ReceivedAnnouncement, Release, StoredBlock, TierName } from '../storage/ports.ts';
import { KIND, type BackupRecord } from './format.ts';

const tierBits: Readonly<Record<TierName, number>> = { hot: 1, files: 2, ipfs: 4, s3: 8 };
const tierNames = Object.keys(tierBits) as readonly TierName[];

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
  for await (const { position: _, ...message } of store.hot.messages()) {
    if (message.removed) continue;
    counts.messages++;
    yield { type: 'message', payload: encode(messageValue(message, await store.hot.inbox.ofMessage(message.cid))) };
  }
  for await (const cid of store.hot.inbox.announced()) {
    if ((await store.hot.message(cid)) !== undefined) continue;
    yield { type: 'announcements', payload: encode({ cid, announcements: (await store.hot.inbox.ofMessage(cid)).map(announcementValue) }) };
  }
  for await (const entry of store.journal.entries(0)) {
    const [type, record] = entry.kind === 'acknowledged' ? (['acknowledgement', entry.acknowledgement] as const) : (['release', entry.release] as const);
    yield { type, payload: encode(record as unknown as Value) };
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
    const mask = others.reduce((bits, other, at) => bits | (held[at]?.[i] === true ? tierBits[other.tier] : 0), tierBits[tier.tier]);
    counts.blocks++;
    counts.bytes += found.bytes.length;
    yield { type: 'block', payload: concat(Uint8Array.of(mask), cid.bytes, found.bytes) };
  }
}

const announcementValue = ({ packet, acknowledgedAtMs }: ReceivedAnnouncement): Value => ({ packet, acknowledged: acknowledgedAtMs ?? 0 });

const messageValue = ({ cid, bytes, blocks, expiresAtMs, pinnedUntilMs, tiers }: MessageRecord, announcements: readonly ReceivedAnnouncement[]): Value => ({
  ...{ cid, bytes, blocks, expires: expiresAtMs, pinned: pinnedUntilMs, tiers: [...tiers] },
  announcements: announcements.map(announcementValue),
});

interface AnnouncementValue {
  readonly packet: Bytes;
  readonly acknowledged: number;
}

interface MessageValue {
  readonly cid: Cid;
  readonly bytes: number;
  readonly blocks: number;
  readonly expires: number;
  readonly pinned: number;
  readonly tiers: readonly TierName[];
  readonly announcements: readonly AnnouncementValue[];
}

/** Hostile no more, for the stream is authentic; but a block must be the one it is named after. */
export function decodeBlockRecord(payload: Bytes): { readonly block: Block; readonly tiers: readonly TierName[] } {
  if (payload.length < 1 + CID_BYTES) throw fail('E_FORMAT', { kind: KIND, why: 'a block is cut short' });
  const cid = decodeCid(payload.slice(1, 1 + CID_BYTES));
  const tiers = tierNames.filter((name) => ((payload[0] as number) & tierBits[name]) !== 0);
  return { block: { cid, bytes: verified(cid, payload.subarray(1 + CID_BYTES), 'the backup') }, tiers };
}

/** Fills an empty store. A tier that this store does not have is replaced by the cold tier that it has. */
export class StoreRestorer {
  readonly #store: StoreContext;
  readonly #waiting = new Map<TierName, Block[]>();
  /** The newest of each id: the journal comes in its own order. */
  readonly #operations = new Map<string, Operation>();
  readonly counts: StoreCounts = noCounts();
  #bytesWaiting = 0;

  constructor(store: StoreContext) {
    this.#store = store;
  }

  /** Takes one record of the store part in; records of the home part are an assertion. */
  async take({ type, payload }: BackupRecord): Promise<void> {
    switch (type) {
      case 'block':
        return this.#block(payload);
      case 'message':
        return this.#message(decode(KIND, payload) as unknown as MessageValue);
      case 'announcements': {
        await this.flush();
        const { cid, announcements } = decode(KIND, payload) as unknown as Pick<MessageValue, 'cid' | 'announcements'>;
        await this.#store.hot.inbox.announce(announcements.map(({ packet }) => announcementOf(cid, packet)));
        return this.#acknowledge(cid, announcements);
      }
      case 'acknowledgement':
        return this.#journal(decode(KIND, payload) as unknown as Acknowledgement);
      case 'release':
        return this.#store.journal.release([decode(KIND, payload) as unknown as Release]);
      default:
        throw new Error(`a ${type} record is no part of a store`);
    }
  }

  async #journal(acknowledgement: Acknowledgement): Promise<void> {
    const { operation, cid } = acknowledgement;
    if (operation !== undefined) this.#operations.set(hexOf(operation.key), { ...operation, cid });
    await this.#store.journal.append([acknowledgement]);
  }

  async #block(payload: Bytes): Promise<void> {
    const { block, tiers } = decodeBlockRecord(payload);
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

  async #message({ cid, bytes, blocks, expires, pinned, tiers, announcements }: MessageValue): Promise<void> {
    await this.flush();
    const { hot } = this.#store;
    const mapped = this.#mapped(tiers);
    const told = announcements.map(({ packet }) => announcementOf(cid, packet));
    await hot.commit({ message: { cid, bytes, blocks, expiresAtMs: expires, tiers: mapped }, announcements: told });
    await this.#acknowledge(cid, announcements);
    if (pinned > 0) await hot.change(cid, ((await hot.message(cid)) as MessageRecord).version, { pinnedUntilMs: pinned });
    for (const tier of mapped.filter((name): name is ColdTierName => name !== 'hot')) {
      await this.#store.coldTier(tier).putAnnouncements(cid, announcements.map(({ packet }) => packet));
    }
    this.counts.messages++;
  }

  async #acknowledge(cid: Cid, announcements: readonly AnnouncementValue[]): Promise<void> {
    for (const { packet, acknowledged } of announcements) {
      if (acknowledged > 0) await this.#store.hot.inbox.acknowledge(announcementOf(cid, packet).inbox, cid, acknowledged);
    }
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
  }
}
