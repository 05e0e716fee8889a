/** Message records of the embedded hot tier: one place that checks version, fence and operation. All functions run inside a transaction. */
import { equalBytes, hexOf } from '../../base/bytes.ts';
import { digestOf, sameCid, type Cid } from '../../base/cid.ts';
import { fail } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { lossNote } from '../losses.ts';
import type { Announcement, Fence, MessageChange, MessageCommit, MessageRecord, Operation } from '../ports.ts';
import type { SqliteFile } from '../sqlite.ts';
import { intOf } from '../sqlite-errors.ts';
import { requireAnnouncement } from './inbox.ts';
import { insertOperation, operationOfKey } from './operations.ts';
import { messageOfRow, messageSum, tierBits, tierNames, usedAtMs, type StoredMessage } from './schema.ts';

export interface CommitResult {
  readonly outcome: 'stored' | 'repeated';
  readonly operation: Operation | undefined;
}

/** `repeated` also when record and announcements were all there: an import made twice changes nothing the second time. */
export function commitMessage(file: SqliteFile, commit: MessageCommit, nowMs: number, announce: (announcement: Announcement) => boolean): CommitResult {
  const { message, announcements, operation, replaces } = commit;
  announcements.forEach(requireAnnouncement);
  if (operation !== undefined) {
    const known = operationOfKey(file, operation.key);
    if (known !== undefined) {
      if (!equalBytes(known.content, operation.content)) throw fail('E_ID_CONFLICT', { id: hexOf(operation.key).slice(0, 16) });
      if (replaces === undefined || !sameCid(known.cid, replaces)) return { outcome: 'repeated', operation: known };
    }
  }
  let changed = storeMessage(file, message, nowMs);
  for (const announcement of announcements) changed = announce(announcement) || changed;
  file.sql('DELETE FROM notes WHERE name = ?').run(lossNote(message.cid));
  if (operation === undefined) return { outcome: changed ? 'stored' : 'repeated', operation: undefined };
  insertOperation(file, operation, { replace: true });
  return { outcome: 'stored', operation };
}

/** A message that is known keeps its dates; tiers add up, and one that was removed is wanted again. */
function storeMessage(file: SqliteFile, message: MessageCommit['message'], nowMs: number): boolean {
  const known = find(file, message.cid);
  if (known === undefined) {
    insertMessage(file, { ...message, storedAtMs: nowMs, readAtMs: 0, pinnedUntilMs: 0, removed: false, removedAtMs: 0, version: 1 });
    return true;
  }
  const tiers = tierNames.filter((tier) => known.tiers.includes(tier) || message.tiers.includes(tier));
  if (tiers.length === known.tiers.length && !known.removed) return false;
  write(file, { ...known, tiers, removed: false, removedAtMs: 0, version: known.version + 1 });
  return true;
}

function insertMessage(file: SqliteFile, message: MessageRecord): void {
  const tiers = tierBits(message.tiers);
  const { cid, bytes, blocks, storedAtMs, expiresAtMs, readAtMs, pinnedUntilMs, removedAtMs, version } = message;
  file
    .sql(
      'INSERT INTO messages (digest, codec, bytes, blocks, stored, expires, read, pinned, tiers, removed, version, used, sum) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    .run(digestOf(cid), cid.code, bytes, blocks, storedAtMs, expiresAtMs, readAtMs, pinnedUntilMs, tiers, removedAtMs, version, usedAtMs(message), messageSum(message, tiers));
}

function find(file: SqliteFile, cid: Cid): StoredMessage | undefined {
  const row = file.sql('SELECT * FROM messages WHERE digest = ?').get(digestOf(cid));
  return row === undefined ? undefined : messageOfRow(file, row);
}

function write(file: SqliteFile, message: StoredMessage): void {
  const tiers = tierBits(message.tiers);
  file
    .sql('UPDATE messages SET expires = ?, read = ?, pinned = ?, tiers = ?, removed = ?, version = ?, used = ?, sum = ? WHERE position = ?')
    .run(
      message.expiresAtMs,
      message.readAtMs,
      message.pinnedUntilMs,
      tiers,
      message.removedAtMs,
      message.version,
      usedAtMs(message),
      messageSum(message, tiers),
      message.position,
    );
}

function expectVersion(file: SqliteFile, cid: Cid, version: number): StoredMessage {
  const known = find(file, cid);
  if (known === undefined) throw fail('E_NOT_FOUND', { what: `message ${cid.toString()}` });
  if (known.version !== version) throw fail('E_BUSY', { what: `message ${cid.toString()}` });
  return known;
}

export function changeMessage(file: SqliteFile, cid: Cid, version: number, change: MessageChange, nowMs: number, fence?: Fence): MessageRecord {
  const known = expectVersion(file, cid, version);
  checkFence(file, fence);
  const removed = change.removed ?? known.removed;
  const removedAtMs = removed ? (known.removed ? known.removedAtMs : nowMs) : 0;
  const next: StoredMessage = { ...known, ...change, removed, removedAtMs, version: version + 1 };
  if (fence !== undefined) raiseFence(file, fence);
  write(file, next);
  return next;
}

/** The time of reading alone: no version, for two readers never conflict, and nothing but the order of eviction hangs on it. */
export function touchMessage(file: SqliteFile, cid: Cid, atMs: number): void {
  const known = find(file, cid);
  if (known !== undefined && known.readAtMs < atMs) write(file, { ...known, readAtMs: atMs });
}

export function forgetMessage(file: SqliteFile, cid: Cid, version: number, fence?: Fence): void {
  const known = expectVersion(file, cid, version);
  checkFence(file, fence);
  if (fence !== undefined) raiseFence(file, fence);
  file.sql('DELETE FROM announcements WHERE digest = ?').run(digestOf(cid));
  file.sql('DELETE FROM messages WHERE position = ?').run(known.position);
}

const fenceIn = (file: SqliteFile, name: string) => {
  const row = file.sql('SELECT epoch, counter FROM fences WHERE name = ?').get(name);
  return row === undefined ? undefined : { epoch: intOf(file, row['epoch']), counter: intOf(file, row['counter']) };
};

const isOlder = (a: Pick<Fence, 'epoch' | 'counter'>, b: Pick<Fence, 'epoch' | 'counter'>): boolean => a.epoch < b.epoch || (a.epoch === b.epoch && a.counter < b.counter);

/** The fence below which every lock is stale, whatever its name: it stands for the rows that were pruned. No lock has an empty name. */
const FLOOR = '';

/** Throws E_FENCE_STALE when a newer holder of the same lock was seen here. */
function checkFence(file: SqliteFile, fence: Fence | undefined): void {
  if (fence === undefined) return;
  for (const name of [fence.name, FLOOR]) {
    const highest = fenceIn(file, name);
    if (highest !== undefined && isOlder(fence, highest)) throw fail('E_FENCE_STALE', { name: fence.name });
  }
}

/** From now on older fences of this lock are refused. Never lowers one. */
export function raiseFence(file: SqliteFile, { name, epoch, counter }: Fence): void {
  const highest = fenceIn(file, name);
  if (highest !== undefined && !isOlder(highest, { epoch, counter })) return;
  file.sql('INSERT OR REPLACE INTO fences (name, epoch, counter) VALUES (?, ?, ?)').run(name, epoch, counter);
  if (counter % (limits.fencesMax / 2) === 0 && name !== FLOOR) pruneFences(file);
}

/**
 * A lock a message would leave a row a message. The oldest half goes, and the newest of it becomes the floor: who still holds a lock
 * that is older than half of `fencesMax` others is told E_FENCE_STALE, and begins again.
 */
function pruneFences(file: SqliteFile): void {
  const row = file.sql('SELECT epoch, counter FROM fences WHERE name <> ? ORDER BY epoch DESC, counter DESC LIMIT 1 OFFSET ?').get(FLOOR, limits.fencesMax / 2);
  if (row === undefined) return;
  const floor = { epoch: intOf(file, row['epoch']), counter: intOf(file, row['counter']) };
  file.sql('DELETE FROM fences WHERE name <> ? AND (epoch, counter) <= (?, ?)').run(FLOOR, floor.epoch, floor.counter);
  raiseFence(file, { name: FLOOR, ...floor });
}
