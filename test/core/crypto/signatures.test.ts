/** Composite signatures: exactly the declared set, every one of them, each bound to its kind. */
import { describe, expect, test } from 'vitest';
import { bytesOf, concat, textOf } from '../../../src/core/base/bytes.ts';
import { deriveKey, deriveKeys, label, signAll, verifyAll } from '../../../src/core/crypto/index.ts';
import { EMPTY, flipBit, pairs, providers, seededRng } from './support.ts';

const rng = seededRng('signatures');
const seeds = { ed25519: rng.bytes(32), 'ml-dsa-65': rng.bytes(32) };
const message = bytesOf('a message');

const keysOf = (provider: (typeof providers)[number]) => ({
  ed25519: provider.signature('ed25519').fromSeed(seeds.ed25519),
  'ml-dsa-65': provider.signature('ml-dsa-65').fromSeed(seeds['ml-dsa-65']),
});

test('a label is the kind and a NUL', () => {
  expect(textOf(label('message'))).toBe('omniplex/v1/message\0');
  for (const kind of ['', 'a/b', 'a\0b', 'A', 'a b', '-a', 'a-', 'a--b', 'é']) expect(() => label(kind)).toThrow(RangeError);
});

test.each(providers)('$name: derived keys follow FORMATS: HKDF-SHA-512 with the label as info', (provider) => {
  const [secret, salt] = [rng.bytes(32), rng.bytes(24)];
  expect(deriveKey(provider, secret, salt, 'key-content')).toEqual(provider.hkdfSha512(secret, salt, bytesOf('omniplex/v1/key-content\0'), 32));
  expect(deriveKey(provider, secret, salt, 'key-content')).not.toEqual(deriveKey(provider, secret, salt, 'key-meta'));
  expect(deriveKey(provider, secret, salt, 'key-content', 64).length).toBe(64);
  expect(deriveKeys(provider, secret, salt, [label('key-content'), label('key-meta')])).toEqual(['key-content', 'key-meta'].map((kind) => deriveKey(provider, secret, salt, kind)));
});

test.each(pairs)('$name: both signatures hold, and each is what the protocol says', ({ maker, taker }) => {
  const keys = keysOf(maker);
  const publicKeys = { ed25519: keys.ed25519.publicKey, 'ml-dsa-65': keys['ml-dsa-65'].publicKey };
  const signatures = signAll(maker, keys, 'message', message);
  expect(Object.keys(signatures).toSorted()).toEqual(['ed25519', 'ml-dsa-65']);
  expect(verifyAll(taker, publicKeys, 'message', message, signatures)).toBe(true);
  expect(taker.signature('ed25519').verify(publicKeys.ed25519, concat(label('message'), message), signatures.ed25519 as Uint8Array)).toBe(true);
  expect(taker.signature('ml-dsa-65').verify(publicKeys['ml-dsa-65'], message, signatures['ml-dsa-65'] as Uint8Array, label('message'))).toBe(true);
});

describe.each(providers)('$name', (provider) => {
  const keys = keysOf(provider);
  const publicKeys = { ed25519: keys.ed25519.publicKey, 'ml-dsa-65': keys['ml-dsa-65'].publicKey };
  const signatures = signAll(provider, keys, 'message', message) as { ed25519: Uint8Array; 'ml-dsa-65': Uint8Array };
  const holds = (declared: object, given: object, kind = 'message', signed = message) =>
    verifyAll(provider, declared as Record<string, unknown>, kind, signed, given as Record<string, unknown>);

  test('another kind or message is refused', () => {
    expect(holds(publicKeys, signatures)).toBe(true);
    expect(holds(publicKeys, signatures, 'bundle')).toBe(false);
    expect(holds(publicKeys, signatures, 'message', EMPTY)).toBe(false);
    expect(holds(publicKeys, signatures, 'message', flipBit(message, 0))).toBe(false);
  });

  test('one bad signature of two is refused, whichever it is', () => {
    expect(holds(publicKeys, { ...signatures, ed25519: flipBit(signatures.ed25519, 5) })).toBe(false);
    expect(holds(publicKeys, { ...signatures, 'ml-dsa-65': flipBit(signatures['ml-dsa-65'], 5) })).toBe(false);
  });

  test('exactly the declared set: none missing, none more, none renamed', () => {
    const { ed25519, 'ml-dsa-65': mlDsa } = signatures;
    expect(holds(publicKeys, { ed25519 })).toBe(false);
    expect(holds(publicKeys, { 'ml-dsa-65': mlDsa })).toBe(false);
    expect(holds({ ed25519: publicKeys.ed25519 }, signatures)).toBe(false);
    expect(holds({ ed25519: publicKeys.ed25519 }, { ed25519 })).toBe(true);
    expect(holds(publicKeys, { ed25519, 'ml-dsa-44': mlDsa })).toBe(false);
    expect(holds({}, {})).toBe(false);
    expect(holds({}, signatures)).toBe(false);
    expect(holds(publicKeys, {})).toBe(false);
    expect(holds({ rsa: publicKeys.ed25519 }, { rsa: ed25519 })).toBe(false);
    expect(holds({ toString: publicKeys.ed25519 }, { toString: ed25519 })).toBe(false);
    expect(holds({ ed25519: publicKeys.ed25519 }, Object.create({ ed25519 }))).toBe(false);
    expect(holds(publicKeys, { ed25519, 'ml-dsa-65': 'text' })).toBe(false);
    expect(holds({ ...publicKeys, ed25519: null }, signatures)).toBe(false);
  });

  test('signing with nothing, or with what is no signature key, is our own mistake', () => {
    expect(() => signAll(provider, {}, 'message', message)).toThrow(TypeError);
    expect(() => signAll(provider, { 'x-wing': keys.ed25519 } as never, 'message', message)).toThrow(TypeError);
    expect(() => signAll(provider, { 'ml-dsa-65': keys.ed25519 }, 'message', message)).toThrow(TypeError);
  });
});
