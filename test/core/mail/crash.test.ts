import { describe, expect, it } from 'vitest';
import { crashTrials } from './crash-trials.ts';
import { scenarios } from './doomed-sender.ts';

describe.each(scenarios)('a sender that is killed: %s', (scenario) => {
  it('leaves what the next use of the outbox makes whole', { timeout: 240_000 }, async () => {
    expect(await crashTrials({ scenario, sample: { seed: 7, places: 4 } })).toBeGreaterThan(8);
  });
});
