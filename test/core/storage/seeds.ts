/** Blocks and announcements that a seed fixes. Knows no test runner, so that child processes can use it. */
import type { Block } from '../../../src/core/base/block.ts';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW, sha256, type CidCodec } from '../../../src/core/base/cid.ts';
import type { Announcement } from '../../../src/core/storage/ports.ts';

/** Bytes that a seed fixes; no two seeds share a block. */
export function seeded(seed: number | string, length: number): Bytes {
  const out = new Uint8Array(length);
  let state = sha256(new TextEncoder().encode(`seed ${seed}`));
  for (let at = 0; at < length; at += state.length) {
    out.set(state.subarray(0, Math.min(state.length, length - at)), at);
    state = sha256(state);
  }
  return out;
}

export function blockOf(seed: number | string, length = 100, codec: CidCodec = RAW): Block {
  const bytes = seeded(seed, length);
  return { cid: cidOf(codec, bytes), bytes };
}

export const blocksOf = (count: number, length = 100, from = 0): Block[] => Array.from({ length: count }, (_, i) => blockOf(from + i, length));

export const inboxOf = (name: string): Bytes => sha256(new TextEncoder().encode(name));

export const announcementOf = (inbox: Bytes, { cid }: Pick<Block, 'cid'>, seed: number | string = 0): Announcement => ({
  inbox,
  cid,
  packet: seeded(`packet ${seed}`, 192),
  expiresAtMs: 0,
});

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
