/**
 * X-Wing, the hybrid of ML-KEM-768 and X25519, composed of a provider's own parts.
 * The seed is the private key: SHAKE256(seed, 96) = ML-KEM seed (64) || X25519 secret (32).
 * secret = SHA3-256(ss_M || ss_X || ct_X || pk_X || label), label last.
 * Stricter than the draft in one point: a low-order X25519 key, which only an attacker makes, is refused (E_KEY_INVALID) instead of hashed.
 * What it does not promise: that a wrong ciphertext is noticed. It yields another secret; key confirmation is the caller's.
 * Spec: draft-connolly-cfrg-xwing-kem-10, section 5.
 */
import { concat, wipe, type Bytes } from '../base/bytes.ts';
import type { Rng } from '../base/rng.ts';
import { assertBytes, checkBytes, kemParameters } from './parameters.ts';
import type { Kem, PrivateKey } from './provider.ts';

/** The six bytes of `\.//^\`: the picture of an X-wing. */
export const XWING_LABEL = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c);

const MLKEM_SEED_BYTES = 64;
const MLKEM_PUBLIC_KEY_BYTES = 1184;
const MLKEM_CIPHERTEXT_BYTES = 1088;

/** An X25519 secret in use, imported once. */
export interface Agreement {
  readonly publicKey: Bytes;
  /** Hostile input. Throws E_KEY_INVALID when the result is all zero. */
  agree(peer: Bytes): Bytes;
}

export interface XWingParts {
  readonly rng: Rng;
  readonly mlKem768: Kem;
  agreement(secret: Bytes): Agreement;
  sha3_256(input: Bytes): Bytes;
  shake256(input: Bytes, length: number): Bytes;
}

class XWingKey implements PrivateKey<'x-wing'> {
  readonly algorithm = 'x-wing';
  readonly publicKey: Bytes;
  readonly #owner: Kem;
  readonly #mlKem: PrivateKey;
  readonly #x25519: Agreement;

  constructor(owner: Kem, mlKem: PrivateKey, x25519: Agreement) {
    this.publicKey = concat(mlKem.publicKey, x25519.publicKey);
    this.#owner = owner;
    this.#mlKem = mlKem;
    this.#x25519 = x25519;
  }

  static parts(owner: Kem, key: PrivateKey): { mlKem: PrivateKey; x25519: Agreement } {
    if (!(key instanceof XWingKey) || key.#owner !== owner) throw new TypeError('a private key of another provider or algorithm');
    return { mlKem: key.#mlKem, x25519: key.#x25519 };
  }
}

export function xWing(parts: XWingParts): Kem {
  const { publicKeyBytes, ciphertextBytes, seedBytes } = kemParameters['x-wing'];

  const combine = (mlKemSecret: Bytes, x25519Secret: Bytes, x25519Ciphertext: Bytes, x25519PublicKey: Bytes): Bytes => {
    const input = concat(mlKemSecret, x25519Secret, x25519Ciphertext, x25519PublicKey, XWING_LABEL);
    const secret = parts.sha3_256(input);
    wipe(input, mlKemSecret, x25519Secret);
    return secret;
  };

  const kem: Kem = {
    name: 'x-wing',
    ...kemParameters['x-wing'],
    secretBytes: 32,

    fromSeed(seed) {
      assertBytes('an X-Wing seed', seed, seedBytes);
      const expanded = parts.shake256(seed, MLKEM_SEED_BYTES + 32);
      const key = new XWingKey(kem, parts.mlKem768.fromSeed(expanded.subarray(0, MLKEM_SEED_BYTES)), parts.agreement(expanded.subarray(MLKEM_SEED_BYTES)));
      wipe(expanded);
      return key;
    },

    encapsulate(publicKey, randomness) {
      checkBytes('x-wing', publicKey, publicKeyBytes);
      if (randomness !== undefined) assertBytes('X-Wing randomness', randomness, 64);
      const x25519PublicKey = publicKey.subarray(MLKEM_PUBLIC_KEY_BYTES);
      const inner = parts.mlKem768.encapsulate(publicKey.subarray(0, MLKEM_PUBLIC_KEY_BYTES), randomness?.subarray(0, 32));
      const ephemeralSecret = randomness?.subarray(32) ?? parts.rng.bytes(32);
      const ephemeral = parts.agreement(ephemeralSecret);
      if (randomness === undefined) wipe(ephemeralSecret);
      const secret = combine(inner.secret, ephemeral.agree(x25519PublicKey), ephemeral.publicKey, x25519PublicKey);
      return { ciphertext: concat(inner.ciphertext, ephemeral.publicKey), secret };
    },

    decapsulate(key, ciphertext) {
      checkBytes('x-wing ciphertext', ciphertext, ciphertextBytes);
      const { mlKem, x25519 } = XWingKey.parts(kem, key);
      const x25519Ciphertext = ciphertext.subarray(MLKEM_CIPHERTEXT_BYTES);
      const x25519Secret = x25519.agree(x25519Ciphertext);
      const mlKemSecret = parts.mlKem768.decapsulate(mlKem, ciphertext.subarray(0, MLKEM_CIPHERTEXT_BYTES));
      return combine(mlKemSecret, x25519Secret, x25519Ciphertext, x25519.publicKey);
    },
  };
  return kem;
}
