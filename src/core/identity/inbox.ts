/**
 * Inbox: a raw block that is an Ed25519 public key, 32 bytes. Its digest is CID_R of the packets to it, so rotating other keys
 * moves neither name nor mail. Bundles carry the block itself, being no longer than its CID. To a node its holder proves himself by a signature of kind `inbox`; an embedded store relies on
 * file modes. The proof is made online and at once, so Ed25519 alone does.
 * Spec: docs/formats/identity.md
 */
import type { Bytes } from '../base/bytes.ts';
import { cidOf, digestOf, RAW, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';

export const INBOX_BYTES = 32;

export interface Inbox {
  readonly cid: Cid;
  readonly block: Bytes;
  /** CID_R. */
  readonly digest: Bytes;
}

/** Hostile input. Throws E_FORMAT on another length; whether the key is a good one shows when it has to verify. */
export function decodeInbox(block: Bytes): Inbox {
  if (block.length !== INBOX_BYTES) throw fail('E_FORMAT', { kind: 'inbox', why: `it has ${block.length} bytes, not ${INBOX_BYTES}` });
  const cid = cidOf(RAW, block);
  return { cid, block, digest: digestOf(cid) };
}
