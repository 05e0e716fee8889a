/** HPKE base mode: what one provider sealed the other opens, and nothing else opens. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesOf, concat, hexOf } from '../../../src/core/base/bytes.ts';
import { sha256 } from '../../../src/core/base/cid.ts';
import { hpkeOpen, hpkeSeal } from '../../../src/core/crypto/index.ts';
import { runVectors } from '../../../src/core/crypto/selftest/index.ts';
import { EMPTY, flipBit, native, noble, pairs, providers, seededRng } from './support.ts';

const rng = seededRng('hpke');
const info = bytesOf('omniplex/v1/stanza\0');

test.each(pairs)('$name', ({ maker, taker }) => {
  const key = taker.kem('x-wing').fromSeed(rng.bytes(32));
  for (const [plaintext, aad] of [[EMPTY, undefined], [rng.bytes(32), undefined], [rng.bytes(32), bytesOf('aad')]] as const) {
    const { enc, ciphertext } = hpkeSeal(maker, key.publicKey, info, plaintext, aad);
    expect(enc.length).toBe(1120);
    expect(ciphertext.length).toBe(plaintext.length + 16);
    expect(hpkeOpen(taker, key, enc, info, ciphertext, aad)).toEqual(plaintext);
  }
});

describe.each(providers)('$name', (provider) => {
  const key = provider.kem('x-wing').fromSeed(rng.bytes(32));
  const aad = bytesOf('aad');
  const { enc, ciphertext } = hpkeSeal(provider, key.publicKey, info, bytesOf('a secret of 32 bytes, or nearly.'), aad);

  test('every flip and every cut is refused', () => {
    for (let bit = 0; bit < ciphertext.length * 8; bit += 3) expect(hpkeOpen(provider, key, enc, info, flipBit(ciphertext, bit), aad)).toBeUndefined();
    for (let length = 0; length < ciphertext.length; length++) expect(hpkeOpen(provider, key, enc, info, ciphertext.subarray(0, length), aad)).toBeUndefined();
    // The top bit of an X25519 key is ignored by its function, but not by the hash of X-Wing.
    for (const bit of [0, 1087 * 8, 1088 * 8, 1119 * 8 + 7]) expect(hpkeOpen(provider, key, flipBit(enc, bit), info, ciphertext, aad)).toBeUndefined();
    for (const length of [0, 1119]) expect(hpkeOpen(provider, key, enc.subarray(0, length), info, ciphertext, aad)).toBeUndefined();
    expect(hpkeOpen(provider, key, concat(enc.subarray(0, 1088), new Uint8Array(32)), info, ciphertext, aad)).toBeUndefined();
    expect(hpkeOpen(provider, key, concat(enc, Uint8Array.of(0)), info, ciphertext, aad)).toBeUndefined();
  });

  test('another key, info or aad is refused', () => {
    expect(hpkeOpen(provider, provider.kem('x-wing').fromSeed(rng.bytes(32)), enc, info, ciphertext, aad)).toBeUndefined();
    expect(hpkeOpen(provider, key, enc, EMPTY, ciphertext, aad)).toBeUndefined();
    expect(hpkeOpen(provider, key, enc, flipBit(info, 0), ciphertext, aad)).toBeUndefined();
    expect(hpkeOpen(provider, key, enc, info, ciphertext)).toBeUndefined();
    expect(hpkeOpen(provider, key, enc, info, ciphertext, info)).toBeUndefined();
  });

  test('a hostile public key is refused with a code', () => {
    expect(() => hpkeSeal(provider, EMPTY, info, EMPTY)).toThrow(expect.objectContaining({ code: 'E_KEY_INVALID' }));
    expect(() => hpkeSeal(provider, concat(key.publicKey.subarray(0, 1184), new Uint8Array(32)), info, EMPTY)).toThrow(expect.objectContaining({ code: 'E_KEY_INVALID' }));
  });
});

test('our own golden value: agrees with an implementation that passes the published vectors of this suite', () => {
  const kem = noble.kem('x-wing');
  const key = kem.fromSeed(new Uint8Array(32).fill(1));
  const { enc, ciphertext } = hpkeSeal(noble, key.publicKey, info, bytesOf('golden'), bytesOf('aad'), new Uint8Array(64).fill(2));
  expect(hexOf(sha256(enc))).toBe('1cdf3d1365a6ec9ec8cd9df00d47693a67f5f7211871bbbc323e8fe08c22a9d3');
  expect(hexOf(ciphertext)).toBe('971399495287d64adc8463d11c7fc3782935d2e89566');
  expect(hpkeOpen(native, native.kem('x-wing').fromSeed(new Uint8Array(32).fill(1)), enc, info, ciphertext, bytesOf('aad'))).toEqual(bytesOf('golden'));
});

/** draft-ietf-hpke-pq, test-vectors.json at 53273fb: base mode, X-Wing, HKDF-SHA256, ChaCha20-Poly1305, its first encryption. */
test('the published vector of our suite holds under both providers', async () => {
  const rows = await runVectors(join(import.meta.dirname, '../../vectors/hpke'), providers);
  expect(rows.map(({ provider, passed, failed, notApplicable }) => ({ provider, passed, failed, notApplicable }))).toEqual(
    ['native', 'noble'].map((provider) => ({ provider, passed: 1, failed: 0, notApplicable: 0 })),
  );
});
