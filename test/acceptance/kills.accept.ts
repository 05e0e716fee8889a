/** Two hundred seeded SIGKILLs with four processes at work, and a sender killed at every single place where it writes. */
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { crashTrials } from '../core/mail/crash-trials.ts';
import { scenarios } from '../core/mail/doomed-sender.ts';
import { killTrial } from '../core/storage/kills.ts';
import { SEED } from './seed.ts';

const KILLS = 200;
const HOUR_MS = 3_600_000;

describe('SIGKILL', () => {
  it('of one of four processes on one store, two hundred times, loses nothing that was promised', { timeout: 2 * HOUR_MS }, async () => {
    const result = await killTrial({ folder: await freshFolder(), seed: SEED, kills: KILLS, processes: 4 });
    process.stdout.write(`${KILLS} kills: ${result.stored} messages acknowledged, ${result.removed} removed\n`);
    expect(result.faults).toEqual([]);
    expect(result.stored).toBeGreaterThan(KILLS);
  });

  it.each(scenarios)('of a sender (%s) at every place where it writes leaves whole messages or none', { timeout: 2 * HOUR_MS }, async (scenario) => {
    const places = await crashTrials({ scenario });
    process.stdout.write(`${scenario}: killed at ${places} places\n`);
    expect(places).toBeGreaterThan(5);
  });
});
