/**
 * The embedded hot tier: one SQLite file, shared by the processes of one machine.
 * Acknowledged means flushed. Every block is hashed on its way out, never on its way in: whoever puts a block has named it, and an import
 * proves the name first. It keeps no replica, so `replicated` is refused. Deleting gives pages back to the file, not to the disk.
 */
import type { Block } from '../../base/block.ts';
import type { Bytes } from '../../base/bytes.ts';
import { cidOfDigest, DAG_CBOR, digestOf, RAW, verified, type Cid } from '../../base/cid.ts';
import type { Clock } from '../../base/clock.ts';
import { fail } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { breathe } from '../../base/turn.ts';
import type { Fence, HotTier, MessageChange, MessageCommit, MessageRecord, Operation, Page, StoredBlock } from '../ports.ts';
import { blobOf, intOf } from '../sqlite-errors.ts';
import { createSqlite, SqliteFile } from '../sqlite.ts';
import { deleteBlocks, deleteDamaged, insertBlocks, type Amount } from './blocks.ts';
import { findingsOf } from './findings.ts';
import { GroupCommit, transactionsOf, type Weight } from './group-commit.ts';
import { EmbeddedInbox, insertAnnouncement } from './inbox.ts';
import { changeMessage, commitMessage, forgetMessage, raiseFence, touchMessage } from './messages.ts';
import { readNote, writeNote } from './notes.ts';
import { insertOperation, operationOfKey, operationOfMessage } from './operations.ts';
import { hotShape, messageOfRow, type StoredMessage } from './schema.ts';

const SMALL: Weight = { blocks: 1, bytes: 0 };
/** Deleting walks the pages of a block: a hundred of the largest is as much as one transaction should do. */
const REMOVED_AT_ONCE = 100;

export class EmbeddedHotTier implements HotTier {
  readonly tier = 'hot';
  readonly canReplicate = false;
  readonly releasesBytes = true;
  readonly inbox: EmbeddedInbox;
  readonly #file: SqliteFile;
  readonly #clock: Clock;
  readonly #writes: GroupCommit;
  /** What the transaction under way adds to `totals`. */
  #added = { blocks: 0, bytes: 0 };

  private constructor(file: SqliteFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#writes = new GroupCommit(file, { begin: () => (this.#added = { blocks: 0, bytes: 0 }), end: () => this.#addTotals() });
    this.inbox = new EmbeddedInbox(file, clock, (act) => this.#writes.run(SMALL, act));
  }

  /** Makes the file. Throws E_EXISTS, E_DISK_FULL, E_IO. */
  static create(path: string): void {
    createSqlite(path, hotShape);
  }

  /** Throws E_STORE_CORRUPT (missing, damaged), E_VERSION_NEWER, E_BUSY, E_IO. */
  static async open(path: string, clock: Clock): Promise<EmbeddedHotTier> {
    return new EmbeddedHotTier(await SqliteFile.open(path, hotShape, clock), clock);
  }

  get place(): string {
    return this.#file.path;
  }

  #sql(text: string) {
    return this.#file.sql(text);
  }

  // blocks

  /** A block that is there already counts as new for the grace time of gc; one whose bytes were damaged is replaced. */
  async put(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let bytes = 0;
    for (const { bytes: { length } } of blocks) {
      if (length > limits.blockBytesMax) throw fail('E_BLOCK_TOO_LARGE', { bytes: length, max: limits.blockBytesMax });
      bytes += length;
    }
    if (blocks.length <= limits.groupCommitBlocks && bytes <= limits.groupCommitBytes) return this.#write(blocks, bytes);
    const settled = await Promise.allSettled(transactionsOf(blocks).map((group) => this.#write(group.blocks, group.bytes)));
    // all of them, before an error leaves: the caller may write over the bytes then
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
  }

  #write(blocks: readonly Block[], bytes: number): Promise<void> {
    return this.#writes.run({ blocks: blocks.length, bytes }, () => this.#insert(blocks));
  }

  #insert(blocks: readonly Block[]): void {
    this.#count(insertBlocks(this.#file, blocks, this.#clock.now()));
  }

  #count({ blocks, bytes }: Amount): void {
    this.#added.blocks += blocks;
    this.#added.bytes += bytes;
  }

  #addTotals(): void {
    const { blocks, bytes } = this.#added;
    if (blocks !== 0 || bytes !== 0) this.#sql('UPDATE totals SET blocks = max(0, blocks + ?), bytes = max(0, bytes + ?) WHERE id = 1').run(blocks, bytes);
  }

  /** The bytes as the column has them; undefined when there is no row. An array, not an object a row: an eighth of the time of a get. */
  #find(cid: Cid): unknown {
    const row = this.#file.sql('SELECT bytes FROM blocks WHERE digest = ?', { arrays: true }).get(digestOf(cid)) as readonly unknown[] | undefined;
    return row?.[0];
  }

  async get(cid: Cid, signal?: AbortSignal): Promise<Bytes | undefined> {
    await breathe();
    signal?.throwIfAborted();
    let bytes: unknown;
    try {
      bytes = this.#find(cid);
    } catch {
      bytes = await this.#file.read(() => this.#find(cid));
    }
    return bytes === undefined ? undefined : verified(cid, blobOf(this.#file, bytes), this.place);
  }

  async getMany(cids: readonly Cid[], signal?: AbortSignal): Promise<ReadonlyArray<Bytes | undefined>> {
    const found: Array<Bytes | undefined> = [];
    for (const cid of cids) found.push(await this.get(cid, signal));
    return found;
  }

  async has(cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[]> {
    signal?.throwIfAborted();
    return this.#file.read(() => {
      const find = this.#sql('SELECT 1 FROM blocks WHERE digest = ?');
      return cids.map((cid) => find.get(digestOf(cid)) !== undefined);
    });
  }

  async remove(cids: readonly Cid[], signal?: AbortSignal): Promise<number> {
    return (await this.#removeWhere(cids, Number.MAX_SAFE_INTEGER, signal)).blocks;
  }

  async removeOlder(cids: readonly Cid[], storedUntilMs: number, signal?: AbortSignal): Promise<number> {
    return (await this.#removeWhere(cids, storedUntilMs, signal)).blocks;
  }

  async letGo(cids: readonly Cid[], signal?: AbortSignal): Promise<number> {
    return (await this.#removeWhere(cids, Number.MAX_SAFE_INTEGER, signal)).bytes;
  }

  async #removeWhere(cids: readonly Cid[], storedUntilMs: number, signal?: AbortSignal): Promise<Amount> {
    const removed = { blocks: 0, bytes: 0 };
    for (let at = 0; at < cids.length; at += REMOVED_AT_ONCE) {
      signal?.throwIfAborted();
      const some = cids.slice(at, at + REMOVED_AT_ONCE);
      const { blocks, bytes } = await this.#writes.run({ blocks: some.length, bytes: limits.groupCommitBytes }, () => this.#uncount(deleteBlocks(this.#file, some, storedUntilMs)));
      removed.blocks += blocks;
      removed.bytes += bytes;
    }
    return removed;
  }

  #uncount(gone: Amount): Amount {
    this.#count({ blocks: -gone.blocks, bytes: -gone.bytes });
    return gone;
  }

  async dropDamaged(cid: Cid, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    return (await this.#writes.run(SMALL, () => this.#uncount(deleteDamaged(this.#file, cid)))).blocks > 0;
  }

  async *blocks(after?: Cid, signal?: AbortSignal): AsyncGenerator<StoredBlock> {
    let last: Bytes = after === undefined ? new Uint8Array(0) : digestOf(after);
    for (;;) {
      await breathe();
      signal?.throwIfAborted();
      const rows = await this.#file.read(() =>
        this.#sql('SELECT digest, codec, stored, length(bytes) AS length FROM blocks WHERE digest > ? ORDER BY digest LIMIT ?').all(last, limits.pageItemsMax),
      );
      for (const row of rows) {
        last = blobOf(this.#file, row['digest'], 32);
        // blocks are found by digest: a damaged codec is a damaged hint, no more
        const cid = cidOfDigest(row['codec'] === DAG_CBOR ? DAG_CBOR : RAW, last);
        yield { cid, bytes: intOf(this.#file, row['length']), storedAtMs: intOf(this.#file, row['stored']) };
      }
      if (rows.length < limits.pageItemsMax) return;
    }
  }

  async usage(): Promise<{ blocks: number; bytes: number }> {
    const row = await this.#file.read(() => this.#sql('SELECT blocks, bytes FROM totals WHERE id = 1').get());
    if (row === undefined) throw this.#file.corrupt('the totals are missing');
    return { blocks: intOf(this.#file, row['blocks']), bytes: intOf(this.#file, row['bytes']) };
  }

  // messages

  commit(commit: MessageCommit): Promise<{ readonly outcome: 'stored' | 'repeated'; readonly operation: Operation | undefined }> {
    const now = this.#clock.now();
    return this.#writes.run({ blocks: 1 + commit.announcements.length, bytes: 0 }, () =>
      commitMessage(this.#file, commit, now, (announcement) => insertAnnouncement(this.#file, announcement, now)),
    );
  }

  operation(key: Bytes): Promise<Operation | undefined> {
    return this.#current(() => operationOfKey(this.#file, key));
  }

  operationOf(cid: Cid): Promise<Operation | undefined> {
    return this.#current(() => operationOfMessage(this.#file, cid));
  }

  async restoreOperations(operations: Iterable<Operation>): Promise<number> {
    const done = await Promise.all(Array.from(operations, (one) => this.#writes.run(SMALL, () => insertOperation(this.#file, one))));
    return done.filter(Boolean).length;
  }

  async message(cid: Cid): Promise<MessageRecord | undefined> {
    const row = await this.#current(() => this.#sql('SELECT * FROM messages WHERE digest = ?').get(digestOf(cid)));
    return row === undefined ? undefined : messageOfRow(this.#file, row);
  }

  async *messages(page: Partial<Page> = {}): AsyncGenerator<StoredMessage> {
    const limit = page.limit ?? Number.MAX_SAFE_INTEGER;
    let after = page.after ?? 0;
    for (let given = 0; given < limit; ) {
      const size = Math.min(limits.pageItemsMax, limit - given);
      const rows = await this.#current(() => this.#sql('SELECT * FROM messages WHERE position > ? ORDER BY position LIMIT ?').all(after, size));
      for (const row of rows) {
        const message = messageOfRow(this.#file, row);
        after = message.position;
        given++;
        yield message;
      }
      if (rows.length < size) return;
    }
  }

  async *messagesByUse(evictableAtMs?: number): AsyncGenerator<StoredMessage> {
    // bit 1 of tiers is hot, the others are cold; the index has all that is asked here
    const evictable = evictableAtMs === undefined ? '' : 'AND (tiers & 1) = 1 AND tiers > 1 AND removed = 0 AND pinned <= ?';
    const text = `SELECT * FROM messages WHERE (used, position) > (?, ?) ${evictable} ORDER BY used, position LIMIT ?`;
    let after = { used: -1, position: 0 };
    for (;;) {
      const values = [after.used, after.position, ...(evictableAtMs === undefined ? [] : [evictableAtMs]), limits.pageItemsMax];
      const rows = await this.#current(() => this.#sql(text).all(...values));
      for (const row of rows) {
        const message = messageOfRow(this.#file, row);
        after = { used: row['used'] as number, position: message.position };
        yield message;
      }
      if (rows.length < limits.pageItemsMax) return;
    }
  }

  change(cid: Cid, version: number, change: MessageChange, fence?: Fence): Promise<MessageRecord> {
    const now = this.#clock.now();
    return this.#writes.run(SMALL, () => changeMessage(this.#file, cid, version, change, now, fence));
  }

  touch(cid: Cid, atMs: number): Promise<void> {
    return this.#writes.run(SMALL, () => touchMessage(this.#file, cid, atMs));
  }

  forget(cid: Cid, version: number, fence?: Fence): Promise<void> {
    return this.#writes.run(SMALL, () => forgetMessage(this.#file, cid, version, fence));
  }

  raiseFence(fence: Fence): Promise<void> {
    return this.#writes.run(SMALL, () => raiseFence(this.#file, fence));
  }

  /** The highest epoch that a fence here carries; 0 when there is none. */
  async highestEpoch(): Promise<number> {
    const row = await this.#file.read(() => this.#sql('SELECT max(epoch) AS epoch FROM fences').get());
    return row?.['epoch'] == null ? 0 : intOf(this.#file, row['epoch']);
  }

  // notes

  note(name: string): Promise<Bytes | undefined> {
    return this.#current(() => readNote(this.#file, name));
  }

  async notes(prefix: string): Promise<readonly string[]> {
    const rows = await this.#current(() => this.#sql('SELECT name FROM notes WHERE substr(name, 1, length(?)) = ? ORDER BY name').all(prefix, prefix));
    return rows.map(({ name }) => String(name));
  }

  setNote(name: string, value: Bytes | undefined, expected: Bytes | undefined): Promise<boolean> {
    return this.#writes.run(SMALL, () => writeNote(this.#file, name, value, expected));
  }

  // the file

  /** Goes on with the file that has the name now: blocks are read from the one that is open. Throws as `open`. */
  takeUp(): Promise<void> {
    return this.#file.read(() => this.#file.reopen());
  }

  /** Reads of the state: a process that runs for days must see a rebuilt file, not the one it opened. */
  async #current<T>(act: () => T): Promise<T> {
    await breathe();
    return this.#file.read(() => {
      if (this.#file.isReplaced()) this.#file.reopen();
      return act();
    });
  }

  findings(signal?: AbortSignal): Promise<readonly string[]> {
    return findingsOf(this.#file, signal);
  }

  async usageHolds(repair: boolean): Promise<boolean> {
    // one statement, one moment: writers do not stop meanwhile
    const counted = 'SELECT count(*) AS blocks, coalesce(sum(length(bytes)), 0) AS bytes FROM blocks';
    const row = await this.#file.read(() => this.#sql(`SELECT count(*) AS same FROM (${counted}) NATURAL JOIN totals WHERE totals.id = 1`).get());
    const holds = row?.['same'] === 1;
    if (!holds && repair) await this.#writes.run(SMALL, () => this.#sql(`INSERT OR REPLACE INTO totals (id, blocks, bytes) SELECT 1, blocks, bytes FROM (${counted})`).run());
    return holds;
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    this.#file.close();
  }
}
