/**
 * Revocation: the root's last word on its identity. Final: nothing that comes after it is believed. It can be published by anyone.
 * What it does not promise: that everybody has seen it, or since when the keys were in other hands.
 * Spec: docs/formats/identity.md
 */
import type { Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, sameCid, type Cid } from '../base/cid.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { signAll, verifyAll, type CryptoProvider, type Signatures, type SigningKeys } from '../crypto/index.ts';
import type { Genesis } from './genesis.ts';
import { readByAlgorithm } from '../crypto/keys-map.ts';

const KIND = 'revocation';
const VERSION = 1;

/** Why, in one word that every reader knows. */
export const revocationReasons = ['compromised', 'lost', 'superseded', 'retired', 'unspecified'] as const;
export type RevocationReason = (typeof revocationReasons)[number];

export interface Revocation {
  readonly cid: Cid;
  readonly block: Bytes;
  readonly id: Cid;
  readonly reason: RevocationReason;
  readonly atMs: number;
  readonly signatures: Signatures;
}

const signedBytes = ({ id, reason, atMs }: Pick<Revocation, 'id' | 'reason' | 'atMs'>): Bytes => encode({ v: VERSION, id, reason, at: atMs });

export function makeRevocation(crypto: CryptoProvider, root: SigningKeys, id: Cid, reason: RevocationReason, atMs: number): Revocation {
  const signatures = signAll(crypto, root, 'revocation', signedBytes({ id, reason, atMs }));
  return decodeRevocation(encode({ v: VERSION, id, reason, at: atMs, signatures: { ...signatures } }));
}

/** Hostile input: form only. Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER, E_NOT_IN_VERSION_1. */
export function decodeRevocation(block: Bytes): Revocation {
  const reader = new Reader(KIND, decode(KIND, block));
  reader.version(VERSION);
  const id = reader.cid('id', DAG_CBOR);
  const word = reader.text('reason', 32);
  const reason = revocationReasons.find((known) => known === word);
  if (reason === undefined) throw fail('E_FORMAT', { kind: KIND, why: 'its reason is unknown' });
  const atMs = reader.time('at');
  const signatures = readByAlgorithm(KIND, reader.map('signatures'), 'signatureBytes');
  reader.done();
  return { cid: cidOf(DAG_CBOR, block), block, id, reason, atMs, signatures };
}

/** Throws E_SIGNATURE, or E_FORMAT where it belongs to someone else. */
export function verifyRevocation(crypto: CryptoProvider, genesis: Genesis, revocation: Revocation): void {
  if (!sameCid(revocation.id, genesis.id)) throw fail('E_FORMAT', { kind: KIND, why: 'it is of another identity' });
  if (!verifyAll(crypto, genesis.keys, 'revocation', signedBytes(revocation), revocation.signatures)) throw fail('E_SIGNATURE', { kind: KIND });
}
