/** Which messages a bulk act is about: named ones, or those that a filter finds. Both in one fixed order. */
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import type { Filter, FilterFields, FilterRecord } from '../base/filter.ts';
import type { StoreContext } from './context.ts';
import type { MessageRecord } from './ports.ts';

/** The fields that --where knows on messages. */
export const messageFilterFields = {
  tier: ['hot', 'files', 'ipfs', 's3'],
  stored: 'age',
  read: 'age',
  size: 'size',
  pinned: 'bool',
  expires: 'age',
} as const satisfies FilterFields;

export type MessageFilter = Filter<typeof messageFilterFields>;

export type Selection = { readonly cids: readonly Cid[] } | { readonly where: MessageFilter };

export const isPinned = ({ pinnedUntilMs }: Pick<MessageRecord, 'pinnedUntilMs'>, nowMs: number): boolean => pinnedUntilMs > nowMs;

export const isExpired = ({ expiresAtMs }: Pick<MessageRecord, 'expiresAtMs'>, nowMs: number): boolean => expiresAtMs !== 0 && expiresAtMs <= nowMs;

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
 * Removed messages are not found, unless they are named and asked for. Throws E_NOT_FOUND naming every named message that is not there,
 * before it gives the first.
 */
export async function* selected(store: StoreContext, selection: Selection, nowMs: number, { seesRemoved = false } = {}): AsyncGenerator<MessageRecord> {
  if ('where' in selection) {
    for await (const record of store.hot.messages()) if (!record.removed && selection.where.matches(fieldsOf(record, nowMs), nowMs)) yield record;
    return;
  }
  const records = new Map<string, MessageRecord>();
  const missing: string[] = [];
  for (const cid of selection.cids) {
    const record = await store.hot.message(cid);
    if (record === undefined || (record.removed && !seesRemoved)) missing.push(cid.toString());
    else records.set(cid.toString(), record);
  }
  if (missing.length > 0) throw fail('E_NOT_FOUND', { what: missing.join(', ') });
  yield* records.values();
}
