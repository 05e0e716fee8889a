/** What `store list` answers: one page of messages, as the store knows them. */
import type { Infer, View } from '../../cli/command.ts';
import { size, when } from '../../cli/human.ts';
import { array, boolean, integer, nullable, object, string, time } from '../../cli/schema.ts';
import { fail } from '../../core/base/errors.ts';
import type { MessagePage } from '../../core/storage/inventory.ts';
import { at, atOrNull } from './_times.ts';

export const listSchema = object({
  messages: array(
    object({
      ...{ cid: string(), tiers: array(string('that hold all of it')), bytes: integer(), blocks: integer() },
      ...{ stored: time(), read: nullable(time()), expires: nullable(time()), pinned: boolean() },
    }),
  ),
  next: nullable(string('for --after: where the next page begins')),
});

/** Throws E_USAGE. */
export function parseCursor(typed: string): number {
  if (!/^\d{1,15}$/.test(typed)) throw fail('E_USAGE', { why: 'expects the `next` of the page before' });
  return Number(typed);
}

export const pageOf = ({ messages, next }: MessagePage, nowMs: number): Infer<typeof listSchema> => ({
  messages: messages.map((one) => ({
    ...{ cid: one.cid.toString(), tiers: one.tiers, bytes: one.bytes, blocks: one.blocks },
    ...{ stored: at(one.storedAtMs), read: atOrNull(one.readAtMs), expires: atOrNull(one.expiresAtMs), pinned: one.pinnedUntilMs > nowMs },
  })),
  next: next === undefined ? null : String(next),
});

export async function messageTable(messages: Infer<typeof listSchema>['messages'], view: View): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  return table(view, messages, [
    { head: 'CID', cell: ({ cid }) => cid },
    { head: 'TIERS', cell: ({ tiers }) => tiers.join(',') || '-' },
    { head: 'SIZE', cell: ({ bytes }) => size(bytes), align: 'right' },
    { head: 'STORED', cell: ({ stored }) => when(stored) },
    { head: 'READ', cell: ({ read }) => when(read) },
    { head: 'EXPIRES', cell: ({ expires }) => when(expires) },
    { head: 'PINNED', cell: ({ pinned }) => (pinned ? 'pinned' : '-') },
  ]);
}
