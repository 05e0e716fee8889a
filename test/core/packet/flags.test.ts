/**
 * Every one of the 2^16 flag words against a table written from the format and not from the code: all of them under data and
 * hello, which between them may carry every flag; under the other types those with at most one reserved bit.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodePacket, encodePacket } from '../../../src/core/packet/codec.ts';
import { packetTypes, type PacketTypeName } from '../../../src/core/packet/types.ts';
import { codeOf, key, single, withCrc } from './helpers.ts';

// Half a million refusals: their stacks would take most of the time.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const base = encodePacket(single, key);
/** One spelling a line, read from the format: bits 1 to 3. */
const fragments: Readonly<Record<number, string>> = { 0b000: 'none', 0b001: 'start', 0b010: 'content', 0b100: 'end', 0b101: 'single' };

const reservedCount = (flags: number): number => [11, 12, 13, 14, 15].filter((bit) => ((flags >> bit) & 1) === 1).length;

/** What the format says of a flag word under a type. */
function expected(type: PacketTypeName, flags: number): string {
  const bits = Array.from({ length: 16 }, (_, bit) => (flags >> bit) & 1);
  const fragment = fragments[(flags >> 1) & 0b111];
  const qos = (bits[9] as number) + 2 * (bits[10] as number);
  const claims = bits[5] === 1 || bits[6] === 1;
  if (bits.slice(11).some((bit) => bit === 1)) return 'E_PACKET_FLAGS';
  if (qos > 2 || fragment === undefined) return 'E_PACKET_FLAGS';
  if (claims && bits[0] === 0) return 'E_PACKET_FLAGS';
  if (bits[0] === 1 && type !== 'hello') return 'E_PACKET_FLAGS';
  if ((type === 'data') !== (fragment !== 'none')) return 'E_PACKET_FLAGS';
  if (['hello', 'rekey', 'notice', 'ack', 'nack'].includes(type) || bits[7] === 1) return 'E_NOT_IN_VERSION_1';
  const priority = bits[4] === 1 ? ' priority' : '';
  return `${fragment}${priority}${bits[8] === 1 ? ' dup' : ''} qos${qos}`;
}

function found(type: PacketTypeName, flags: number): string {
  const bytes = Uint8Array.from(base);
  const view = new DataView(bytes.buffer);
  view.setUint8(1, packetTypes[type].code);
  view.setUint16(2, flags);
  // A content or end packet never has index 0, any other always.
  view.setUint32(24, type === 'data' && [0b010, 0b100].includes((flags >> 1) & 0b111) ? 1 : 0);
  const whole = withCrc(bytes);
  let packet: ReturnType<typeof decodePacket> | undefined;
  const code = codeOf(() => {
    packet = decodePacket(whole);
  });
  if (packet === undefined) return code;
  if (packet.form === 'masked') return 'masked';
  return `${packet.fragment ?? 'none'}${packet.priority ? ' priority' : ''}${packet.dup ? ' dup' : ''} qos${packet.qos}`;
}

for (const type of Object.keys(packetTypes) as PacketTypeName[]) {
  if (type === 'cover') continue;
  test(`every flag word of ${type}`, () => {
    let accepted = 0;
    for (let flags = 0; flags < 65_536; flags++) {
      if (type !== 'data' && type !== 'hello' && reservedCount(flags) > 1) continue;
      const want = expected(type, flags);
      const got = found(type, flags);
      if (got !== want) expect.fail(`${type} with flags 0x${flags.toString(16)}: ${got}, not ${want}`);
      if (want.includes('qos')) accepted++;
    }
    // 4 roles or none, Priority, Dup, 3 qualities of service.
    const speaks = !['hello', 'rekey', 'notice', 'ack', 'nack'].includes(type);
    expect(accepted).toBe(speaks ? (type === 'data' ? 4 : 1) * 2 * 2 * 3 : 0);
  });
}
