/**
 * Packets a second of CPU time: encode with digest, decode with the digest checked, the same masked. Under a session's key (hash-wasm,
 * keyed once) and, beside it, under a key used once, as every message without a session has. The limit is what the format cannot do
 * without: the keyed BLAKE3 calls and the CRC32 of one packet, on bytes that lie ready.
 */
import { crc32 } from 'node:zlib';
import type { Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import { decodePacket, encodeInto, maskInto, unmaskPacket, verifyPacket } from '../packet/codec.ts';
import { oneShotKey, sessionKey, sessionMask, type PacketKey } from '../packet/keys.ts';
import type { DataWords } from '../packet/packet.ts';
import type { Bench, BenchRun, Group } from './bench.ts';
import { atLeast, type Budget } from './report.ts';

const { packetBytes } = limits;
const AUTHENTICATED_BYTES = 160;
const KEY_BYTES = 32;
/** So many different packets, that no branch is always taken the same way by chance of one value. */
const VARIANTS = 64;
const clear: Budget = atLeast(1_000_000, 'value');
const masked: Budget = atLeast(200_000, 'value');

const fieldsOf = (rng: Rng, sequence: number): DataWords => ({
  type: 'data',
  ...(sequence % 2 === 0 ? { fragment: 'single', index: 0 } : { fragment: 'content', index: sequence + 1 }),
  priority: sequence % 3 === 0,
  dup: false,
  qos: 1,
  timeoutMs: 30_000,
  session: rng.bytes(8),
  sequence,
  sender: rng.bytes(32),
  inbox: rng.bytes(32),
  block: rng.bytes(32),
  salt: rng.bytes(24),
  expiresMs: 1_800_000_000_000 + sequence,
});

const packed = (write: (out: Bytes, i: number) => void): readonly Bytes[] =>
  Array.from({ length: VARIANTS }, (_, i) => {
    const out = new Uint8Array(packetBytes);
    write(out, i);
    return out;
  });

const at = <T>(items: readonly T[], index: number): T => items[index % items.length] as T;

function clearGroup(name: string, makeKey: (key: Bytes) => PacketKey | Promise<PacketKey>, budget?: Budget): Group {
  const ids = [`packet.${name}encode`, `packet.${name}decode`] as const;
  return {
    ids,
    async run(run: BenchRun) {
      const key = await makeKey(run.rng.bytes(KEY_BYTES));
      const fields = Array.from({ length: VARIANTS }, (_, i) => fieldsOf(run.rng, i));
      const packets = packed((out, i) => encodeInto(out, 0, at(fields, i), key));
      const words = packets.map((packet) => packet.subarray(0, AUTHENTICATED_BYTES));
      const out = new Uint8Array(packetBytes);
      const [limit, encode, decode] = await run.measure([
        { name: 'BLAKE3 + CRC32', run: (i) => crc32(at(packets, i)) + (key.hash(at(words, i))[0] as number) },
        { name: 'encode', run: (i) => encodeInto(out, 0, at(fields, i), key) },
        {
          name: 'decode',
          run: (i) => {
            const packet = decodePacket(at(packets, i));
            if (packet.form === 'masked' || !verifyPacket(packet, key)) throw fail('E_BUG', { why: 'a packet that was encoded here does not verify' });
            return packet;
          },
        },
      ]);
      const common = { unit: 'ops/s', basis: 'cpu', limit, details: { packetBytes }, ...(budget ? { budget } : {}) } as const;
      const under = name === '' ? 'session key' : 'key used once';
      return [
        run.row({ id: ids[0], label: `encode with digest, ${under}`, subject: encode, ...common }),
        run.row({ id: ids[1], label: `decode and verify, ${under}`, subject: decode, ...common }),
      ];
    },
  };
}

const maskedGroup: Group = {
  ids: ['packet.mask', 'packet.unmask'],
  async run(run) {
    const key = await sessionKey(run.rng.bytes(KEY_BYTES));
    const mask = await sessionMask(run.rng.bytes(KEY_BYTES));
    const fields = Array.from({ length: VARIANTS }, (_, i) => fieldsOf(run.rng, i));
    const packets = packed((out, i) => maskInto(out, 0, at(fields, i), key, mask));
    const words = packets.map((packet) => packet.subarray(0, AUTHENTICATED_BYTES));
    const digests = packets.map((packet) => packet.subarray(AUTHENTICATED_BYTES));
    const out = new Uint8Array(packetBytes);
    const [limit, encode, decode] = await run.measure([
      {
        name: '2 x BLAKE3 + CRC32',
        run: (i) => crc32(at(packets, i)) + (key.hash(at(words, i))[0] as number) + (mask.keystream(at(digests, i))[0] as number),
      },
      { name: 'mask', run: (i) => maskInto(out, 0, at(fields, i), key, mask) },
      {
        name: 'unmask',
        run: (i) => {
          const packet = decodePacket(at(packets, i));
          if (packet.form !== 'masked') throw fail('E_BUG', { why: 'a packet that was masked here is not' });
          return unmaskPacket(packet, key, mask);
        },
      },
    ]);
    const common = { unit: 'ops/s', basis: 'cpu', limit, details: { packetBytes }, budget: masked } as const;
    return [
      run.row({ id: 'packet.mask', label: 'encode masked, session keys', subject: encode, ...common }),
      run.row({ id: 'packet.unmask', label: 'decode masked and verify, session keys', subject: decode, ...common }),
    ];
  },
};

export const packet: Bench = {
  name: 'packet',
  groups: () => [clearGroup('', sessionKey, clear), maskedGroup, clearGroup('once-', oneShotKey)],
};
