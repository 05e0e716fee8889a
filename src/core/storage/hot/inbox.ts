/** Inboxes of the embedded hot tier: one row an announcement, found by inbox and by message. */
import type { Bytes } from '../../base/bytes.ts';
import { digestOf, type Cid } from '../../base/cid.ts';
import type { Clock } from '../../base/clock.ts';
import { fail } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Announcement, Inbox, Page, ReceivedAnnouncement } from '../ports.ts';
import type { SqliteFile } from '../sqlite.ts';
import { announcementOfRow, announcementSum, cidOfRow } from './schema.ts';

/** Inside a transaction. False when this inbox was told of this message before: the first packet stays. */
export function insertAnnouncement(file: SqliteFile, announcement: Announcement, nowMs: number, acknowledgedAtMs = 0): boolean {
  const { inbox, packet, cid, expiresAtMs } = announcement;
  const sum = announcementSum({ inbox, packet, cid, expiresAtMs, receivedAtMs: nowMs, acknowledgedAtMs: acknowledgedAtMs === 0 ? undefined : acknowledgedAtMs });
  const { changes } = file
    .sql('INSERT OR IGNORE INTO announcements (inbox, digest, codec, packet, expires, received, acknowledged, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(inbox, digestOf(cid), cid.code, packet, expiresAtMs, nowMs, acknowledgedAtMs, sum);
  return changes === 1;
}

/** An announcement is built by our own code from a checked packet: another length is a mistake of the caller. */
export function requireAnnouncement({ inbox, packet }: Announcement): void {
  if (inbox.length !== 32) throw new RangeError(`an inbox is named by 32 bytes, not ${inbox.length}`);
  if (packet.length !== limits.packetBytes) throw new RangeError(`a packet has ${limits.packetBytes} bytes, not ${packet.length}`);
}

export class EmbeddedInbox implements Inbox {
  readonly #file: SqliteFile;
  readonly #clock: Clock;
  readonly #write: <T>(act: () => T) => Promise<T>;

  constructor(file: SqliteFile, clock: Clock, write: <T>(act: () => T) => Promise<T>) {
    this.#file = file;
    this.#clock = clock;
    this.#write = write;
  }

  async announce(announcements: readonly Announcement[]): Promise<void> {
    announcements.forEach(requireAnnouncement);
    const now = this.#clock.now();
    await this.#write(() => {
      for (const announcement of announcements) insertAnnouncement(this.#file, announcement, now);
    });
  }

  async list(inbox: Bytes, { after = 0, limit, acknowledged = false }: Page & { readonly acknowledged?: boolean }): Promise<readonly ReceivedAnnouncement[]> {
    if (limit > limits.pageItemsMax) throw fail('E_TOO_MANY', { what: 'items of one page', count: limit, max: limits.pageItemsMax });
    const which = acknowledged ? 'acknowledged <> 0' : 'acknowledged = 0';
    return this.#read(`SELECT * FROM announcements WHERE inbox = ? AND ${which} AND position > ? ORDER BY position LIMIT ?`, inbox, after, limit);
  }

  async find(inbox: Bytes, cid: Cid): Promise<ReceivedAnnouncement | undefined> {
    return (await this.#read('SELECT * FROM announcements WHERE inbox = ? AND digest = ?', inbox, digestOf(cid)))[0];
  }

  ofMessage(cid: Cid): Promise<readonly ReceivedAnnouncement[]> {
    return this.#read('SELECT * FROM announcements WHERE digest = ? ORDER BY position', digestOf(cid));
  }

  #read(text: string, ...values: ReadonlyArray<Bytes | number>): Promise<ReceivedAnnouncement[]> {
    return this.#file.read(() => {
      if (this.#file.isReplaced()) this.#file.reopen();
      const rows = this.#file.sql(text).all(...values);
      return rows.map((row) => announcementOfRow(this.#file, row));
    });
  }

  acknowledge(inbox: Bytes, cid: Cid, atMs: number): Promise<boolean> {
    return this.#write(() => {
      const row = this.#file.sql('SELECT * FROM announcements WHERE inbox = ? AND digest = ?').get(inbox, digestOf(cid));
      if (row === undefined) throw fail('E_NOT_FOUND', { what: `an announcement of ${cid.toString()}` });
      const announcement = announcementOfRow(this.#file, row);
      if (announcement.acknowledgedAtMs !== undefined) return false;
      const sum = announcementSum({ ...announcement, acknowledgedAtMs: atMs });
      this.#file.sql('UPDATE announcements SET acknowledged = ?, sum = ? WHERE position = ?').run(atMs, sum, announcement.position);
      return true;
    });
  }

  withdraw(inbox: Bytes, cid: Cid): Promise<boolean> {
    return this.#write(() => this.#file.sql('DELETE FROM announcements WHERE inbox = ? AND digest = ?').run(inbox, digestOf(cid)).changes === 1);
  }

  async *announced(): AsyncGenerator<Cid> {
    let after: Bytes = new Uint8Array(0);
    for (;;) {
      const rows = await this.#file.read(() => this.#file.sql('SELECT DISTINCT digest, codec FROM announcements WHERE digest > ? ORDER BY digest LIMIT ?').all(after, limits.pageItemsMax));
      for (const row of rows) {
        const cid = cidOfRow(this.#file, row);
        after = digestOf(cid);
        yield cid;
      }
      if (rows.length < limits.pageItemsMax) return;
    }
  }
}
