/** What an audit is asked, and what it answers. */
import type { Cid } from '../base/cid.ts';
import type { ErrorCode, OmniplexError } from '../base/errors.ts';
import type { AcknowledgedResult } from './acknowledged.ts';
import type { TierName } from './ports.ts';
import type { RebuildReport } from './rebuild.ts';

export interface VerifyOptions {
  /** Messages or single blocks; everything by default. */
  readonly cids?: readonly Cid[];
  /** All tiers by default. */
  readonly tiers?: readonly TierName[];
  /** The fraction of blocks, and of messages, to look at: above 0, at most 1. One of each in every tier is looked at in any case. */
  readonly sample?: number;
  readonly repair?: boolean;
  /** How a hot database that is broken as a database is made whole; without it that is only reported. */
  readonly rebuild?: () => Promise<RebuildReport>;
  readonly signal?: AbortSignal;
  /** `total` is what the records let expect; undefined where blocks were named. */
  readonly onProgress?: (progress: { readonly checked: number; readonly bad: number; readonly total: number | undefined }) => void;
}

export interface BadBlock {
  /** Undefined: the tier itself is damaged, not one block. */
  readonly cid: Cid | undefined;
  readonly tier: TierName | 'journal';
  readonly place: string;
  readonly code: ErrorCode;
  /** Written anew from a good copy, or dropped because it is garbage. */
  readonly repaired: boolean;
  /** No message that is wanted, nor anything else here, needs this block. Left out where nobody can say. */
  readonly garbage?: true;
}

export interface VerifyResult {
  /** Blocks hashed, a block in two tiers twice. */
  readonly checked: number;
  /** At most `limits.badListed` of them; `badTotal` counts all. */
  readonly bad: readonly BadBlock[];
  readonly badTotal: number;
  readonly repaired: number;
  /** When the hot tier was made anew: what of it was salvaged, and what could not be brought back. */
  readonly rebuilt?: RebuildReport;
  /** Of a run over everything: what was promised against what is there now. */
  readonly acknowledged?: AcknowledgedResult;
  /** And not rebuilt: nothing may be written to it before a repair, no record of this run either. What was acknowledged was not compared. */
  readonly isHotBroken?: true;
  /** Why `audit.json` could not be written: what checks tell of this store is as before. */
  readonly unkept?: OmniplexError;
  /** Time ran out: the rest was not looked at. */
  readonly shortfall?: OmniplexError;
}
