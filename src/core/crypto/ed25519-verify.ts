/**
 * The one Ed25519 verifier, under every provider. Verifiers of the field disagree on most edge cases, and two readers of
 * one signature must never disagree; so this one is the only one, and its rules are stricter than RFC 8032 where that is loose:
 *   1. the public key A and the commitment R are canonical encodings (y < p, and x = 0 never carries a sign);
 *   2. neither A nor R is of small order;
 *   3. S < L (no malleability);
 *   4. cofactorless verification, as OpenSSL does it: R is compared byte for byte with [S]B - [k]A.
 * Everything here is public: the comparisons need not be constant-time.
 */
import { createPublicKey, verify } from 'node:crypto';
import { hexOf, type Bytes } from '../base/bytes.ts';

/** The order of the base point, little-endian: 2^252 + 27742317777372353535851937790883648493. */
const L = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** y coordinates of the eight points of small order, little-endian, sign bit cleared. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** y < p = 2^255 - 19, whatever the sign bit. */
function isReduced(point: Bytes): boolean {
  if (((point[31] as number) & 0x7f) !== 0x7f || (point[0] as number) < 0xed) return true;
  for (let i = 1; i < 31; i++) if (point[i] !== 0xff) return true;
  return false;
}

/** Only y = 1 and y = -1 have x = 0; both are of small order, so that the rule on the sign of zero needs no check of its own. */
function isSmallOrder(point: Bytes): boolean {
  const y = Uint8Array.from(point);
  y[31] = (y[31] as number) & 0x7f;
  return SMALL_ORDER.has(hexOf(y));
}

function isBelowL(scalar: Bytes): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = scalar[i] as number;
    const bound = L[i] as number;
    if (byte !== bound) return byte < bound;
  }
  return false;
}

const isAcceptable = (point: Bytes): boolean => isReduced(point) && !isSmallOrder(point);

/** Hostile input, all of it. Never throws: answers false. */
export function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (!isAcceptable(publicKey) || !isAcceptable(signature.subarray(0, 32)) || !isBelowL(signature.subarray(32))) return false;
  try {
    return verify(null, message, createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ed25519' }), signature);
  } catch {
    return false;
  }
}
