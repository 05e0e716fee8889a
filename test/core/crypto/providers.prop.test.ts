/** For any input the providers agree, open what the other sealed, and throw nothing but what is promised. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isError } from '../../../src/core/base/errors.ts';
import { KeyedBlake3, keyedBlake3 } from '../../../src/core/crypto/blake3.ts';
import { hpkeOpen, kemParameters, signatureParameters, verifyAll, type KemName, type SignatureName } from '../../../src/core/crypto/index.ts';
import { native, noble, pairs, providers } from './support.ts';

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });

test.each(pairs)('$name: AEADs', ({ maker, taker }) => {
  fc.assert(
    fc.property(bytes(32), bytes(12), bytes(0, 600), fc.option(bytes(0, 100), { nil: undefined }), fc.constantFrom('aesGcm', 'chaCha20Poly1305'), (key, nonce, plaintext, aad, name) => {
      const sealed = maker[name].seal(key, nonce, plaintext, aad);
      expect(sealed).toEqual(taker[name].seal(key, nonce, plaintext, aad));
      expect(taker[name].open(key, nonce, sealed, aad)).toEqual(plaintext);
    }),
    { numRuns: 60 },
  );
});

test('derivations', () => {
  fc.assert(
    fc.property(bytes(0, 200), bytes(0, 200), bytes(0, 1500), fc.nat(300), (secret, salt, info, length) => {
      expect(native.hkdfSha256(secret, salt, info, length)).toEqual(noble.hkdfSha256(secret, salt, info, length));
      expect(native.hkdfSha512(secret, salt, info, length)).toEqual(noble.hkdfSha512(secret, salt, info, length));
      expect(native.hkdfExpandSha512(secret, info, length)).toEqual(noble.hkdfExpandSha512(secret, info, length));
      expect(native.hmacSha256(secret, salt, info)).toEqual(noble.hmacSha256(secret, salt, info));
    }),
    { numRuns: 100 },
  );
});

test('keyed BLAKE3 by both engines', async () => {
  await fc.assert(
    fc.asyncProperty(bytes(32), fc.array(bytes(0, 3000), { minLength: 1, maxLength: 4 }), async (key, inputs) => {
      const hasher = await KeyedBlake3.create(key);
      for (const input of inputs) expect(hasher.hash(input)).toEqual(keyedBlake3(key, input));
    }),
    { numRuns: 40 },
  );
});

test('hostile bytes: KEMs refuse with a code, verifiers and openers answer no', () => {
  const lengths = [...Object.values(kemParameters).flatMap((kem) => [kem.publicKeyBytes, kem.ciphertextBytes]), ...Object.values(signatureParameters).map(({ publicKeyBytes }) => publicKeyBytes)];
  const hostile = fc.oneof(bytes(0, 2000), fc.constantFrom(...lengths).chain((length) => bytes(length)));
  fc.assert(
    fc.property(hostile, hostile, fc.constantFrom(...(Object.keys(kemParameters) as KemName[])), fc.constantFrom(...(Object.keys(signatureParameters) as SignatureName[])), (a, b, kemName, schemeName) => {
      for (const provider of providers) {
        const kem = provider.kem(kemName);
        const key = kem.fromSeed(new Uint8Array(kem.seedBytes).fill(3));
        for (const call of [() => kem.encapsulate(a), () => kem.decapsulate(key, a)]) {
          try {
            call();
          } catch (error) {
            expect(isError(error, 'E_KEY_INVALID'), String(error)).toBe(true);
          }
        }
        expect(provider.signature(schemeName).verify(a, b, b)).toBe(false);
        expect(verifyAll(provider, { [schemeName]: a }, 'message', b, { [schemeName]: b })).toBe(false);
        const receiver = provider.kem('x-wing').fromSeed(new Uint8Array(32).fill(3));
        expect(hpkeOpen(provider, receiver, a, b, b, a)).toBeUndefined();
        expect(provider.aesGcm.open(new Uint8Array(32), new Uint8Array(12), a, b)).toBeUndefined();
      }
    }),
    { numRuns: 60 },
  );
});
