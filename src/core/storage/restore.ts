/**
 * Messages that cold announces and hot does not know: lost there, with a database or with the end of its log. They come back with the
 * packets that cold keeps; whether they were read or acknowledged is not known there. What was let go on purpose stays away.
 */
import type { Cid } from '../base/cid.ts';
import { isError, type ErrorCode } from '../base/errors.ts';
import { announcementOf } from './announcing.ts';
import { sizeOf } from './closure.ts';
import { loadFrom, readableHolders } from './holders.ts';
import type { Acknowledgement, BlockTier, ColdTier, HotTier } from './ports.ts';
import { isWanted } from './wanted.ts';

/** What was let go on purpose, by CID; asked for only where something is unknown. */
export type ReleasedCids = () => Promise<ReadonlySet<string>>;

/** In no order. */
export async function unknownToHot(hot: HotTier, tier: ColdTier, releasedCids: ReleasedCids): Promise<readonly Cid[]> {
  const unknown = new Map<string, Cid>();
  for await (const cid of tier.announced()) if ((await hot.message(cid)) === undefined) unknown.set(cid.toString(), cid);
  if (unknown.size === 0) return [];
  const released = await releasedCids();
  return [...unknown.values()].filter((cid) => !released.has(cid.toString()));
}

/** Record and announcements again. Answers the code of what stood in the way: announcements or a manifest that are damaged. */
export async function bringBack(hot: HotTier, tier: ColdTier, cid: Cid): Promise<ErrorCode | undefined> {
  try {
    const announcements = (await tier.announcements(cid)).map((packet) => announcementOf(cid, packet));
    const size = await sizeOf(cid, (one) => tier.get(one));
    const expiresAtMs = announcements.reduce((latest, one) => Math.max(latest, one.expiresAtMs), 0);
    await hot.commit({ message: { cid, ...size, expiresAtMs, tiers: [tier.tier] }, announcements });
    return undefined;
  } catch (error) {
    return codeOfDamage(error);
  }
}

/** The record of a message whose blocks are all there; nobody is told. False when they are not. */
export async function recordAgain(hot: HotTier, tiers: readonly BlockTier[], { cid, expiresAtMs }: Pick<Acknowledgement, 'cid' | 'expiresAtMs'>): Promise<boolean> {
  const holders = await readableHolders(tiers, cid);
  if (holders === undefined) return false;
  const size = await sizeOf(cid, loadFrom(tiers));
  await hot.commit({ message: { cid, ...size, expiresAtMs, tiers: holders }, announcements: [] });
  return true;
}

/** What is wrong with one message is an answer; what is wrong with the surroundings is not. */
function codeOfDamage(error: unknown): ErrorCode {
  if (!isError(error) || error.code === 'E_DISK_FULL' || error.code === 'E_BUSY') throw error;
  return error.code;
}

/** Announcements of messages that hot does know, where it lost some: told again, once each. */
export async function announceFromCold(hot: HotTier, tier: ColdTier, cid: Cid): Promise<void> {
  const packets = await tier.announcements(cid);
  await hot.inbox.announce(packets.map((packet) => announcementOf(cid, packet)));
}

async function toldAgain(hot: HotTier, tier: ColdTier, cid: Cid): Promise<ErrorCode | undefined> {
  try {
    await announceFromCold(hot, tier, cid);
    return undefined;
  } catch (error) {
    return codeOfDamage(error);
  }
}

export interface Restored {
  readonly messages: number;
  readonly damaged: ReadonlyArray<{ readonly cid: Cid; readonly code: ErrorCode }>;
}

/** All of one tier, into a hot tier that was made anew. */
export async function restoreFromCold(hot: HotTier, tier: ColdTier, released: ReleasedCids): Promise<Restored> {
  const damaged: Array<{ cid: Cid; code: ErrorCode }> = [];
  let messages = 0;
  for (const cid of await unknownToHot(hot, tier, released)) {
    const code = await bringBack(hot, tier, cid);
    if (code === undefined) messages++;
    else damaged.push({ cid, code });
  }
  for await (const cid of tier.announced()) {
    const record = await hot.message(cid);
    if (!isWanted(record)) continue;
    const code = await toldAgain(hot, tier, cid);
    if (code !== undefined) damaged.push({ cid, code });
  }
  return { messages, damaged };
}
