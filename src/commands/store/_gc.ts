/** What `store gc` answers: what went, or what would go. */
import type { Infer, View } from '../../cli/command.ts';
import { count, duration, size } from '../../cli/human.ts';
import { integer, number, object, optional, record, string } from '../../cli/schema.ts';
import type { GcResult } from '../../core/storage/gc.ts';

const amount = { messages: integer('removed or expired ones that are forgotten'), blocks: integer(), bytes: integer(), tiers: record(object({ blocks: integer(), bytes: integer() })) };
export const gcSchema = object({ ...amount, unfinished: integer('files that killed processes left'), seconds: number(), plan: optional(object(amount)), planId: string() });

export function gcOf({ planId, unfinished, ...found }: GcResult, dryRun: boolean, ms: number): Infer<typeof gcSchema> {
  const none = { messages: 0, blocks: 0, bytes: 0, tiers: {} };
  return { ...(dryRun ? { ...none, plan: found } : found), unfinished, seconds: ms / 1_000, planId };
}

export function gcLine({ messages, blocks, bytes, unfinished, seconds, plan, planId }: Infer<typeof gcSchema>, { symbols }: View): string {
  if (plan !== undefined && plan.messages + plan.blocks > 0) {
    return `would delete ${count(plan.blocks, 'block')}, ${size(plan.bytes)}, and forget ${count(plan.messages, 'message')}; nothing changed. plan ${planId}`;
  }
  if (messages + blocks + unfinished === 0) return 'no garbage: nothing to do';
  const rest = unfinished === 0 ? '' : `, ${count(unfinished, 'unfinished file')} swept`;
  return `${count(blocks, 'block')} deleted, ${size(bytes)}, ${count(messages, 'message')} forgotten${rest} ${symbols.dot} ${duration(seconds * 1_000)}`;
}
