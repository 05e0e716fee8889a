/**
 * The packets that announce one message, in one checksummed file that is replaced whole.
 *
 *     "OPXANN1\n" | 36 bytes CID | u32 count, big-endian | count x 192 bytes | SHA-256 of all before
 */
import { bytesOf, concat, equalBytes, type Bytes } from '../../base/bytes.ts';
import { CID_BYTES, sha256, type Cid } from '../../base/cid.ts';
import { fail } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

const MAGIC = bytesOf('OPXANN1\n');
const HEAD_BYTES = MAGIC.length + CID_BYTES + 4;
const SUM_BYTES = 32;

export const announcementsFileBytesMax = HEAD_BYTES + limits.announcementsMax * limits.packetBytes + SUM_BYTES;

export function encodeAnnouncements(cid: Cid, packets: readonly Bytes[]): Bytes {
  if (packets.length > limits.announcementsMax) throw fail('E_TOO_MANY', { what: `announcements of ${cid.toString()}`, count: packets.length, max: limits.announcementsMax });
  if (packets.some(({ length }) => length !== limits.packetBytes)) throw new RangeError(`a packet has ${limits.packetBytes} bytes`);
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, packets.length);
  const body = concat(MAGIC, cid.bytes, count, ...packets);
  return concat(body, sha256(body));
}

/** Throws E_STORE_CORRUPT naming `path` unless every byte is as it was written. */
export function decodeAnnouncements(cid: Cid, bytes: Bytes, path: string): readonly Bytes[] {
  const corrupt = (why: string) => fail('E_STORE_CORRUPT', { tier: 'files', path, why });
  const end = bytes.length - SUM_BYTES;
  if (end < HEAD_BYTES || !equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end))) throw corrupt('the announcements fail their checksum');
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) throw corrupt('not a file of announcements');
  if (!equalBytes(bytes.subarray(MAGIC.length, MAGIC.length + CID_BYTES), cid.bytes)) throw corrupt('the announcements of another message');
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length + CID_BYTES);
  if (end !== HEAD_BYTES + count * limits.packetBytes) throw corrupt('the announcements are cut');
  return Array.from({ length: count }, (_, i) => bytes.slice(HEAD_BYTES + i * limits.packetBytes, HEAD_BYTES + (i + 1) * limits.packetBytes));
}
