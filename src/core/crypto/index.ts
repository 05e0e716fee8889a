/**
 * The face of the room: what others may use. BLAKE3 (blake3.ts) and the known answers (selftest/) have their own doors,
 * since they load modules that a light command must not pay for.
 */
import { fail } from '../base/errors.ts';
import type { Rng } from '../base/rng.ts';
import { nativeIsCapable, nativeProvider } from './native.ts';
import type { CryptoProvider, ProviderName } from './provider.ts';

export type * from './provider.ts';
export {
  checkCommitment, CHUNK_BYTES, ContentCipher, deriveContentKeys, openAll, openedContentBytes, sealAll, sealedContentBytes, SEALED_CHUNK_BYTES,
} from './cobblestone.ts';
export { ContentOpener, ContentSealer } from './content-stream.ts';
export { hpkeOpen, hpkeSeal } from './hpke.ts';
export { deriveKey, deriveKeys, label } from './kdf.ts';
export { kemParameters, signatureParameters } from './parameters.ts';
export { signAll, verifyAll, type Signatures, type SigningKeys, type VerifyingKeys } from './signatures.ts';
export { crc32 } from 'node:zlib';

/** `auto` takes native where it works, noble elsewhere. Throws E_NOT_SUPPORTED when native is demanded and this Node lacks it. */
export async function loadProvider(name: ProviderName | 'auto', rng: Rng): Promise<CryptoProvider> {
  if (name !== 'noble' && nativeIsCapable()) return nativeProvider(rng);
  if (name === 'native') throw fail('E_NOT_SUPPORTED', { what: 'the native crypto provider', backend: `OpenSSL ${process.versions.openssl}` });
  const { nobleProvider } = await import('./noble.ts');
  return nobleProvider(rng);
}
