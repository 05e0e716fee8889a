/** The two providers are interchangeable, byte for byte, and refuse the same hostile input. */
import { describe, expect, test } from 'vitest';
import { bytesOf, bytesOfHex, concat, equalBytes } from '../../../src/core/base/bytes.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { kemParameters, loadProvider, signatureParameters, type KemName, type SignatureName } from '../../../src/core/crypto/index.ts';
import { EMPTY, flipBit, native, noble, pairs, providers, seededRng } from './support.ts';

const rng = seededRng('providers');
const kems = Object.keys(kemParameters) as KemName[];
const schemes = Object.keys(signatureParameters) as SignatureName[];
const code = (codeOf: Parameters<typeof isError>[1]) => expect.objectContaining({ code: codeOf });

test('auto takes native where it works, and a forced name is obeyed', async () => {
  expect((await loadProvider('auto', rng)).name).toBe('native');
  expect((await loadProvider('noble', rng)).name).toBe('noble');
});

describe.each(kems)('%s', (name) => {
  const seed = rng.bytes(kemParameters[name].seedBytes);

  test.each(pairs)('$name: same public key, one secret', ({ maker, taker }) => {
    const key = taker.kem(name).fromSeed(seed);
    expect(maker.kem(name).fromSeed(seed).publicKey).toEqual(key.publicKey);
    const { ciphertext, secret } = maker.kem(name).encapsulate(key.publicKey);
    expect(ciphertext.length).toBe(kemParameters[name].ciphertextBytes);
    expect(taker.kem(name).decapsulate(key, ciphertext)).toEqual(secret);
  });

  test.each(providers)('$name: a wrong ciphertext yields another secret, the same under both providers', (provider) => {
    const key = provider.kem(name).fromSeed(seed);
    const { ciphertext, secret } = provider.kem(name).encapsulate(key.publicKey);
    for (const bit of [0, 77, 8 * 700 + 3]) {
      const wrong = flipBit(ciphertext, bit);
      const rejected = provider.kem(name).decapsulate(key, wrong);
      expect(equalBytes(rejected, secret)).toBe(false);
      for (const other of providers) expect(other.kem(name).decapsulate(other.kem(name).fromSeed(seed), wrong)).toEqual(rejected);
    }
  });

  test.each(providers)('$name: lengths, foreign keys and unreduced public keys are refused', (provider) => {
    const kem = provider.kem(name);
    const key = kem.fromSeed(seed);
    const { ciphertext } = kem.encapsulate(key.publicKey);
    for (const length of [0, 1, key.publicKey.length - 1]) expect(() => kem.encapsulate(key.publicKey.subarray(0, length))).toThrow(code('E_KEY_INVALID'));
    expect(() => kem.encapsulate(concat(key.publicKey, Uint8Array.of(0)))).toThrow(code('E_KEY_INVALID'));
    for (const length of [0, ciphertext.length - 1]) expect(() => kem.decapsulate(key, ciphertext.subarray(0, length))).toThrow(code('E_KEY_INVALID'));
    expect(() => kem.decapsulate(key, concat(ciphertext, Uint8Array.of(0)))).toThrow(code('E_KEY_INVALID'));
    const unreduced = Uint8Array.from(key.publicKey).fill(0xff, 0, 3);
    expect(() => kem.encapsulate(unreduced)).toThrow(code('E_KEY_INVALID'));
    expect(() => kem.fromSeed(seed.subarray(1))).toThrow(RangeError);
    const foreign = (provider === native ? noble : native).kem(name).fromSeed(seed);
    expect(() => kem.decapsulate(foreign, ciphertext)).toThrow(TypeError);
    expect(() => kem.decapsulate({ algorithm: name, publicKey: key.publicKey }, ciphertext)).toThrow(TypeError);
  });
});

describe.each(schemes)('%s', (name) => {
  const seed = rng.bytes(signatureParameters[name].seedBytes);
  const message = bytesOf('what was acknowledged is returned');
  const context = name === 'ed25519' ? undefined : bytesOf('omniplex/v1/test\0');

  test.each(pairs)('$name: same public key, signatures hold', ({ maker, taker }) => {
    const key = maker.signature(name).fromSeed(seed);
    expect(taker.signature(name).fromSeed(seed).publicKey).toEqual(key.publicKey);
    const signature = maker.signature(name).sign(key, message, context);
    const verify = taker.signature(name).verify;
    expect(signature.length).toBe(signatureParameters[name].signatureBytes);
    expect(verify(key.publicKey, message, signature, context)).toBe(true);
    expect(verify(key.publicKey, flipBit(message, 9), signature, context)).toBe(false);
    expect(verify(key.publicKey, EMPTY, signature, context)).toBe(false);
    expect(verify(flipBit(key.publicKey, 100), message, signature, context)).toBe(false);
    for (const bit of [0, 8 * 40, signature.length * 8 - 1]) expect(verify(key.publicKey, message, flipBit(signature, bit), context)).toBe(false);
    expect(verify(key.publicKey, message, signature.subarray(1), context)).toBe(false);
    expect(verify(key.publicKey, message, concat(signature, Uint8Array.of(0)), context)).toBe(false);
    expect(verify(key.publicKey.subarray(1), message, signature, context)).toBe(false);
    expect(verify(EMPTY, message, EMPTY, context)).toBe(false);
    if (context !== undefined) {
      expect(verify(key.publicKey, message, signature)).toBe(false);
      expect(verify(key.publicKey, message, signature, flipBit(context, 3))).toBe(false);
      expect(verify(key.publicKey, message, signature, new Uint8Array(256))).toBe(false);
    } else {
      expect(verify(key.publicKey, message, signature, EMPTY)).toBe(false);
    }
  });

  test.each(providers)('$name: a context that cannot be carried and foreign keys are our own mistakes', (provider) => {
    const scheme = provider.signature(name);
    expect(() => scheme.sign(scheme.fromSeed(seed), message, name === 'ed25519' ? EMPTY : new Uint8Array(256))).toThrow(RangeError);
    expect(() => scheme.sign((provider === native ? noble : native).signature(name).fromSeed(seed), message)).toThrow(TypeError);
    expect(() => scheme.fromSeed(seed.subarray(1))).toThrow(RangeError);
  });
});

test('ed25519 signatures are the same bytes under both providers', () => {
  const seed = rng.bytes(32);
  const [a, b] = providers.map((provider) => provider.signature('ed25519').sign(provider.signature('ed25519').fromSeed(seed), bytesOf('one')));
  expect(a).toEqual(b);
});

describe.each(providers)('$name', (provider) => {
  const key = rng.bytes(32);
  const nonce = rng.bytes(12);

  test.each(['aesGcm', 'chaCha20Poly1305'] as const)('%s seals what both open, and refuses every flip and every cut', (name) => {
    for (const aad of [undefined, EMPTY, bytesOf('about it')]) {
      for (const plaintext of [EMPTY, bytesOf('a'), rng.bytes(100)]) {
        const sealed = provider[name].seal(key, nonce, plaintext, aad);
        expect(sealed.length).toBe(plaintext.length + 16);
        for (const other of providers) expect(other[name].open(key, nonce, sealed, aad)).toEqual(plaintext);
        for (let bit = 0; bit < sealed.length * 8; bit += 5) expect(provider[name].open(key, nonce, flipBit(sealed, bit), aad)).toBeUndefined();
        for (let length = 0; length < sealed.length; length++) expect(provider[name].open(key, nonce, sealed.subarray(0, length), aad)).toBeUndefined();
        expect(provider[name].open(key, nonce, concat(sealed, Uint8Array.of(0)), aad)).toBeUndefined();
        expect(provider[name].open(key, nonce, sealed, bytesOf('about another'))).toBeUndefined();
        expect(provider[name].open(flipBit(key, 1), nonce, sealed, aad)).toBeUndefined();
        expect(provider[name].open(key, flipBit(nonce, 1), sealed, aad)).toBeUndefined();
      }
    }
  });

  test('a shortened GCM tag never passes, though bare node:crypto takes 4 to 16 bytes', () => {
    const sealed = provider.aesGcm.seal(key, nonce, EMPTY);
    for (let length = 4; length < 16; length++) expect(provider.aesGcm.open(key, nonce, sealed.subarray(0, length))).toBeUndefined();
    const longer = provider.aesGcm.seal(key, nonce, bytesOf('twelve bytes'));
    for (let length = 12; length < 28; length++) expect(provider.aesGcm.open(key, nonce, longer.subarray(0, length))).toBeUndefined();
  });

  test('a key in use writes only what is authentic', () => {
    const plaintext = rng.bytes(1000);
    const aead = provider.aesGcm.inUse(key);
    const sealed = new Uint8Array(1016);
    aead.sealInto(nonce, plaintext, sealed);
    expect(sealed).toEqual(provider.aesGcm.seal(key, nonce, plaintext));
    const out = new Uint8Array(1000);
    for (const wrong of [flipBit(sealed, 0), flipBit(sealed, 1016 * 8 - 1), sealed.subarray(0, 15), sealed.subarray(0, 1015)]) {
      expect(aead.openInto(nonce, wrong, out)).toBe(false);
      expect(out.every((byte) => byte === 0)).toBe(true);
    }
    expect(aead.openInto(nonce, sealed, out)).toBe(true);
    expect(out).toEqual(plaintext);
    expect(() => provider.aesGcm.inUse(key.subarray(1))).toThrow(RangeError);
    expect(() => aead.sealInto(rng.bytes(16), plaintext, sealed)).toThrow(RangeError);
    expect(() => aead.openInto(rng.bytes(8), sealed, out)).toThrow(RangeError);
  });

  test('keys and nonces of another length are our own mistakes', () => {
    for (const aead of [provider.aesGcm, provider.chaCha20Poly1305]) {
      for (const length of [0, 16, 24, 31, 33]) expect(() => aead.seal(rng.bytes(length), nonce, EMPTY)).toThrow(RangeError);
      for (const length of [0, 8, 11, 13, 16]) expect(() => aead.open(key, rng.bytes(length), new Uint8Array(32))).toThrow(RangeError);
    }
  });

  test('every X25519 key of low order is refused', () => {
    const lowOrder = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ];
    for (const point of lowOrder) {
      for (const top of [0, 0x80]) {
        const peer = bytesOfHex(point);
        peer[31] = (peer[31] as number) | top;
        expect(() => provider.x25519.sharedSecret(key, peer)).toThrow(code('E_KEY_INVALID'));
      }
    }
    expect(() => provider.x25519.sharedSecret(key, new Uint8Array(31))).toThrow(code('E_KEY_INVALID'));
    expect(() => provider.x25519.sharedSecret(key.subarray(1), new Uint8Array(32))).toThrow(RangeError);
  });

  test('HKDF gives at most 255 blocks', () => {
    for (const [derive, most] of [[provider.hkdfSha256, 8160], [provider.hkdfSha512, 16_320]] as const) {
      expect(derive(key, EMPTY, EMPTY, most).length).toBe(most);
      for (const length of [most + 1, -1, 0.5]) expect(() => derive(key, EMPTY, EMPTY, length)).toThrow(RangeError);
    }
    expect(() => provider.hkdfExpandSha512(key, EMPTY, 16_321)).toThrow(RangeError);
  });

  test('batches keep their order, and one bad key fails alone', async () => {
    const kem = provider.kem('x-wing');
    const receiver = kem.fromSeed(key);
    const sealed = await provider.encapsulateMany('x-wing', [receiver.publicKey, EMPTY, receiver.publicKey]);
    expect(sealed.map((item) => (item instanceof Error ? (isError(item, 'E_KEY_INVALID') ? 'refused' : 'broken') : 'done'))).toEqual(['done', 'refused', 'done']);
    for (const item of sealed) if (!(item instanceof Error)) expect(kem.decapsulate(receiver, item.ciphertext)).toEqual(item.secret);
    const signer = provider.signature('ed25519').fromSeed(key);
    const signature = provider.signature('ed25519').sign(signer, nonce);
    const check = { scheme: 'ed25519', publicKey: signer.publicKey, message: nonce, signature } as const;
    expect(await provider.verifyMany([check, { ...check, message: key }, { ...check, publicKey: EMPTY }, check])).toEqual([true, false, false, true]);
  });

  test('what a provider hands out is a plain Uint8Array', () => {
    const kem = provider.kem('x-wing');
    const { ciphertext, secret } = kem.encapsulate(kem.fromSeed(key).publicKey);
    const sealed = provider.aesGcm.seal(key, nonce, nonce);
    for (const bytes of [ciphertext, secret, sealed, provider.aesGcm.open(key, nonce, sealed), provider.hmacSha256(key, nonce), provider.x25519.publicKey(key)]) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    }
  });
});

test('hashes, MACs, derivations and X25519 agree', async () => {
  for (const length of [0, 1, 32, 63, 64, 65, 2000]) {
    const [a, b, c] = [rng.bytes(length), rng.bytes(32), rng.bytes(length % 70)];
    expect(native.hmacSha256(b, a, c)).toEqual(noble.hmacSha256(b, a, c));
    expect(native.hmacSha256(b, a, c)).toEqual(native.hmacSha256(b, concat(a, c)));
    for (const out of [0, 1, 32, 64, 76, 200]) {
      expect(native.hkdfSha256(b, c, a, out)).toEqual(noble.hkdfSha256(b, c, a, out));
      expect(native.hkdfSha512(b, c, a, out)).toEqual(noble.hkdfSha512(b, c, a, out));
      expect(native.hkdfExpandSha512(b, a, out)).toEqual(noble.hkdfExpandSha512(b, a, out));
    }
    const peer = native.x25519.publicKey(rng.bytes(32));
    expect(native.x25519.sharedSecret(b, peer)).toEqual(noble.x25519.sharedSecret(b, peer));
    expect(native.x25519.publicKey(b)).toEqual(noble.x25519.publicKey(b));
  }
  const argon = (provider: typeof native) => provider.argon2id(bytesOf('a passphrase'), bytesOf('16 bytes of salt'), { memoryKib: 64, passes: 2, lanes: 2 }, 40);
  expect(await argon(native)).toEqual(await argon(noble));
});

test('under a seeded Rng the noble provider repeats itself', async () => {
  const run = async () => {
    const provider = await loadProvider('noble', seededRng('replay'));
    const kem = provider.kem('x-wing');
    const scheme = provider.signature('ml-dsa-44');
    return [kem.encapsulate(kem.fromSeed(new Uint8Array(32)).publicKey), scheme.sign(scheme.fromSeed(new Uint8Array(32)), EMPTY)];
  };
  expect(await run()).toEqual(await run());
});
