/** `store show CID` in narrow terminals: no line is too long, and no word, number or date is broken. */
import { describe, expect, it } from 'vitest';
import { paintOf, symbolsOf, width } from '../../../src/cli/theme.ts';
import { messageLines, type ShownMessage } from '../../../src/commands/store/_show.ts';

const DAY = '2026-11-28T05:25:00Z';
const shown: ShownMessage = {
  ...{ cid: 'bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam', kind: 'message', bytes: 300_000, blocks: 3, announcements: 1 },
  ...{ pinned: 'until', pinnedUntil: DAY, stored: DAY, read: DAY, expires: DAY, removed: true },
  copies: [
    { tier: 'hot', place: '/srv/omniplex/production/store/hot.db', verified: false, missing: 2, corrupt: 1 },
    { tier: 'files', place: '/srv/omniplex/production/store/cold/blocks', verified: true, missing: 0, corrupt: 0 },
  ],
};
const linesAt = (columns: number) => messageLines(shown, { paint: paintOf(false), symbols: symbolsOf({ LANG: 'C.UTF-8' }), terminal: columns !== Infinity, columns, verbose: false });
const words = (lines: readonly string[]) => new Set(lines.join('\n').split(/[\s/]+/));

describe('store show CID', () => {
  it.each([40, 60, 80, 120])('at %i columns', async (columns) => {
    const [whole, lines] = [words(await linesAt(Infinity)), await linesAt(columns)];
    // a path has no place to break
    for (const line of lines.slice(1).filter((line) => line.trim().includes(' '))) expect(width(line)).toBeLessThanOrEqual(columns);
    expect([...words(lines)].filter((word) => !whole.has(word))).toEqual([]);
    for (const fact of ['stored 2026-11-28 05:25Z', 'pinned until 2026-11-28 05:25Z', '1 inbox told']) expect(lines.some((line) => line.includes(fact))).toBe(true);
  });

  it('is one line of facts in a pipe', async () => {
    expect((await linesAt(Infinity)).filter((line) => line.includes('stored'))[0]).toMatch(/stored .*expires .*told$/);
  });
});
