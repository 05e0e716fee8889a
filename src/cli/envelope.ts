/**
 * The one document that `--json` prints: `{schema, ok, changed, result?, error?, warnings}`.
 * `result` whenever work was done, `error` whenever the exit is not 0; both where the work stands but a part of the wish does not.
 */
import type { OmniplexError, Retry, Warning } from '../core/base/errors.ts';
import { array, boolean, integer, object, oneOf, optional, record, string, anything, type JsonSchema } from './schema.ts';

export interface EnvelopeError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retry: Retry;
  readonly exit: number;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Envelope {
  readonly schema: string;
  readonly ok: boolean;
  readonly changed: boolean;
  readonly result?: unknown;
  readonly error?: EnvelopeError;
  readonly warnings: readonly Warning[];
}

/** `contact add` -> `omniplex/contact-add/1`. No command's word has a hyphen, so ids and schemas map one to one. */
export const schemaId = (id: string): string => `omniplex/${id.trim().replace(/[ :]+/g, '-') || 'omniplex'}/1`;

export const errorBody = (error: OmniplexError, exit: number = error.exit): EnvelopeError => ({
  code: error.code,
  message: error.message,
  hint: error.hint,
  retry: error.retry,
  exit,
  details: error.details,
});

interface Parts {
  readonly changed?: boolean | undefined;
  readonly result?: unknown;
  readonly error?: EnvelopeError | undefined;
  readonly warnings?: readonly Warning[] | undefined;
}

/** A result that is null, 0, false or empty is a result; only `undefined` is none. */
export function envelopeOf(id: string, { changed = false, result, error, warnings = [] }: Parts): Envelope {
  return {
    schema: schemaId(id),
    ok: error === undefined,
    changed,
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
    warnings,
  };
}

/** Bytes never reach the answer by accident, big integers lose no digit, and C1 control characters are escaped like C0. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, converted: unknown) {
    const raw = this[key];
    if (ArrayBuffer.isView(raw)) return `[${raw.byteLength} bytes]`;
    if (typeof raw === 'bigint') return Number.isSafeInteger(Number(raw)) ? Number(raw) : raw.toString();
    return converted;
  });
  return text.replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The whole document's schema, around that of a command's result. */
export function envelopeSchema(id: string, result: JsonSchema, item?: JsonSchema): JsonSchema {
  const error = object({
    code: string('see docs/ERRORS.md; codes are a promise, texts may change'),
    message: string(),
    hint: string(),
    retry: oneOf(['yes', 'no', 'unknown']),
    exit: integer('the exit code of the process'),
    details: record(anything()),
  });
  const envelope = object({
    schema: { const: schemaId(id) },
    ok: boolean('true when error is absent'),
    changed: boolean('true when something is different than before'),
    result: optional(result),
    error: optional(error),
    warnings: array(object({ code: string(), message: string() })),
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaId(id),
    ...envelope,
    ...(item === undefined ? {} : { $defs: { item } }),
  };
}
