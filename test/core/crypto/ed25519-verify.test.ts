/**
 * The one Ed25519 verifier on the edges where verifiers of the field disagree. Edge signatures are built here from the curve itself;
 * where a cofactored verifier (noble's default) accepts one, the test says so, or a refusal would prove nothing.
 */
import { createHash } from 'node:crypto';
import { ed25519, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { bytesOf, bytesOfHex, concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { verifyEd25519 } from '../../../src/core/crypto/ed25519-verify.ts';
import { EMPTY, flipBit, providers, seededRng } from './support.ts';

const rng = seededRng('ed25519 edges');
const { Point } = ed25519;
const L = Point.Fn.ORDER;
const P = 2n ** 255n - 19n;

const littleEndian = (value: bigint): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const integer = (bytes: Bytes): bigint => BigInt(`0x${hexOf(Uint8Array.from(bytes).reverse())}`);
const challenge = (r: Bytes, a: Bytes, message: Bytes): bigint => integer(createHash('sha512').update(concat(r, a, message)).digest());
const cofactored = (a: Bytes, message: Bytes, signature: Bytes): boolean =>
  ed25519.verify(Uint8Array.from(signature), Uint8Array.from(message), Uint8Array.from(a), { zip215: true });

const scalar = (integer(rng.bytes(32)) % (L - 1n)) + 1n;
const nonce = (integer(rng.bytes(32)) % (L - 1n)) + 1n;
const publicPoint = Point.BASE.multiply(scalar);
const publicKey = publicPoint.toBytes();
const message = bytesOf('an edge case');
const torsion = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex, true));

function signWith(noncePoint: Bytes, a: Bytes, signed: Bytes, nonceScalar = nonce): Bytes {
  return concat(noncePoint, littleEndian((nonceScalar + challenge(noncePoint, a, signed) * scalar) % L));
}

test('an honest signature holds', () => {
  expect(verifyEd25519(publicKey, message, signWith(Point.BASE.multiply(nonce).toBytes(), publicKey, message))).toBe(true);
});

test('S at or above L is refused', () => {
  const signature = signWith(Point.BASE.multiply(nonce).toBytes(), publicKey, message);
  const s = integer(signature.subarray(32));
  for (const malleable of [s + L, s + 2n * L, s + 7n * L]) {
    if (malleable < 2n ** 256n) expect(verifyEd25519(publicKey, message, concat(signature.subarray(0, 32), littleEndian(malleable)))).toBe(false);
  }
  for (const high of [L, 2n ** 255n, 2n ** 256n - 1n]) expect(verifyEd25519(publicKey, message, concat(signature.subarray(0, 32), littleEndian(high)))).toBe(false);
});

test('a public key of small order, for which anybody can sign, is refused', () => {
  for (const point of torsion) {
    for (let i = 0; i < 16; i++) {
      const signed = bytesOf(`message ${i}`);
      const signature = concat(Point.BASE.multiply(nonce).toBytes(), littleEndian(nonce));
      expect(cofactored(point.toBytes(), signed, signature)).toBe(true);
      expect(verifyEd25519(point.toBytes(), signed, signature)).toBe(false);
    }
  }
});

test('R of small order is refused', () => {
  for (const point of torsion) {
    const signature = signWith(point.toBytes(), publicKey, message, 0n);
    expect(cofactored(publicKey, message, signature)).toBe(true);
    expect(verifyEd25519(publicKey, message, signature)).toBe(false);
  }
});

describe('encodings that are not canonical', () => {
  const unreduced = Array.from({ length: 19 }, (_, i) => littleEndian(P + BigInt(i))).flatMap((y) => [y, Uint8Array.from(y, (byte, i) => (i === 31 ? byte | 0x80 : byte))]);
  const signedZero = [bytesOfHex(`01${'00'.repeat(30)}80`), bytesOfHex(`ec${'ff'.repeat(31)}`)];

  test.each([...unreduced, ...signedZero].map((point) => [hexOf(point), point] as const))('%s as A and as R', (_, point) => {
    const signature = concat(Point.BASE.multiply(nonce).toBytes(), littleEndian(nonce));
    for (let i = 0; i < 8; i++) expect(verifyEd25519(point, bytesOf(`message ${i}`), signature)).toBe(false);
    expect(verifyEd25519(publicKey, message, signWith(point, publicKey, message, 0n))).toBe(false);
  });
});

test('keys with a torsion component: cofactorless, and the same answer every time', () => {
  let [accepted, acceptedByCofactored] = [0, 0];
  for (const point of torsion.slice(1)) {
    const mixed = publicPoint.add(point);
    for (let i = 0; i < 16; i++) {
      const signed = bytesOf(`message ${i}`);
      const r = Point.BASE.multiply(nonce).toBytes();
      const signature = signWith(r, mixed.toBytes(), signed);
      const meetsTheOrder = point.multiplyUnsafe((challenge(r, mixed.toBytes(), signed) % L) % 8n).is0();
      expect(verifyEd25519(mixed.toBytes(), signed, signature)).toBe(meetsTheOrder);
      accepted += Number(meetsTheOrder);
      acceptedByCofactored += Number(cofactored(mixed.toBytes(), signed, signature));
    }
  }
  expect(acceptedByCofactored).toBe(7 * 16);
  expect(accepted).toBeLessThan(7 * 16);
  expect(accepted).toBeGreaterThan(0);
});

test('R with a torsion component is refused', () => {
  for (const point of torsion.slice(1)) {
    const r = Point.BASE.multiply(nonce).add(point).toBytes();
    expect(cofactored(publicKey, message, signWith(r, publicKey, message))).toBe(true);
    expect(verifyEd25519(publicKey, message, signWith(r, publicKey, message))).toBe(false);
  }
});

test('every flip, and every other length, is refused without a throw', () => {
  const signature = signWith(Point.BASE.multiply(nonce).toBytes(), publicKey, message);
  for (let bit = 0; bit < 512; bit++) expect(verifyEd25519(publicKey, message, flipBit(signature, bit))).toBe(false);
  for (let bit = 0; bit < 256; bit++) expect(verifyEd25519(flipBit(publicKey, bit), message, signature)).toBe(false);
  for (const length of [0, 31, 33]) expect(verifyEd25519(new Uint8Array(length), message, signature)).toBe(false);
  for (const wrong of [EMPTY, signature.subarray(1), concat(signature, Uint8Array.of(0))]) expect(verifyEd25519(publicKey, message, wrong)).toBe(false);
});

test('both providers answer as the one verifier does', () => {
  const identity = Point.ZERO.toBytes();
  const smallR = signWith(identity, publicKey, message, 0n);
  const honest = signWith(Point.BASE.multiply(nonce).toBytes(), publicKey, message);
  for (const provider of providers) {
    expect(provider.signature('ed25519').verify(publicKey, message, honest)).toBe(true);
    expect(provider.signature('ed25519').verify(publicKey, message, smallR)).toBe(false);
  }
});
