/**
 * What a file may be, by its first bytes and its length. A damaged file is still taken for what it was: one wrong byte in a mark is
 * overlooked here, so that the reader of that kind can say what is wrong, instead of "some random bytes".
 * What it does not promise: that the file is what it looks like. Hostile input throughout.
 */
import { MAGIC } from '../backup/format.ts';
import { bytesOf, type Bytes } from '../base/bytes.ts';
import { CAR_MARK } from '../base/car.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CONTENT_COMMITMENT_BYTES, CONTENT_SALT_BYTES } from '../crypto/cobblestone.ts';
import { INBOX_BYTES } from '../identity/inbox.ts';
import { decodePacket } from '../packet/codec.ts';
import { typeName } from '../packet/types.ts';
import { PACKET_BYTES, PACKET_VERSION } from '../packet/words.ts';

export type Looks = 'backup' | 'car' | 'packet' | 'key-ring' | 'inbox' | 'structured' | 'random' | 'unknown';

/** A map of four, `v: 1`, `kdf`: the key ring ends in a checksum and so is no dag-cbor as a whole. */
const KEY_RING = Uint8Array.of(0xa4, 0x61, 0x76, 0x01, 0x63, ...bytesOf('kdf'));
const RANDOM_BYTES_MIN = CONTENT_SALT_BYTES + CONTENT_COMMITMENT_BYTES;
const RANDOM_BYTES_MAX = 65_536;
const TEXT_START_BYTES = 16;

/** `head` is the start of the file, or all of it. */
export function looksOf(head: Bytes, fileBytes: number): Looks {
  if (resembles(head, 0, MAGIC)) return 'backup';
  if ([1, 2, 3].some((at) => resembles(head, at, CAR_MARK))) return 'car';
  if (resembles(head, 0, KEY_RING)) return 'key-ring';
  if (isStructured(head)) return fileBytes > limits.blockBytesMax ? 'unknown' : 'structured';
  if (fileBytes === PACKET_BYTES || (fileBytes < PACKET_BYTES ? beginsLikePacket(head) : beginsWithPacket(head))) return 'packet';
  if (fileBytes === INBOX_BYTES) return 'inbox';
  return isRandom(head) ? 'random' : 'unknown';
}

/** All bytes of the mark, but for one at most. */
function resembles(head: Bytes, at: number, mark: Bytes): boolean {
  return head.length >= at + mark.length && mark.reduce((wrong, byte, i) => wrong + (head[at + i] === byte ? 0 : 1), 0) <= 1;
}

/** Every structured block is a map whose first key, the shortest, is `v`. One of the four bytes may be wrong. */
function isStructured([map = 0, text, key, version]: Bytes): boolean {
  const isMap = map >= 0xa1 && map <= 0xb7;
  const [isText, isKey, isVersion] = [text === 0x61, key === 0x76, version === 1];
  return (isText && isKey) || (isMap && isVersion && (isText || isKey));
}

const beginsLikePacket = ([version, type]: Bytes): boolean => version === PACKET_VERSION && type !== undefined && typeName(type) !== undefined;

/** A whole packet and more, by its checksum. */
function beginsWithPacket(head: Bytes): boolean {
  try {
    decodePacket(head.slice(0, PACKET_BYTES));
    return true;
  } catch (error) {
    if (!isError(error)) throw error;
    return false;
  }
}

/** Ciphertext has no mark but that each of its bits is set half of the time: within six standard deviations, and it does not begin as text. */
function isRandom(head: Bytes): boolean {
  if (head.length < RANDOM_BYTES_MIN) return false;
  const printable = head.subarray(0, TEXT_START_BYTES).filter((byte) => byte === 0x0a || (byte >= 0x20 && byte < 0x7f)).length;
  if (printable > TEXT_START_BYTES - 2) return false;
  const sample = head.subarray(0, RANDOM_BYTES_MAX);
  const ones = new Float64Array(8);
  for (const byte of sample) for (let bit = 0; bit < 8; bit++) ones[bit] = (ones[bit] as number) + ((byte >> bit) & 1);
  const margin = 3 * Math.sqrt(sample.length);
  return ones.every((count) => Math.abs(count - sample.length / 2) <= margin);
}
