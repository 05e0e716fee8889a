/**
 * A broken hot tier made anew: what can be salvaged of the old file, the records of --id that the journal keeps, what cold announces, then a
 * comparison with the journal, which says what could not be brought back. The old file is kept beside the new one. Whether a message was read or acknowledged is known only
 * where the old file still tells: others come back as new. Locks that were held before are stale afterwards.
 */
import { rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import type { Cid } from '../base/cid.ts';
import type { ErrorCode } from '../base/errors.ts';
import { exists, ownFileError } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { isBusy } from '../base/sqlite-fault.ts';
import { HotBuilder } from './hot/builder.ts';
import { EmbeddedHotTier } from './hot/embedded.ts';
import { headerState } from './sqlite-log.ts';
import { salvageHot, type SalvagedKind, type SalvageFindings } from './hot/salvage.ts';
import { announceReady, finishSwap, swapIn } from './hot/swap.ts';
import { bindingAt, journalFacts, type JournalFacts } from './journal-facts.ts';
import type { StoreLayout } from './layout.ts';
import { forgetLoss, noteLosses } from './losses.ts';
import type { Acknowledgement, BlockTier, ColdTier, Durability, Fence, Journal, LockManager, MessageRecord } from './ports.ts';
import { holdersOf } from './holders.ts';
import { recordAgain, restoreFromCold } from './restore.ts';
import { sqliteError } from './sqlite-errors.ts';

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
  /** Rows that the old file gave. */
  readonly rows: Readonly<Record<SalvagedKind, number>>;
  /** Messages that the old file did not show any more and cold brought back. */
  readonly fromCold: number;
  /** Messages whose record only the journal still knew, and whose blocks are all there. Nobody is told of them now. */
  readonly fromJournal: number;
  /** Records of an --id that the old file did not show any more and the journal brought back. */
  readonly operations: number;
  /** Tables of which SQLite could not read every row. */
  readonly unreadable: readonly SalvagedKind[];
  readonly damagedRows: number;
  readonly notBroughtBack: readonly NotBroughtBack[];
  /** The journal could not be read to its end: what is missing, and which --id had its effect, is known only as far as it goes. */
  readonly journalDamage: ErrorCode | undefined;
  /** Where the broken file is now. */
  readonly kept: string | undefined;
}

/** Throws E_LOCKED, E_BUSY (another process writes), E_DISK_FULL. The old file is untouched until the new one is whole. */
export async function rebuildHot(room: RebuildRoom): Promise<RebuildReport> {
  await using lock = await room.locks.acquire('rebuild', { holder: room.holder, waitMs: 0 });
  const { hot: path } = room.layout;
  await finishSwap(path, room.clock);
  const built = `${path}.new`;
  for (const suffix of ['', '-wal', '-shm']) {
    await rm(built + suffix, { force: true }).catch((error: unknown) => {
      throw ownFileError(built + suffix, error);
    });
  }
  const writers = await holdWriters(path, room.clock);
  try {
    const report = await build(room, built, lock);
    await announceReady(built, path);
    return { ...report, kept: await swapIn(path, room.clock) };
  } finally {
    writers?.close();
  }
}

/** Keeps other processes from writing to the old file while it is read, where it is sound enough for that. */
async function holdWriters(path: string, clock: Clock): Promise<DatabaseSync | undefined> {
  // opening a file whose log has no header would delete the log when it is closed again
  if (!(await exists(path)) || headerState(path) === 'no header') return undefined;
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
        throw sqliteError(error, 'hot', path);
      }
      await clock.sleep(limits.sqliteBusySliceMs);
    }
  }
}

async function build(room: RebuildRoom, built: string, fence: Fence): Promise<Omit<RebuildReport, 'kept'>> {
  const facts = await journalFacts(room.journal);
  const builder = await HotBuilder.create(built, room.clock);
  const findings: SalvageFindings = { unreadable: new Set(), damagedRows: 0 };
  try {
    if (await exists(room.layout.hot)) for (const row of salvageHot(room.layout.hot, findings)) await builder.add(row);
    const rows = await builder.counts();
    const operations = await builder.addOperations(facts.operations.values(), { prevail: findings.unreadable.has('operation') });
    await builder.finish(fence);
    const completed = await complete(room, built, facts);
    const journalDamage = facts.damage?.code;
    return { rows, ...completed, operations, unreadable: [...findings.unreadable], damagedRows: findings.damagedRows, journalDamage };
  } finally {
    builder.close();
  }
}

/** Opens the new file as what it will be: adds what cold knows, corrects which tiers hold what, and asks the journal what is missing. */
async function complete({ clock, cold }: RebuildRoom, built: string, facts: JournalFacts): Promise<Pick<RebuildReport, 'fromCold' | 'fromJournal' | 'notBroughtBack'>> {
  const hot = await EmbeddedHotTier.open(built, clock);
  const tiers = [hot, ...cold];
  try {
    const missing = new Map<string, NotBroughtBack>();
    let fromCold = 0;
    for (const tier of cold) {
      const restored = await restoreFromCold(hot, tier, async () => facts.released);
      fromCold += restored.messages;
      for (const { cid, code } of restored.damaged) missing.set(cid.toString(), { cid, level: undefined, code });
    }
    for await (const record of hot.messages()) {
      if (record.removed) continue;
      const holders = await holdersOf(tiers, record.cid);
      if (holders !== undefined) await correctTiers(hot, record, holders);
      else missing.set(record.cid.toString(), { cid: record.cid, level: undefined, code: 'E_BLOCKS_MISSING' });
    }
    const fromJournal = await addAcknowledged(hot, { tiers, facts, nowMs: clock.now() }, missing);
    return { fromCold, fromJournal, notBroughtBack: [...missing.values()] };
  } finally {
    await hot.close();
  }
}

/** What was promised and is missing, noted in the new file too; a record whose blocks are all there is made again. Answers how many were. */
async function addAcknowledged(
  hot: EmbeddedHotTier,
  { tiers, facts, nowMs }: { readonly tiers: readonly BlockTier[]; readonly facts: JournalFacts; readonly nowMs: number },
  missing: Map<string, NotBroughtBack>,
): Promise<number> {
  const lost: Acknowledgement[] = [];
  let made = 0;
  for (const [text, one] of bindingAt(facts, nowMs)) {
    const known = missing.get(text);
    if (known !== undefined) missing.set(text, { ...known, level: one.durability });
    else if ((await hot.message(one.cid)) === undefined) {
      if (await recordAgain(hot, tiers, one)) made++;
      else missing.set(text, { cid: one.cid, level: one.durability, code: 'E_NOT_FOUND' });
    }
    if (missing.has(text)) lost.push(one);
    else await forgetLoss(hot, one.cid);
  }
  await noteLosses(hot, lost);
  return made;
}

async function correctTiers(hot: EmbeddedHotTier, record: MessageRecord, tiers: MessageRecord['tiers']): Promise<void> {
  if (tiers.length === record.tiers.length && tiers.every((tier) => record.tiers.includes(tier))) return;
  await hot.change(record.cid, record.version, { tiers });
}
