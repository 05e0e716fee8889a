/**
 * Content identifiers. OmniPlex speaks one shape only: CIDv1, sha2-256, codec raw or dag-cbor.
 * Every other version, codec or hash is refused at the edge, so that a `Cid` inside the core cannot be wrong.
 * Spec: https://github.com/multiformats/cid
 */
import { createHash, hash } from 'node:crypto';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { equalBytes, type Bytes } from './bytes.ts';
import { fail } from './errors.ts';

export const RAW = 0x55;
export const DAG_CBOR = 0x71;
const SHA2_256 = 0x12;

export type CidCodec = typeof RAW | typeof DAG_CBOR;
/** A CIDv1 over sha2-256 with codec raw or dag-cbor; nothing else ever carries this type. */
export type Cid = CID<unknown, CidCodec, typeof SHA2_256, 1>;

/** Length of a binary CID of our one shape: version, codec, hash, length, 32 bytes of digest. */
export const CID_BYTES = 36;

export function sha256(...parts: readonly Bytes[]): Bytes {
  if (parts.length === 1) return plain(hash('sha256', parts[0] as Bytes, 'buffer'));
  const running = createHash('sha256');
  for (const part of parts) running.update(part);
  return plain(running.digest());
}

/** The same memory, which is the digest's alone, as a plain Uint8Array. */
const plain = (digest: Buffer): Bytes => new Uint8Array(digest.buffer, digest.byteOffset, digest.length);

/** The CID that names these bytes. */
export const cidOf = (codec: CidCodec, bytes: Bytes): Cid => cidOfDigest(codec, sha256(bytes));

/** The CID with this 32-byte SHA-256 digest. Asserts the length: a wrong one is a programmer's mistake. */
export function cidOfDigest(codec: CidCodec, digest: Bytes): Cid {
  if (digest.length !== 32) throw new RangeError(`a SHA-256 digest has 32 bytes, not ${digest.length}`);
  return CID.createV1(codec, createDigest(SHA2_256, digest)) as Cid;
}

/** Hostile input: the text form. Throws E_CID_INVALID unless it is the canonical base32 of our one shape. */
export function parseCid(text: string): Cid {
  let cid: CID;
  try {
    cid = CID.parse(text.trim());
  } catch (cause) {
    throw fail('E_CID_INVALID', { cid: text.slice(0, 120) }, cause);
  }
  return checkedCid(cid);
}

/** Hostile input: the binary form, exactly 36 bytes. Throws E_CID_INVALID. */
export function decodeCid(bytes: Bytes): Cid {
  let cid: CID;
  try {
    cid = CID.decode(bytes as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    throw fail('E_CID_INVALID', { cid: `${bytes.length} bytes` }, cause);
  }
  return checkedCid(cid);
}

/** Narrows a CID that a library produced. Throws E_CID_INVALID on another version, codec or hash. */
export function checkedCid(cid: CID): Cid {
  const { version, code, multihash } = cid;
  const ours = version === 1 && (code === RAW || code === DAG_CBOR) && multihash.code === SHA2_256 && multihash.size === 32;
  if (!ours) throw fail('E_CID_INVALID', { cid: cid.toString().slice(0, 120) });
  return cid as Cid;
}

export const isCid = (value: unknown): value is Cid => {
  const cid = CID.asCID(value);
  return cid !== null && cid.version === 1 && (cid.code === RAW || cid.code === DAG_CBOR) && cid.multihash.code === SHA2_256;
};

export const digestOf = (cid: Cid): Bytes => cid.multihash.digest;

export const sameCid = (a: Cid, b: Cid): boolean => a.code === b.code && equalBytes(digestOf(a), digestOf(b));

/** True when these bytes are the ones this CID names. */
export const names = (cid: Cid, bytes: Bytes): boolean => equalBytes(digestOf(cid), sha256(bytes));

/** Throws E_BLOCK_CORRUPT unless the bytes are the ones the CID names; returns them otherwise. */
export function verified(cid: Cid, bytes: Bytes, place: string): Bytes {
  if (!names(cid, bytes)) throw fail('E_BLOCK_CORRUPT', { cid: cid.toString(), place });
  return bytes;
}
