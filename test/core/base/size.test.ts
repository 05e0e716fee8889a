/** Numbers of bytes as people type and read them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isError } from '../../../src/core/base/errors.ts';
import { exactSize, formatSize, parseSize } from '../../../src/core/base/size.ts';

const [KIB, MIB, GIB] = [1024, 1024 ** 2, 1024 ** 3];

function or<T>(act: () => T): T | 'refused' {
  try {
    return act();
  } catch (error) {
    if (isError(error, 'E_USAGE')) return 'refused';
    throw error;
  }
}

test.each([
  ['0', 0], ['4096', 4096], ['1B', 1], ['64KiB', 64 * KIB], ['4GiB', 4 * GIB], ['4gib', 4 * GIB], ['8 GiB', 8 * GIB], ['10MB', 10_000_000], ['500mb', 500_000_000], ['2.1 MiB', Math.round(2.1 * MIB)],
  ['1.5KiB', 1536], ['1K', KIB], ['1M', MIB], ['1G', GIB], ['1T', 1024 ** 4], ['1TB', 1e12], ['9007199254740991', Number.MAX_SAFE_INTEGER], ['8191TiB', 8191 * 1024 ** 4],
] as const)('%s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', ' ', '-1', '+1', ' 1', '1 ', '1  KiB', '1XB', '1 bytes', 'KiB', '1e3', '0x10', '1,5MiB', '1.', '.5', '1.5.5K', '1KiB1', '9007199254740992', '8192TiB', '99999999999999999', '1PiB', 'constructor', '1\n', '١'])(
  'refused: %j',
  (text) => {
    expect(or(() => parseSize(text))).toBe('refused');
  },
);

test('the exact form reads back', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(5_000), fc.tuple(fc.nat(4_096), fc.constantFrom(KIB, MIB, GIB, 1024 ** 4)).map(([n, unit]) => n * unit)), (bytes) => {
      expect(parseSize(exactSize(bytes))).toBe(bytes);
    }),
  );
  expect([0, 1, 1023, 1024, 1025, 1536 * KIB, 4 * GIB].map(exactSize)).toEqual(['0B', '1B', '1023B', '1KiB', '1025B', '1536KiB', '4GiB']);
});

test('what is shown rolls over to the next unit and never says 1024', () => {
  const shown = [0, 1, 1023, 1024, 1075, 2.1 * MIB, 9.94 * MIB, 9.96 * MIB, 10 * MIB, 1023.4 * KIB, 1023.6 * KIB, MIB - 1, 5 * 1024 ** 5].map(formatSize);
  expect(shown).toEqual(['0 B', '1 B', '1023 B', '1.0 KiB', '1.0 KiB', '2.1 MiB', '9.9 MiB', '10 MiB', '10 MiB', '1023 KiB', '1.0 MiB', '1.0 MiB', '5.0 PiB']);
  fc.assert(
    fc.property(fc.nat(1024 ** 4 * 8), (bytes) => {
      const text = formatSize(bytes);
      expect(text).toMatch(/^(?:\d\.\d|\d{1,4}) (?:B|[KMGT]iB)$/);
      expect(Math.abs(parseSize(text) - bytes)).toBeLessThanOrEqual(bytes * 0.051);
    }),
  );
});

test('any text is read or refused with E_USAGE, and long text at once', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^\d{0,17}\.?\d{0,7} ?[a-zA-Z]{0,4}$/)), (text) => {
      const bytes = or(() => parseSize(text));
      if (bytes !== 'refused') expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
    }),
    { numRuns: 1_000 },
  );
  for (const piece of ['1', '1.', ' ', '1KiB']) expect(or(() => parseSize(piece.repeat(50_000)))).toBe('refused');
});
