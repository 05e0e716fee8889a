/**
 * What the store says of this home's outbox. What its audits noted as lost turns `lost` here, and back when the message is there again. So does what
 * it forgot without a word: put back to an older copy, it and its journal know nothing of the newest messages, and only who sent them does. What it
 * let go of on purpose is no loss, and is remembered, so that it is not asked for again. Who said that he has a message keeps his word.
 */
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { breathe } from '../base/turn.ts';
import type { Home, OutboxEntry } from '../home/index.ts';
import { isExpired } from '../storage/expiry.ts';
import { holdersOf } from '../storage/holders.ts';
import { journalFacts, type JournalFacts } from '../storage/journal-facts.ts';
import { knownLosses } from '../storage/losses.ts';
import type { Store } from '../storage/store.ts';
import { isWanted } from '../storage/wanted.ts';
import type { MailRoom } from './room.ts';

type Room = Pick<MailRoom, 'home' | 'store'>;

interface Move {
  readonly number: number;
  readonly place: number;
  readonly state: 'lost' | 'announced';
}

interface News {
  readonly moves: readonly Move[];
  /** Numbers of the entries whose message the store let go of on purpose. */
  readonly letGo: readonly number[];
}

/** Changes nothing. */
export async function newsOf(home: Home, store: Store): Promise<News> {
  const moves: Move[] = [];
  const stillLost = new Set<number>();
  for (const { cid } of await knownLosses(store)) {
    const entry = home.outbox.find(cid);
    if (entry === undefined || entry.store !== store.id) continue;
    stillLost.add(entry.number);
    moves.push(...movesOf(entry, 'announced', 'lost'));
  }
  moves.push(...(await foundAgain(home, store, stillLost)));
  const { letGo, forgotten } = await missedIn(home, store);
  for (const move of forgotten) if (!stillLost.has(move.number)) moves.push(move);
  return { moves, letGo };
}

const movesOf = ({ number, recipients }: OutboxEntry, from: Move['state'], state: Move['state']): readonly Move[] =>
  recipients.flatMap((one, place) => (one.state === from ? [{ number, place, state }] : []));

/** Of the newest lost ones, and of older ones as long as any of a page is there again. */
async function foundAgain(home: Home, store: Store, stillLost: ReadonlySet<number>): Promise<readonly Move[]> {
  const found: Move[] = [];
  for (let before: number | undefined; ; ) {
    const { entries, next } = home.outbox.list({ limit: limits.outboxScanned, states: ['lost'], where: (entry) => entry.store === store.id && !stillLost.has(entry.number), before });
    const known = found.length;
    for (const entry of entries) if (await isThere(store, entry)) found.push(...movesOf(entry, 'lost', 'announced'));
    if (found.length === known || next === undefined) return found;
    before = next;
    await breathe();
  }
}

async function isThere({ hot }: Store, { cid }: OutboxEntry): Promise<boolean> {
  return cid !== undefined && isWanted(await hot.message(cid));
}

interface Missed {
  readonly letGo: number[];
  /** Neither there nor let go. */
  readonly forgotten: Move[];
}

/** A store that went back in time forgot the newest: those are asked for, and older ones as long as any of a page is forgotten. */
async function missedIn(home: Home, store: Store): Promise<Missed> {
  const missed: Missed = { letGo: [], forgotten: [] };
  const look = new Look(store);
  let before: number | undefined;
  for (let limit: number = limits.outboxProbed; ; limit = limits.outboxScanned) {
    const { entries, next } = home.outbox.list({ limit, scan: limits.outboxScanned, states: ['announced'], where: (entry) => isAwaited({ home, store }, entry), before });
    const known = missed.forgotten.length;
    await look.among(entries, missed);
    if (missed.forgotten.length === known || next === undefined) return missed;
    before = next;
    await breathe();
  }
}

/** Somebody is told of it, as far as this home knows, and can still fetch it. */
const isAwaited = ({ home, store }: Room, entry: OutboxEntry): boolean =>
  entry.store === store.id &&
  entry.settledAtMs !== undefined &&
  entry.letGoAtMs === undefined &&
  !isExpired(entry, home.clock.now()) &&
  entry.recipients.some(({ state }) => state === 'announced');

/** Reads the journal once, and only where something is unknown. */
class Look {
  readonly #store: Store;
  #facts: JournalFacts | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  async among(entries: readonly OutboxEntry[], missed: Missed): Promise<void> {
    for (const entry of entries) {
      const record = entry.cid && (await this.#store.hot.message(entry.cid));
      if (record?.removed === true || (record === undefined && (await this.#isReleased(entry)))) missed.letGo.push(entry.number);
      else if (record === undefined && (await this.#isForgotten(entry))) missed.forgotten.push(...movesOf(entry, 'announced', 'lost'));
    }
  }

  async #journal(): Promise<JournalFacts> {
    return (this.#facts ??= await journalFacts(this.#store.journal));
  }

  async #isReleased({ cid }: OutboxEntry): Promise<boolean> {
    return (await this.#journal()).released.has(String(cid));
  }

  /** Half a journal does not say what was let go. Where only the record is gone, audits tell, and `resend` helps; nor does anybody guess what a tier does not say. */
  async #isForgotten({ cid }: OutboxEntry): Promise<boolean> {
    if ((await this.#journal()).damage !== undefined) return false;
    try {
      return cid === undefined || (await holdersOf(this.#store.tiers, cid)) === undefined;
    } catch (error) {
      if (isError(error, 'E_IO', 'E_STORE_CORRUPT')) return false;
      throw error;
    }
  }
}

/** Answers whether anything moved. */
export async function learnNews({ home, store }: Room): Promise<boolean> {
  return write(home, await newsOf(home, store));
}

/** As `learnNews`, of this message alone, however many came after it. What was let go may be wanted again: an import brings it back. Answers the entry as it is then. */
export async function learnOf(room: Room, number: number): Promise<OutboxEntry> {
  const { home, store } = room;
  const entry = home.outbox.entry(number);
  if (entry.letGoAtMs !== undefined && entry.store === store.id && (await isThere(store, entry))) home.outbox.setLetGo(number, undefined);
  const now = home.outbox.entry(number);
  const missed: Missed = { letGo: [], forgotten: [] };
  if (isAwaited(room, now)) await new Look(store).among([now], missed);
  await write(home, { letGo: missed.letGo, moves: missed.forgotten });
  return home.outbox.entry(number);
}

async function write(home: Home, { moves, letGo }: News): Promise<boolean> {
  const atMs = home.clock.now();
  const writes = [
    ...moves.map(({ number, place, state }) => () => void (state === 'lost' ? home.outbox.setRecipientState(number, place, { state, atMs, code: 'E_MESSAGE_LOST' }) : home.outbox.found(number, place))),
    ...letGo.map((number) => () => home.outbox.setLetGo(number, atMs)),
  ];
  for (let at = 0; at < writes.length; at += limits.outboxScanned) {
    home.transaction(() => writes.slice(at, at + limits.outboxScanned).forEach((one) => one()));
    await breathe();
  }
  return writes.length > 0;
}
