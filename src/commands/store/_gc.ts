/** What `store gc` answers: what went, or what would go. */
import type { Infer, View } from '../../cli/command.ts';
import { count, duration, size, when } from '../../cli/human.ts';
import { integer, nullable, number, object, optional, record, string, time } from '../../cli/schema.ts';
import { rfc3339 } from '../../core/base/clock.ts';
import { limits } from '../../core/base/limits.ts';
import type { GcResult } from '../../core/storage/gc.ts';

const amount = { messages: integer('removed or expired ones that are forgotten'), blocks: integer(), bytes: integer(), tiers: record(object({ blocks: integer(), bytes: integer() })) };
const waiting = object({ messages: integer('removed or expired'), blocks: integer('of no message'), bytes: integer('of those blocks'), until: nullable(time('when the last of them may go')) }, 'garbage but for the grace time');
export const gcSchema = object({ ...amount, unfinished: integer('files that killed processes left'), graceSeconds: number('younger ones are kept'), waiting, seconds: number(), plan: optional(object(amount)), planId: string() });

export function gcOf({ planId, unfinished, graceMs, waiting: { untilMs, ...waits }, ...found }: GcResult, dryRun: boolean, ms: number): Infer<typeof gcSchema> {
  const none = { messages: 0, blocks: 0, bytes: 0, tiers: {} };
  const waiting = { ...waits, until: untilMs === 0 ? null : rfc3339(untilMs) };
  return { ...(dryRun ? { ...none, plan: found } : found), unfinished, graceSeconds: graceMs / 1_000, waiting, seconds: ms / 1_000, planId };
}

export function gcLines(result: Infer<typeof gcSchema>, view: View): readonly string[] {
  const { messages, blocks, bytes, until } = result.waiting;
  const parts = [messages > 0 && count(messages, 'removed or expired message'), blocks > 0 && `${count(blocks, 'block')} of no message (${size(bytes)})`];
  const what = parts.filter((part) => part !== false).join(' and ');
  return what === '' ? [doneLine(result, view)] : [doneLine(result, view), `younger than ${duration(result.graceSeconds * 1_000)}, so still kept: ${what}; the last of it may go after ${when(until)}${result.graceSeconds * 1_000 > limits.gcGraceMsMin ? ', and with --grace sooner' : ''}`];
}

function doneLine({ messages, blocks, bytes, unfinished, seconds, plan, planId }: Infer<typeof gcSchema>, { symbols }: View): string {
  if (plan !== undefined && plan.messages + plan.blocks > 0) {
    return `would delete ${count(plan.blocks, 'block')}, ${size(plan.bytes)}, and forget ${count(plan.messages, 'message')}; nothing changed. plan ${planId}`;
  }
  if (messages + blocks + unfinished === 0) return 'no garbage: nothing to do';
  const rest = unfinished === 0 ? '' : `, ${count(unfinished, 'unfinished file')} swept`;
  return `${count(blocks, 'block')} deleted, ${size(bytes)}, ${count(messages, 'message')} forgotten${rest} ${symbols.dot} ${duration(seconds * 1_000)}`;
}
