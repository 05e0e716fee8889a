/** The codec at its edges: every field, every length, every bit. */
import { expect, test } from 'vitest';
import { decodePacket, encodeInto, encodePacket, maskPacket, unmaskPacket, verifyPacket } from '../../../src/core/packet/codec.ts';
import { DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { oneShotKey, sessionKey, sessionMask } from '../../../src/core/packet/keys.ts';
import { blockCid, inboxCid, ruleOf, stanzaNumber, type DataWords, type MaskedPacket, type Packet, type PacketFields } from '../../../src/core/packet/packet.ts';
import { packetTypes, typeName } from '../../../src/core/packet/types.ts';
import {
  codeOf, content, cover, end, fieldsOf, flipBit, key, mask, otherKey, otherMask, patched, plain, plainSamples, rawKey, rawMaskKey, samples, seeded, single, start, withCrc,
} from './helpers.ts';

const decodedPlain = (bytes: Uint8Array): Packet => {
  const packet = decodePacket(bytes);
  if (packet.form !== 'plain') throw new Error('masked');
  return packet;
};
const decodedMasked = (bytes: Uint8Array): MaskedPacket => {
  const packet = decodePacket(bytes);
  if (packet.form !== 'masked') throw new Error('not masked');
  return packet;
};
const contentAt = (index: number): DataWords => ({ ...content, index }) as DataWords;
const nameOf = (fields: PacketFields): string => `${fields.type}${fields.fragment === undefined ? '' : ` ${fields.fragment}`}`;

test.each(plainSamples.map((fields) => [nameOf(fields), fields] as const))('%s: there and back, and authentic under its key alone', (_, fields) => {
  const bytes = encodePacket(fields, key);
  expect(bytes).toHaveLength(192);
  const packet = decodedPlain(bytes);
  expect(fieldsOf(packet)).toEqual(fields);
  expect(packet).toMatchObject({ form: 'plain', masked: false, bytes });
  expect(verifyPacket(packet, key)).toBe(true);
  expect(verifyPacket(packet, otherKey)).toBe(false);
});

test.each(samples.map((fields) => [nameOf(fields), fields] as const))('%s: masked, there and back', (_, fields) => {
  const bytes = maskPacket(fields, key, mask);
  const packet = decodedMasked(bytes);
  expect(packet).toMatchObject({ type: fields.type, inbox: fields.inbox });
  const open = unmaskPacket(packet, key, mask);
  expect(fieldsOf(open)).toEqual(fields);
  expect(open.masked).toBe(true);
  expect(verifyPacket(open, key)).toBe(true);
  expect(codeOf(() => unmaskPacket(packet, otherKey, mask))).toBe('E_PACKET_DIGEST');
  expect(codeOf(() => unmaskPacket(packet, key, otherMask))).toBe('E_PACKET_DIGEST');
});

test('a mask shows version, type, CRC, inbox and word 5, and nothing else of the plain packet', () => {
  const bytes = maskPacket(content, key, mask);
  const open = unmaskPacket(decodedMasked(bytes), key, mask).bytes;
  const differs = Array.from(bytes, (byte, at) => byte !== open[at]);
  const shown = (from: number, to: number) => differs.slice(from, to).every((differ) => !differ);
  expect([shown(0, 2), shown(28, 32), shown(64, 96), shown(160, 192)]).toEqual([true, true, true, true]);
  // A keystream byte is zero once in 256: of 122 bytes nearly all differ.
  for (const [from, to] of [[2, 28], [32, 64], [96, 160]] as const) expect(differs.slice(from, to).filter(Boolean).length).toBeGreaterThan((to - from) * 0.8);
});

test('the keys of keys.ts are keyed BLAKE3: reused, one-shot and noble agree', async () => {
  const [session, sessionMasking] = await Promise.all([sessionKey(rawKey), sessionMask(rawMaskKey)]);
  for (const fields of samples) {
    if (fields.type !== 'cover') {
      expect(encodePacket(fields, session)).toEqual(encodePacket(fields, key));
      expect(encodePacket(fields, oneShotKey(rawKey))).toEqual(encodePacket(fields, key));
    }
    expect(maskPacket(fields, session, sessionMasking)).toEqual(maskPacket(fields, key, mask));
  }
});

test('encodeInto writes its 192 bytes and no other', () => {
  const batch = new Uint8Array(3 * 192).fill(0xee);
  encodeInto(batch, 192, single, key);
  expect(batch.subarray(192, 384)).toEqual(encodePacket(single, key));
  expect(batch.subarray(0, 192).every((byte) => byte === 0xee) && batch.subarray(384).every((byte) => byte === 0xee)).toBe(true);
});

test('packets that follow one another on a slab do not touch', () => {
  const made = Array.from({ length: 100 }, (_, i) => ({ i, bytes: encodePacket({ ...single, sequence: i }, key) }));
  for (const { i, bytes } of made) expect(decodedPlain(bytes).sequence).toBe(i);
});

test('every length but 192 is refused', () => {
  const bytes = encodePacket(single, key);
  for (let length = 0; length < 192; length++) expect(codeOf(() => decodePacket(bytes.slice(0, length)))).toBe('E_PACKET_LENGTH');
  for (const length of [193, 384, 65_536]) expect(codeOf(() => decodePacket(new Uint8Array(length)))).toBe('E_PACKET_LENGTH');
});

test.each(plainSamples.map((fields) => [nameOf(fields), fields] as const))('%s: every flipped bit fails the CRC, and with a new CRC the decoder or word 5', (_, fields) => {
  const bytes = encodePacket(fields, key);
  for (let bit = 0; bit < 1536; bit++) {
    const flipped = flipBit(bytes, bit);
    expect(codeOf(() => decodePacket(flipped))).toBe('E_PACKET_CRC');
    if (bit >= 28 * 8 && bit < 32 * 8) continue;
    const mended = withCrc(flipped);
    const code = codeOf(() => {
      const packet = decodePacket(mended);
      if (packet.form === 'masked') unmaskPacket(packet, key, mask);
      else if (!verifyPacket(packet, key)) throw fail('E_PACKET_DIGEST');
    });
    if (code === 'none') expect.fail(`bit ${bit} was accepted`);
    // From the timeout on there is nothing to refuse but by word 5, except numbers that are too large or misplaced.
    if (bit >= 32) expect(['E_PACKET_DIGEST', 'E_PACKET_FIELD']).toContain(code);
  }
});

test('every flipped bit of a masked packet fails the CRC, and with a new CRC the decoder or word 5', () => {
  for (const fields of [content, cover]) {
    const bytes = maskPacket(fields, key, mask);
    for (let bit = 0; bit < 1536; bit++) {
      const flipped = flipBit(bytes, bit);
      expect(codeOf(() => decodePacket(flipped))).toBe('E_PACKET_CRC');
      if (bit >= 28 * 8 && bit < 32 * 8) continue;
      const mended = withCrc(flipped);
      const code = codeOf(() => {
        const packet = decodePacket(mended);
        if (packet.form === 'masked') unmaskPacket(packet, key, mask);
        else if (verifyPacket(packet, key)) expect.fail(`bit ${bit} was accepted`);
      });
      if (bit >= 16) expect(code).toBe('E_PACKET_DIGEST');
    }
  }
});

test('the digest is checked before anything under a mask is looked at', () => {
  const bytes = maskPacket(content, key, mask);
  for (let bit = 16; bit < 28 * 8; bit++) expect(codeOf(() => unmaskPacket(decodedMasked(withCrc(flipBit(bytes, bit))), key, mask))).toBe('E_PACKET_DIGEST');
});

test('what is refused, in the order of refusing', () => {
  const bytes = encodePacket(content, key);
  const code = (at: number, ...values: readonly number[]) => codeOf(() => decodePacket(patched(bytes, at, ...values)));
  expect(codeOf(() => decodePacket(flipBit(bytes, 0)))).toBe('E_PACKET_CRC');
  for (const version of [0, 2, 255]) expect(code(0, version, 0x7e, 0xff, 0xff)).toBe('E_PACKET_VERSION');
  expect(code(1, 0x7e, 0xff, 0xff)).toBe('E_PACKET_TYPE');
  expect(code(2, 0xff, 0xff)).toBe('E_PACKET_FLAGS');
  expect(code(16, 0xff)).toBe('E_PACKET_FIELD');
});

test('every type byte: known, refused as not yet written, or unknown', () => {
  const codes = new Map(Object.values(packetTypes).map(({ code, lacks }) => [code, lacks === undefined ? 'none' : 'E_NOT_IN_VERSION_1']));
  const base = encodePacket(plain('control'), key);
  const single0 = encodePacket(single, key);
  for (let byte = 0; byte < 256; byte++) {
    const masked = byte >= 0x80;
    const known = codes.get(byte & 0x7f) ?? 'E_PACKET_TYPE';
    const want = byte === 0x3f ? 'E_PACKET_FIELD' : known;
    expect([byte, codeOf(() => decodePacket(patched(byte === 0x01 ? single0 : base, 1, byte)))]).toEqual([byte, want]);
    expect(typeName(byte) === undefined).toBe(!codes.has(byte & 0x7f));
    if (masked && known === 'none') expect(decodePacket(patched(base, 1, byte)).form).toBe('masked');
  }
  expect([...codes.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 0x10, 0x11, 0x12, 0x13, 0x14, 0x20, 0x3f]);
});

test('numbers at, inside and beyond their edges', () => {
  const edges = { timeoutMs: [0, 1, 2 ** 32 - 1], sequence: [0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1], expiresMs: [0, 1, 8_640_000_000_000_000] } as const;
  for (const [field, values] of Object.entries(edges)) {
    for (const value of values) expect(decodedPlain(encodePacket({ ...single, [field]: value }, key))).toMatchObject({ [field]: value });
    const max = values.at(-1) as number;
    for (const value of [-1, 0.5, Number.NaN, max + 1, Infinity]) expect(() => encodePacket({ ...single, [field]: value }, key)).toThrow(RangeError);
  }
  for (const index of [1, 2 ** 32 - 1]) expect(decodedPlain(encodePacket(contentAt(index), key)).index).toBe(index);
  for (const index of [-1, 0, 2 ** 32]) expect(() => encodePacket(contentAt(index), key)).toThrow(RangeError);
  for (const index of [-1, 1]) expect(() => encodePacket({ ...single, index } as never, key)).toThrow(RangeError);
});

test('hostile numbers: over 2^53-1, later than any date, an index where none belongs', () => {
  const bytes = encodePacket(single, key);
  const code = (at: number, ...values: readonly number[]) => codeOf(() => decodePacket(patched(bytes, at, ...values)));
  expect(code(16, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toBe('none');
  expect(code(16, 0x00, 0x20, 0, 0, 0, 0, 0, 0)).toBe('E_PACKET_FIELD');
  expect(code(16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toBe('E_PACKET_FIELD');
  expect(code(152, 0x00, 0x1e, 0xb2, 0x08, 0xc2, 0xdc, 0x00, 0x00)).toBe('none');
  expect(code(152, 0x00, 0x1e, 0xb2, 0x08, 0xc2, 0xdc, 0x00, 0x01)).toBe('E_PACKET_FIELD');
  expect(code(152, 0xff)).toBe('E_PACKET_FIELD');
  expect(code(24, 0, 0, 0, 1)).toBe('E_PACKET_FIELD');
  for (const fields of [content, end]) expect(codeOf(() => decodePacket(patched(encodePacket(fields, key), 24, 0, 0, 0, 0)))).toBe('E_PACKET_FIELD');
  for (const fields of [start, plain('control'), plain('pubrel')]) expect(codeOf(() => decodePacket(patched(encodePacket(fields, key), 24, 0, 0, 0, 9)))).toBe('E_PACKET_FIELD');
});

test('words of another length are our own mistake', () => {
  for (const field of ['session', 'sender', 'inbox', 'block', 'salt'] as const) {
    for (const length of [0, single[field].length - 1, single[field].length + 1]) {
      expect(() => encodePacket({ ...single, [field]: new Uint8Array(length) }, key)).toThrow(RangeError);
    }
  }
  expect(() => encodePacket(single, { hash: () => new Uint8Array(31) })).toThrow(RangeError);
  expect(() => maskPacket(single, key, { keystream: () => new Uint8Array(121) })).toThrow(RangeError);
});

test('decoding leaves the bytes as they were, and a packet reads the bytes it was given', () => {
  const bytes = encodePacket(single, key);
  const before = Uint8Array.from(bytes);
  const packet = decodedPlain(bytes);
  verifyPacket(packet, key);
  expect(bytes).toEqual(before);
  expect(packet.bytes).toBe(bytes);
  const shifted = new Uint8Array(200);
  shifted.set(bytes, 5);
  expect(fieldsOf(decodedPlain(shifted.subarray(5, 197)))).toEqual(single);
});

test('type and role fix codec and size of the block', () => {
  const rules = plainSamples.map((fields) => [nameOf(fields), ruleOf(fields).codec, ruleOf(fields).bytesMax]);
  expect(rules).toEqual([
    ['data single', DAG_CBOR, 1_048_576],
    ['data start', DAG_CBOR, 1_048_576],
    ['data content', RAW, 262_400],
    ['data end', DAG_CBOR, 1_048_576],
    ['pubrec', DAG_CBOR, 1_048_576],
    ['pubrel', DAG_CBOR, 1_048_576],
    ['pubcomp', DAG_CBOR, 1_048_576],
    ['control', DAG_CBOR, 1_048_576],
  ]);
  expect(blockCid(content).code).toBe(RAW);
  expect(blockCid(single).multihash.digest).toEqual(single.block);
  expect(inboxCid(single).code).toBe(RAW);
});

test('without a session the sequence is a stanza number: 255 is the last', () => {
  expect([0, 255].map((sequence) => stanzaNumber({ sequence }))).toEqual([0, 255]);
  for (const sequence of [256, 2 ** 53 - 1]) expect(codeOf(() => stanzaNumber({ sequence }))).toBe('E_PACKET_FIELD');
});

test('192 zero bytes, 192 bytes of ones and text are refused', () => {
  for (const bytes of [new Uint8Array(192), new Uint8Array(192).fill(0xff), seeded('noise', 192)]) expect(codeOf(() => decodePacket(bytes))).toMatch(/^E_PACKET_/);
  expect(codeOf(() => decodePacket(withCrc(new Uint8Array(192))))).toBe('E_PACKET_VERSION');
});
