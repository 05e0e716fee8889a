/** Randomness is given, never taken. The system source is OpenSSL's CSPRNG; tests and simulations give a seeded one. */
import { randomFillSync } from 'node:crypto';
import type { Bytes } from './bytes.ts';

export interface Rng {
  /** Fresh random bytes, safe for keys. */
  bytes(length: number): Bytes;
}

const POOL_BYTES = 64 * 1024;

/** Pools the system CSPRNG, since a call for 32 bytes costs as much as one for kilobytes. Handed-out bytes are wiped from the pool. */
class SystemRng implements Rng {
  #pool = new Uint8Array(0);
  #at = 0;

  bytes(length: number): Bytes {
    const out = new Uint8Array(length);
    if (length > POOL_BYTES / 4) {
      randomFillSync(out);
      return out;
    }
    if (this.#at + length > this.#pool.length) {
      this.#pool = randomFillSync(new Uint8Array(POOL_BYTES));
      this.#at = 0;
    }
    const slice = this.#pool.subarray(this.#at, this.#at + length);
    out.set(slice);
    slice.fill(0);
    this.#at += length;
    return out;
  }
}

export const systemRng: Rng = new SystemRng();

/** An unbiased integer in [0, bound). */
export function uniform(rng: Rng, bound: number): number {
  const ceiling = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const bytes = rng.bytes(4);
    const value = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (value < ceiling) return value % bound;
  }
}

/** Fisher-Yates, in place. */
export function shuffle<T>(rng: Rng, items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = uniform(rng, i + 1);
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}
