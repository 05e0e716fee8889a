/**
 * Rows of home.db as typed records. Each row carries a sum over its table, its searched columns and its record: SQLite notices
 * a torn page, not a flipped bit in a cell. The sum finds accidents; whoever may write the home can forge it.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts';
import { sha256 } from '../base/cid.ts';
import { decode, encode, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import type { HomeDatabase, SqlRow, SqlValue } from './database.ts';

const SUM_BYTES = 8;

export interface TableShape<Row> {
  readonly table: string;
  /** Searched columns, in the order in which `columnsOf` gives them. */
  readonly columns: readonly string[];
  columnsOf(row: Row): readonly SqlValue[];
}

export class Records<Row extends object> {
  readonly #database: HomeDatabase;
  readonly #shape: TableShape<Row>;

  constructor(database: HomeDatabase, shape: TableShape<Row>) {
    this.#database = database;
    this.#shape = shape;
  }

  #sum(columns: readonly unknown[], record: Bytes): Bytes {
    return sha256(encode([this.#shape.table, columns as readonly Value[], record])).subarray(0, SUM_BYTES);
  }

  #values(row: Row): readonly SqlValue[] {
    const columns = this.#shape.columnsOf(row);
    const record = encode(row as Value);
    return [...columns, record, this.#sum(columns, record)];
  }

  get #names(): string {
    return [...this.#shape.columns, 'record', 'sum'].join(', ');
  }

  #write(verb: string, row: Row): { changes: number; rowid: number } {
    const values = this.#values(row);
    return this.#database.run(`${verb} INTO ${this.#shape.table} (${this.#names}) VALUES (${values.map(() => '?').join(', ')})`, ...values);
  }

  /** Answers the row id, or undefined when a row with one of its unique columns is already there. */
  insert(row: Row): number | undefined {
    const { changes, rowid } = this.#write('INSERT OR IGNORE', row);
    return changes === 1 ? rowid : undefined;
  }

  /** Inserts, or replaces the row with the same key. */
  put(row: Row): void {
    this.#write('INSERT OR REPLACE', row);
  }

  /** Overwrites the rows that match; answers how many. */
  update(row: Row, where: string, ...values: readonly SqlValue[]): number {
    const set = [...this.#shape.columns, 'record', 'sum'].map((name) => `${name} = ?`).join(', ');
    return this.#database.run(`UPDATE ${this.#shape.table} SET ${set} WHERE ${where}`, ...this.#values(row), ...values).changes;
  }

  find(where: string, ...values: readonly SqlValue[]): Row | undefined {
    const row = this.#database.get(`SELECT * FROM ${this.#shape.table} WHERE ${where} LIMIT 1`, ...values);
    return row === undefined ? undefined : this.read(row);
  }

  /** `rest` is what follows WHERE, order and limit included. Throws E_HOME_CORRUPT on a row that does not hold. */
  list(rest: string, ...values: readonly SqlValue[]): Row[] {
    return this.rows(rest, ...values).map((row) => this.read(row));
  }

  /** The raw rows, for tables whose row id matters too. */
  rows(rest: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#database.all(`SELECT * FROM ${this.#shape.table} WHERE ${rest}`, ...values);
  }

  count(where: string, ...values: readonly SqlValue[]): number {
    return Number(this.#database.get(`SELECT count(*) AS n FROM ${this.#shape.table} WHERE ${where}`, ...values)?.['n']);
  }

  remove(where: string, ...values: readonly SqlValue[]): number {
    return this.#database.run(`DELETE FROM ${this.#shape.table} WHERE ${where}`, ...values).changes;
  }

  read(row: SqlRow): Row {
    const { record, sum } = row;
    try {
      const columns = this.#shape.columns.map((name) => row[name]);
      if (record instanceof Uint8Array && sum instanceof Uint8Array && equalBytes(this.#sum(columns, record), sum)) {
        return decode('home record', record) as Row;
      }
    } catch (cause) {
      throw this.#damaged(cause);
    }
    throw this.#damaged();
  }

  #damaged(cause?: unknown): Error {
    return fail('E_HOME_CORRUPT', { path: this.#database.path, why: `a row of ${this.#shape.table} does not hold` }, cause);
  }
}
