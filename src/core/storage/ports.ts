/**
 * The ports of a store. Each has one compliance suite that every adapter passes, the embedded one included.
 * A store holds sealed bytes and the packets that announce them. It never sees a plaintext or a private key.
 */
import type { BlockSink, BlockSource } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';

export type ColdTierName = 'files' | 'ipfs' | 's3';
export type TierName = 'hot' | ColdTierName;

/** What an acknowledgement promises, weakest first. `accepted` never leaves the sender's home. */
export const durabilities = ['accepted', 'hot', 'replicated', 'cold'] as const;
export type Durability = (typeof durabilities)[number];

export interface StoredBlock {
  readonly cid: Cid;
  readonly bytes: number;
  /** When this tier got it, by the store's clock: the age that the grace time of gc is counted from. */
  readonly storedAtMs: number;
}

/**
 * A tier as a heap of blocks. As in every IPFS block store a block is found by its digest: one put as raw is found as dag-cbor too.
 * Where a tier does not keep the codec, `blocks` names every block as raw.
 */
export interface BlockTier extends BlockSink, BlockSource {
  readonly tier: TierName;
  /** Where it is, for messages to people: a path or an address without credentials. */
  readonly place: string;
  getMany(cids: readonly Cid[], signal?: AbortSignal): Promise<ReadonlyArray<Bytes | undefined>>;
  has(cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[]>;
  /** Removes what is there; answers how many were. */
  remove(cids: readonly Cid[], signal?: AbortSignal): Promise<number>;
  /** As `remove`, but keeps what was put, or put again, after `storedUntilMs`: so gc takes nothing from a writer under way. */
  removeOlder(cids: readonly Cid[], storedUntilMs: number, signal?: AbortSignal): Promise<number>;
  /** Takes the block out where its bytes are wrong at that moment, and never right ones that somebody puts meanwhile; answers whether it did. */
  dropDamaged(cid: Cid, signal?: AbortSignal): Promise<boolean>;
  /**
   * Everything after `after`, in one fixed order of the tier's own (the embedded hot tier: by digest).
   * Safe against concurrent writers: it may or may not show what came meanwhile.
   */
  blocks(after?: Cid, signal?: AbortSignal): AsyncIterable<StoredBlock>;
  usage(): Promise<{ blocks: number; bytes: number }>;
  close(): Promise<void>;
}

/** One packet in one inbox. */
export interface Announcement {
  /** Digest of the inbox block, as in CID_R. */
  readonly inbox: Bytes;
  /** The 192 bytes. */
  readonly packet: Bytes;
  /** The manifest that it announces (or the block of one stream step). */
  readonly cid: Cid;
  /** ms since epoch, 0 = none; copied from the packet. */
  readonly expiresAtMs: number;
}

export interface ReceivedAnnouncement extends Announcement {
  /** Order of arrival in this store: pages and `watch` continue after it. */
  readonly position: number;
  readonly receivedAtMs: number;
  readonly acknowledgedAtMs: number | undefined;
}

/** What the store knows of one message: nothing that its packets and its manifest do not show. */
export interface MessageRecord {
  readonly cid: Cid;
  /** Bytes of all its blocks, the manifest included. */
  readonly bytes: number;
  readonly blocks: number;
  readonly storedAtMs: number;
  /** ms since epoch, 0 = none. */
  readonly expiresAtMs: number;
  /** Last whole fetch, for eviction. */
  readonly readAtMs: number;
  /** ms since epoch until which the hot copy is kept; 0 = not pinned, Number.MAX_SAFE_INTEGER = for good. */
  readonly pinnedUntilMs: number;
  /** Tiers that hold every block of it, as last read back. */
  readonly tiers: readonly TierName[];
  /** No longer wanted here: garbage after the grace time, which counts from `removedAtMs`. */
  readonly removed: boolean;
  /** ms since epoch, 0 = not removed. */
  readonly removedAtMs: number;
  /** Grows by one with every change; `change` compares it. */
  readonly version: number;
}

export type MessageChange = Partial<Pick<MessageRecord, 'expiresAtMs' | 'readAtMs' | 'pinnedUntilMs' | 'tiers' | 'removed'>>;

/** The effect of one --id: found again by a retry, even from another home. Key and content are keyed hashes; the store learns neither. */
export interface Operation {
  readonly key: Bytes;
  readonly content: Bytes;
  readonly cid: Cid;
  readonly result: Bytes;
}

export interface MessageCommit {
  readonly message: Pick<MessageRecord, 'cid' | 'bytes' | 'blocks' | 'expiresAtMs' | 'tiers'>;
  readonly announcements: readonly Announcement[];
  readonly operation?: Operation;
  /** A lost message, whose operation this one may take over. */
  readonly replaces?: Cid;
}

export interface Page {
  readonly after?: number;
  readonly limit: number;
}

/** The inboxes: who is told of what. Duplicates of (inbox, cid) are one announcement; the first packet stays. */
export interface Inbox {
  announce(announcements: readonly Announcement[]): Promise<void>;
  /** `acknowledged` false (the default): what is still to be handled; true: what was handled. */
  list(inbox: Bytes, page: Page & { readonly acknowledged?: boolean }): Promise<readonly ReceivedAnnouncement[]>;
  find(inbox: Bytes, cid: Cid): Promise<ReceivedAnnouncement | undefined>;
  /** Every announcement of one message, for demote, export and gc. */
  ofMessage(cid: Cid): Promise<readonly ReceivedAnnouncement[]>;
  /** Handled: leaves the list. Answers false when it was already; E_NOT_FOUND when this inbox was never told. */
  acknowledge(inbox: Bytes, cid: Cid, atMs: number): Promise<boolean>;
  withdraw(inbox: Bytes, cid: Cid): Promise<boolean>;
  /** Every block that some inbox was told of, once each, in no order. */
  announced(): AsyncIterable<Cid>;
}

/** The state that must be fast and shared: blocks, message records, inboxes, operations. */
export interface HotTier extends BlockTier {
  readonly tier: 'hot';
  /** As `remove`, but answers the bytes that went. */
  letGo(cids: readonly Cid[], signal?: AbortSignal): Promise<number>;
  /** What the engine itself finds wrong with what it keeps, for people; none when it is sound. Reads everything. */
  findings(signal?: AbortSignal): Promise<readonly string[]>;
  /** Whether `usage` is what is there; counted anew when it is not and that is asked. */
  usageHolds(repair: boolean): Promise<boolean>;
  readonly inbox: Inbox;
  /**
   * One atomic step: record, announcements and operation, or none of them. Durable at `hot` when it resolves.
   * An operation that exists with the same content answers `repeated` and changes nothing, unless it is that of `replaces`; with other
   * content E_ID_CONFLICT. The note that counts the message as lost goes.
   * Without an operation `repeated` means that record and announcements were all there. A removed message is wanted again.
   */
  commit(commit: MessageCommit): Promise<{ readonly outcome: 'stored' | 'repeated'; readonly operation: Operation | undefined }>;
  operation(key: Bytes): Promise<Operation | undefined>;
  /** The operation that made this message, if one did. Reads all of them: for what is rare. */
  operationOf(cid: Cid): Promise<Operation | undefined>;
  /** Puts back operations that were lost; one that is there stays. Answers how many came back. */
  restoreOperations(operations: Iterable<Operation>): Promise<number>;
  message(cid: Cid): Promise<MessageRecord | undefined>;
  /** In the order of storing. */
  messages(page?: Partial<Page>): AsyncIterable<MessageRecord & { readonly position: number }>;
  /** Optimistic: E_BUSY when the version is no longer `version`, E_FENCE_STALE when the lock has passed on. */
  change(cid: Cid, version: number, change: MessageChange, fence?: Fence): Promise<MessageRecord>;
  /**
   * Least recently used first (last whole fetch, else storing): one order for all processes. With a time only what hot could let go of
   * then: it holds the message and so does a cold tier, and the message is neither pinned nor removed.
   */
  messagesByUse(evictableAtMs?: number): AsyncIterable<MessageRecord>;
  /** Notes a whole fetch. Changes no version, and never goes back. */
  touch(cid: Cid, atMs: number): Promise<void>;
  /** Deletes record, announcements and nothing else; blocks are gc's. */
  forget(cid: Cid, version: number, fence?: Fence): Promise<void>;
  /** From now on a fence of this lock that is older than `fence` is E_FENCE_STALE. The lock manager raises it before it hands out the lock. */
  raiseFence(fence: Fence): Promise<void>;
  /** Small named values of the store itself (home witnesses, last-run records); compare-and-set on `expected` (undefined = absent). */
  note(name: string): Promise<Bytes | undefined>;
  setNote(name: string, value: Bytes | undefined, expected: Bytes | undefined): Promise<boolean>;
  /** Names of the notes that begin with `prefix`, sorted. */
  notes(prefix: string): Promise<readonly string[]>;
  /** `replicated` is refused by adapters that cannot have it. */
  readonly canReplicate: boolean;
}

export interface ColdTier extends BlockTier {
  readonly tier: ColdTierName;
  /** How many copies a resolved put means, and whether that is checked. */
  readonly copies: number;
  /** Announcements as a unit per message, replaced whole, read back by `announcements`. */
  putAnnouncements(cid: Cid, packets: readonly Bytes[]): Promise<void>;
  announcements(cid: Cid): Promise<readonly Bytes[]>;
  /** All messages that have announcements here: what a lost hot tier is rebuilt from. */
  announced(): AsyncIterable<Cid>;
  forget(cid: Cid): Promise<void>;
  /** Removes what killed processes left unfinished before `untilMs`, where there can be such. Answers how many. */
  sweep?(untilMs: number): Promise<number>;
}

/** Orders writers after a fail-over too: a higher epoch wins over any counter. */
export interface Fence {
  readonly name: string;
  readonly epoch: number;
  readonly counter: number;
}

export interface LockState extends Fence {
  /** Who asked for it, and its process id. */
  readonly holder: string;
  /** `expired`: the lease ran out; `orphaned`: its process on this machine is gone. Either is taken over by whoever comes next. */
  readonly state: 'held' | 'expired' | 'orphaned';
  readonly acquiredAtMs: number;
  readonly leaseEndsAtMs: number;
}

export interface Lock extends LockState, AsyncDisposable {
  /** Extends the lease; E_FENCE_STALE when it has passed on. */
  renew(): Promise<void>;
  /** Aborts when the lease was lost. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LockManager {
  /** Waits up to `waitMs` (0 = not at all), then E_LOCKED naming the holder. The lease is renewed until released. */
  acquire(name: string, options: { readonly holder: string; readonly waitMs: number; readonly signal?: AbortSignal }): Promise<Lock>;
  list(): Promise<readonly LockState[]>;
  show(name: string): Promise<LockState | undefined>;
  /** Takes the lock from its holder; its fence goes stale. False when nobody held it. */
  break(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** One acknowledgement, as it was given. Kept outside the hot tier: it is what a lost hot tier is compared with. */
export interface Acknowledgement {
  readonly cid: Cid;
  readonly durability: Durability;
  readonly atMs: number;
  readonly inboxes: readonly Bytes[];
  readonly bytes: number;
  readonly expiresAtMs: number;
  /** The --id that it is the effect of, as the hot tier keeps it: what that tier's memory is made anew from when it is lost. */
  readonly operation?: Omit<Operation, 'cid'> | undefined;
}

/** A message that was let go on purpose: what is missing without one of these was lost. */
export interface Release {
  readonly cid: Cid;
  readonly atMs: number;
  readonly reason: 'removed' | 'expired';
  /** Only these inboxes are told no more, and the message stays. Absent: the message itself. */
  readonly inboxes?: readonly Bytes[] | undefined;
}

export type JournalEntry =
  | { readonly kind: 'acknowledged'; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'released'; readonly release: Release };

export interface Journal {
  /** Durable when it resolves. */
  append(acknowledgements: readonly Acknowledgement[]): Promise<void>;
  /** Durable when it resolves: written before the message goes. */
  release(releases: readonly Release[]): Promise<void>;
  releasedSince(atMs: number): AsyncIterable<Release>;
  since(atMs: number): AsyncIterable<Acknowledgement>;
  /** Both, in the order of writing. A torn last record (a crash while appending) is left out; any other damage throws E_STORE_CORRUPT after what could be read. */
  entries(atMs: number): AsyncIterable<JournalEntry>;
  close(): Promise<void>;
}

