/**
 * Names of identities and contacts: one word that is safe in a table, a flag, a file name and a fingerprint file.
 * Others choose the name in their bundle, so it is hostile: letters, digits, dot, underscore, at and hyphen, nothing else. What is a letter
 * depends on the Unicode of this Node: a name that somebody else has made is never required to be one.
 */
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._@-]*$/u;

export const isActorName = (name: string): boolean => name.length <= limits.actorNameCharsMax && NAME.test(name) && name === name.normalize('NFC');

/** Throws E_USAGE. Answers the name in its one spelling (NFC). */
export function parseActorName(name: string): string {
  const normal = name.normalize('NFC');
  if (isActorName(normal)) return normal;
  throw fail('E_USAGE', { why: `a name has 1 to ${limits.actorNameCharsMax} letters, digits, dots, underscores, @ or hyphens, and begins with a letter or digit` });
}
