import fc from 'fast-check';
import { expect, it } from 'vitest';
import { envelopeOf, errorBody, toJson } from '../../src/cli/envelope.ts';
import { fail, registry, type ErrorCode } from '../../src/core/base/errors.ts';
import { anything, object } from '../../src/cli/schema.ts';
import { schemaProblems } from '../support/schema.ts';

const codes = Object.keys(registry) as ErrorCode[];
const details = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 })));
const entry = { id: 'any thing', schema: object({ value: anything() }) };

it('every error of the registry, with any details, makes one line of JSON that keeps the schema', () => {
  fc.assert(
    fc.property(fc.constantFrom(...codes), details, fc.option(fc.jsonValue(), { nil: undefined }), fc.boolean(), (code, given, value, changed) => {
      const error = fail(code, given);
      const result = value === undefined ? undefined : { value };
      const text = toJson(envelopeOf(entry.id, { changed, result, error: errorBody(error) }));
      expect(text).not.toMatch(/[\n\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
      const document = JSON.parse(text) as Record<string, unknown>;
      expect(schemaProblems(entry, document)).toEqual([]);
      expect(document).toMatchObject({ ok: false, changed, error: { code, exit: registry[code].exit, retry: registry[code].retry } });
      expect('result' in document).toBe(value !== undefined);
    }),
    { numRuns: 60 },
  );
});

it('any result, falsy ones included, comes back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const document = JSON.parse(toJson(envelopeOf('x', { result: value }))) as { ok: boolean; result: unknown };
      expect(document.ok).toBe(true);
      expect(document.result).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
