/**
 * A loss reaches its sender: what audits of the store noted as lost turns `lost` in the outbox, and back when the message is there again. So does
 * what the store forgot without a word: put back to an older copy, it and its journal know nothing of the newest messages, and only who sent them
 * does. Who said that he has it keeps his word. No block is looked for here: that is what the audits do.
 */
import type { Cid } from '../base/cid.ts';
import { warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Home, OutboxEntry } from '../home/index.ts';
import { isExpired } from '../storage/expiry.ts';
import { holdersOf, readableHolders } from '../storage/holders.ts';
import { journalFacts, soundFacts } from '../storage/journal-facts.ts';
import { forgetLoss, knownLosses, noteLosses } from '../storage/losses.ts';
import type { TierName } from '../storage/ports.ts';
import { recordAgain } from '../storage/restore.ts';
import type { Store } from '../storage/store.ts';
import type { MailRoom } from './room.ts';

interface Move {
  readonly number: number;
  readonly place: number;
  readonly state: 'lost' | 'announced';
}

/** What the store says of this home's outbox. */
interface News {
  readonly moves: readonly Move[];
  /** Numbers of the entries whose message the store let go of on purpose. */
  readonly letGo: readonly number[];
}

/** Changes nothing. */
export async function newsOf(home: Home, store: Store): Promise<News> {
  const losses = await knownLosses(store);
  const moves: Move[] = [];
  const stillLost = new Set<number>();
  for (const { cid } of losses) {
    const entry = home.outbox.find(cid);
    if (entry === undefined || entry.store !== store.id) continue;
    stillLost.add(entry.number);
    moves.push(...movesOf(entry, 'announced', 'lost'));
  }
  const { entries } = home.outbox.list({ limit: Number.MAX_SAFE_INTEGER, states: ['lost'], where: (entry) => entry.store === store.id && !stillLost.has(entry.number) });
  for (const entry of entries) if (await isThere(store, entry)) moves.push(...movesOf(entry, 'lost', 'announced'));
  const { letGo, forgotten } = await missedIn(home, store);
  for (const entry of forgotten) if (!stillLost.has(entry.number)) moves.push(...movesOf(entry, 'announced', 'lost'));
  return { moves, letGo };
}

interface Missed {
  readonly letGo: readonly number[];
  /** Neither there nor let go. */
  readonly forgotten: readonly OutboxEntry[];
}

/** A store that went back in time forgot the newest first: the newest are asked for, and everything when one of them is forgotten. */
async function missedIn(home: Home, store: Store): Promise<Missed> {
  const newest = home.outbox.list({ limit: limits.outboxProbed, states: ['announced'] }).entries;
  const missed = await missedAmong(home, store, newest);
  return missed.forgotten.length === 0 ? missed : missedAmong(home, store, home.outbox.list({ limit: Number.MAX_SAFE_INTEGER, states: ['announced'] }).entries);
}

async function missedAmong(home: Home, store: Store, entries: readonly OutboxEntry[]): Promise<Missed> {
  const letGo: number[] = [];
  const unknown: OutboxEntry[] = [];
  for (const entry of entries) {
    if (entry.store !== store.id || entry.settledAtMs === undefined || entry.letGoAtMs !== undefined || isExpired(entry, home.clock.now())) continue;
    const record = entry.cid && (await store.hot.message(entry.cid));
    if (record === undefined) unknown.push(entry);
    else if (record.removed) letGo.push(entry.number);
  }
  if (unknown.length === 0) return { letGo, forgotten: [] };
  const { released, damage } = await journalFacts(store.journal);
  const forgotten: OutboxEntry[] = [];
  for (const entry of unknown) {
    if (released.has(String(entry.cid))) letGo.push(entry.number);
    // half a journal does not say what was let go; and where only the record is gone, audits tell, and `resend` helps
    else if (damage === undefined && (entry.cid === undefined || (await readableHolders(store.tiers, entry.cid)) === undefined)) forgotten.push(entry);
  }
  return { letGo, forgotten };
}

const movesOf = ({ number, recipients }: OutboxEntry, from: Move['state'], state: Move['state']): readonly Move[] =>
  recipients.flatMap((one, place) => (one.state === from ? [{ number, place, state }] : []));

async function isThere({ hot }: Store, { cid }: OutboxEntry): Promise<boolean> {
  const record = cid && (await hot.message(cid));
  return record !== undefined && !record.removed;
}

/** Answers whether anything moved. */
export async function learnLosses({ home, store }: Pick<MailRoom, 'home' | 'store'>): Promise<boolean> {
  return write(home, await newsOf(home, store));
}

/** As `learnLosses`, of this message alone, however many came after it. */
export async function learnOf({ home, store }: Pick<MailRoom, 'home' | 'store'>, entry: OutboxEntry): Promise<void> {
  const { letGo, forgotten } = await missedAmong(home, store, [entry]);
  write(home, { letGo, moves: forgotten.flatMap((one) => movesOf(one, 'announced', 'lost')) });
}

function write(home: Home, { moves, letGo }: News): boolean {
  if (moves.length + letGo.length === 0) return false;
  const atMs = home.clock.now();
  home.transaction(() => {
    for (const { number, place, state } of moves) {
      if (state === 'lost') home.outbox.setRecipientState(number, place, { state, atMs, code: 'E_MESSAGE_LOST' });
      else home.outbox.found(number, place);
    }
    for (const number of letGo) home.outbox.setLetGo(number, atMs);
  });
  return true;
}

const LOST_SETTING = 'outbox/lost';

/** The first command after a loss says so, once. */
export function warnOfLost({ home, warn }: Pick<MailRoom, 'home' | 'warn'>): void {
  const told = (home.settings.get(LOST_SETTING) as number | undefined) ?? 0;
  const any = home.outbox.list({ limit: 1, states: ['lost'] }).entries.length > 0;
  const count = any ? home.outbox.counts().lost : 0;
  if (count > told) warn(warning('W_LOST', { count }));
  if (count !== told) home.settings.set(LOST_SETTING, count);
}

export interface Standing {
  /** It was promised, not let go, and some of it is nowhere. */
  readonly lost: boolean;
  /** The tiers that hold every block, each read and hashed. Empty when the message was lost or let go, or only all tiers together hold it. */
  readonly held: readonly TierName[];
}

/**
 * How a message stands now. All of it is read and hashed, whatever an audit found: what is answered next promises it. Throws
 * E_STORE_CORRUPT when the journal, which knows what was let go, is damaged, and E_IO when a tier does not answer: nobody sends twice on a guess.
 */
export async function standingOf(store: Store, cid: Cid, signal?: AbortSignal): Promise<Standing> {
  const record = await store.hot.message(cid);
  if (record?.removed === true) return { lost: false, held: [] };
  const held = await holdersOf(store.tiers, cid, { signal, hash: true });
  if (record !== undefined && held !== undefined) {
    await forgetLoss(store.hot, cid);
    return { lost: false, held };
  }
  const { released, acknowledged } = await soundFacts(store.journal);
  const promised = released.has(cid.toString()) ? undefined : acknowledged.get(cid.toString());
  // all of it is there and only its record is gone: to seal it again would give it twice
  if (held !== undefined && promised !== undefined && (await recordAgain(store.hot, store.tiers, promised))) return { lost: false, held };
  return { lost: !released.has(cid.toString()), held: [] };
}

/** Notes a loss that was found without an audit, as an audit would. What nobody was promised is none. */
export async function noteLoss(store: Store, cid: Cid): Promise<void> {
  const one = (await soundFacts(store.journal)).acknowledged.get(cid.toString());
  if (one !== undefined) await noteLosses(store.hot, [one]);
}
