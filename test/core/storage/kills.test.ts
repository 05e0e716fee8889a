/** A few of the kills that acceptance makes two hundred of. */
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../../support/folder.ts';
import { killTrial } from './kills.ts';

describe('several processes at work on one store', () => {
  it('lose nothing that was promised when one is killed at any moment', { timeout: 240_000 }, async () => {
    const result = await killTrial({ folder: await freshFolder(), seed: 1, kills: 10, processes: 4 });
    expect(result.faults).toEqual([]);
    expect(result.stored).toBeGreaterThan(20);
  });
});
