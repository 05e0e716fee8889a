/** The joint of X-Wing: the order in which the parts are hashed, and what is refused. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concat, hexOf } from '../../../src/core/base/bytes.ts';
import { XWING_LABEL } from '../../../src/core/crypto/x-wing.ts';
import { EMPTY, native, noble, providers, seededRng } from './support.ts';

const rng = seededRng('x-wing');
const sha3 = (...parts: Uint8Array[]) => new Uint8Array(createHash('sha3-256').update(concat(...parts)).digest());

/** What X-Wing is made of, taken apart by hand. */
function parts() {
  const seed = rng.bytes(32);
  const randomness = rng.bytes(64);
  const expanded = new Uint8Array(createHash('shake256', { outputLength: 96 }).update(seed).digest());
  const mlKem = noble.kem('ml-kem-768').fromSeed(expanded.subarray(0, 64));
  const x25519 = noble.x25519.publicKey(expanded.subarray(64));
  const inner = noble.kem('ml-kem-768').encapsulate(mlKem.publicKey, randomness.subarray(0, 32));
  const ephemeral = noble.x25519.publicKey(randomness.subarray(32));
  const shared = noble.x25519.sharedSecret(randomness.subarray(32), x25519);
  return { seed, randomness, publicKey: concat(mlKem.publicKey, x25519), x25519, inner, ephemeral, shared };
}

test('the label comes last; a secret with the label first is another one', () => {
  const { seed, randomness, publicKey, x25519, inner, ephemeral, shared } = parts();
  const kem = noble.kem('x-wing');
  expect(hexOf(XWING_LABEL)).toBe('5c2e2f2f5e5c');
  expect(kem.fromSeed(seed).publicKey).toEqual(publicKey);
  const sealed = kem.encapsulate(publicKey, randomness);
  expect(sealed.ciphertext).toEqual(concat(inner.ciphertext, ephemeral));
  expect(sealed.secret).toEqual(sha3(inner.secret, shared, ephemeral, x25519, XWING_LABEL));
  expect(sealed.secret).not.toEqual(sha3(XWING_LABEL, inner.secret, shared, ephemeral, x25519));
  expect(native.kem('x-wing').decapsulate(native.kem('x-wing').fromSeed(seed), sealed.ciphertext)).toEqual(sealed.secret);
});

describe.each(providers)('$name', (provider) => {
  const kem = provider.kem('x-wing');

  test('an X25519 half of low order is refused, in a public key and in a ciphertext', () => {
    const key = kem.fromSeed(rng.bytes(32));
    for (const lowOrder of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]) {
      const publicKey = concat(key.publicKey.subarray(0, 1184), lowOrder);
      expect(() => kem.encapsulate(publicKey)).toThrow(expect.objectContaining({ code: 'E_KEY_INVALID' }));
      const { ciphertext } = kem.encapsulate(key.publicKey);
      expect(() => kem.decapsulate(key, concat(ciphertext.subarray(0, 1088), lowOrder))).toThrow(expect.objectContaining({ code: 'E_KEY_INVALID' }));
    }
  });

  test('both halves count: exchanging either between two ciphertexts changes the secret', () => {
    const key = kem.fromSeed(rng.bytes(32));
    const [a, b] = [kem.encapsulate(key.publicKey), kem.encapsulate(key.publicKey)];
    const mixed = kem.decapsulate(key, concat(a.ciphertext.subarray(0, 1088), b.ciphertext.subarray(1088)));
    expect(mixed).not.toEqual(a.secret);
    expect(mixed).not.toEqual(b.secret);
  });

  test('another key decapsulates another secret', () => {
    const { ciphertext, secret } = kem.encapsulate(kem.fromSeed(rng.bytes(32)).publicKey);
    expect(kem.decapsulate(kem.fromSeed(rng.bytes(32)), ciphertext)).not.toEqual(secret);
  });

  test('randomness and seeds of another length are our own mistakes', () => {
    expect(() => kem.encapsulate(kem.fromSeed(rng.bytes(32)).publicKey, EMPTY)).toThrow(RangeError);
    expect(() => kem.fromSeed(rng.bytes(96))).toThrow(RangeError);
  });
});

test('native says that OpenSSL takes no randomness', () => {
  const kem = native.kem('x-wing');
  expect(() => kem.encapsulate(kem.fromSeed(rng.bytes(32)).publicKey, rng.bytes(64))).toThrow(expect.objectContaining({ code: 'E_NOT_SUPPORTED' }));
});
