/**
 * Messages that this home has opened, and the keys it kept of them: a message stays readable after its prekey was destroyed,
 * unless it was opened with --ephemeral. Keys lie here sealed under the key ring, never bare.
 */
import type { Bytes } from '../base/bytes.ts';
import { digestOf, type Cid } from '../base/cid.ts';
import { limits } from '../base/limits.ts';
import type { HomeDatabase } from './database.ts';
import { Records } from './records.ts';

export interface MessageRecord {
  readonly cid: Cid;
  /** Which of my identities opened it; absent for a passphrase message. */
  readonly identity?: Cid | undefined;
  readonly sender?: { readonly id: Cid; readonly seq: number } | undefined;
  readonly openedAtMs: number;
  readonly bytes: number;
  /** `ring.sealRow` of the message key; absent when it was opened with --ephemeral. */
  readonly sealedKey?: Bytes | undefined;
  /** Receipts that were sent for it. */
  readonly receipts: readonly ('received' | 'opened' | 'refused')[];
}

export class OpenedMessages {
  readonly #database: HomeDatabase;
  readonly #records: Records<MessageRecord>;

  constructor(database: HomeDatabase) {
    this.#database = database;
    this.#records = new Records(database, { table: 'messages', columns: ['cid', 'opened'], columnsOf: ({ cid, openedAtMs }) => [digestOf(cid), openedAtMs] });
  }

  find(cid: Cid): MessageRecord | undefined {
    return this.#records.find('cid = ?', digestOf(cid));
  }

  /** Which of these were opened here: what a list marks as read. */
  findMany(cids: readonly Cid[]): readonly (MessageRecord | undefined)[] {
    return cids.map((cid) => this.find(cid));
  }

  /** Remembers it; what was kept before stays where the new record has nothing (a key is not lost to a later --ephemeral). */
  put(record: MessageRecord): void {
    this.#database.transaction(() => {
      const known = this.find(record.cid);
      this.#records.put({
        ...record,
        openedAtMs: known?.openedAtMs ?? record.openedAtMs,
        sealedKey: record.sealedKey ?? known?.sealedKey,
        receipts: [...new Set([...(known?.receipts ?? []), ...record.receipts])],
      });
    });
  }

  /** Newest first. */
  list(limit: number, beforeMs: number = Number.MAX_SAFE_INTEGER): readonly MessageRecord[] {
    return this.#records.list('opened < ? ORDER BY opened DESC LIMIT ?', beforeMs, limit);
  }

  /** Everything, a page at a time: for backups. */
  *all(): Generator<MessageRecord> {
    for (let after: Bytes = new Uint8Array(0); ; ) {
      const records = this.#records.list('cid > ? ORDER BY cid LIMIT ?', after, limits.pageItemsMax);
      yield* records;
      const last = records.at(-1);
      if (last === undefined || records.length < limits.pageItemsMax) return;
      after = digestOf(last.cid);
    }
  }

  remove(cid: Cid): boolean {
    return this.#records.remove('cid = ?', digestOf(cid)) === 1;
  }
}
