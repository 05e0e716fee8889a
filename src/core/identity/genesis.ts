/**
 * Genesis: the immutable block that an identity is. It declares the root signing keys and, with them, the algorithms that every
 * signature of this identity must have. Its CID is the identity's id; another root is another identity.
 * Spec: docs/formats/identity.md
 */
import type { Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, type Cid } from '../base/cid.ts';
import { decode, encodeBlock, Reader } from '../base/codec.ts';
import type { VerifyingKeys } from '../crypto/index.ts';
import { readByAlgorithm } from '../crypto/keys-map.ts';

const KIND = 'genesis';
const VERSION = 1;

export interface Genesis {
  readonly id: Cid;
  readonly block: Bytes;
  /** Root public keys by algorithm. */
  readonly keys: VerifyingKeys;
}

export function makeGenesis(keys: VerifyingKeys): Genesis {
  const { cid, bytes } = encodeBlock({ v: VERSION, keys: { ...keys } });
  return { id: cid, block: bytes, keys };
}

/** Hostile input. Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER, E_NOT_IN_VERSION_1. */
export function decodeGenesis(block: Bytes): Genesis {
  const reader = new Reader(KIND, decode(KIND, block));
  reader.version(VERSION);
  const keys = readByAlgorithm(KIND, reader.map('keys'), 'publicKeyBytes');
  reader.done();
  return { id: cidOf(DAG_CBOR, block), block, keys };
}
