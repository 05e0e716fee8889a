/**
 * The known answers, on demand: built-in ones, and the vector files of a folder. A door of its own: it loads every provider.
 * What it does not promise: that a build which passes is free of side channels.
 */
import { fail, type OmniplexError } from '../../base/errors.ts';
import { systemRng, type Rng } from '../../base/rng.ts';
import { loadProvider } from '../index.ts';
import type { CryptoProvider, ProviderName } from '../provider.ts';
import { builtinCases } from './builtin.ts';
import { tally, type Tally, type Watch } from './case.ts';
import { runVectors } from './vectors.ts';

export { runVectors } from './vectors.ts';
export type { Tally } from './case.ts';

export interface SelfTestResult {
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
  readonly files: readonly Tally[];
}

export interface SelfTestOptions extends Watch {
  /** One alone; both where both work, when left out. */
  readonly provider?: ProviderName | undefined;
  /** A folder with vector files, searched whole. */
  readonly vectors?: string | undefined;
  readonly rng?: Rng;
}

/** Runs all. A failed case is counted, not thrown. Throws E_NO_VECTORS when the folder holds none for us, E_NOT_SUPPORTED for a provider that this Node lacks. */
export async function selfTest({ provider, vectors, rng = systemRng, ...watch }: SelfTestOptions = {}): Promise<SelfTestResult> {
  const providers = await providersFor(provider, rng);
  const files = await tally('built-in', { cases: builtinCases, perProvider: true }, providers, watch);
  if (vectors !== undefined) files.push(...(await runVectors(vectors, providers, watch)));
  const sum = (key: 'passed' | 'failed' | 'notApplicable') => files.reduce((total, row) => total + row[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), notApplicable: sum('notApplicable'), files };
}

async function providersFor(name: ProviderName | undefined, rng: Rng): Promise<CryptoProvider[]> {
  if (name !== undefined) return [await loadProvider(name, rng)];
  const best = await loadProvider('auto', rng);
  return best.name === 'noble' ? [best] : [best, await loadProvider('noble', rng)];
}

/** E_SELFTEST when any known answer does not hold. */
export const notHeld = ({ passed, failed }: SelfTestResult): OmniplexError | undefined => (failed > 0 ? fail('E_SELFTEST', { failed, cases: passed + failed }) : undefined);
