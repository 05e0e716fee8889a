/**
 * Numbers of bytes as people type and read them: `2.1 MiB`, `8GiB`, `500MB`, `4096`. Binary units in what is shown.
 */
import { fail } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1, b: 1,
  k: 1024, kib: 1024, m: 1024 ** 2, mib: 1024 ** 2, g: 1024 ** 3, gib: 1024 ** 3, t: 1024 ** 4, tib: 1024 ** 4,
  kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12,
};

/** Whole bytes, at most 2^53 - 1. `K M G T` alone are binary, `KB MB GB TB` decimal. Throws E_USAGE, which does not repeat the input. */
export function parseSize(text: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,6})?)(?: ?([A-Za-z]{1,3}))?$/.exec(text);
  const unit = match === null ? undefined : UNITS[(match[2] ?? '').toLowerCase()];
  const bytes = unit === undefined ? NaN : Math.round(Number(match![1]) * unit);
  if (!Number.isSafeInteger(bytes)) throw fail('E_USAGE', { why: 'expects a size such as 4096, 64KiB, 8GiB or 500MB' });
  return bytes;
}

/** `0 B`, `1023 B`, `2.1 MiB`, `12 GiB`: three digits at most. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  for (const unit of ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']) {
    value /= 1024;
    const shown = value < 9.95 ? value.toFixed(1) : value.toFixed(0);
    if (Number(shown) < 1024 || unit === 'PiB') return `${shown} ${unit}`;
  }
  return `${bytes} B`;
}

/** Exact: the largest binary unit that divides it, `4GiB`, `1536KiB`, `1025B`. Reading it gives the same number again. For whole bytes. */
export function exactSize(bytes: number): string {
  for (const [unit, factor] of [['TiB', 1024 ** 4], ['GiB', 1024 ** 3], ['MiB', 1024 ** 2], ['KiB', 1024]] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}
