/**
 * The outbox: every message that left this home, and what became of it at each recipient. An entry is journaled before anything
 * is written to a store, so that a crash in between leaves `unknown`, never nothing: that is durability `accepted`.
 * It holds no plaintext, and no key but those of receipts; the name of a file is kept only when the caller gives it.
 */
import type { Bytes } from '../base/bytes.ts';
import { digestOf, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { HomeDatabase, SqlRow } from './database.ts';
import type { Delivery, Evidence, NewEntry, OutboxEntry, OutboxPage, Settlement } from './outbox-entry.ts';
import { isPast, recipientStates, withState, type RecipientState } from './recipient-states.ts';
import { Records } from './records.ts';

type EntryRow = Omit<OutboxEntry, 'number' | 'recipients'>;
type DeliveryRow = Delivery & { readonly number: number; readonly place: number };

export class Outbox {
  readonly #database: HomeDatabase;
  readonly #entries: Records<EntryRow>;
  readonly #deliveries: Records<DeliveryRow>;

  constructor(database: HomeDatabase) {
    this.#database = database;
    this.#entries = new Records<EntryRow>(database, {
      table: 'outbox',
      columns: ['cid', 'key', 'identity', 'created'],
      columnsOf: ({ cid, id, identity, createdAtMs }) => [cid ? digestOf(cid) : null, id ?? null, identity ? digestOf(identity) : null, createdAtMs],
    });
    this.#deliveries = new Records<DeliveryRow>(database, {
      table: 'deliveries',
      columns: ['number', 'place', 'state'],
      columnsOf: ({ number, place, state }) => [number, place, state],
    });
  }

  /** Journals one message: see `beginMany`. */
  begin(entry: NewEntry): OutboxEntry {
    return this.beginMany([entry])[0] as OutboxEntry;
  }

  /**
   * Journals messages before anything of them is written to a store, all in one flush. Every recipient is `unknown` until settled.
   * An id that this identity used before answers the entry it made then, unchanged: the caller compares and goes on with it.
   */
  beginMany(entries: readonly NewEntry[]): readonly OutboxEntry[] {
    return this.#database.transaction(() =>
      entries.map(({ recipients, durability, ...entry }) => {
        const known = entry.id === undefined ? undefined : this.find(entry.id, entry.identity);
        if (known !== undefined) return known;
        const number = this.#entries.insert({ ...entry, durability: { asked: durability, true: 'accepted' } });
        if (number === undefined) throw fail('E_BUSY', { what: `id "${entry.id}"` });
        const deliveries = recipients.map((recipient): Delivery => ({ ...recipient, state: 'unknown', times: { unknown: entry.createdAtMs }, evidence: [] }));
        deliveries.forEach((delivery, place) => this.#deliveries.put({ ...delivery, number, place }));
        return { ...entry, number, durability: { asked: durability, true: 'accepted' as const }, recipients: deliveries };
      }),
    );
  }

  /** Writes down what became known before the outcome: which message it is. States stay. Throws E_NOT_FOUND. */
  amend(number: number, known: { readonly cid: Cid; readonly bytes: number; readonly packets?: readonly (Bytes | undefined)[] }): OutboxEntry {
    return this.#database.transaction(() => {
      const { number: _, recipients, ...entry } = this.entry(number);
      this.#entries.update({ ...entry, cid: known.cid, bytes: known.bytes }, 'number = ?', number);
      recipients.forEach((recipient, place) => this.#deliveries.put({ ...recipient, packet: known.packets?.[place] ?? recipient.packet, number, place }));
      return this.entry(number);
    });
  }

  /** The entry stays under its CID; its id is free for another. */
  releaseId(number: number): void {
    this.#database.transaction(() => {
      const { number: _, recipients: __, id: ___, ...entry } = this.entry(number);
      this.#entries.update(entry, 'number = ?', number);
    });
  }

  /** The store let go of it on purpose, or has it again (undefined). */
  setLetGo(number: number, letGoAtMs: number | undefined): void {
    this.#database.transaction(() => {
      const { number: _, recipients: __, ...entry } = this.entry(number);
      if (entry.letGoAtMs !== letGoAtMs) this.#entries.update({ ...entry, letGoAtMs }, 'number = ?', number);
    });
  }

  /** Two entries turned out to be one message: `gone` goes, and its id passes to `stays`. */
  replace(gone: number, stays: number): void {
    this.#database.transaction(() => {
      const { id } = this.entry(gone);
      const { number: _, recipients: __, ...entry } = this.entry(stays);
      this.remove(gone);
      this.#entries.update({ ...entry, id: entry.id ?? id }, 'number = ?', stays);
    });
  }

  /** Writes down how it went. May be called again when more becomes known. Throws E_NOT_FOUND. */
  settle(number: number, settlement: Settlement): OutboxEntry {
    return this.settleMany([{ number, ...settlement }])[0] as OutboxEntry;
  }

  settleMany(settlements: ReadonlyArray<Settlement & { readonly number: number }>): readonly OutboxEntry[] {
    return this.#database.transaction(() => settlements.map((settlement) => this.#settle(settlement)));
  }

  #settle({ number, atMs, state, code, packets, durability, ...known }: Settlement & { readonly number: number }): OutboxEntry {
    const { number: _, recipients, ...entry } = this.entry(number);
    const settled: EntryRow = { ...entry, ...known, settledAtMs: atMs, durability: { ...entry.durability, ...(durability && { true: durability }) } };
    this.#entries.update(settled, 'number = ?', number);
    const deliveries = recipients.map((recipient, place) => {
      const packet = packets?.[place] ?? recipient.packet;
      const moved = state !== undefined && recipient.state === 'unknown' ? withState(recipient, state, atMs, code) : recipient;
      if (moved === recipient && packet === recipient.packet) return recipient;
      this.#deliveries.put({ ...moved, packet, number, place });
      return { ...moved, packet };
    });
    return { ...settled, number, recipients: deliveries };
  }

  /**
   * Moves one recipient of a message. A receipt never takes back what a later one said (opened stays opened when `received`
   * arrives late), and answers false when nothing changed.
   */
  setRecipientState(
    number: number,
    place: number,
    change: { readonly state: RecipientState; readonly atMs: number; readonly code?: string; readonly evidence?: Evidence; readonly packet?: Bytes },
  ): boolean {
    return this.#database.transaction(() => {
      const row = this.#deliveries.find('number = ? AND place = ?', number, place);
      if (row === undefined) throw fail('E_NOT_FOUND', { what: `recipient ${place} of outbox entry ${number}` });
      const fresh = change.evidence !== undefined && !row.evidence.some(({ state }) => state === change.evidence?.state);
      const moves = row.state !== change.state && !isPast(change.state, row.state);
      if (!fresh && !moves && change.packet === undefined) return false;
      const moved = moves ? withState(row, change.state, change.atMs, change.code) : row;
      const evidence = fresh ? [...row.evidence, change.evidence as Evidence] : row.evidence;
      this.#deliveries.put({ ...moved, number, place, packet: change.packet ?? row.packet, evidence });
      return true;
    });
  }

  /** It was not lost after all: the state is as if nobody had said so. */
  found(number: number, place: number): void {
    this.#database.transaction(() => {
      const row = this.#deliveries.find('number = ? AND place = ?', number, place);
      if (row?.state !== 'lost') return;
      const { lost: _, ...times } = row.times;
      this.#deliveries.put({ ...row, state: 'announced', code: undefined, times, number, place });
    });
  }

  /** Puts back an entry out of a backup, under a new number; answers false when its id is taken. */
  restore({ number: _, recipients, ...entry }: OutboxEntry): boolean {
    return this.#database.transaction(() => {
      const number = this.#entries.insert(entry);
      if (number === undefined) return false;
      recipients.forEach((recipient, place) => this.#deliveries.put({ ...recipient, number, place }));
      return true;
    });
  }

  /** Everything, oldest first, a page at a time: for backups. */
  *all(): Generator<OutboxEntry> {
    for (let after = 0; ; ) {
      const rows = this.#entries.rows('number > ? ORDER BY number LIMIT ?', after, limits.pageItemsMax);
      for (const row of rows) {
        const entry = this.#read(row);
        after = entry.number;
        yield entry;
      }
      if (rows.length < limits.pageItemsMax) return;
    }
  }

  /** By CID, or by the key of --id (of one identity, where two used the same key). */
  find(key: Cid | string, identity?: Cid): OutboxEntry | undefined {
    if (typeof key !== 'string') return this.#one('cid = ? ORDER BY number DESC LIMIT 1', digestOf(key));
    return identity === undefined
      ? this.#one('key = ? ORDER BY number DESC LIMIT 1', key)
      : this.#one('key = ? AND identity = ? LIMIT 1', key, digestOf(identity));
  }

  /** Throws E_NOT_FOUND. */
  entry(number: number): OutboxEntry {
    const entry = this.#one('number = ?', number);
    if (entry === undefined) throw fail('E_NOT_FOUND', { what: `outbox entry ${number}` });
    return entry;
  }

  /** Newest first. `next` continues where the page, or the looking, ended. */
  list({ before = Number.MAX_SAFE_INTEGER, limit, scan = Number.MAX_SAFE_INTEGER, states, where }: OutboxPage): { readonly entries: readonly OutboxEntry[]; readonly next: number | undefined } {
    const entries: OutboxEntry[] = [];
    const inStates = states === undefined ? '' : `AND number IN (SELECT number FROM deliveries WHERE state IN (${states.map(() => '?').join(', ')}))`;
    let seen = 0;
    for (let at = before; ; ) {
      const size = Math.min(limits.pageItemsMax, scan - seen);
      const rows = this.#entries.rows(`number < ? ${inStates} ORDER BY number DESC LIMIT ?`, at, ...(states ?? []), size);
      for (const row of rows) {
        const entry = this.#read(row);
        if (where === undefined || where(entry)) {
          if (entries.length === limit) return { entries, next: entries.at(-1)?.number };
          entries.push(entry);
        }
        at = entry.number;
      }
      seen += rows.length;
      if (rows.length < size) return { entries, next: undefined };
      if (seen === scan) return { entries, next: at };
    }
  }

  /** Recipients per state, for `check outbox` and doctor. */
  counts(): Readonly<Record<RecipientState, number>> {
    const counts = Object.fromEntries(recipientStates.map((state) => [state, 0])) as Record<RecipientState, number>;
    for (const row of this.#database.all('SELECT state, count(*) AS n FROM deliveries GROUP BY state')) {
      const state = row['state'] as RecipientState;
      if (state in counts) counts[state] = Number(row['n']);
    }
    return counts;
  }

  /** Forgets an entry whose message was cancelled or is no longer of interest. */
  remove(number: number): boolean {
    return this.#database.transaction(() => {
      this.#deliveries.remove('number = ?', number);
      return this.#entries.remove('number = ?', number) === 1;
    });
  }

  #one(where: string, ...values: readonly (string | number | Uint8Array)[]): OutboxEntry | undefined {
    const [row] = this.#entries.rows(where, ...values);
    return row === undefined ? undefined : this.#read(row);
  }

  #read(row: SqlRow): OutboxEntry {
    const number = Number(row['number']);
    const recipients = this.#deliveries.list('number = ? ORDER BY place', number).map(({ number: _, place: __, ...delivery }) => delivery);
    return { ...this.#entries.read(row), number, recipients };
  }
}
