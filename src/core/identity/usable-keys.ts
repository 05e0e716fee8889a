/**
 * Whether what others would seal to can be sealed to. A key of the right length may still be none: an X25519 half of low order, or an ML-KEM
 * half that is not reduced, which only an attacker or a broken program makes. Found when a bundle comes in, it is the owner's to mend;
 * found when something is to be sent, it is late.
 */
import { wipe } from '../base/bytes.ts';
import { fail, isError } from '../base/errors.ts';
import type { CryptoProvider } from '../crypto/index.ts';
import type { Bundle } from './bundle.ts';

/** Seals to each key once, which is the whole check that a sender would make, and costs less than one signature. Throws E_KEY_INVALID, naming whose it is. */
export function requireUsableKeys(crypto: CryptoProvider, { id, name, seq, kemKey, prekeys }: Bundle): void {
  const whose = name === undefined ? id.toString() : `"${name}"`;
  for (const key of [kemKey, ...prekeys.map((prekey) => prekey.key)]) {
    try {
      wipe(crypto.kem('x-wing').encapsulate(key).secret);
    } catch (cause) {
      if (!isError(cause, 'E_KEY_INVALID')) throw cause;
      throw fail('E_KEY_INVALID', { kind: `x-wing (bundle ${seq} of ${whose})`, why: String(cause.details['why']) }, cause);
    }
  }
}
