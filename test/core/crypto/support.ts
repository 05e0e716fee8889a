/** What the suites of this room share: both providers, a seeded source of randomness, and a way to flip one bit. */
import { createHash } from 'node:crypto';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { systemRng, type Rng } from '../../../src/core/base/rng.ts';
import { loadProvider, type CryptoProvider } from '../../../src/core/crypto/index.ts';

export const native = await loadProvider('native', systemRng);
export const noble = await loadProvider('noble', systemRng);
export const providers: readonly CryptoProvider[] = [native, noble];
/** Every ordered pair: what one made, the other must accept. */
export const pairs = providers.flatMap((maker) => providers.map((taker) => ({ maker, taker, name: `${maker.name} -> ${taker.name}` })));

/** The same bytes on every run. */
export function seededRng(seed: string): Rng {
  let counter = 0;
  return { bytes: (length) => new Uint8Array(createHash('shake256', { outputLength: length }).update(`${seed}/${counter++}`).digest()) };
}

export function flipBit(bytes: Bytes, bit: number): Bytes {
  const flipped = Uint8Array.from(bytes);
  const at = bit >> 3;
  flipped[at] = (flipped[at] as number) ^ (1 << (bit & 7));
  return flipped;
}

export const EMPTY = new Uint8Array(0);
