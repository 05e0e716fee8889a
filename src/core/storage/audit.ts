/** What an audit comes to: none of these means that everything that was looked at holds, or holds again. */
import { fail, type OmniplexError } from '../base/errors.ts';
import type { AcknowledgedResult } from './acknowledged.ts';
import type { RebuildReport } from './rebuild.ts';
import type { VerifyResult } from './verify.ts';

/**
 * E_NOT_FOUND: nothing of what was named is anywhere. E_VERIFY: wrong or missing bytes are left. E_LOST: a rebuild could not bring back all.
 * E_TIMEOUT: what was looked at holds, and the rest was not looked at.
 */
export function verifyError({ checked, bad, badTotal, repaired, rebuilt, shortfall }: VerifyResult, earlier?: RebuildReport): OmniplexError | undefined {
  if (checked === 0 && bad.length === 1 && bad[0]?.code === 'E_NOT_FOUND') return fail('E_NOT_FOUND', { what: String(bad[0].cid) });
  if (badTotal > repaired) return fail('E_VERIFY', { bad: badTotal - repaired, checked });
  const lost = (rebuilt ?? earlier)?.notBroughtBack.length ?? 0;
  return lost > 0 ? fail('E_LOST', { lost, unannounced: 0 }) : shortfall;
}

export function acknowledgedError({ lost, unannounced }: AcknowledgedResult): OmniplexError | undefined {
  return lost.length + unannounced.length > 0 ? fail('E_LOST', { lost: lost.length, unannounced: unannounced.length }) : undefined;
}
