/** A throw-away home with the real clock or one that the test moves, and a key ring whose passphrase is cheap to stretch. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { bytesOf } from '../../src/core/base/bytes.ts';
import { systemClock, type Clock } from '../../src/core/base/clock.ts';
import { systemRng } from '../../src/core/base/rng.ts';
import { Secret } from '../../src/core/base/secret.ts';
import { loadProvider, type CryptoProvider } from '../../src/core/crypto/index.ts';
import { createHome, type Home } from '../../src/core/home/index.ts';
import { Ring } from '../../src/core/keys/index.ts';
import { freshFolder } from './folder.ts';

export const cheapKdf = { memoryKib: 8, passes: 1, lanes: 1 } as const;
export const secretOf = (text: string): Secret => new Secret(bytesOf(text));

/** A clock that stands where the test puts it; sleeping is real. */
export const clockAt = (startMs: number): Clock & { at: number } => {
  const clock = { at: startMs, now: () => clock.at, monotonic: () => systemClock.monotonic(), sleep: systemClock.sleep.bind(systemClock) };
  return clock;
};

export const testCrypto = (): Promise<CryptoProvider> => loadProvider('auto', systemRng);

export async function freshHome(clock: Clock = systemClock): Promise<Home> {
  const home = await createHome(join(await freshFolder(), 'home'), { clock, rng: systemRng });
  onTestFinished(() => home.close());
  return home;
}

export async function freshRing(home: Home, passphrase = 'correct horse'): Promise<Ring> {
  return Ring.create(home, secretOf(passphrase), { crypto: await testCrypto(), kdf: cheapKdf });
}
