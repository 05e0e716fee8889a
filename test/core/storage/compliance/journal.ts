/** What every journal promises. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/base/limits.ts';
import type { Acknowledgement, Journal } from '../../../../src/core/storage/ports.ts';
import { all, blockOf, inboxOf } from '../blocks.ts';

export interface JournalUnderTest {
  readonly journal: Journal;
  open(): Promise<Journal>;
}

const day = 86_400_000;
const start = Date.UTC(2026, 10, 23);

export const acknowledgementOf = (seed: number, atMs = start + seed): Acknowledgement => ({
  cid: blockOf(seed).cid,
  durability: seed % 2 === 0 ? 'hot' : 'cold',
  atMs,
  inboxes: [inboxOf(`a${seed}`), inboxOf(`b${seed}`)],
  bytes: 1_000 + seed,
  expiresAtMs: 0,
});

export function journalCompliance(name: string, make: () => Promise<JournalUnderTest>): void {
  describe(`${name}: journal`, () => {
    it('gives back what was appended, in order, from a time on', async () => {
      const { journal, open } = await make();
      expect(await all(journal.since(0))).toEqual([]);
      const acknowledgements = Array.from({ length: 20 }, (_, i) => acknowledgementOf(i));
      await journal.append(acknowledgements.slice(0, 7));
      for (const one of acknowledgements.slice(7)) await journal.append([one]);
      await journal.append([]);
      const other = await open();
      expect(await all(other.since(0))).toEqual(acknowledgements);
      expect(await all(other.since(start + 15))).toEqual(acknowledgements.slice(15));
      expect(await all(other.since(start + 100))).toEqual([]);
      await other.close();
    });

    it('keeps what several writers append at the same time', async () => {
      const { journal, open } = await make();
      const writers = [journal, await open(), await open()];
      await Promise.all(Array.from({ length: 60 }, (_, i) => (writers[i % 3] as Journal).append([acknowledgementOf(i)])));
      const found = await all(journal.since(0));
      expect(new Set(found.map(({ bytes }) => bytes)).size).toBe(60);
      expect(found.length).toBe(60);
      await writers[1]?.close();
      await writers[2]?.close();
    });

    it('keeps the effect of an id with the acknowledgement, for as many recipients as a message can have', async () => {
      const { journal } = await make();
      const inboxes = Array.from({ length: limits.recipientsMax }, (_, i) => inboxOf(`inbox ${i}`));
      // as long as the sealed list of all these identities and inboxes
      const operation = { key: inboxOf('key'), content: inboxOf('content'), result: new Uint8Array(120 * limits.recipientsMax) };
      const some = [{ ...acknowledgementOf(1), inboxes, operation }, { ...acknowledgementOf(2), operation: { ...operation, result: new Uint8Array(0) } }, acknowledgementOf(3)];
      await journal.append(some);
      await journal.release([{ cid: blockOf(2).cid, atMs: start + 9, reason: 'removed', inboxes: [inboxOf('a2')] }]);
      expect(await all(journal.since(0))).toEqual(some);
      expect(await all(journal.releasedSince(0))).toEqual([{ cid: blockOf(2).cid, atMs: start + 9, reason: 'removed', inboxes: [inboxOf('a2')] }]);
      expect((await all(journal.entries(0))).map(({ kind }) => kind)).toEqual(['acknowledged', 'acknowledged', 'acknowledged', 'released']);
    });

    it('spans months', async () => {
      const { journal } = await make();
      const some = [0, 20, 40, 80].map((days) => acknowledgementOf(days, start + days * day));
      await journal.append(some);
      expect(await all(journal.since(0))).toEqual(some);
      expect(await all(journal.since(start + 30 * day))).toEqual(some.slice(2));
    });

    it('keeps what was let go on purpose apart', async () => {
      const { journal } = await make();
      await journal.append([acknowledgementOf(1)]);
      await journal.release([{ cid: blockOf(1).cid, atMs: start + 5, reason: 'expired' }]);
      await journal.append([acknowledgementOf(2)]);
      expect((await all(journal.since(0))).length).toBe(2);
      expect(await all(journal.releasedSince(0))).toEqual([{ cid: blockOf(1).cid, atMs: start + 5, reason: 'expired' }]);
    });
  });
}
