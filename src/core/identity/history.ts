/** What the home knows of an identity, mine or another's, read back as formats: blocks were verified before they were kept, and their rows are checked. */
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { VerifyingKeys } from '../crypto/index.ts';
import type { Home } from '../home/index.ts';
import { decodeBundle, type Bundle } from './bundle.ts';
import { decodeGenesis, type Genesis } from './genesis.ts';
import type { Introduction } from './introduction.ts';
import { decodeRevocation, type Revocation } from './revocation.ts';

export interface History {
  readonly genesis: Genesis;
  readonly newest: Bundle;
  readonly revocation?: Revocation | undefined;
}

/** Throws E_HOME_CORRUPT when the home names an identity and lacks its blocks. */
export function historyOf(home: Home, id: Cid): History {
  const history = knownHistory(home, id);
  if (history === undefined) throw fail('E_HOME_CORRUPT', { path: home.path, why: `it lacks the bundles of ${id}` });
  return history;
}

export function knownHistory(home: Home, id: Cid): History | undefined {
  const actor = home.people.actor(id);
  const newest = home.people.newestBundle(id);
  if (actor === undefined || newest === undefined) return undefined;
  return {
    genesis: decodeGenesis(actor.genesis),
    newest: decodeBundle(newest.block),
    revocation: actor.revocation && decodeRevocation(actor.revocation),
  };
}

/** The keys of a certificate are those of every bundle from its first to any that carries it. */
export const covers = ({ seq, signing }: Bundle, bundleSeq: number): boolean => signing.from <= bundleSeq && bundleSeq <= seq;

/**
 * What a message was signed with that names the bundle `seq`: the keys of that bundle, or of another that is known to carry the same.
 * Prekeys change more often than signing keys, so a reader may lack that very bundle. Undefined when the home knows neither.
 */
export function signingKeysUnder(home: Home, id: Cid, seq: number): VerifyingKeys | undefined {
  const named = home.people.bundle(id, seq);
  if (named !== undefined) return decodeBundle(named.block).signing.keys;
  return home.people.bundlesOf(id, limits.bundleFileChainMax).map(({ block }) => decodeBundle(block)).find((bundle) => covers(bundle, seq))?.signing.keys;
}

/** The history as it is given away: the newest bundles, as many as a file carries. */
export function introductionOf(home: Home, id: Cid): Introduction {
  const history = historyOf(home, id);
  const bundles = home.people.bundlesOf(id, limits.bundleFileChainMax).reverse().map(({ block }) => decodeBundle(block));
  return { ...history, bundles };
}
