/**
 * Errors that nobody meant to throw. Their messages may quote what they choked on (a passphrase, a plaintext), so the answer
 * names only the class, Node's code and the place. OMNIPLEX_DEBUG=1 shows the message too, for whoever debugs OmniPlex itself.
 */
import { fail, isError, type OmniplexError } from '../core/base/errors.ts';

/** `TypeError ERR_INVALID_ARG_TYPE at seal (seal.ts:42:7)`. */
export function describeBug(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const code = (error as NodeJS.ErrnoException).code;
  const name = /^\w{1,64}$/.test(error.name) ? error.name : 'Error';
  const place = framesOf(error)[0];
  const message = process.env['OMNIPLEX_DEBUG'] === '1' ? `: ${error.message}` : '';
  return `${name}${typeof code === 'string' && /^\w{1,64}$/.test(code) ? ` ${code}` : ''}${place === undefined ? '' : ` at ${place}`}${message}`;
}

/** The stack without its message: `function (file:line:column)` from the innermost frame outwards. */
export function framesOf(error: Error): readonly string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim().slice(3))
    .filter((line) => /^[^"'`]*:\d+:\d+\)?$/.test(line) || line.includes('node:'))
    .map((line) => line.replace(/(?:file:\/\/)?\/(?:[^/():]+\/)*(?=[^/():]+:\d+:\d+)/, ''));
}

/** Any thrown value as an error of the registry. */
export const registered = (error: unknown): OmniplexError => (isError(error) ? error : fail('E_BUG', { why: describeBug(error) }, error));
