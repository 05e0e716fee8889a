/** Maps by algorithm as geneses, bundles and messages carry them: public keys and signatures, each of a known algorithm and of its length. */
import type { Bytes } from '../base/bytes.ts';
import type { Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { isSignatureName, signatureParameters } from './parameters.ts';
import type { SignatureName } from './provider.ts';
import type { ByAlgorithm } from './signatures.ts';

/** Which algorithms an identity may declare: Ed25519 always, because every verifier has it, and at most two beside it. */
const ALGORITHMS_MAX = 3;

/** Hostile input. Throws E_FORMAT, and E_NOT_IN_VERSION_1 for an algorithm that nobody here knows. */
export function readByAlgorithm(kind: string, reader: Reader, length: 'publicKeyBytes' | 'signatureBytes'): ByAlgorithm<Bytes> {
  const names = reader.names();
  if (names.length === 0 || names.length > ALGORITHMS_MAX) throw fail('E_FORMAT', { kind, why: `${names.length} algorithms` });
  const out: Partial<Record<SignatureName, Bytes>> = {};
  for (const name of names) {
    if (!isSignatureName(name)) throw fail('E_NOT_IN_VERSION_1', { what: `signature algorithm "${name.slice(0, 40)}"` });
    out[name] = reader.bytes(name, signatureParameters[name][length]);
  }
  if (out.ed25519 === undefined) throw fail('E_FORMAT', { kind, why: 'Ed25519 is not among its algorithms' });
  reader.done();
  return out;
}

export const algorithmsOf = (keys: ByAlgorithm<unknown>): readonly SignatureName[] => Object.keys(keys).filter(isSignatureName).sort();

export const sameAlgorithms = (a: ByAlgorithm<unknown>, b: ByAlgorithm<unknown>): boolean => algorithmsOf(a).join() === algorithmsOf(b).join();
