/**
 * What an audit found lost, kept as notes until it is there again or nobody wants it any more: so that whoever looks later is told without an
 * audit. The hot tier takes a note away when the message is committed again. A hot tier that is made anew gets them from the journal.
 */
import { parseCid, type Cid } from '../base/cid.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { StoreContext } from './context.ts';
import { journalFacts } from './journal-facts.ts';
import { durabilities, type Acknowledgement, type Durability, type HotTier } from './ports.ts';
import { isExpired } from './expiry.ts';

const PREFIX = 'lost/';
const KIND = 'note of a loss';

export interface Loss {
  readonly cid: Cid;
  /** What was promised. */
  readonly level: Durability;
  readonly expiresAtMs: number;
}

export const lossNote = (cid: Cid): string => PREFIX + cid.toString();

/** Written down once each. Durable when it resolves. */
export async function noteLosses(hot: HotTier, acknowledged: readonly Acknowledgement[]): Promise<void> {
  for (let at = 0; at < acknowledged.length; at += limits.groupCommitBlocks) {
    const some = acknowledged.slice(at, at + limits.groupCommitBlocks);
    await Promise.all(some.map(({ cid, durability, expiresAtMs }) => hot.setNote(lossNote(cid), encode({ v: 1, level: durability, expires: expiresAtMs }), undefined)));
  }
}

/** It is there again, or was given up. */
export async function forgetLoss(hot: HotTier, cid: Cid): Promise<void> {
  const note = await hot.note(lossNote(cid));
  if (note !== undefined) await hot.setNote(lossNote(cid), undefined, note);
}

/** Nobody waits for it any more: the journal says so before its note goes. For one that has no record; false when it was let go before. */
export async function giveUp({ hot, journal, clock }: StoreContext, cid: Cid): Promise<boolean> {
  const isReleased = (await journalFacts(journal)).released.has(cid.toString());
  if (!isReleased) await journal.release([{ cid, atMs: clock.now(), reason: 'removed' }]);
  await forgetLoss(hot, cid);
  return !isReleased;
}

/** Undefined when nobody noted that it is lost. */
export async function knownLoss(hot: HotTier, cid: Cid): Promise<Loss | undefined> {
  const note = await hot.note(lossNote(cid));
  return note && read(cid, note);
}

/** What is lost, as far as anybody has looked, and has not expired since. */
export async function knownLosses({ hot, clock }: Pick<StoreContext, 'hot' | 'clock'>): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  for (const name of await hot.notes(PREFIX)) {
    const note = await hot.note(name);
    const loss = note && read(parseCid(name.slice(PREFIX.length)), note);
    if (loss !== undefined && !isExpired(loss, clock.now())) losses.push(loss);
  }
  return losses;
}

function read(cid: Cid, note: Uint8Array): Loss | undefined {
  try {
    const reader = new Reader(KIND, decode(KIND, note));
    reader.version(1);
    const level = reader.text('level', 20);
    const loss = { cid, level: durabilities.find((known) => known === level) ?? 'hot', expiresAtMs: reader.int('expires') };
    reader.done();
    return loss;
  } catch (error) {
    if (isError(error, 'E_FORMAT', 'E_NOT_CANONICAL', 'E_VERSION_NEWER')) return undefined;
    throw error;
  }
}
