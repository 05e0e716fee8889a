/** Genesis, bundle, revocation and inbox as facts. Form only: whether a signature holds takes the blocks that came along, see introduced.ts. */
import { hexOf, type Bytes } from '../base/bytes.ts';
import { rfc3339 } from '../base/clock.ts';
import type { Cid } from '../base/cid.ts';
import { decodeBundle, type Bundle } from '../identity/bundle.ts';
import { fingerprintOf } from '../identity/fingerprint.ts';
import { decodeGenesis } from '../identity/genesis.ts';
import { decodeInbox } from '../identity/inbox.ts';
import { algorithmsOf } from '../crypto/keys-map.ts';
import { decodeRevocation } from '../identity/revocation.ts';
import type { BundleClaims, BundleFacts, GenesisFacts, InboxFacts, RevocationFacts } from './description.ts';

export const wordsOf = (id: Cid): string => fingerprintOf(id).join(' ');

/** Hostile input. Throws as `decodeGenesis`. */
export function describeGenesis(block: Bytes): GenesisFacts {
  const { id, keys } = decodeGenesis(block);
  const algorithms = algorithmsOf(keys);
  const hidden = ['whose identity it is: that is what the twelve words are compared for', 'which keys it signs with today: its newest bundle says so'];
  return { kind: 'genesis', cid: id.toString(), version: 1, bytes: block.length, fingerprint: wordsOf(id), algorithms, postQuantum: algorithms.some((name) => name !== 'ed25519'), hidden };
}

export const claimsOf = ({ id, name, seq, issuedAtMs, expiresAtMs, signing, prekeys, inboxes }: Bundle): BundleClaims => ({
  ...{ identity: id.toString(), fingerprint: wordsOf(id), name: name ?? null, sequence: seq },
  ...{ issued: rfc3339(issuedAtMs), expires: rfc3339(expiresAtMs) },
  ...{ algorithms: algorithmsOf(signing.keys), signingFrom: signing.from, kem: 'x-wing', postQuantum: true },
  prekeys: prekeys.map(({ keyId, untilMs }) => ({ id: hexOf(keyId), until: rfc3339(untilMs) })),
  inboxes: inboxes.map(({ cid }) => cid.toString()),
});

/** Hostile input. Throws as `decodeBundle`. */
export function describeBundle(block: Bytes): BundleFacts {
  const bundle = decodeBundle(block);
  const hidden = [
    'whether the root of this identity certified these keys: that takes its genesis, which a bundle file carries',
    'whether it belongs to whom its name says, and whether there is a newer one',
  ];
  return { kind: 'bundle', cid: bundle.cid.toString(), version: 1, bytes: block.length, previous: bundle.prev?.toString() ?? null, ...claimsOf(bundle), hidden };
}

/** Hostile input. Throws as `decodeRevocation`. */
export function describeRevocation(block: Bytes): RevocationFacts {
  const { cid, id, reason, atMs } = decodeRevocation(block);
  const hidden = ['whether the root of this identity signed it: that takes its genesis', 'since when its keys were in other hands'];
  return { kind: 'revocation', cid: cid.toString(), version: 1, bytes: block.length, identity: id.toString(), fingerprint: wordsOf(id), reason, at: rfc3339(atMs), hidden };
}

/** Any 32 bytes. */
export function describeInbox(block: Bytes): InboxFacts {
  const hidden = ['whose inbox it is: the bundles of its owner say so', 'whether it is one at all: any 32 bytes may be'];
  return { kind: 'inbox', cid: decodeInbox(block).cid.toString(), bytes: block.length, hidden };
}
