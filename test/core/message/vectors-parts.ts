/** Vectors of what is no manifest: content, link nodes, opening blocks, evidence. Made from messages that open. */
import { concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import type { CryptoProvider } from '../../../src/core/crypto/index.ts';
import { encodeEvidence } from '../../../src/core/message/index.ts';
import { forge, manifestMap } from './forge.ts';
import { seedOf } from './support.ts';
import type { Json, Made } from './vectors.ts';

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly flip?: number;
}

const FULL = 262_400;
const CHUNK = 16_400;

const pieceOf = (ciphertext: Bytes, { from, to, flip }: Piece): Bytes => {
  const bytes = ciphertext.slice(from, to);
  if (flip !== undefined) bytes[flip] = (bytes[flip] as number) ^ 1;
  return bytes;
};

/** `two` has two full blocks, `inline` none. Both are to one session and unsigned, so that any content can be given to them. */
export function contents(two: Made, inline: Made, provider: CryptoProvider): Json {
  const ciphertext = concat(...two.blocks.given.slice(0, -1).map(({ bytes }) => bytes));
  const [first, second] = [{ from: 0, to: FULL }, { from: FULL, to: 2 * FULL }];
  const blocksAs = (name: string, comment: string, code: string, released: number, pieces: readonly Piece[]): Json => {
    const links = pieces.map((piece) => cidOf(RAW, pieceOf(ciphertext, piece)));
    return entry(name, comment, code, released, two, pieces, forge(two, { core: ({ content }) => ({ content: { ...content, links } }) }, provider));
  };
  const entry = (name: string, comment: string, code: string, released: number, from: Made, pieces: readonly Piece[], { cid, bytes }: { readonly cid: Cid; readonly bytes: Bytes }): Json =>
    ({ name, comment, from: from.case.name, opensWith: from.case.opensWith, code, blocks: pieces.map(({ from: start, to, flip }) => ({ bytes: [start, to], ...(flip !== undefined && { flip }) })), released, cid: cid.toString(), manifest: hexOf(bytes) });
  const flipTail = (tail: Bytes): Bytes => tail.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
  return [
    blocksAs('chunk-flipped', 'one bit in the third chunk of the second block', 'E_CIPHERTEXT', 18 * 16_384, [first, { ...second, flip: 2 * CHUNK + 5 }]),
    blocksAs('tag-flipped', 'one bit in the tag of the first chunk', 'E_CIPHERTEXT', 0, [{ ...first, flip: CHUNK - 1 }, second]),
    blocksAs('blocks-swapped', 'the second block before the first', 'E_CIPHERTEXT', 0, [second, first]),
    blocksAs('block-twice', 'the first block in place of the second', 'E_CIPHERTEXT', 16 * 16_384, [first, first]),
    blocksAs('block-short', 'the second block lacks its last byte', 'E_FORMAT', 16 * 16_384, [first, { from: FULL, to: 2 * FULL - 1 }]),
    entry('tail-flipped', 'one bit of the end that lies inline, mac right', 'E_CIPHERTEXT', 0, inline, [], forge(inline, { core: ({ content }) => ({ content: { ...content, tail: flipTail(content.tail as Bytes) } }) }, provider)),
    entry('padding', 'the last 24 bytes are padding that is not zero', 'E_FORMAT', 1_000, inline, [], forge(inline, { metadata: (fields) => ({ ...fields, bytes: 1_000 }) }, provider)),
  ];
}

export function nodes(): Json {
  const [raw, structured] = [[1, 2, 3].map((i) => cidOf(RAW, seedOf(`block ${i}`))), [1, 2, 3].map((i) => cidOf(DAG_CBOR, seedOf(`node ${i}`)))] as [Cid[], Cid[]];
  const row = (name: string, count: number, linksTo: 'raw' | 'dag-cbor', node: Value | Bytes, code?: string): Json =>
    ({ name, count, linksTo, ...(code && { code }), node: hexOf(node instanceof Uint8Array ? node : encode(node)) });
  const good = encode({ v: 1, links: raw });
  // a map of two: `v` and its value take three bytes, the rest is `links`
  const unsorted = concat(good.subarray(0, 1), good.subarray(4), good.subarray(1, 4));
  return [
    row('of blocks', 3, 'raw', { v: 1, links: raw }),
    row('of nodes', 3, 'dag-cbor', { v: 1, links: structured }),
    row('of one', 1, 'raw', { v: 1, links: raw.slice(0, 1) }),
    row('one too few', 3, 'raw', { v: 1, links: raw.slice(1) }, 'E_FORMAT'),
    row('one too many', 2, 'raw', { v: 1, links: raw }, 'E_FORMAT'),
    row('none', 1, 'raw', { v: 1, links: [] }, 'E_FORMAT'),
    row('nodes where blocks belong', 3, 'raw', { v: 1, links: structured }, 'E_FORMAT'),
    row('blocks where nodes belong', 3, 'dag-cbor', { v: 1, links: raw }, 'E_FORMAT'),
    row('a node among blocks', 3, 'raw', { v: 1, links: [...raw.slice(1), structured[0] as Cid] }, 'E_FORMAT'),
    row('nested in itself', 3, 'raw', { v: 1, links: [raw[0] as Cid, raw[1] as Cid, { v: 1, links: raw }] }, 'E_FORMAT'),
    row('a number for a link', 3, 'raw', { v: 1, links: [raw[0] as Cid, raw[1] as Cid, 7] }, 'E_FORMAT'),
    row('a field more', 3, 'raw', { v: 1, links: raw, more: 0 }, 'E_FORMAT'),
    row('version 0', 3, 'raw', { v: 0, links: raw }, 'E_FORMAT'),
    row('version 2', 3, 'raw', { v: 2, links: raw }, 'E_VERSION_NEWER'),
    row('keys in another order', 3, 'raw', unsorted, 'E_NOT_CANONICAL'),
    row('cut', 3, 'raw', good.slice(0, -1), 'E_FORMAT'),
  ];
}

export function openings(one: Made, two: Made, other: Made): Json {
  const row = (name: string, from: Made, opening: Bytes, code?: string): Json => ({ name, manifest: from.case.name, ...(code && { code }), opening: hexOf(opening) });
  const opening = (made: Made): Bytes => made.prepared.opening().bytes;
  const edited = (made: Made, fields: Record<string, Value>): Bytes => encode({ ...(decode('opening', opening(made)) as Record<string, Value>), ...fields });
  const stanzas = manifestMap(two.manifest.bytes)['stanzas'] as readonly Value[];
  return [
    row('its own', one, opening(one)),
    row('of two stanzas', two, opening(two)),
    row('of another message', one, opening(other), 'E_MAC'),
    row('another salt', one, edited(one, { salt: seedOf('salt', 24) }), 'E_MAC'),
    row('stanzas in another order', two, edited(two, { stanzas: stanzas.toReversed() }), 'E_MAC'),
    row('a stanza less', two, edited(two, { stanzas: stanzas.slice(1) }), 'E_MAC'),
    row('no stanza', one, edited(one, { stanzas: [] }), 'E_FORMAT'),
    row('a short salt', one, edited(one, { salt: seedOf('salt', 23) }), 'E_FORMAT'),
    row('a field more', one, edited(one, { bytes: 1 }), 'E_FORMAT'),
    row('version 2', one, edited(one, { v: 2 }), 'E_VERSION_NEWER'),
    row('a reserved stanza', one, edited(one, { stanzas: [{ type: 'shred', wrapped: seedOf('w', 48) }] }), 'E_NOT_IN_VERSION_1'),
  ];
}

/** Evidence that does not hold, and evidence of messages that are no receipts. */
export function evidences(receipt: Made, signed: Made, unsigned: Made, provider: CryptoProvider): Json {
  const row = (name: string, code: string, evidence: Bytes): Json => ({ name, code, evidence: hexOf(evidence) });
  const good = encodeEvidence(receipt.manifest.bytes, receipt.messageKey);
  const edited = (fields: Record<string, Value>): Bytes => encode({ ...(decode('evidence', good) as Record<string, Value>), ...fields });
  const forged = forge(receipt, { metadata: (fields) => ({ ...fields, createdMs: 1 }) }, provider);
  return [
    row('version 2', 'E_VERSION_NEWER', edited({ v: 2 })),
    row('a field more', 'E_FORMAT', edited({ more: 0 })),
    row('a short key', 'E_FORMAT', edited({ key: seedOf('k', 31) })),
    row('another key', 'E_MAC', encodeEvidence(receipt.manifest.bytes, new Secret(seedOf('k')))),
    row('a manifest that is cut', 'E_FORMAT', edited({ manifest: receipt.manifest.bytes.slice(0, -1) })),
    row('changed by a recipient', 'E_SIGNATURE', edited({ manifest: forged.bytes })),
    row('cut', 'E_FORMAT', good.slice(0, -1)),
    row('of a message of another media type', 'E_FORMAT', encodeEvidence(signed.manifest.bytes, signed.messageKey)),
    row('of a message that nobody signed', 'E_FORMAT', encodeEvidence(unsigned.manifest.bytes, unsigned.messageKey)),
  ];
}
