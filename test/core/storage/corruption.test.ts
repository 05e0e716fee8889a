/** Damage to the hot database: a few dozen of the thousand trials that acceptance runs. */
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../../support/folder.ts';
import { corruptionTrial, makeTruth, type TrialResult } from './corruption.ts';

const TRIALS = 60;

describe('a damaged hot database', () => {
  it('gives right bytes or a code, never wrong bytes, and is repaired from what is left and from cold', { timeout: 240_000 }, async () => {
    const folder = await freshFolder();
    const truth = await makeTruth(folder);
    const results: TrialResult[] = [];
    for (let seed = 1; seed <= TRIALS; seed++) results.push(await corruptionTrial(truth, folder, seed));
    for (const { seed, strike, faults } of results) expect(faults, `seed ${seed}: ${strike}`).toEqual([]);
    // a suite in which nothing was hit would prove nothing
    const noticed = results.filter(({ outcomes, repaired }) => outcomes.refused + outcomes.absent > 0 || repaired !== 'nothing to do');
    expect(noticed.length).toBeGreaterThan(TRIALS / 2);
    expect(results.filter(({ repaired }) => repaired === 'rebuilt').length).toBeGreaterThan(TRIALS / 5);
  });
});
