/**
 * What we promised against what is there: the journal compared with the tiers. `present`: every block is somewhere and every inbox is told.
 * `unannounced`: the blocks are there, an inbox is not told. `lost`: blocks are missing, or known to be wrong. `ended`: removed or collected
 * on purpose, or expired: kept long enough, whether it is still there or not. Losses are noted in the hot tier; a note is struck out only when all
 * of the message was read and hashed. A hot tier that is broken itself is not written to: that could go over what a rebuild can still read.
 */
import { equalBytes, hexOf } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import type { StoreContext } from './context.ts';
import { holdersOf, type LookOptions } from './holders.ts';
import { journalFacts, type JournalFacts } from './journal-facts.ts';
import { forgetLoss, knownLosses, noteLosses } from './losses.ts';
import type { Acknowledgement, Durability, HotTier } from './ports.ts';
import { announceFromCold, recordAgain } from './restore.ts';
import { isExpired } from './expiry.ts';

export interface Missed {
  readonly cid: Cid;
  readonly level: Durability;
  readonly atMs: number;
  /** Inboxes that are concerned, by their digests in hexadecimal. */
  readonly to: readonly string[];
}

export interface AcknowledgedResult {
  readonly total: Readonly<Partial<Record<Durability, number>>>;
  readonly present: number;
  /** Let go on purpose, or expired. */
  readonly ended: number;
  readonly unannounced: readonly Missed[];
  readonly lost: readonly Missed[];
  /** Announcements that were made again, where that was asked. */
  readonly announcedAgain: number;
  /** Records of an --id that hot had lost and got back from the journal, where that was asked. */
  readonly operations: number;
  /** The journal is damaged: what it does not tell any more was not compared. */
  readonly damage?: OmniplexError;
  /** Why a tier did not say what it has: messages that no other tier has whole are neither present nor lost. */
  readonly silent?: OmniplexError;
  /** The hot tier is broken itself: nothing was mended, and nothing may be written to it before `verify` has repaired it. */
  readonly hotDamage?: OmniplexError;
}

export interface AcknowledgedOptions extends LookOptions {
  readonly repair?: boolean;
  /** Somebody has just looked: the hot tier is not broken itself. */
  readonly isHotSound?: boolean;
}

/** `repair` announces again from cold what can be, and puts back what hot forgot and the journal knows. */
export async function verifyAcknowledged(store: StoreContext, sinceMs: number, { repair = false, isHotSound = false, ...look }: AcknowledgedOptions = {}): Promise<AcknowledgedResult> {
  const hotDamage = isHotSound ? undefined : await damageOf(store.hot, look.signal);
  const mends = repair && hotDamage === undefined;
  const facts = await journalFacts(store.journal, sinceMs);
  const noted = new Set((await knownLosses(store)).map(({ cid }) => cid.toString()));
  const audit = new Audit(store, facts, { mends, isHotSound: hotDamage === undefined });
  const operations = mends ? await store.hot.restoreOperations(facts.operations.values()) : 0;
  for (const one of facts.acknowledged.values()) {
    look.signal?.throwIfAborted();
    await audit.look(one, { ...look, hash: noted.has(one.cid.toString()) });
  }
  await audit.pardon(sinceMs);
  if (hotDamage === undefined) await audit.note();
  return { ...audit.result, operations, ...(facts.damage && { damage: facts.damage }), ...(hotDamage && { hotDamage }) };
}

async function damageOf(hot: HotTier, signal: AbortSignal | undefined): Promise<OmniplexError | undefined> {
  const [why] = await hot.findings(signal);
  return why === undefined ? undefined : fail('E_STORE_CORRUPT', { tier: hot.tier, path: hot.place, why });
}

class Audit {
  readonly #store: StoreContext;
  readonly #facts: JournalFacts;
  readonly #repair: boolean;
  readonly #isHotSound: boolean;
  readonly #total: Partial<Record<Durability, number>> = {};
  readonly #unannounced = new Map<string, Missed>();
  readonly #lost = new Map<string, Acknowledgement>();
  /** No tier that answers has all of it, and one does not answer. */
  readonly #unknown = new Set<string>();
  #silent: OmniplexError | undefined;
  #present = 0;
  #ended = 0;
  #announcedAgain = 0;

  constructor(store: StoreContext, facts: JournalFacts, { mends, isHotSound }: { readonly mends: boolean; readonly isHotSound: boolean }) {
    this.#store = store;
    this.#facts = facts;
    this.#repair = mends;
    this.#isHotSound = isHotSound;
  }

  get result(): Omit<AcknowledgedResult, 'operations' | 'damage'> {
    const lost = [...this.#lost.values()].map((one) => missed(one, one.inboxes));
    return { total: this.#total, present: this.#present, ended: this.#ended, unannounced: [...this.#unannounced.values()], lost, announcedAgain: this.#announcedAgain, ...(this.#silent && { silent: this.#silent }) };
  }

  async look(one: Acknowledgement, options: LookOptions): Promise<void> {
    const { cid, durability: level } = one;
    const { hot, tiers, clock } = this.#store;
    this.#total[level] = (this.#total[level] ?? 0) + 1;
    const record = this.#isHotSound ? await hot.message(cid) : undefined;
    if (this.#facts.released.has(cid.toString()) || record?.removed === true || isExpired(one, clock.now())) return void this.#ended++;
    const isHeld = await this.#isHeld(cid, options);
    if (isHeld === undefined) this.#unknown.add(cid.toString());
    else if (!isHeld) this.#lost.set(cid.toString(), one);
    else {
      const isKnown = !this.#isHotSound || record !== undefined || (this.#repair && (await recordAgain(hot, tiers, one)));
      await this.#lookAtInboxes(one, isKnown);
    }
  }

  /** Undefined where a tier does not say, and the others do not have it. */
  async #isHeld(cid: Cid, options: LookOptions): Promise<boolean | undefined> {
    try {
      return (await holdersOf(this.#store.tiers, cid, options)) !== undefined;
    } catch (error) {
      if (!isError(error, 'E_IO')) throw error;
      this.#silent ??= error;
      return undefined;
    }
  }

  /** Of a message whose record is gone its inboxes count as untold: `resend` and a repair make both again. */
  async #lookAtInboxes(one: Acknowledgement, isKnown: boolean): Promise<void> {
    const untold = isKnown ? await untoldInboxes(this.#store, one) : one.inboxes;
    if (untold.length === 0 && isKnown) this.#present++;
    else if (this.#repair && (await announceAgain(this.#store, one))) {
      this.#present++;
      this.#announcedAgain += untold.length;
    } else this.#unannounced.set(one.cid.toString(), missed(one, untold));
  }

  /** What was let go while we looked is no loss. */
  async pardon(sinceMs: number): Promise<void> {
    if (this.#lost.size + this.#unannounced.size === 0) return;
    const { released } = await journalFacts(this.#store.journal, sinceMs);
    for (const missing of [this.#lost, this.#unannounced]) {
      for (const text of missing.keys()) if (released.has(text) && missing.delete(text)) this.#ended++;
    }
  }

  async note(): Promise<void> {
    const { hot } = this.#store;
    await noteLosses(hot, [...this.#lost.values()]);
    for (const { cid } of await knownLosses(this.#store)) {
      const text = cid.toString();
      if (this.#facts.acknowledged.has(text) && !this.#lost.has(text) && !this.#unknown.has(text)) await forgetLoss(hot, cid);
    }
  }
}

const missed = ({ cid, durability: level, atMs }: Acknowledgement, inboxes: Acknowledgement['inboxes']): Missed => ({ cid, level, atMs, to: inboxes.map(hexOf) });

async function untoldInboxes(store: StoreContext, { cid, inboxes }: Acknowledgement) {
  const told = (await store.hot.inbox.ofMessage(cid)).map(({ inbox }) => inbox);
  return inboxes.filter((inbox) => !told.some((one) => equalBytes(one, inbox)));
}

/** From the packets that cold keeps. True when every inbox is told now. */
async function announceAgain(store: StoreContext, acknowledgement: Acknowledgement): Promise<boolean> {
  for (const tier of store.cold.values()) await announceFromCold(store.hot, tier, acknowledgement.cid);
  return (await untoldInboxes(store, acknowledgement)).length === 0;
}
