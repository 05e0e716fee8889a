/**
 * A broken hot tier made anew: what can be salvaged of the old file, then what cold announces, then a comparison with the journal, which
 * says what could not be brought back. The old file is kept beside the new one. Whether a message was read or acknowledged is known only
 * where the old file still tells: others come back as new. Locks that were held before are stale afterwards.
 */
import { rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import type { Cid } from '../base/cid.ts';
import { isError, type ErrorCode } from '../base/errors.ts';
import { exists } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { announcementOf } from './announcing.ts';
import { closureOf, sizeOf } from './closure.ts';
import { HotBuilder } from './hot/builder.ts';
import { EmbeddedHotTier } from './hot/embedded.ts';
import { salvageHot, type SalvagedKind, type SalvageFindings } from './hot/salvage.ts';
import { announceReady, finishSwap } from './hot/swap.ts';
import { acknowledgedSince, releasedOf } from './journal-facts.ts';
import type { StoreLayout } from './layout.ts';
import type { Announcement, BlockTier, ColdTier, Durability, Fence, Journal, LockManager, MessageRecord } from './ports.ts';
import { isExpired } from './selection.ts';
import { isBusy, sqliteError } from './sqlite.ts';

export interface RebuildRoom {
  readonly layout: StoreLayout;
  readonly clock: Clock;
  readonly holder: string;
  readonly locks: LockManager;
  readonly cold: readonly ColdTier[];
  readonly journal: Journal;
}

export interface NotBroughtBack {
  readonly cid: Cid;
  /** Undefined: a salvaged record, or an announcement in cold, that no journal entry speaks of. */
  readonly level: Durability | undefined;
  readonly code: ErrorCode;
}

export interface RebuildReport {
  /** Rows in the new file. */
  readonly rows: Readonly<Record<SalvagedKind, number>>;
  /** Messages that the old file did not show any more and cold brought back. */
  readonly fromCold: number;
  /** Tables of which SQLite could not read every row. */
  readonly unreadable: readonly SalvagedKind[];
  readonly damagedRows: number;
  readonly notBroughtBack: readonly NotBroughtBack[];
  /** Where the broken file is now. */
  readonly kept: string | undefined;
}

/** Throws E_LOCKED, E_BUSY (another process writes), E_DISK_FULL. The old file is untouched until the new one is whole. */
export async function rebuildHot(room: RebuildRoom): Promise<RebuildReport> {
  await using lock = await room.locks.acquire('rebuild', { holder: room.holder, waitMs: 0 });
  const { hot: path } = room.layout;
  await finishSwap(path, room.clock);
  const built = `${path}.new`;
  for (const suffix of ['', '-wal', '-shm']) await rm(built + suffix, { force: true });
  const writers = await holdWriters(path, room.clock);
  try {
    const report = await build(room, built, lock);
    await announceReady(built, path);
    return { ...report, kept: await finishSwap(path, room.clock) };
  } finally {
    writers?.close();
  }
}

/** Keeps other processes from writing to the old file while it is read, where it is sound enough for that. */
async function holdWriters(path: string, clock: Clock): Promise<DatabaseSync | undefined> {
  if (!(await exists(path))) return undefined;
  const start = clock.monotonic();
  let db: DatabaseSync | undefined;
  for (;;) {
    try {
      db ??= new DatabaseSync(path, { timeout: limits.sqliteBusySliceMs });
      db.exec('BEGIN IMMEDIATE');
      return db;
    } catch (error) {
      if (!isBusy(error)) {
        db?.close();
        return undefined;
      }
      if (clock.monotonic() - start >= limits.sqliteBusyMs) {
        db?.close();
        throw sqliteError(error, 'hot tier', path);
      }
      await clock.sleep(limits.sqliteBusySliceMs);
    }
  }
}

async function build(room: RebuildRoom, built: string, fence: Fence): Promise<Omit<RebuildReport, 'kept'>> {
  const builder = await HotBuilder.create(built, room.clock);
  const findings: SalvageFindings = { unreadable: new Set(), damagedRows: 0 };
  try {
    if (await exists(room.layout.hot)) for (const row of salvageHot(room.layout.hot, findings)) await builder.add(row);
    const fromCold = await addFromCold(room, builder);
    const rows = await builder.counts();
    await builder.finish(fence);
    const notBroughtBack = await compare(room, built, fromCold);
    return { rows, fromCold: fromCold.messages, unreadable: [...findings.unreadable], damagedRows: findings.damagedRows, notBroughtBack };
  } finally {
    builder.close();
  }
}

interface FromCold {
  readonly messages: number;
  readonly announcements: readonly Announcement[];
  readonly damaged: ReadonlyArray<{ readonly cid: Cid; readonly code: ErrorCode }>;
}

/** What cold announces and nobody let go on purpose. */
async function addFromCold({ cold, journal, clock }: RebuildRoom, builder: HotBuilder): Promise<FromCold> {
  let messages = 0;
  const announcements: Announcement[] = [];
  const damaged: Array<{ cid: Cid; code: ErrorCode }> = [];
  for (const tier of cold) {
    const announced = new Map<string, Cid>();
    for await (const cid of tier.announced()) announced.set(cid.toString(), cid);
    for (const released of await releasedOf(journal, new Set(announced.keys()))) announced.delete(released);
    for (const cid of announced.values()) {
      try {
        const told = (await tier.announcements(cid)).map((packet) => announcementOf(cid, packet));
        announcements.push(...told);
        if (await builder.addMessage(await recordOf(tier, cid, told, clock.now()))) messages++;
      } catch (error) {
        if (!isError(error)) throw error;
        damaged.push({ cid, code: error.code });
      }
    }
  }
  return { messages, announcements, damaged };
}

async function recordOf(tier: ColdTier, cid: Cid, told: readonly Announcement[], nowMs: number): Promise<MessageRecord> {
  const size = await sizeOf(cid, (one) => tier.get(one));
  const expiresAtMs = Math.max(0, ...told.map((one) => one.expiresAtMs));
  return { cid, ...size, storedAtMs: nowMs, expiresAtMs, readAtMs: 0, pinnedUntilMs: 0, tiers: [tier.tier], removed: false, removedAtMs: 0, version: 1 };
}

/** Opens the new file as what it will be: tells inboxes, corrects which tiers hold what, and asks the journal what is missing. */
async function compare({ clock, cold, journal }: RebuildRoom, built: string, { announcements, damaged }: FromCold): Promise<readonly NotBroughtBack[]> {
  const hot = await EmbeddedHotTier.open(built, clock);
  try {
    for (const announcement of announcements) await hot.inbox.announce([announcement]);
    const missing = new Map<string, NotBroughtBack>(damaged.map(({ cid, code }) => [cid.toString(), { cid, level: undefined, code }]));
    for await (const record of hot.messages()) {
      if (record.removed) continue;
      const holders = await holdersOf([hot, ...cold], record.cid);
      if (holders.whole) await correctTiers(hot, record, holders.tiers);
      else missing.set(record.cid.toString(), { cid: record.cid, level: undefined, code: 'E_BLOCKS_MISSING' });
    }
    const acknowledged = await acknowledgedSince(journal, 0);
    const released = await releasedOf(journal, new Set(acknowledged.keys()));
    for (const [text, one] of acknowledged) {
      if (released.has(text) || isExpired(one, clock.now())) continue;
      if (missing.has(text)) missing.set(text, { cid: one.cid, level: one.durability, code: missing.get(text)?.code ?? 'E_BLOCKS_MISSING' });
      else if ((await hot.message(one.cid)) === undefined) missing.set(text, { cid: one.cid, level: one.durability, code: 'E_NOT_FOUND' });
    }
    return [...missing.values()];
  } finally {
    await hot.close();
  }
}

async function correctTiers(hot: EmbeddedHotTier, record: MessageRecord, tiers: MessageRecord['tiers']): Promise<void> {
  if (tiers.length === record.tiers.length && tiers.every((tier) => record.tiers.includes(tier))) return;
  await hot.change(record.cid, record.version, { tiers });
}

/** Which tiers hold every block, by name; `whole` when every block is in one of them or another. */
async function holdersOf(tiers: readonly BlockTier[], cid: Cid): Promise<{ whole: boolean; tiers: MessageRecord['tiers'] }> {
  const holders = new Set(tiers);
  const load = async (one: Cid) => {
    for (const tier of tiers) {
      const bytes = await tier.get(one).catch(() => undefined);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  };
  try {
    for await (const { cids } of closureOf(cid, load)) {
      const anywhere = cids.map(() => false);
      for (const tier of tiers) {
        const there = await tier.has(cids);
        if (there.includes(false)) holders.delete(tier);
        there.forEach((has, i) => (anywhere[i] ||= has));
      }
      if (anywhere.includes(false)) return { whole: false, tiers: [] };
    }
    return { whole: true, tiers: [...holders].map(({ tier }) => tier) };
  } catch (error) {
    if (isError(error, 'E_BLOCKS_MISSING', 'E_FORMAT', 'E_NOT_CANONICAL', 'E_BLOCK_CORRUPT')) return { whole: false, tiers: [] };
    throw error;
  }
}
