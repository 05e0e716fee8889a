import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { readBatchList } from '../../../src/core/mail/batch-list.ts';

/** In pieces of these lengths, over and over. */
async function* cut(bytes: Bytes, lengths: readonly number[]): AsyncGenerator<Bytes> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] as number;
    yield bytes.slice(at, at + length);
    at += length;
  }
}

const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => one.isWellFormed());

describe('the list of a batch', () => {
  it('reads the same however the input is cut', async () => {
    const line = fc.record({ text, to: fc.array(text, { minLength: 1, maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), lengths, async (lines, pieces) => {
        const bytes = bytesOf(lines.map((one) => JSON.stringify(one)).join('\r\n'));
        const read = await readBatchList(cut(bytes, pieces), '/');
        expect(read).toEqual(lines.map((one, i) => ({ line: i + 1, content: { text: one.text }, to: one.to })));
      }),
      { numRuns: 100 },
    );
  });

  it('gives a line or an error for any bytes, and never more than there are lines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), lengths, async (bytes, pieces) => {
        const items = await readBatchList(cut(bytes, pieces), '/');
        expect(items.length).toBeLessThanOrEqual(bytes.filter((byte) => byte === 0x0a).length + 1);
        for (const item of items) if ('error' in item) expect(isError(item.error, 'E_USAGE')).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('bounds lines and their number', async () => {
    const long = JSON.stringify({ text: 'x'.repeat(65_536), to: 'a' });
    const items = await readBatchList(cut(bytesOf(`${long}\n${JSON.stringify({ text: '', to: 'a' })}`), [1_000_000]), '/');
    expect(items).toMatchObject([{ line: 1, error: { code: 'E_USAGE' } }, { line: 2, to: ['a'] }]);
    const many = bytesOf('{}\n'.repeat(100_001));
    await expect(readBatchList(cut(many, [65_536]), '/')).rejects.toMatchObject({ code: 'E_TOO_MANY' });
  });
});
