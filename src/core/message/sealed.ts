/**
 * The sealed metadata of a message: what only those who open it learn, and the sender's signatures.
 * What it does not promise: that the name is fit for a file system, or that the media type is true. Both are the sender's words.
 * Spec: docs/PROTOCOL.md, Sealed metadata.
 */
import { bytesOf, concat, equalBytes, isZero, type Bytes } from '../base/bytes.ts';
import { DAG_CBOR, sha256, type Cid } from '../base/cid.ts';
import { decode, encode, present, Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { label } from '../crypto/kdf.ts';
import { readByAlgorithm } from '../crypto/keys-map.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Signatures } from '../crypto/signatures.ts';
import type { MessageKeys } from './keys.ts';

const VERSION = 1;
const KIND = 'sealed metadata';
const NONCE_LABEL = label('sealed-nonce');
const NONCE_BYTES = 12;
const LENGTH_BYTES = 4;
/** Nonce before, tag behind the padded metadata. */
export const SEALED_OVERHEAD_BYTES = NONCE_BYTES + 16;

/** Up to which state the sender asks to be told. */
export const receiptWishes = ['received', 'opened'] as const;
export type ReceiptWish = (typeof receiptWishes)[number];

export interface SenderClaim {
  readonly identity: Cid;
  /** The bundle whose keys signed. */
  readonly bundleSeq: number;
}

/** Two blocks, for a reader who does not know the sender. */
export interface Introduction {
  readonly genesis: Bytes;
  readonly bundle: Bytes;
}

export interface Metadata {
  /** Length of the content before padding. */
  readonly bytes: number;
  /** Empty when the sender gives none. */
  readonly name: string;
  readonly mediaType: string;
  readonly createdMs: number;
  /** ms since epoch, 0 = never. */
  readonly expiresMs: number;
  readonly receipt?: ReceiptWish;
  readonly sender?: SenderClaim;
  readonly introduction?: Introduction;
}

export interface SealedFields {
  readonly metadata: Metadata;
  /** With `sender` or not at all. */
  readonly signatures?: Signatures;
}

const metadataFields = ({ metadata, signatures }: SealedFields) =>
  ({
    v: VERSION,
    bytes: metadata.bytes,
    name: metadata.name,
    type: metadata.mediaType,
    created: metadata.createdMs,
    expires: metadata.expiresMs,
    receipt: metadata.receipt,
    sender: metadata.sender && { id: metadata.sender.identity, seq: metadata.sender.bundleSeq },
    introduction: metadata.introduction && { genesis: metadata.introduction.genesis, bundle: metadata.introduction.bundle },
    signatures: signatures && { ...signatures },
  }) satisfies Record<string, Value | undefined>;

/** What the sender signs under kind `message`: H of the manifest's core || SHA-256 of the metadata. */
export const signedMessage = (digest: Bytes, metadata: Metadata): Bytes => concat(digest, sha256(encode(metadataFields({ metadata }))));

type MetadataKeys = Pick<MessageKeys, 'meta' | 'mac'>;

/**
 * Follows from what is sealed, so that one signed message has one manifest and one CID: a recipient who sealed the same fields anew under
 * another nonce would have a second one to announce. It also keeps two different plaintexts of one key apart.
 */
const metadataNonce = (provider: CryptoProvider, { mac }: MetadataKeys, padded: Bytes): Bytes =>
  provider.hmacSha256(mac, NONCE_LABEL, padded).subarray(0, NONCE_BYTES);

/** Throws E_TOO_MANY when a text or the whole is over its limit. */
export function sealMetadata(provider: CryptoProvider, keys: MetadataKeys, fields: SealedFields): Bytes {
  const { metadata } = fields;
  checkTextBytes('name', metadata.name, limits.nameBytesMax);
  checkTextBytes('media type', metadata.mediaType, limits.mediaTypeBytesMax);
  const encoded = encode(metadataFields(fields));
  const padded = new Uint8Array(paddedBytes(encoded.length));
  const max = limits.sealedBytesMax - SEALED_OVERHEAD_BYTES;
  if (padded.length > max) throw fail('E_TOO_MANY', { what: 'bytes of metadata', count: padded.length, max });
  new DataView(padded.buffer).setUint32(0, encoded.length);
  padded.set(encoded, LENGTH_BYTES);
  const nonce = metadataNonce(provider, keys, padded);
  return concat(nonce, provider.aesGcm.seal(keys.meta, nonce, padded));
}

const paddedBytes = (encodedBytes: number): number => Math.ceil((LENGTH_BYTES + encodedBytes) / limits.sealedPadBytes) * limits.sealedPadBytes;

function checkTextBytes(what: string, text: string, max: number): void {
  if (text.length * 3 <= max) return;
  const count = bytesOf(text).length;
  if (count > max) throw fail('E_TOO_MANY', { what: `bytes of the ${what}`, count, max });
}

/** Hostile input. Throws E_MAC when it does not open, E_NOT_CANONICAL under another nonce, E_FORMAT and its like when the inside is not metadata. */
export function unsealMetadata(provider: CryptoProvider, keys: MetadataKeys, sealed: Bytes): SealedFields {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const padded = provider.aesGcm.open(keys.meta, nonce, sealed.subarray(NONCE_BYTES));
  if (padded === undefined) throw fail('E_MAC', { kind: KIND });
  if (!equalBytes(nonce, metadataNonce(provider, keys, padded))) throw fail('E_NOT_CANONICAL', { kind: KIND });
  const length = padded.length < LENGTH_BYTES ? 0 : new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  const end = LENGTH_BYTES + length;
  if (padded.length !== paddedBytes(length) || !isZero(padded.subarray(end))) throw fail('E_FORMAT', { kind: KIND, why: 'its length or its padding is wrong' });
  return readFields(new Reader(KIND, decode(KIND, padded.subarray(LENGTH_BYTES, end))));
}

function readFields(reader: Reader): SealedFields {
  reader.version(VERSION);
  if (reader.has('contentKey')) throw fail('E_NOT_IN_VERSION_1', { what: 'unsalted content' });
  const metadata: Metadata = {
    bytes: reader.int('bytes', 0, limits.contentBytesMax),
    name: readText(reader, 'name', limits.nameBytesMax),
    mediaType: readText(reader, 'type', limits.mediaTypeBytesMax),
    createdMs: reader.time('created'),
    expiresMs: reader.time('expires'),
    ...present('receipt', reader.optional('receipt', readReceiptWish)),
    ...present('sender', reader.optional('sender', () => readSender(reader.map('sender')))),
    ...present('introduction', reader.optional('introduction', () => readIntroduction(reader.map('introduction')))),
  };
  const signatures = reader.optional('signatures', () => readByAlgorithm(KIND, reader.map('signatures'), 'signatureBytes'));
  reader.done();
  if ((metadata.sender === undefined) !== (signatures === undefined)) throw fail('E_FORMAT', { kind: KIND, why: 'a sender and signatures come together' });
  if (metadata.introduction !== undefined && metadata.sender === undefined) throw fail('E_FORMAT', { kind: KIND, why: 'an introduction of nobody' });
  return { metadata, ...present('signatures', signatures) };
}

function readText(reader: Reader, field: string, max: number): string {
  const text = reader.text(field, max);
  if (bytesOf(text).length > max) throw fail('E_FORMAT', { kind: KIND, why: `field ${field} is longer than ${max} bytes` });
  return text;
}

function readReceiptWish(reader: Reader): ReceiptWish {
  const text = reader.text('receipt', 16);
  const wish = receiptWishes.find((known) => known === text);
  if (wish === undefined) throw fail('E_FORMAT', { kind: KIND, why: 'field receipt is unknown' });
  return wish;
}

function readSender(reader: Reader): SenderClaim {
  const sender = { identity: reader.cid('id', DAG_CBOR), bundleSeq: reader.int('seq', 1) };
  reader.done();
  return sender;
}

function readIntroduction(reader: Reader): Introduction {
  const introduction = { genesis: reader.bytes('genesis', undefined, limits.sealedBytesMax), bundle: reader.bytes('bundle', undefined, limits.sealedBytesMax) };
  reader.done();
  return introduction;
}
