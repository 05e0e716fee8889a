/**
 * Where a block lies: `<last two characters>/<name>.data`, the name being the multihash in upper-case multibase base32.
 * That is NextToLast of blockstore-fs, so the JavaScript IPFS tools read this folder and write it. The codec is not part of the name.
 * Source: https://github.com/ipfs/js-stores, packages/blockstore-fs/src/sharding.ts (version 4.0.1)
 */
import { base32upper } from 'multiformats/bases/base32';
import type { Bytes } from '../../base/bytes.ts';
import { cidOfDigest, RAW, type Cid } from '../../base/cid.ts';

const EXTENSION = '.data';
const SHARD_CHARS = 2;
const SHA2_256_PREFIX = [0x12, 0x20];
const MULTIHASH_BYTES = 34;

export interface Shelf {
  readonly shard: string;
  readonly file: string;
}

export function shelfOf(cid: Cid): Shelf {
  const name = base32upper.encode(cid.multihash.bytes);
  return { shard: name.slice(-SHARD_CHARS), file: name + EXTENSION };
}

/** The block that a file name stands for, as raw; undefined for whatever else lies in the folder. */
export function cidOfFile(shard: string, file: string): Cid | undefined {
  if (!file.endsWith(EXTENSION)) return undefined;
  let multihash: Bytes;
  try {
    multihash = base32upper.decode(file.slice(0, -EXTENSION.length));
  } catch {
    return undefined;
  }
  if (multihash.length !== MULTIHASH_BYTES || SHA2_256_PREFIX.some((byte, i) => multihash[i] !== byte)) return undefined;
  const cid = cidOfDigest(RAW, multihash.subarray(SHA2_256_PREFIX.length));
  const shelf = shelfOf(cid);
  return shelf.shard === shard && shelf.file === file ? cid : undefined;
}
