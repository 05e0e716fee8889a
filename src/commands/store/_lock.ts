/** A lock as it is shown: who has it, since when, until when, and the fence that makes a late holder harmless. */
import type { Infer, View } from '../../cli/command.ts';
import { duration, when } from '../../cli/human.ts';
import { integer, number, object, oneOf, string, time } from '../../cli/schema.ts';
import type { LockState } from '../../core/storage/ports.ts';
import { at } from './_times.ts';

export const lockSchema = object({
  name: string(),
  holder: string(),
  state: oneOf(['held', 'expired', 'orphaned'], 'expired and orphaned (its process is gone) are taken over by whoever comes next'),
  acquired: time(),
  leaseEnds: time(),
  ageSeconds: number(),
  fence: object({ epoch: integer(), counter: integer() }),
});

export const lockOf = ({ name, holder, state, acquiredAtMs, leaseEndsAtMs, epoch, counter }: LockState, nowMs: number): Infer<typeof lockSchema> => ({
  ...{ name, holder, state, acquired: at(acquiredAtMs), leaseEnds: at(leaseEndsAtMs) },
  ...{ ageSeconds: Math.max(0, nowMs - acquiredAtMs) / 1_000, fence: { epoch, counter } },
});

export async function lockTable(view: View, locks: readonly Infer<typeof lockSchema>[]): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  const { paint } = view;
  return table(view, locks, [
    { head: 'NAME', cell: ({ name }) => name },
    { head: 'HOLDER', cell: ({ holder }) => holder },
    { head: 'AGE', cell: ({ ageSeconds }) => duration(ageSeconds * 1_000) },
    { head: 'LEASE ENDS', cell: ({ leaseEnds }) => when(leaseEnds) },
    { head: 'FENCE', cell: ({ fence }) => `(${fence.epoch},${fence.counter})` },
    { head: 'STATE', cell: ({ state }) => (state === 'held' ? state : paint.warn(state)) },
  ]);
}
