/**
 * Lengths of every KEM and signature scheme, and the checks that both providers make with them before a library sees the input.
 * Sources: FIPS 203 table 3, FIPS 204 table 2, FIPS 205 table 2, RFC 8032, draft-connolly-cfrg-xwing-kem section 5.
 */
import type { Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import type { CryptoProvider, Kem, KemName, SignatureName, SignatureScheme } from './provider.ts';

export interface KemParameters {
  readonly seedBytes: number;
  readonly publicKeyBytes: number;
  readonly ciphertextBytes: number;
}

export interface SignatureParameters {
  readonly seedBytes: number;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
}

export const kemParameters: Readonly<Record<KemName, KemParameters>> = {
  'x-wing': { seedBytes: 32, publicKeyBytes: 1216, ciphertextBytes: 1120 },
  'ml-kem-512': { seedBytes: 64, publicKeyBytes: 800, ciphertextBytes: 768 },
  'ml-kem-768': { seedBytes: 64, publicKeyBytes: 1184, ciphertextBytes: 1088 },
  'ml-kem-1024': { seedBytes: 64, publicKeyBytes: 1568, ciphertextBytes: 1568 },
};

export const signatureParameters: Readonly<Record<SignatureName, SignatureParameters>> = {
  ed25519: { seedBytes: 32, publicKeyBytes: 32, signatureBytes: 64 },
  'ml-dsa-44': { seedBytes: 32, publicKeyBytes: 1312, signatureBytes: 2420 },
  'ml-dsa-65': { seedBytes: 32, publicKeyBytes: 1952, signatureBytes: 3309 },
  'ml-dsa-87': { seedBytes: 32, publicKeyBytes: 2592, signatureBytes: 4627 },
  'slh-dsa-sha2-128f': { seedBytes: 48, publicKeyBytes: 32, signatureBytes: 17_088 },
};

export const isSignatureName = (name: string): name is SignatureName => Object.hasOwn(signatureParameters, name);

export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
/** FIPS 204 and 205: a context string is at most this long. */
const CONTEXT_BYTES_MAX = 255;

/** For input that only our own code makes: a wrong length is a programmer's mistake. */
export function assertBytes(what: string, bytes: Bytes, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what} has ${length} bytes, not ${bytes.length}`);
}

/** For hostile input. Throws E_KEY_INVALID on another length. */
export function checkBytes(kind: string, bytes: Bytes, length: number): void {
  if (bytes.length !== length) throw invalidKey(kind, `${bytes.length} bytes, not ${length}`);
}

export const invalidKey = (kind: string, why: string, cause?: unknown) => fail('E_KEY_INVALID', { kind, why }, cause);

/** Throws RangeError on a context that the scheme cannot carry. */
export function assertContext(name: SignatureName, context: Bytes | undefined): void {
  if (context === undefined) return;
  if (name === 'ed25519') throw new RangeError('Ed25519 has no context');
  if (context.length > CONTEXT_BYTES_MAX) throw new RangeError(`a context has at most ${CONTEXT_BYTES_MAX} bytes, not ${context.length}`);
}

/** True when lengths leave anything to verify. */
export const plausible = (scheme: SignatureParameters & { readonly name: SignatureName }, publicKey: Bytes, signature: Bytes, context: Bytes | undefined): boolean =>
  publicKey.length === scheme.publicKeyBytes &&
  signature.length === scheme.signatureBytes &&
  (context === undefined || (scheme.name !== 'ed25519' && context.length <= CONTEXT_BYTES_MAX));

type Batches = Pick<CryptoProvider, 'encapsulateMany' | 'verifyMany'>;

/** The batch half of a provider that has no faster way than one after the other. */
export const oneByOne = (kem: (name: KemName) => Kem, signature: (name: SignatureName) => SignatureScheme): Batches => ({
  async encapsulateMany(name, publicKeys) {
    const scheme = kem(name);
    return publicKeys.map((publicKey) => {
      try {
        return scheme.encapsulate(publicKey);
      } catch (error) {
        return error instanceof Error ? error : new Error('encapsulation failed', { cause: error });
      }
    });
  },
  async verifyMany(checks) {
    return checks.map((check) => signature(check.scheme).verify(check.publicKey, check.message, check.signature, check.context));
  },
});

/** Makes each named thing once, when first asked for. */
export function once<Name extends string, Thing>(make: (name: Name) => Thing): (name: Name) => Thing {
  const made = new Map<Name, Thing>();
  return (name) => {
    let thing = made.get(name);
    if (thing === undefined) {
      thing = make(name);
      made.set(name, thing);
    }
    return thing;
  };
}
