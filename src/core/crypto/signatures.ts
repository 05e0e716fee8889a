/**
 * Signatures of an identity: one by every algorithm it declares, and every one must hold.
 * Ed25519, which has no context, signs label || message; the others carry the label as their context (FIPS 204, 5.2; FIPS 205, 10.2).
 * Spec: docs/PROTOCOL.md, Conventions.
 */
import { concat, type Bytes } from '../base/bytes.ts';
import { isSignatureName } from './parameters.ts';
import { label } from './kdf.ts';
import type { CryptoProvider, PrivateKey, SignatureName } from './provider.ts';

/** By algorithm. Public keys and signatures are dag-cbor maps as they are. */
export type ByAlgorithm<T> = Readonly<Partial<Record<SignatureName, T>>>;
export type SigningKeys = ByAlgorithm<PrivateKey>;
export type VerifyingKeys = ByAlgorithm<Bytes>;
export type Signatures = ByAlgorithm<Bytes>;

const signedMessage = (name: SignatureName, kind: string, message: Bytes): readonly [message: Bytes, context?: Bytes] =>
  name === 'ed25519' ? [concat(label(kind), message)] : [message, label(kind)];

/** Signs with every key given. No key at all is a programmer's mistake. */
export function signAll(provider: CryptoProvider, keys: SigningKeys, kind: string, message: Bytes): Signatures {
  const signatures: Partial<Record<SignatureName, Bytes>> = {};
  for (const [name, key] of Object.entries(keys)) {
    if (!isSignatureName(name) || key === undefined) throw new TypeError(`"${name}" is not a signature key`);
    signatures[name] = provider.signature(name).sign(key, ...signedMessage(name, kind, message));
  }
  if (Object.keys(signatures).length === 0) throw new TypeError('nothing to sign with');
  return signatures;
}

/**
 * Hostile input: message, signatures and, where they come from a block, public keys. Never throws on it.
 * True only if at least one algorithm is declared, the signatures are of exactly the declared algorithms, and every one holds.
 */
export function verifyAll(
  provider: CryptoProvider,
  publicKeys: Readonly<Record<string, unknown>>,
  kind: string,
  message: Bytes,
  signatures: Readonly<Record<string, unknown>>,
): boolean {
  const declared = Object.keys(publicKeys);
  if (declared.length === 0 || Object.keys(signatures).length !== declared.length) return false;
  return declared.every((name) => {
    if (!isSignatureName(name) || !Object.hasOwn(signatures, name)) return false;
    const [publicKey, signature] = [publicKeys[name], signatures[name]];
    if (!(publicKey instanceof Uint8Array) || !(signature instanceof Uint8Array)) return false;
    const [signed, context] = signedMessage(name, kind, message);
    return provider.signature(name).verify(publicKey, signed, signature, context);
  });
}
