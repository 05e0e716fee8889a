/** Fills a new hot tier with rows that were salvaged: as they were, their order and their versions too. Not for a tier in use. */
import { digestOf } from '../../base/cid.ts';
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { Fence, Operation, ReceivedAnnouncement } from '../ports.ts';
import { createSqlite, SqliteFile } from '../sqlite.ts';
import { raiseFence } from './messages.ts';
import { insertOperation } from './operations.ts';
import type { Salvaged, SalvagedKind } from './salvage.ts';
import { announcementSum, hotShape, messageSum, noteSum, tierBits, usedAtMs, type StoredMessage } from './schema.ts';

export class HotBuilder {
  readonly #file: SqliteFile;
  #waiting: Salvaged[] = [];
  #waitingBytes = 0;

  private constructor(file: SqliteFile) {
    this.#file = file;
  }

  static async create(path: string, clock: Clock): Promise<HotBuilder> {
    createSqlite(path, hotShape);
    return new HotBuilder(await SqliteFile.open(path, hotShape, clock));
  }

  async add(row: Salvaged): Promise<void> {
    this.#waiting.push(row);
    this.#waitingBytes += row.kind === 'block' ? row.block.bytes.length : 0;
    if (this.#waiting.length >= limits.groupCommitBlocks || this.#waitingBytes >= limits.groupCommitBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#file.transaction(() => rows.forEach((row) => this.#insert(row)));
  }

  #insert(row: Salvaged): void {
    switch (row.kind) {
      case 'block': {
        const { cid, bytes } = row.block;
        this.#file.sql('INSERT OR IGNORE INTO blocks (digest, codec, stored, bytes) VALUES (?, ?, ?, ?)').run(digestOf(cid), cid.code, row.storedAtMs, bytes);
        return;
      }
      case 'message':
        return this.#insertMessage(row.message);
      case 'announcement':
        return this.#insertAnnouncement(row.announcement);
      case 'operation':
        insertOperation(this.#file, row.operation);
        return;
      case 'note':
        this.#file.sql('INSERT OR IGNORE INTO notes (name, value, sum) VALUES (?, ?, ?)').run(row.name, row.value, noteSum(row.name, row.value));
    }
  }

  /** Of two states of one message the later one. */
  #insertMessage(message: StoredMessage): void {
    const there = this.#file.sql('SELECT version FROM messages WHERE digest = ?').get(digestOf(message.cid));
    if (there !== undefined && (there['version'] as number) >= message.version) return;
    this.#file.sql('DELETE FROM messages WHERE digest = ? OR position = ?').run(digestOf(message.cid), message.position);
    const { cid, bytes, blocks, storedAtMs, expiresAtMs, readAtMs, pinnedUntilMs, removedAtMs, version } = message;
    const tiers = tierBits(message.tiers);
    this.#file
      .sql(
        'INSERT INTO messages (position, digest, codec, bytes, blocks, stored, expires, read, pinned, tiers, removed, version, used, sum) ' +
          'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        ...[message.position, digestOf(cid), cid.code, bytes, blocks, storedAtMs, expiresAtMs, readAtMs, pinnedUntilMs],
        ...[tiers, removedAtMs, version, usedAtMs(message), messageSum(message, tiers)],
      );
  }

  /** Of two states of one announcement the acknowledged one: handled does not become unhandled. */
  #insertAnnouncement(announcement: ReceivedAnnouncement): void {
    const { position, inbox, cid, packet, expiresAtMs, receivedAtMs, acknowledgedAtMs = 0 } = announcement;
    const there = this.#file.sql('SELECT acknowledged FROM announcements WHERE inbox = ? AND digest = ?').get(inbox, digestOf(cid));
    if (there !== undefined && (there['acknowledged'] !== 0 || acknowledgedAtMs === 0)) return;
    this.#file.sql('DELETE FROM announcements WHERE (inbox = ? AND digest = ?) OR position = ?').run(inbox, digestOf(cid), position);
    this.#file
      .sql('INSERT INTO announcements (position, inbox, digest, codec, packet, expires, received, acknowledged, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(position, inbox, digestOf(cid), cid.code, packet, expiresAtMs, receivedAtMs, acknowledgedAtMs, announcementSum(announcement));
  }

  /** Those that the journal has and no row showed; `prevail`: they also go before rows, which may be of before. Answers how many no row showed. */
  async addOperations(operations: Iterable<Operation>, { prevail }: { readonly prevail: boolean }): Promise<number> {
    await this.#flush();
    return this.#file.transaction(() => {
      let added = 0;
      for (const operation of operations) {
        if (insertOperation(this.#file, operation)) added++;
        else if (prevail) insertOperation(this.#file, operation, { replace: true });
      }
      return added;
    });
  }

  async counts(): Promise<Readonly<Record<SalvagedKind, number>>> {
    await this.#flush();
    const count = (table: string): number => this.#file.sql(`SELECT count(*) AS count FROM ${table}`).get()?.['count'] as number;
    return { block: count('blocks'), message: count('messages'), announcement: count('announcements'), operation: count('operations'), note: count('notes') };
  }

  /** Counts the blocks, refuses every older fence, and closes: then the file has no log. */
  async finish({ epoch, counter }: Pick<Fence, 'epoch' | 'counter'>): Promise<void> {
    await this.#flush();
    await this.#file.transaction(() => {
      this.#file.sql('INSERT OR REPLACE INTO totals (id, blocks, bytes) SELECT 1, count(*), coalesce(sum(length(bytes)), 0) FROM blocks').run();
      raiseFence(this.#file, { name: '', epoch, counter });
    });
    this.#file.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#file.close();
  }

  close(): void {
    this.#file.close();
  }
}
