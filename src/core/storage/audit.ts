/** What an audit comes to: none of these means that everything that was looked at holds, or holds again. */
import { fail, type OmniplexError } from '../base/errors.ts';
import type { AcknowledgedResult } from './acknowledged.ts';
import type { RebuildReport } from './rebuild.ts';
import type { VerifyResult } from './verify.ts';

/**
 * E_NOT_FOUND: nothing of what was named is anywhere. E_VERIFY: wrong or missing bytes are left. E_LOST: what was acknowledged is not there, or
 * not announced, or a rebuild could not bring it back. E_INCOMPLETE: a rebuild could not bring back what was known of messages that are there.
 * E_TIMEOUT: what was looked at holds, and the rest was not looked at.
 */
export function verifyError({ checked, bad, badTotal, repaired, rebuilt: made, acknowledged, shortfall }: VerifyResult, earlier?: RebuildReport): OmniplexError | undefined {
  if (checked === 0 && bad.length === 1 && bad[0]?.code === 'E_NOT_FOUND') return fail('E_NOT_FOUND', { what: String(bad[0].cid) });
  if (badTotal > repaired) return fail('E_VERIFY', { bad: badTotal - repaired, checked });
  const rebuilt = made ?? earlier;
  const lost = new Set([...(rebuilt?.notBroughtBack ?? []), ...(acknowledged?.lost ?? [])].map(({ cid }) => cid.toString()));
  const unannounced = acknowledged?.unannounced.length ?? 0;
  if (lost.size + unannounced > 0) return fail('E_LOST', { lost: lost.size, unannounced });
  return (rebuilt && forgotten(rebuilt)) ?? shortfall;
}

/** What a rebuild cannot know any more of messages that are all there. */
function forgotten({ fromCold }: RebuildReport): OmniplexError | undefined {
  return fromCold > 0 ? fail('E_INCOMPLETE', { why: `${fromCold} messages came back from cold as new: whether they were read, pinned or handled is not known any more` }) : undefined;
}

export function acknowledgedError({ lost, unannounced, damage }: AcknowledgedResult): OmniplexError | undefined {
  return lost.length + unannounced.length > 0 ? fail('E_LOST', { lost: lost.length, unannounced: unannounced.length }) : damage;
}
