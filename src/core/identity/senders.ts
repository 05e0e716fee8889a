/**
 * Who signed a message: the keys of the bundle it names, out of the history, which never goes back. A stranger is known only by
 * the introduction that came with his message, and then by no name but the one he claims.
 */
import type { Cid } from '../base/cid.ts';
import { sameCid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import type { VerifyingKeys } from '../crypto/index.ts';
import type { Home } from '../home/index.ts';
import { decodeBundle, type Bundle } from './bundle.ts';
import { knownHistory } from './history.ts';
import type { Introduction } from './introduction.ts';
import type { Revocation } from './revocation.ts';

export interface Sender {
  readonly identity: Cid;
  readonly bundle: Bundle;
  /** Exactly the algorithms that must all have signed. */
  readonly signingKeys: VerifyingKeys;
  /** The contact's name, or that of my own identity; absent for a stranger. */
  readonly name?: string;
  /** What a stranger calls himself. */
  readonly claimedName?: string;
  readonly mine: boolean;
  readonly verified: boolean;
  /** Whatever it signed, it is not to be believed any more unless the reader knows when. */
  readonly revocation?: Revocation;
}

/**
 * Undefined when neither the home nor the introduction knows the bundle `seq` of this identity. Throws E_BUNDLE_CHAIN when the
 * introduction shows another bundle under a number that is known here: one of the two is a forgery by the owner of the keys.
 */
export function resolveSender(home: Home, id: Cid, seq: number, introduction?: Introduction): Sender | undefined {
  const introduced = introduction !== undefined && sameCid(introduction.genesis.id, id) ? introduction.bundles.find((bundle) => bundle.seq === seq) : undefined;
  const kept = home.people.bundle(id, seq);
  if (kept !== undefined && introduced !== undefined && !sameCid(kept.cid, introduced.cid)) {
    throw fail('E_BUNDLE_CHAIN', { seq, name: introduced.name ?? id.toString() });
  }
  const bundle = kept === undefined ? introduced : decodeBundle(kept.block);
  if (bundle === undefined) return undefined;
  const own = home.people.identityOf(id);
  const contact = home.people.contactOf(id);
  const name = contact?.name ?? own?.name;
  const revocation = knownHistory(home, id)?.revocation ?? (introduced && introduction?.revocation);
  return {
    identity: id,
    bundle,
    signingKeys: bundle.signing.keys,
    mine: own !== undefined,
    verified: own !== undefined || contact?.verified !== undefined,
    ...(name !== undefined && { name }),
    ...(name === undefined && bundle.name !== undefined && { claimedName: bundle.name }),
    ...(revocation && { revocation }),
  };
}
