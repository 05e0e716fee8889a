/** Makes test/vectors/encoding.json: dag-cbor byte by byte, with nothing of src/, so that the file holds our reader and not our reader the file. */
interface Row {
  readonly about: string;
  readonly bytes: string;
  /** Absent where it must be read. */
  readonly code?: string;
  /** Of what is read: text as its code points, where it is a text. */
  readonly text?: string;
}

const DIGEST = '00'.repeat(32);
const cid = (codec: string, hash = '1220', digest = DIGEST): string => `01${codec}${hash}${digest}`;
/** Tag 42 around a byte string that begins with a zero byte. */
const link = (binary: string): string => {
  const length = binary.length / 2 + 1;
  return `d82a${length < 24 ? (0x40 + length).toString(16) : `58${length.toString(16)}`}00${binary}`;
};
const lists = (depth: number, inner: string): string => '81'.repeat(depth) + inner;

const good = (about: string, bytes: string, text?: string): Row => ({ about, bytes, ...(text !== undefined && { text }) });
const bad = (about: string, bytes: string, code = 'E_FORMAT'): Row => ({ about, bytes, code });

const rows: readonly Row[] = [
  good('zero', '00'),
  good('23, the greatest number in one byte', '17'),
  good('24, the least in two', '1818'),
  good('256', '190100'),
  good('65,536', '1a00010000'),
  good('2^32', '1b0000000100000000'),
  good('2^53-1, the greatest', '1b001fffffffffffff'),
  good('true', 'f5'),
  good('null', 'f6'),
  good('no bytes', '40'),
  good('no text', '60', ''),
  good('no list', '80'),
  good('no map', 'a0'),
  good('keys by length, then by bytes', 'a3616100616201626161' + '02'),
  good('a text that begins with a byte order mark, which is kept', '64efbbbf61', '\ufeffa'),
  good('a text that is not in NFC, which stays so', '6361cc88', 'a\u0308'),
  good('a link of codec raw', link(cid('55'))),
  good('a link of codec dag-cbor', link(cid('71'))),
  good('eight lists, one inside the other, around a value', lists(8, '00')),
  bad('nothing', ''),
  bad('a byte behind the end', '0000'),
  bad('a list that is cut', '8200'),
  bad('bytes that are cut', '4200'),
  bad('a map that is cut behind a key', 'a16161'),
  bad('a number in a longer head than it needs', '1800'),
  bad('a number in a head of nine bytes', '1b0000000000000001'),
  bad('a length of bytes in a longer head', '580100'),
  bad('a length of text in a longer head', '780161'),
  bad('a length of a list in a longer head', '980100'),
  bad('a length of a map in a longer head', 'b801616100'),
  bad('a tag in a longer head', `d9002a${link(cid('71')).slice(4)}`),
  bad('bytes of indefinite length', '5f4100ff'),
  bad('text of indefinite length', '7f6161ff'),
  bad('a list of indefinite length', '9f00ff'),
  bad('a map of indefinite length', 'bf616100ff'),
  bad('a break alone', 'ff'),
  bad('a whole number as a float of 16 bits', 'f93c00'),
  bad('a whole number as a float of 32 bits', 'fa3f800000'),
  bad('a whole number as a float of 64 bits', 'fb3ff0000000000000'),
  bad('zero as a float', 'f90000'),
  bad('a number with a fraction', 'fb3ff8000000000000'),
  bad('infinity', 'f97c00'),
  bad('not a number', 'f97e00'),
  bad('undefined', 'f7'),
  bad('undefined in a map', 'a16161f7'),
  bad('a simple value that has no name', 'e0'),
  bad('true in two bytes', 'f815'),
  bad('a negative number', '20'),
  bad('2^53', '1b0020000000000000'),
  bad('2^64-1', '1bffffffffffffffff'),
  bad('a big number, tag 2', 'c24101'),
  bad('a date, tag 0', 'c06161'),
  bad('text that is not UTF-8', '61ff'),
  bad('half of a surrogate pair in text', '63eda080'),
  bad('a key that is not UTF-8', 'a161ff00'),
  bad('a key that is a number', 'a10000'),
  bad('a key that is bytes', 'a1416100'),
  bad('a key twice', 'a2616100616101'),
  bad('a key __proto__', 'a1695f5f70726f746f5f5f00'),
  bad('nine lists around a value', lists(9, '00')),
  bad('nine maps around a value', 'a16161'.repeat(9) + '00'),
  bad('a thousand lists', lists(1_000, '80')),
  bad('tag 42 around a number', 'd82a00'),
  bad('tag 42 around text', 'd82a6100'),
  bad('tag 42 around a list', 'd82a8100'),
  bad('tag 42 around no bytes', 'd82a40'),
  bad('a link without the zero byte before it', `d82a5824${cid('71')}`),
  bad('a link that is cut', `d82a582400${cid('71').slice(0, -2)}`),
  bad('a link with a byte behind it', link(`${cid('71')}00`)),
  bad('keys in the order of bytes alone', 'a262616100616201', 'E_NOT_CANONICAL'),
  bad('keys of one length in another order', 'a2616200616101', 'E_NOT_CANONICAL'),
  bad('keys in another order, further inside', '81a2616200616101', 'E_NOT_CANONICAL'),
  bad('a link of version 0', link(`1220${DIGEST}`), 'E_CID_INVALID'),
  bad('a link of codec dag-pb', link(cid('70')), 'E_CID_INVALID'),
  bad('a link of hash BLAKE3', link(cid('71', '1e20')), 'E_CID_INVALID'),
  bad('a link of hash SHA-512', link(cid('71', '1340', '00'.repeat(64))), 'E_CID_INVALID'),
  bad('a link of SHA-256, cut to 31 bytes', link(cid('71', '121f', '00'.repeat(31))), 'E_CID_INVALID'),
  bad('a link with a codec in a longer varint', link(`01f1001220${DIGEST}`)),
  bad('a link with a length of the digest in a longer varint', link(`017112a000${DIGEST}`)),
  bad('a link of identity, which holds what it names', link(cid('55', '0001', '00')), 'E_CID_INVALID'),
];

export const encodingFile = (): string => `${JSON.stringify({
  about: 'dag-cbor as every structured block and record of OmniPlex is read, before any field is looked at: what must be read, and is written to the same bytes again; and what must be refused, with its code.',
  fields: { bytes: 'hexadecimal', text: 'what is read, where it is a text', code: 'absent where it must be read' },
  vectors: rows,
}, undefined, 1)}\n`;
