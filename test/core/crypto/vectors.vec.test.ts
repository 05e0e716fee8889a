/**
 * Outside vectors, every case through our own wrappers under each provider. The folder is named by OMNIPLEX_VECTORS
 * (flat, or checkouts of the upstream repositories); without it the suite is skipped, visibly.
 */
import { describe, expect, test } from 'vitest';
import { runVectors, type Tally } from '../../../src/core/crypto/selftest/index.ts';
import { providers } from './support.ts';

const folder = process.env['OMNIPLEX_VECTORS'];

/** Files that must be there and leave something to run, and how many of their cases are for us: at least this many. */
const EXPECTED: ReadonlyArray<readonly [file: RegExp, native: number, noble: number]> = [
  [/aes_gcm_test\.json$/, 66, 66],
  [/c2sp_chunked_encryption_aes_256_gcm_test\.json$/, 35, 35],
  [/ed25519_test\.json$/, 151, 151],
  [/hkdf_sha256_test\.json$/, 86, 86],
  [/hkdf_sha512_test\.json$/, 83, 83],
  [/mldsa_65_verify_test\.json$/, 210, 210],
  [/mlkem_768_encaps_test\.json$/, 132, 265],
  [/mlkem_768_keygen_seed_test\.json$/, 100, 100],
  [/mlkem_768_test\.json$/, 193, 193],
  [/x25519_test\.json$/, 518, 518],
  [/xwing.*test-vectors\.json$/, 3, 3],
];

describe.skipIf(folder === undefined)(`vectors of ${folder ?? 'OMNIPLEX_VECTORS (unset)'}`, () => {
  test('every case holds under both providers, and none is missing', { timeout: 120_000 }, async () => {
    const failures: string[] = [];
    const rows: Tally[] = await runVectors(folder as string, providers, {
      report: ({ file, provider, id, cause }) => failures.push(`${file} ${provider} ${id} ${cause instanceof Error ? cause.message : ''}`),
    });
    expect(failures).toEqual([]);
    for (const [file, native, noble] of EXPECTED) {
      for (const [provider, least] of [['native', native], ['noble', noble]] as const) {
        const row = rows.find((candidate) => file.test(candidate.file) && candidate.provider === provider);
        expect(row?.passed, `${file.source} under ${provider}`).toBeGreaterThanOrEqual(least);
      }
    }
    for (const [file, least] of [[/blake3.*test_vectors\.json$/i, 35], [/multihash.*test_cases\.csv$/, 260]] as const) {
      expect(rows.find((row) => file.test(row.file) && row.provider === 'any')?.passed, file.source).toBe(least);
    }
  });
});
