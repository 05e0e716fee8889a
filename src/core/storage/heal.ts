/** Making a block of one tier good again. */
import type { Cid } from '../base/cid.ts';
import { OmniplexError } from '../base/errors.ts';
import type { StoreContext } from './context.ts';
import type { BlockTier } from './ports.ts';

/** Writes the block anew from another tier that has it whole, and reads it back. The bad bytes stay where no good ones are: then false. */
export async function heal({ tiers }: Pick<StoreContext, 'tiers'>, tier: BlockTier, cid: Cid, signal: AbortSignal | undefined): Promise<boolean> {
  for (const other of tiers) {
    if (other === tier) continue;
    try {
      const bytes = await other.get(cid, signal);
      if (bytes === undefined) continue;
      await tier.put([{ cid, bytes }]);
      return (await tier.get(cid)) !== undefined;
    } catch (error) {
      if (!(error instanceof OmniplexError) || signal?.aborted === true) throw error;
    }
  }
  return false;
}
