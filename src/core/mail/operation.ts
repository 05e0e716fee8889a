/**
 * The record of one --id, kept in the store so that a retry finds it even when the home is a restored copy.
 * The store sees two keyed hashes: neither the id, nor the content, nor who sent it.
 */
import { bytesOf, concat, wipe, type Bytes } from '../base/bytes.ts';
import { DAG_CBOR, type Cid } from '../base/cid.ts';
import { decode, encode, Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { label } from '../crypto/kdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';

const KEY_LABEL = label('operation');
const CONTENT_LABEL = label('operation-content');
const RESULT_LABEL = label('operation-result');
const KIND = 'record of an --id';
const VERSION = 1;

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

/** What is remembered of a send beside its CID, so that a retry in a fresh home answers as the first run did. */
export interface OperationResult {
  /** Length of the content before padding. */
  readonly bytes: number;
  readonly blocks: number;
  readonly expiresAtMs: number;
  readonly forwardSecret: boolean;
  readonly recipients: ReadonlyArray<{ readonly identity: Cid; readonly inbox: Bytes }>;
}

const NONCE_BYTES = 12;

/** One key an id, so that a record cannot stand under another. */
const resultKey = (provider: CryptoProvider, outboxSecret: Bytes, key: Bytes): Bytes => provider.hmacSha256(outboxSecret, RESULT_LABEL, key);

/** Sealed under the sender's outbox secret: the store keeps it and learns nothing from it but its length. */
export function sealOperationResult(provider: CryptoProvider, outboxSecret: Bytes, key: Bytes, result: OperationResult): Bytes {
  const { bytes, blocks, expiresAtMs, forwardSecret, recipients } = result;
  const plain = encode({ v: VERSION, bytes, blocks, expires: expiresAtMs, forwardSecret, recipients: recipients.map(({ identity, inbox }) => ({ identity, inbox })) });
  const nonce = provider.rng.bytes(NONCE_BYTES);
  const aead = resultKey(provider, outboxSecret, key);
  const sealed = concat(nonce, provider.aesGcm.seal(aead, nonce, plain));
  wipe(aead);
  return sealed;
}

/** Hostile input: what the store answers. Throws E_MAC when it was not sealed under this secret for this id, E_VERSION_NEWER. */
export function openOperationResult(provider: CryptoProvider, outboxSecret: Bytes, key: Bytes, sealed: Bytes): OperationResult {
  if (sealed.length < NONCE_BYTES) throw fail('E_MAC', { kind: KIND });
  const aead = resultKey(provider, outboxSecret, key);
  const plain = provider.aesGcm.open(aead, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES));
  wipe(aead);
  if (plain === undefined) throw fail('E_MAC', { kind: KIND });
  const reader = new Reader(KIND, decode(KIND, plain));
  reader.version(VERSION);
  const result = {
    bytes: reader.int('bytes'),
    blocks: reader.int('blocks'),
    expiresAtMs: reader.int('expires'),
    forwardSecret: reader.bool('forwardSecret'),
    recipients: reader.list('recipients', limits.recipientsMax).map(readRecipient),
  };
  reader.done();
  return result;
}

function readRecipient(value: unknown): { identity: Cid; inbox: Bytes } {
  const reader = new Reader(KIND, value);
  const recipient = { identity: reader.cid('identity', DAG_CBOR), inbox: reader.bytes('inbox', 32) };
  reader.done();
  return recipient;
}
