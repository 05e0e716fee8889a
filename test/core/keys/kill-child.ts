/**
 * Works on a key ring until it is killed, and says on stdout what it was told is done: one line each.
 * Arguments: the home, the passphrase, and how often to rotate, after which it ends. Without that number every round seals a secret,
 * every third changes the passphrase, every second rotates.
 */
import { systemClock } from '../../../src/core/base/clock.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { loadProvider } from '../../../src/core/crypto/index.ts';
import { openHome } from '../../../src/core/home/index.ts';
import { Identities } from '../../../src/core/identity/index.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import { cheapKdf, secretOf } from './kill-support.ts';

const [path, passphrase, rotations] = process.argv.slice(2) as [string, string, string?];
const crypto = await loadProvider('auto', systemRng);
const home = await openHome(path, { clock: systemClock, rng: systemRng });
const ring = await Ring.open(home, secretOf(passphrase), { crypto });
const identities = new Identities({ home, crypto, ring: async () => ring });
const say = (line: string) => new Promise((resolve) => process.stdout.write(`${line}\n`, resolve));

const known = ring.names('test/').length;
await say('ready');
for (let i = 0; i < Number(rotations); i++) await say(`rotated ${(await identities.rotate('ada', i % 3 === 0 ? 'all' : 'prekeys')).identity.seq}`);
if (rotations !== undefined) process.exit(0);
for (let i = known; ; i++) {
  await ring.sealSecret(`test/${i}`, Uint8Array.of(i));
  await say(`sealed ${i}`);
  if (i % 2 === 0) await say(`rotated ${(await identities.rotate('ada', i % 4 === 0 ? 'all' : 'prekeys')).identity.seq}`);
  if (i % 3 === 0) {
    const next = `${passphrase} ${i}`;
    await say(`changing ${next}`);
    await ring.changePassphrase(secretOf(next), cheapKdf);
    await say(`changed ${next}`);
  }
}
