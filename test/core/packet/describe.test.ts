/** What `inspect` can say of a packet without a key. */
import { expect, test } from 'vitest';
import { hexOf } from '../../../src/core/base/bytes.ts';
import { encodePacket, maskPacket } from '../../../src/core/packet/codec.ts';
import { describePacket } from '../../../src/core/packet/describe.ts';
import { blockCid, inboxCid } from '../../../src/core/packet/packet.ts';
import { codeOf, content, cover, flipBit, key, mask, plain, plainSamples, single } from './helpers.ts';

test('a plain packet, field by field', () => {
  const bytes = encodePacket({ ...single, priority: true, dup: true, qos: 2 }, key);
  expect(describePacket(bytes)).toMatchObject({
    kind: 'packet',
    bytes: 192,
    version: 1,
    type: 'data',
    code: '01',
    masked: false,
    flags: ['FragStart', 'FragEnd', 'Priority', 'Dup'],
    fragment: 'single',
    index: 0,
    qos: 2,
    timeoutMs: 60_000,
    session: hexOf(single.session),
    sequence: 3,
    sender: hexOf(single.sender),
    inbox: inboxCid(single).toString(),
    block: blockCid(single).toString(),
    blockBytesMax: 1_048_576,
    salt: hexOf(single.salt),
    expires: '2027-01-15T08:00:00.000Z',
    crc32: hexOf(bytes.subarray(28, 32)),
    digest: hexOf(bytes.subarray(160)),
  });
});

test('no expiry and no fragment are null; the last date can be printed', () => {
  expect(describePacket(encodePacket({ ...plain('control'), expiresMs: 0 }, key))).toMatchObject({ expires: null, fragment: null, flags: [] });
  expect(describePacket(encodePacket({ ...single, expiresMs: 8_640_000_000_000_000 }, key))).toMatchObject({ expires: '+275760-09-13T00:00:00.000Z' });
});

test('every packet says what cannot be seen, and is plain data', () => {
  for (const fields of plainSamples) {
    const description = describePacket(encodePacket(fields, key));
    expect(description.hidden.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  }
});

test('a masked packet shows its type and its inbox, and no word under the mask', () => {
  for (const fields of [content, cover]) {
    const description = describePacket(maskPacket(fields, key, mask));
    expect(Object.keys(description).sort()).toEqual(['bytes', 'code', 'crc32', 'digest', 'hidden', 'inbox', 'kind', 'masked', 'type', 'version']);
    expect(description).toMatchObject({ masked: true, type: fields.type, inbox: inboxCid(fields).toString() });
  }
});

test('what is no packet keeps its code', () => {
  const bytes = encodePacket(single, key);
  expect(codeOf(() => describePacket(bytes.slice(1)))).toBe('E_PACKET_LENGTH');
  expect(codeOf(() => describePacket(flipBit(bytes, 400)))).toBe('E_PACKET_CRC');
});
