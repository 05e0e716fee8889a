/** What a known-answer case is, and how cases are counted. */
import { hexOf, type Bytes } from '../../base/bytes.ts';
import { isError } from '../../base/errors.ts';
import { nextTurn } from '../../base/turn.ts';
import type { CryptoProvider, ProviderName } from '../provider.ts';

/** True: the answer is the known one. 'notApplicable': the case asks for something that OmniPlex does not do, or not on this provider. */
export type Verdict = boolean | 'notApplicable';

export interface Case {
  readonly id: string;
  /** May throw: that is a failed case. */
  run(provider: CryptoProvider): Verdict | Promise<Verdict>;
}

export interface CaseSet {
  readonly cases: readonly Case[];
  /** False for what no provider takes part in, such as BLAKE3 and CIDs: run once. */
  readonly perProvider: boolean;
}

export interface Tally {
  readonly file: string;
  readonly provider: ProviderName | 'any';
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
}

/** Told of each failed case, as it fails. */
export type Report = (failure: { file: string; provider: string; id: string; cause?: unknown }) => void;

export interface Watch {
  readonly report?: Report | undefined;
  /** Told of every case that has run. */
  readonly onCase?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function tally(file: string, set: CaseSet, providers: readonly CryptoProvider[], { report = () => undefined, onCase, signal }: Watch): Promise<Tally[]> {
  const rows: Tally[] = [];
  for (const provider of set.perProvider ? providers : providers.slice(0, 1)) {
    const name = set.perProvider ? provider.name : 'any';
    const counts = { passed: 0, failed: 0, notApplicable: 0 };
    for (const { id, run } of set.cases) {
      try {
        const verdict = await run(provider);
        if (verdict === 'notApplicable') counts.notApplicable++;
        else if (verdict) counts.passed++;
        else {
          counts.failed++;
          report({ file, provider: name, id });
        }
      } catch (cause) {
        counts.failed++;
        report({ file, provider: name, id, cause });
      }
      onCase?.();
      // Cases compute without waiting for anything: this is where a signal gets in.
      await nextTurn();
      signal?.throwIfAborted();
    }
    rows.push({ file, provider: name, ...counts });
  }
  return rows;
}

export const is = (bytes: Bytes | undefined, hex: string): boolean => bytes !== undefined && hexOf(bytes) === hex.toLowerCase();

/** True when the call refuses its input: a code, or a RangeError for a length that is our caller's affair. Anything else that is thrown is a bug. */
export function refuses(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    if (isError(error) || error instanceof RangeError) return true;
    throw error;
  }
}
