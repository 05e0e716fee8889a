/**
 * The record of one --id, kept in the store so that a retry finds it even when the home is a restored copy.
 * The store sees two keyed hashes: neither the id, nor the content, nor who sent it.
 */
import type { Bytes } from '../base/bytes.ts';
import { bytesOf } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { encode, type Value } from '../base/codec.ts';
import { label } from '../crypto/kdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';

const KEY_LABEL = label('operation');
const CONTENT_LABEL = label('operation-content');

/** Under which name the store keeps the effect of this id of this identity. */
export const operationKey = (provider: CryptoProvider, outboxSecret: Bytes, id: string): Bytes =>
  provider.hmacSha256(outboxSecret, KEY_LABEL, bytesOf(id));

export interface OperationContent {
  readonly sha256: Bytes;
  readonly bytes: number;
  readonly recipients: readonly Cid[];
  /** As asked: a duration counts from each run, so the same words are the same content. */
  readonly expires: string;
  readonly receipt: string;
}

/** Two runs with the same id have one effect exactly when this is the same. The order in which recipients were named does not matter. */
export function operationContent(provider: CryptoProvider, outboxSecret: Bytes, content: OperationContent): Bytes {
  const recipients = content.recipients.map(String).toSorted();
  return provider.hmacSha256(outboxSecret, CONTENT_LABEL, encode({ ...content, recipients } satisfies Value));
}
