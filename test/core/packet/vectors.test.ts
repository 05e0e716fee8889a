/** The golden vectors of test/vectors/packet: derived again from the words of the format, and read by the codec. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DAG_CBOR } from '../../../src/core/base/cid.ts';
import { bytesOfHex, hexOf } from '../../../src/core/base/bytes.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { decodePacket, encodePacket, maskPacket, unmaskPacket, verifyPacket } from '../../../src/core/packet/codec.ts';
import { oneShotKey, sessionMask, type PacketKey, type PacketMask } from '../../../src/core/packet/keys.ts';
import { ruleOf, stanzaNumber, type Packet } from '../../../src/core/packet/packet.ts';
import { pseudonymFor, sessionlessId } from '../../../src/core/packet/sessionless.ts';
import { packetTypes, MASKED_BIT } from '../../../src/core/packet/types.ts';
import { files, textOf, type DerivedVector, type NegativeVector, type PositiveVector, type VectorFile } from '../../vectors/packet/generate.ts';
import { codeOf, fieldsOf } from './helpers.ts';

const textOfFile = (name: string): string => readFileSync(fileURLToPath(new URL(`../../vectors/packet/${name}`, import.meta.url)), 'utf8');
const vectorsOf = <Vector>(name: string): readonly Vector[] => (JSON.parse(textOfFile(name)) as VectorFile<Vector>).vectors;

const keyOf = (hex: string | undefined): PacketKey => oneShotKey(bytesOfHex(hex as string));
const maskOf = (hex: string | undefined): Promise<PacketMask> => sessionMask(bytesOfHex(hex as string));

test.each(Object.entries(files))('%s is what the generator derives', (name, file) => {
  expect(textOfFile(name)).toBe(textOf(file));
});

test('names are told apart, and negatives outnumber positives', () => {
  const names = (vectors: readonly { readonly name: string }[]) => vectors.map(({ name }) => name);
  const positives = [...names(files['plain.json'].vectors), ...names(files['masked.json'].vectors)];
  const negatives = names(files['refused.json'].vectors);
  expect(new Set(positives).size).toBe(positives.length);
  expect(new Set(negatives).size).toBe(negatives.length);
  expect(negatives.length).toBeGreaterThan(2 * positives.length);
});

/** Field by field against the vector, then back to the same bytes. */
function expectFields(packet: Packet, vector: PositiveVector): void {
  const { fields } = vector;
  expect({
    version: packet.bytes[0],
    type: packetTypes[packet.type].code | (packet.masked ? MASKED_BIT : 0),
    flags: new DataView(packet.bytes.buffer, packet.bytes.byteOffset).getUint16(2),
    timeoutMs: packet.timeoutMs,
    session: hexOf(packet.session),
    sequence: String(packet.sequence),
    index: packet.index,
    sender: hexOf(packet.sender),
    inbox: hexOf(packet.inbox),
    block: hexOf(packet.block),
    salt: hexOf(packet.salt),
    expiresMs: String(packet.expiresMs),
  }).toEqual(fields);
  expect(packet.fragment ?? null).toBe(vector.fragment);
  const codec = packet.type === 'cover' ? null : ruleOf(packet).codec === DAG_CBOR ? 'dag-cbor' : 'raw';
  expect(codec).toBe(vector.blockCodec);
}

describe('plain.json', () => {
  test.each(vectorsOf<PositiveVector>('plain.json').map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const packet = decodePacket(bytesOfHex(vector.packet));
    if (packet.form !== 'plain') return expect.fail('masked');
    expectFields(packet, vector);
    expect(verifyPacket(packet, keyOf(vector.key))).toBe(true);
    expect(hexOf(encodePacket(fieldsOf(packet) as never, keyOf(vector.key)))).toBe(vector.packet);
  });
});

describe('masked.json', () => {
  test.each(vectorsOf<PositiveVector>('masked.json').map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    const packet = decodePacket(bytesOfHex(vector.packet));
    if (packet.form !== 'masked') return expect.fail('not masked');
    const [key, mask] = [keyOf(vector.key), await maskOf(vector.maskKey)];
    const open = unmaskPacket(packet, key, mask);
    expectFields(open, vector);
    expect(hexOf(maskPacket(fieldsOf(open), key, mask))).toBe(vector.packet);
  });
});

describe('sessionless.json', () => {
  test.each(vectorsOf<DerivedVector>('sessionless.json').map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const headerKey = keyOf(vector.headerKey);
    expect(hexOf(sessionlessId(headerKey))).toBe(vector.session);
    expect(hexOf(pseudonymFor(headerKey, bytesOfHex(vector.inbox)))).toBe(vector.pseudonym);
  });
});

describe('refused.json', () => {
  test.each(vectorsOf<NegativeVector>('refused.json').map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    const bytes = bytesOfHex(vector.packet);
    const mask = vector.maskKey === undefined ? undefined : await maskOf(vector.maskKey);
    if (vector.step === 'decode') {
      expect(codeOf(() => decodePacket(bytes))).toBe(vector.code);
      return;
    }
    const packet = decodePacket(bytes);
    const code = codeOf(() => {
      if (packet.form === 'masked') unmaskPacket(packet, keyOf(vector.key), mask as PacketMask);
      else if (vector.step === 'stanza') stanzaNumber(packet);
      else if (!verifyPacket(packet, keyOf(vector.key))) throw fail('E_PACKET_DIGEST');
    });
    expect([packet.form === 'masked', code]).toEqual([vector.step === 'unmask', vector.code]);
  });
});
