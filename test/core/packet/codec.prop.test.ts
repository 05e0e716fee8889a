/** The decoder is total: any 192 bytes with a right CRC give a packet that encodes to the same bytes, or a code. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePacket, encodePacket, maskPacket, unmaskPacket, verifyPacket } from '../../../src/core/packet/codec.ts';
import { describePacket } from '../../../src/core/packet/describe.ts';
import type { PacketFields } from '../../../src/core/packet/packet.ts';
import { codeOf, fieldsOf, key, mask, withCrc } from './helpers.ts';

const CODES = ['none', 'E_PACKET_VERSION', 'E_PACKET_TYPE', 'E_PACKET_FLAGS', 'E_PACKET_FIELD', 'E_NOT_IN_VERSION_1'];
const bytesOfLength = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test('any bytes of any length give a packet or a code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(['E_PACKET_LENGTH', 'E_PACKET_CRC']).toContain(codeOf(() => decodePacket(bytes)));
    }),
  );
});

/** Random words behind a head that is often right, so that the deeper refusals are reached too. */
const nearlyPackets = fc
  .record({
    rest: bytesOfLength(192),
    version: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.nat(255)),
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(1, 0x12, 0x13, 0x14, 0x20, 0x3f, 0x81, 0xbf, 2, 0x10) }, fc.nat(255)),
    flags: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(0, 2, 4, 8, 10, 0x14, 0x104, 0x204, 0x40a) }, fc.nat(65_535)),
    index: fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.nat(2 ** 31)),
    tops: fc.constantFrom(0x00, 0x1f, 0x20, 0xff),
  })
  .map(({ rest, version, type, flags, index, tops }) => {
    const bytes = Uint8Array.from(rest);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, version);
    view.setUint8(1, type);
    view.setUint16(2, flags);
    view.setUint32(24, index);
    view.setUint16(16, tops);
    view.setUint16(152, tops);
    return withCrc(bytes);
  });

test('192 bytes with a right CRC: a code, or a packet whose fields encode to the same words', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(nearlyPackets, (bytes) => {
      const code = codeOf(() => decodePacket(bytes));
      expect(CODES).toContain(code);
      seen.set(code, (seen.get(code) ?? 0) + 1);
      if (code !== 'none') return;
      expect(codeOf(() => describePacket(bytes))).toBe('none');
      const packet = decodePacket(bytes);
      if (packet.form === 'masked') {
        expect(codeOf(() => unmaskPacket(packet, key, mask))).toBe('E_PACKET_DIGEST');
        return;
      }
      expect(verifyPacket(packet, key)).toBe(false);
      const again = encodePacket(fieldsOf(packet) as Exclude<PacketFields, { type: 'cover' }>, { hash: () => packet.digest });
      expect(again).toEqual(bytes);
    }),
    { numRuns: 3_000 },
  );
  expect([...seen.keys()].sort()).toEqual([...CODES].sort());
});

const fields: fc.Arbitrary<PacketFields> = fc
  .record({
    priority: fc.boolean(),
    dup: fc.boolean(),
    qos: fc.constantFrom(0, 1, 2),
    timeoutMs: fc.nat(2 ** 32 - 1),
    session: bytesOfLength(8),
    sequence: fc.maxSafeNat(),
    sender: bytesOfLength(32),
    inbox: bytesOfLength(32),
    block: bytesOfLength(32),
    salt: bytesOfLength(24),
    expiresMs: fc.nat(8_640_000_000_000_000),
    index: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    kind: fc.constantFrom('single', 'start', 'content', 'end', 'pubrec', 'pubrel', 'pubcomp', 'control', 'cover'),
  })
  .map(({ kind, index, ...words }) => {
    const fragment = ['single', 'start', 'content', 'end'].includes(kind) ? kind : undefined;
    const type = fragment === undefined ? kind : 'data';
    return { ...words, type, fragment, index: fragment === 'content' || fragment === 'end' ? index : 0 } as PacketFields;
  });

test('any fields survive both forms, and a key that is another refuses them', () => {
  fc.assert(
    fc.property(fields, (words) => {
      const masked = decodePacket(maskPacket(words, key, mask));
      if (masked.form !== 'masked') return expect.fail('not masked');
      expect(fieldsOf(unmaskPacket(masked, key, mask))).toEqual(words);
      if (words.type === 'cover') return;
      const packet = decodePacket(encodePacket(words, key));
      if (packet.form !== 'plain') return expect.fail('masked');
      expect(fieldsOf(packet)).toEqual(words);
      expect(verifyPacket(packet, key)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
