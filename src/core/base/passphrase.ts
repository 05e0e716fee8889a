/**
 * How short a new passphrase may be. A floor and no measure of strength: it refuses what anybody who has the file would guess, and
 * promises nothing about what it lets pass. Opening never asks: what was sealed under a short one stays readable.
 */
import { textOf } from './bytes.ts';
import { fail } from './errors.ts';
import { limits } from './limits.ts';
import type { Secret } from './secret.ts';

/** Characters as NIST SP 800-63B counts them, Unicode code points; of what is no text, such as a key file of random bytes, its bytes. */
function lengthOf(secret: Secret): number {
  try {
    let characters = 0;
    for (const _ of textOf(secret.expose())) characters++;
    return characters;
  } catch {
    return secret.length;
  }
}

export const isShortPassphrase = (secret: Secret): boolean => lengthOf(secret) < limits.newPassphraseCharsMin;

/** Throws E_PASSPHRASE_SHORT. `what` is to be sealed under it: `the key ring`. */
export function requireNewPassphrase(secret: Secret, what: string): void {
  if (isShortPassphrase(secret)) throw fail('E_PASSPHRASE_SHORT', { what, min: limits.newPassphraseCharsMin });
}
