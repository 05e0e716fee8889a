/**
 * Text that goes into a line that people and scripts read: names and keys that come from a command line or a list. What cannot be seen
 * there, or ends the line, is refused before it is looked up or kept. Unassigned and private characters pass: what is assigned depends on Node.
 */
import { fail } from './errors.ts';
import { limits } from './limits.ts';

/** Controls, line and paragraph separators, halves of a pair, and what changes the direction of a line. */
const BREAKS_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;
/** Also what has no width, so that two keys that look the same are the same. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** A name or a path that is looked up. Throws E_USAGE; answers the text as it is. */
export function parsePlain(text: string): string {
  if (BREAKS_A_LINE.test(text)) throw fail('E_USAGE', { why: 'it has a line break or a control character' });
  return text;
}

/** The key of an --id: 1 to 256 printable characters, no space at either end. Throws E_USAGE; answers the text as it is. */
export function parseOperationId(text: string): string {
  if (text.length > 0 && text.length <= limits.operationIdCharsMax && !INVISIBLE.test(text) && text === text.trim()) return text;
  throw fail('E_USAGE', { why: `an id has 1 to ${limits.operationIdCharsMax} printable characters, and no space at either end` });
}
