/** A thousand seeded blows to the hot database: right bytes or a code, never wrong bytes, never a crash; repaired from what is left and from cold. */
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../support/folder.ts';
import { corruptionTrial, makeTruth } from '../core/storage/corruption.ts';
import { SEED } from './seed.ts';

const TRIALS = 1_000;

describe('a damaged hot database', () => {
  it('never gives wrong bytes, in a thousand trials', { timeout: 4 * 3_600_000 }, async () => {
    const folder = await freshFolder();
    const truth = await makeTruth(folder);
    const outcomes = { right: 0, refused: 0, absent: 0 };
    const repaired: Record<string, number> = {};
    for (let i = 0; i < TRIALS; i++) {
      const result = await corruptionTrial(truth, folder, SEED * 1_000_000 + i);
      expect(result.faults, `seed ${result.seed}: ${result.strike}`).toEqual([]);
      for (const key of ['right', 'refused', 'absent'] as const) outcomes[key] += result.outcomes[key];
      repaired[result.repaired] = (repaired[result.repaired] ?? 0) + 1;
    }
    process.stdout.write(`${TRIALS} blows: reads ${JSON.stringify(outcomes)}, repairs ${JSON.stringify(repaired)}\n`);
  });
});
