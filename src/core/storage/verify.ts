/**
 * Hash what is there. Read-only unless asked to repair; then a bad or missing block is written anew from a tier that has it whole, read
 * back, and a broken hot database is rebuilt. It proves integrity, not authenticity: that a message is what its sender signed is seen at
 * opening. A block that hot lacks and cold has is no fault; one that a record says cold has, and cold lacks, is.
 */
import { hexOf } from '../base/bytes.ts';
import { digestOf, type Cid } from '../base/cid.ts';
import { isError, type ErrorCode, type OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { sampleOf } from '../base/sample.ts';
import { closureOf } from './closure.ts';
import { copyAnnouncements } from './cold-copy.ts';
import type { StoreContext } from './context.ts';
import type { BlockTier, ColdTier, ColdTierName, MessageRecord, TierName } from './ports.ts';
import { garbageAmong } from './garbage.ts';
import { heal } from './heal.ts';
import type { BadBlock, VerifyOptions, VerifyResult } from './verify-types.ts';
import type { RebuildReport } from './rebuild.ts';
import { bringBack, unknownToHot } from './restore.ts';
import { verifyAcknowledged, type AcknowledgedResult } from './acknowledged.ts';
import { keepFindings } from './bad-findings.ts';
import { isExpired } from './expiry.ts';
import { journalFacts } from './journal-facts.ts';

/** Throws E_NOT_SUPPORTED when a tier is asked for that the store does not have. */
export async function verify(store: StoreContext, options: VerifyOptions = {}): Promise<VerifyResult> {
  const result = await lookThrough(store, options);
  const isWhole = options.cids === undefined && options.tiers === undefined && options.sample === undefined && result.shortfall === undefined;
  const unkept = await keepFindings(store, result.badTotal - result.repaired + (result.acknowledged?.unannounced.length ?? 0), isWhole);
  return unkept === undefined ? result : { ...result, unkept };
}

async function lookThrough(store: StoreContext, options: VerifyOptions): Promise<VerifyResult> {
  const run = new Verification(store, options);
  try {
    if (options.cids !== undefined) for (const cid of options.cids) await run.checkNamed(cid);
    else await run.checkAll();
    await run.sortOutGarbage();
  } catch (error) {
    const reason: unknown = options.signal?.reason;
    if (!isError(reason, 'E_TIMEOUT')) throw error;
    return { ...run.result, shortfall: reason };
  }
  return run.result;
}

/** Whoever looks at a cold tier, or at the journal, asks hot too. */
const isOfHot = (error: OmniplexError): boolean => error.code === 'E_STORE_CORRUPT' && error.details['tier'] === 'hot';

/** A block is one, whatever codec it was named with. */
const copyName = (tier: TierName, cid: Cid): string => `${tier} ${hexOf(digestOf(cid))}`;

class Verification {
  readonly #store: StoreContext;
  readonly #options: VerifyOptions;
  readonly #tiers: readonly BlockTier[];
  readonly #bad: BadBlock[] = [];
  /** Copies that are wrong and stay so. */
  readonly #unsound = new Set<string>();
  /** Tiers that do not answer: reported once each. */
  readonly #silent = new Set<TierName>();
  #checked = 0;
  #badTotal = 0;
  #repaired = 0;
  #rebuilt: RebuildReport | undefined;
  /** And not rebuilt: whatever is written to it now may go over what a rebuild could still read. */
  #isHotBroken = false;
  #acknowledged: AcknowledgedResult | undefined;
  #total: number | undefined;

  constructor(store: StoreContext, options: VerifyOptions) {
    this.#store = store;
    this.#options = options;
    this.#tiers = options.tiers?.map((tier) => (tier === 'hot' ? store.hot : store.coldTier(tier))) ?? store.tiers;
  }

  get result(): VerifyResult {
    const counts = { checked: this.#checked, bad: this.#bad, badTotal: this.#badTotal, repaired: this.#repaired };
    return { ...counts, ...(this.#rebuilt && { rebuilt: this.#rebuilt }), ...(this.#acknowledged && { acknowledged: this.#acknowledged }), ...(this.#isHotBroken && { isHotBroken: true as const }) };
  }

  async checkAll(): Promise<void> {
    if (this.#tiers.includes(this.#store.hot)) await this.#checkHotItself();
    await this.#expect();
    for (const tier of this.#tiers) await this.#whileSound(tier, () => this.#checkTier(tier));
    await this.#whileSound(this.#store.hot, () => this.#checkMessages());
    if (this.#options.sample !== undefined) return;
    // what a broken hot tier does not show is no finding of its own: the repair brings it back
    if (!this.#isHotBroken) for (const tier of this.#store.cold.values()) await this.#whileSound(tier, () => this.#checkKnown(tier));
    if (this.#options.tiers === undefined && !this.#isHotBroken) await this.#checkAcknowledged();
  }

  /** A loss stays a finding until it is there again, given up or expired: nobody is told of it once and then never more. */
  async #checkAcknowledged(): Promise<void> {
    const { repair = false, signal } = this.#options;
    const damaged = (code: ErrorCode) => this.#report({ cid: undefined, tier: 'journal', place: this.#store.layout.journal, code, repaired: false });
    try {
      this.#acknowledged = await verifyAcknowledged(this.#store, 0, { repair, signal, isHotSound: true, isBad: (tier, cid) => this.#unsound.has(copyName(tier, cid)) });
      if (this.#acknowledged.damage !== undefined) damaged(this.#acknowledged.damage.code);
    } catch (error) {
      if (!isError(error, 'E_STORE_CORRUPT', 'E_IO')) throw error;
      if (isOfHot(error)) await this.#hotIsBroken();
      else damaged(error.code);
    }
  }

  /** Counting a cold tier takes as long as reading its names: the records tell about as much. */
  async #expect(): Promise<void> {
    const { onProgress, signal, sample = 1 } = this.#options;
    if (onProgress === undefined) return;
    const names = new Set(this.#tiers.map(({ tier }) => tier));
    try {
      let total = names.has('hot') ? (await this.#store.hot.usage()).blocks : 0;
      for await (const { blocks, tiers } of this.#store.hot.messages()) {
        signal?.throwIfAborted();
        total += blocks * tiers.filter((tier) => tier !== 'hot' && names.has(tier)).length;
      }
      this.#total = Math.round(total * sample);
    } catch (error) {
      // a hot tier that is broken is reported when it is its turn
      if (!isError(error, 'E_STORE_CORRUPT', 'E_IO')) throw error;
    }
  }

  /** What cold announces, hot knows: a log that lost its end looks sound, and is not. */
  async #checkKnown(tier: ColdTier): Promise<void> {
    const { hot, journal } = this.#store;
    if (!this.#tiers.includes(hot)) return;
    for (const cid of await unknownToHot(hot, tier, async () => (await journalFacts(journal)).released)) {
      const repaired = this.#options.repair === true && (await bringBack(hot, tier, cid)) === undefined;
      this.#report({ cid, tier: 'hot', place: hot.place, code: 'E_NOT_FOUND', repaired });
    }
  }

  async checkNamed(cid: Cid): Promise<void> {
    const record = await this.#store.hot.message(cid);
    if (record !== undefined) await this.#checkMessage(record);
    let found = record !== undefined;
    const parts = record === undefined ? [{ cids: [cid] }] : closureOf(cid, this.#load);
    try {
      for await (const { cids } of parts) for (const one of cids) found = (await this.#checkEverywhere(one)) || found;
    } catch (error) {
      // the walk ends where a node is gone; #checkMessage has said so
      if (!isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_FORMAT', 'E_NOT_CANONICAL')) throw error;
    }
    if (!found) this.#report({ cid, tier: 'hot', place: this.#store.hot.place, code: 'E_NOT_FOUND', repaired: false });
  }

  async sortOutGarbage(): Promise<void> {
    if (this.#isHotBroken) return;
    for (const [i, one] of await garbageAmong(this.#store, this.#bad, this.#options)) {
      this.#bad[i] = one;
      if (one.repaired) this.#repaired++;
    }
  }

  readonly #load = async (cid: Cid) => (await this.#store.read(cid, this.#options.signal))?.bytes;

  #report(bad: BadBlock): void {
    this.#badTotal++;
    if (bad.repaired) this.#repaired++;
    else if (bad.cid !== undefined && bad.tier !== 'journal') this.#unsound.add(copyName(bad.tier, bad.cid));
    if (this.#bad.length < limits.badListed) this.#bad.push(bad);
  }

  /** The engine's own opinion, and the totals; only in a full run, since it reads everything. */
  async #checkHotItself(): Promise<void> {
    if (this.#options.sample !== undefined) return;
    const { hot } = this.#store;
    if ((await hot.findings(this.#options.signal)).length > 0) return this.#hotIsBroken();
    const repaired = this.#options.repair === true;
    if (!(await hot.usageHolds(repaired))) this.#report({ cid: undefined, tier: 'hot', place: hot.place, code: 'E_STORE_CORRUPT', repaired });
  }

  /** One fault is one finding, however many stages trip over it. Made anew at most once: a file that breaks again stays broken. */
  async #hotIsBroken(): Promise<void> {
    if (this.#isHotBroken) return;
    const { repair = false, rebuild } = this.#options;
    const repaired = repair && rebuild !== undefined && this.#rebuilt === undefined;
    if (repaired) this.#rebuilt = await rebuild();
    else this.#isHotBroken = true;
    this.#report({ cid: undefined, tier: 'hot', place: this.#store.hot.place, code: 'E_STORE_CORRUPT', repaired });
  }

  /** A tier that breaks under the hands is reported once; the others are still looked at. */
  async #whileSound(tier: BlockTier, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isError(error, 'E_STORE_CORRUPT', 'E_IO')) throw error;
      if (error.code === 'E_IO') this.#isSilent(tier, error);
      else if (tier === this.#store.hot || isOfHot(error)) await this.#hotIsBroken();
      else this.#report({ cid: undefined, tier: tier.tier, place: tier.place, code: error.code, repaired: false });
    }
  }

  /** A disk or a right that is missing is no damage: what is behind it may be whole, and nothing is made anew. */
  #isSilent(tier: BlockTier, { code }: OmniplexError): void {
    if (this.#silent.has(tier.tier)) return;
    this.#silent.add(tier.tier);
    this.#report({ cid: undefined, tier: tier.tier, place: tier.place, code, repaired: false });
  }

  async #checkTier(tier: BlockTier): Promise<void> {
    for await (const { cid } of sampleOf(this.#store.rng, this.#options.sample, tier.blocks(undefined, this.#options.signal))) await this.#checkBlock(tier, cid);
  }

  /** Whether any tier has it. */
  async #checkEverywhere(cid: Cid): Promise<boolean> {
    let found = false;
    for (const tier of this.#tiers) {
      if (!(await tier.has([cid], this.#options.signal))[0]) continue;
      found = true;
      await this.#checkBlock(tier, cid);
    }
    return found;
  }

  async #checkBlock(tier: BlockTier, cid: Cid): Promise<void> {
    const { signal, onProgress, repair } = this.#options;
    try {
      await tier.get(cid, signal);
    } catch (error) {
      if (!isError(error, 'E_BLOCK_CORRUPT', 'E_IO')) throw error;
      this.#report({ cid, tier: tier.tier, place: tier.place, code: error.code, repaired: repair === true && (await heal(this.#store, tier, cid, signal)) });
    }
    this.#checked++;
    onProgress?.({ checked: this.#checked, bad: this.#badTotal, total: this.#total });
  }

  async #checkMessages(): Promise<void> {
    for await (const record of sampleOf(this.#store.rng, this.#options.sample, this.#wantedMessages())) await this.#checkMessage(record);
  }

  async *#wantedMessages(): AsyncGenerator<MessageRecord> {
    for await (const record of this.#store.hot.messages()) {
      this.#options.signal?.throwIfAborted();
      if (!record.removed && !isExpired(record, this.#store.clock.now())) yield record;
    }
  }

  /** Every block is somewhere, and wherever the record says that cold has it. */
  async #checkMessage(record: MessageRecord): Promise<void> {
    const claimed = this.#store.tiers.filter(({ tier }) => tier !== 'hot' && record.tiers.includes(tier));
    try {
      for await (const { cids } of closureOf(record.cid, this.#load)) await this.#checkPresence(cids, claimed);
    } catch (error) {
      // a tier that does not answer has been reported as one
      if (isError(error, 'E_IO') && this.#silent.size > 0) return;
      if (!isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_FORMAT', 'E_NOT_CANONICAL', 'E_IO')) throw error;
      this.#report({ cid: record.cid, tier: 'hot', place: this.#store.hot.place, code: error.code, repaired: false });
    }
    for (const tier of claimed) await this.#checkAnnouncements(record.cid, tier.tier as ColdTierName);
  }

  async #checkPresence(cids: readonly Cid[], claimed: readonly BlockTier[]): Promise<void> {
    const { signal } = this.#options;
    const anywhere = cids.map(() => false);
    const lacking: Array<{ tier: BlockTier; cid: Cid }> = [];
    for (const tier of this.#store.tiers) {
      const there = await this.#has(tier, cids, signal);
      if (there === undefined) anywhere.fill(true);
      there?.forEach((has, i) => {
        if (has) anywhere[i] = true;
        else if (claimed.includes(tier)) lacking.push({ tier, cid: cids[i] as Cid });
      });
    }
    for (const { tier, cid } of lacking) {
      const repaired = this.#options.repair === true && (await heal(this.#store, tier, cid, signal));
      this.#report({ cid, tier: tier.tier, place: tier.place, code: 'E_BLOCKS_MISSING', repaired });
    }
    const gone = cids.filter((cid, i) => !anywhere[i] && !lacking.some((one) => one.cid === cid));
    for (const cid of gone) this.#report({ cid, tier: 'hot', place: this.#store.hot.place, code: 'E_BLOCKS_MISSING', repaired: false });
  }

  /** Undefined when the tier does not answer: then it may have any of them. */
  async #has(tier: BlockTier, cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[] | undefined> {
    try {
      return await tier.has(cids, signal);
    } catch (error) {
      if (!isError(error, 'E_IO')) throw error;
      this.#isSilent(tier, error);
      return undefined;
    }
  }

  async #checkAnnouncements(cid: Cid, name: ColdTierName): Promise<void> {
    const tier = this.#store.coldTier(name);
    if (!this.#tiers.includes(tier)) return;
    try {
      await tier.announcements(cid);
    } catch (error) {
      if (!isError(error, 'E_STORE_CORRUPT', 'E_IO')) throw error;
      this.#report({ cid, tier: name, place: tier.place, code: error.code, repaired: this.#options.repair === true && (await this.#announceInCold(cid, tier)) });
    }
  }

  async #announceInCold(cid: Cid, tier: ColdTier): Promise<boolean> {
    try {
      await copyAnnouncements(this.#store, cid, tier);
      return true;
    } catch (error) {
      if (!isError(error, 'E_IO', 'E_STORE_CORRUPT')) throw error;
      return false;
    }
  }
}
