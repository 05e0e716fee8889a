/** SIGKILL at seeded moments: what was told as done is there, what was not is whole or absent, and the ring opens. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { openHome, type Home } from '../../../src/core/home/index.ts';
import { checkFollows, decodeBundle } from '../../../src/core/identity/bundle.ts';
import { Identities } from '../../../src/core/identity/index.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import { freshHome, freshRing, secretOf, testCrypto } from '../../support/home.ts';

const ROUNDS = 10;
const SEED = 20_261_123;
const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

/** Lines of one child until it was killed, `afterMs` behind its start of work. */
async function killed(path: string, passphrase: string, afterMs: number): Promise<string[]> {
  const run = spawn(process.execPath, [child, path, passphrase], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const ended = new Promise<string | null>((resolve) => run.once('exit', (_, signal) => resolve(signal)));
  for await (const line of createInterface(run.stdout)) {
    lines.push(line);
    if (line === 'ready') void systemClock.sleep(afterMs).then(() => run.kill('SIGKILL'));
  }
  expect(await ended).toBe('SIGKILL');
  return lines;
}

/** Lines of one child that ended by itself. */
async function ended(path: string, passphrase: string, rotations: number): Promise<string[]> {
  const run = spawn(process.execPath, [child, path, passphrase, String(rotations)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const code = new Promise<number | null>((resolve) => run.once('exit', resolve));
  const lines: string[] = [];
  for await (const line of createInterface(run.stdout)) lines.push(line);
  expect(await code).toBe(0);
  return lines;
}

const values = (lines: readonly string[], word: string): string[] => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

async function openWithOneOf(home: Home, passphrases: readonly string[]): Promise<{ ring: Ring; passphrase: string }> {
  for (const passphrase of passphrases) {
    try {
      return { ring: await Ring.open(home, secretOf(passphrase), { crypto: await testCrypto() }), passphrase };
    } catch (error) {
      if (!isError(error, 'E_PASSPHRASE')) throw error;
    }
  }
  throw new Error(`none of ${passphrases.length} passphrases opens the ring`);
}

describe('a key ring whose process is killed', () => {
  it(`keeps every acknowledged change, ${ROUNDS} times`, { timeout: 120_000 }, async () => {
    const made = await freshHome();
    let passphrase = 'first';
    const firstRing = await freshRing(made, passphrase);
    await new Identities({ home: made, crypto: await testCrypto(), ring: async () => firstRing }).create('ada');
    made.close();
    let [sealed, seq] = [-1, 1];
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await killed(made.path, passphrase, ((SEED * (round + 1)) % 97) + round);
      sealed = Math.max(sealed, ...values(lines, 'sealed').map(Number));
      seq = Math.max(seq, ...values(lines, 'rotated').map(Number));
      // The newest change that was told as done, or the one that was under way; nothing older.
      const done = values(lines, 'changed').at(-1) ?? passphrase;
      const attempted = values(lines, 'changing').at(-1) ?? passphrase;
      using home = await openHome(made.path, { clock: systemClock, rng: systemRng });
      home.check();
      const { ring, passphrase: opens } = await openWithOneOf(home, [done, attempted]);
      passphrase = opens;
      for (let i = 0; i <= sealed; i++) expect(ring.openSecret(`test/${i}`).expose()).toEqual(Uint8Array.of(i));
      expect(ring.names('test/').length - sealed - 1).toBeLessThanOrEqual(1);

      const identities = new Identities({ home, crypto: await testCrypto(), ring: async () => ring });
      const ada = identities.show('ada');
      expect(ada.seq).toBeGreaterThanOrEqual(seq);
      // At most the one that was under way when the process was killed.
      expect(ada.seq - seq).toBeLessThanOrEqual(1);
      seq = ada.seq;
      const bundles = home.people.bundlesOf(ada.id, 1000).reverse().map(({ block }) => decodeBundle(block));
      bundles.slice(1).forEach((bundle, i) => checkFollows(bundles[i]!, bundle, 'ada'));
      expect((await identities.signerFor('ada')).bundleSeq).toBe(ada.seq);
      const keys = await identities.openingKeys('ada');
      expect(keys).toHaveLength(home.people.keysOf(ada.id).length);
      // One more change takes away what the killed process left lying about.
      await ring.sealSecret(`test/${ring.names('test/').length}`, Uint8Array.of(ring.names('test/').length));
      sealed = ring.names('test/').length - 1;
      expect((await readdir(home.path)).filter((name) => name.endsWith('.part'))).toEqual([]);
    }
    expect(sealed).toBeGreaterThan(ROUNDS);
  });
});

describe('a key ring that three processes change at once', () => {
  it('gives every rotation a bundle of its own, in one chain', { timeout: 120_000 }, async () => {
    const made = await freshHome();
    const ring = await freshRing(made, 'pass');
    const identities = new Identities({ home: made, crypto: await testCrypto(), ring: async () => ring });
    await identities.create('ada');
    const children = await Promise.all([5, 5, 5].map((rotations) => ended(made.path, 'pass', rotations)));
    // What a process reads back is its own bundle or a later one; together they are fifteen.
    expect(children.flatMap((lines) => values(lines, 'rotated'))).toHaveLength(15);
    const { id, seq } = identities.show('ada');
    expect(seq).toBe(16);
    const bundles = made.people.bundlesOf(id, 100).reverse().map(({ block }) => decodeBundle(block));
    expect(bundles).toHaveLength(16);
    bundles.slice(1).forEach((bundle, i) => checkFollows(bundles[i]!, bundle, 'ada'));
    expect((await identities.signerFor('ada')).bundleSeq).toBe(16);
    expect(await identities.openingKeys('ada')).toHaveLength(made.people.keysOf(id).length);
  });
});
