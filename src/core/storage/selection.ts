/** Which messages a bulk act is about: named ones, or those that a filter finds. Both in one fixed order. */
import type { Cid } from '../base/cid.ts';
import { eachOf } from '../base/count.ts';
import { fail } from '../base/errors.ts';
import type { Filter, FilterFields, FilterRecord } from '../base/filter.ts';
import type { StoreContext } from './context.ts';
import { knownLoss } from './losses.ts';
import type { MessageRecord } from './ports.ts';

/** The fields that --where knows on messages. */
export const messageFilterFields = {
  tier: ['hot', 'files', 'ipfs', 's3'],
  stored: 'age',
  read: 'age',
  size: 'size',
  pinned: 'bool',
  expires: 'left',
} as const satisfies FilterFields;

export type MessageFilter = Filter<typeof messageFilterFields>;

export type Selection = { readonly cids: readonly Cid[] } | { readonly where: MessageFilter };

export const isPinned = ({ pinnedUntilMs }: Pick<MessageRecord, 'pinnedUntilMs'>, nowMs: number): boolean => pinnedUntilMs > nowMs;

/** What never was (read) or is not set (expires) has no value. */
export const fieldsOf = (record: MessageRecord, nowMs: number): FilterRecord<typeof messageFilterFields> => ({
  tier: record.tiers,
  stored: record.storedAtMs,
  read: record.readAtMs === 0 ? undefined : record.readAtMs,
  size: record.bytes,
  pinned: isPinned(record, nowMs),
  expires: record.expiresAtMs === 0 ? undefined : record.expiresAtMs,
});

/**
 * Removed messages are not found, unless they are named and asked for, and neither are lost ones, of which no more than the name is left. Throws E_NOT_FOUND naming every named message that is not there,
 * before it gives the first.
 */
export async function* selected(store: StoreContext, selection: Selection, nowMs: number, { seesGone = false } = {}): AsyncGenerator<MessageRecord> {
  if ('where' in selection) {
    for await (const record of store.hot.messages()) if (!record.removed && selection.where.matches(fieldsOf(record, nowMs), nowMs)) yield record;
    return;
  }
  const records = new Map<string, MessageRecord>();
  const missing: string[] = [];
  for (const cid of selection.cids) {
    const record = (await store.hot.message(cid)) ?? (seesGone ? await lostRecord(store, cid) : undefined);
    if (record === undefined || (record.removed && !seesGone)) missing.push(cid.toString());
    else records.set(cid.toString(), record);
  }
  if (missing.length > 0) throw fail('E_NOT_FOUND', { what: eachOf(missing) });
  yield* records.values();
}

/** Version 0: no record that is there has it. */
async function lostRecord({ hot }: StoreContext, cid: Cid): Promise<MessageRecord | undefined> {
  const loss = await knownLoss(hot, cid);
  const none = { bytes: 0, blocks: 0, storedAtMs: 0, readAtMs: 0, pinnedUntilMs: 0, tiers: [], removed: false, removedAtMs: 0, version: 0 };
  return loss && { ...none, cid, expiresAtMs: loss.expiresAtMs };
}
