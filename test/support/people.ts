/** Two or more operators, each with a home, a key ring that opens once, and the services of the identity room. */
import type { Clock } from '../../src/core/base/clock.ts';
import { systemClock } from '../../src/core/base/clock.ts';
import { Contacts, decodeBundleFile, Identities, type IdentityRoom, type Introduction } from '../../src/core/identity/index.ts';
import type { Home } from '../../src/core/home/index.ts';
import type { Ring } from '../../src/core/keys/index.ts';
import { freshHome, freshRing, testCrypto } from './home.ts';

export interface Operator extends IdentityRoom {
  readonly identities: Identities;
  readonly contacts: Contacts;
  /** How often the ring was asked for. */
  readonly unlocks: () => number;
}

export async function operator(clock: Clock = systemClock): Promise<Operator> {
  const home = await freshHome(clock);
  return operatorOf(home, await freshRing(home));
}

export async function operatorOf(home: Home, ring: Ring): Promise<Operator> {
  let unlocks = 0;
  const room: IdentityRoom = { home, crypto: await testCrypto(), ring: async () => (unlocks++, ring) };
  return { ...room, identities: new Identities(room), contacts: new Contacts(room), unlocks: () => unlocks };
}

/** What `from` would hand over on a stick. */
export async function bundleOf(from: Operator, name: string, options: { readonly prekeysUntilMs?: number } = {}): Promise<Introduction> {
  return decodeBundleFile(from.crypto, (await from.identities.exportBundle(name, options)).bytes);
}
