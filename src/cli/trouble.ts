/** Errors and warnings for people: what went wrong, what to do now, and the code to look up. Scripts read the JSON instead. */
import type { OmniplexError, Warning } from '../core/base/errors.ts';
import { isError } from '../core/base/errors.ts';
import { describeBug, framesOf } from './bug.ts';
import { shown } from './flags.ts';
import type { View } from './output.ts';

/** What an error names stands in capitals where it is not known: `NAME is held by HOLDER`. */
export const withPlaceholders = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(name));

const CAUSES_MAX = 8;

function* causesOf(error: OmniplexError): Generator<string> {
  let cause: unknown = error.cause;
  for (let depth = 0; cause !== undefined && depth < CAUSES_MAX; depth++) {
    if (isError(cause)) yield `${cause.message} (${cause.code})`;
    else {
      yield describeBug(cause);
      if (cause instanceof Error) yield* framesOf(cause).slice(0, CAUSES_MAX).map((frame) => `  ${frame}`);
    }
    cause = (cause as { cause?: unknown } | null)?.cause;
  }
}

/** A line of a file that somebody gave us, and what is wrong with it. */
interface BadLine {
  readonly line: number;
  readonly id?: string | undefined;
  readonly code: string;
  readonly message: string;
}

export const lineOf = ({ line, id, code, message }: BadLine): string => `  line ${line}${id === undefined ? '' : ` (${id})`}: ${message} (${code})`;

/** Where an error is about lines of a file, each of them, as far as they are named. */
function badLinesOf({ details: { lines, bad } }: OmniplexError): readonly string[] {
  if (!Array.isArray(lines)) return [];
  const named = (lines as readonly BadLine[]).map(lineOf);
  return typeof bad === 'number' && bad > named.length ? [...named, `  and ${bad - named.length} more`] : named;
}

export function errorLines(error: OmniplexError, exit: number, { paint, symbols, verbose }: View): readonly string[] {
  return [
    `${paint.bad('error')}  ${error.message}`,
    ...badLinesOf(error).map((line) => `     ${line}`),
    `${paint.bold('hint')}   ${error.hint}`,
    paint.dim(`       ${error.code} ${symbols.dot} exit ${exit} ${symbols.dot} omniplex explain ${error.code}`),
    ...(verbose ? [...causesOf(error)].map((cause) => paint.dim(`cause  ${cause}`)) : []),
  ];
}

/** Of several that say the same of several messages, one. */
export const warningLines = (warnings: readonly Warning[], { paint }: View): readonly string[] => [
  ...new Set(warnings.map(({ code, message }) => `${paint.warn('warn')}   ${message} ${paint.dim(`(${code})`)}`)),
];

/** A monitoring system reads the first line of stdout: `OMNIPLEX STORE UNKNOWN: there is no store at /srv/store`. */
export const unknownLine = (id: string, error: OmniplexError): string => `OMNIPLEX ${id.replace(/^check /, '').toUpperCase()} UNKNOWN: ${error.message}`;
