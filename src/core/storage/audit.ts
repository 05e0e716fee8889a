/** What an audit comes to: none of these means that everything that was looked at holds, or holds again. */
import { count } from '../base/count.ts';
import { fail, type OmniplexError } from '../base/errors.ts';
import type { AcknowledgedResult } from './acknowledged.ts';
import type { RebuildReport } from './rebuild.ts';
import type { RepairReport } from './repair.ts';
import type { VerifyResult } from './verify-types.ts';

/** To whom has repaired already: that no other copy could heal it. */
const UNHEALED = 'No tier has a good copy. It comes back with `omniplex store import FILE.car`, or its sender sends it again. To want a message no more: `omniplex store remove CID`; its bad blocks are garbage then, which the next repair drops.';

const BROKEN = 'The hot tier itself is broken, so what was acknowledged was not compared. Copy the store as it is, then run `omniplex store verify --repair`: it makes the hot tier anew, and compares.';
const BROKEN_AGAIN = 'The hot tier broke again right after it was made anew. Look at the disk and the kernel log before anything else is written.';

function adviceOn({ isHotBroken }: VerifyResult, hasRepaired: boolean): string | undefined {
  if (isHotBroken === true) return hasRepaired ? BROKEN_AGAIN : BROKEN;
  return hasRepaired ? UNHEALED : undefined;
}

/**
 * E_NOT_FOUND: nothing of what was named is anywhere. E_VERIFY: wrong or missing bytes are left. E_LOST: what was acknowledged is not there, or
 * not announced, or a rebuild could not bring it back. E_INCOMPLETE: a repair could not bring back all that was known of what is there.
 * E_TIMEOUT: what was looked at holds, and the rest was not looked at. E_IO, E_DISK_FULL, E_BUSY: all holds, and it could not be written down.
 */
export function verifyError(result: VerifyResult, before?: RepairReport): OmniplexError | undefined {
  const { checked, bad, badTotal, repaired, rebuilt: made, acknowledged, shortfall, unkept } = result;
  if (checked === 0 && bad.length === 1 && bad[0]?.code === 'E_NOT_FOUND') return fail('E_NOT_FOUND', { what: String(bad[0].cid) });
  if (badTotal > repaired) {
    const hint = adviceOn(result, before !== undefined);
    return fail('E_VERIFY', { bad: badTotal - repaired, checked, ...(hint !== undefined && { hint }) });
  }
  const rebuilt = made ?? before?.rebuilt;
  const lost = new Set([...(rebuilt?.notBroughtBack ?? []), ...(acknowledged?.lost ?? [])].map(({ cid }) => cid.toString()));
  const unannounced = acknowledged?.unannounced.length ?? 0;
  if (lost.size + unannounced > 0) return fail('E_LOST', { lost: lost.size, unannounced });
  return forgotten(rebuilt, before) ?? shortfall ?? unkept;
}

/** What cannot be known any more although everything that can be named is there. */
function forgotten(rebuilt: RebuildReport | undefined, before: RepairReport | undefined): OmniplexError | undefined {
  const { fromCold = 0 } = rebuilt ?? {};
  const why = [
    ...(before === undefined || before.journalMended.length === 0 ? [] : ['some records of the journal are gone: what they promised, and which --id had its effect, is not known any more']),
    ...(fromCold === 0 ? [] : [`${count(fromCold, 'message')} came back from cold as new: whether it was read, pinned or handled is not known any more`]),
  ];
  return why.length === 0 ? undefined : fail('E_INCOMPLETE', { why: why.join('; '), retry: 'no', hint: 'A second repair brings no more. `omniplex explain E_STORE_CORRUPT` says what to look at.' });
}

export function acknowledgedError({ lost, unannounced, damage, hotDamage, silent }: AcknowledgedResult): OmniplexError | undefined {
  if (hotDamage !== undefined) return hotDamage;
  return lost.length + unannounced.length > 0 ? fail('E_LOST', { lost: lost.length, unannounced: unannounced.length }) : (damage ?? silent);
}
