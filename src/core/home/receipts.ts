/** Receipts that this home gave: which of the messages that left it are receipts, and about what. What they say to whom is the outbox of others. */
import { digestOf, type Cid } from '../base/cid.ts';
import type { HomeDatabase } from './database.ts';
import { Records } from './records.ts';

export interface GivenReceiptRecord {
  /** The receipt itself: a message of its own. */
  readonly cid: Cid;
  /** The message that it is about. */
  readonly of: Cid;
  /** Whose word it is. */
  readonly identity: Cid;
  readonly to: Cid;
  readonly state: 'received' | 'opened' | 'refused';
  readonly atMs: number;
}

export class GivenReceipts {
  readonly #records: Records<GivenReceiptRecord>;

  constructor(database: HomeDatabase) {
    this.#records = new Records(database, { table: 'receipts', columns: ['cid'], columnsOf: ({ cid }) => [digestOf(cid)] });
  }

  find(cid: Cid): GivenReceiptRecord | undefined {
    return this.#records.find('cid = ?', digestOf(cid));
  }

  put(record: GivenReceiptRecord): void {
    this.#records.put(record);
  }
}
