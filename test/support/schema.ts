/** Checks a real `--json` document against the schema that `omniplex schema` prints, closed: a field that no schema names is a failure. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { envelopeSchema } from '../../src/cli/envelope.ts';
import type { JsonSchema } from '../../src/cli/schema.ts';

/** Published schemas are open; here every object with named properties allows no others. Details and warnings stay free. */
function closed(schema: JsonSchema): JsonSchema {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    if (typeof value !== 'object' || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]));
    const open = 'additionalProperties' in copy || (copy['properties'] as { code?: unknown; message?: unknown } | undefined)?.message !== undefined;
    return 'properties' in copy && !open ? { ...copy, additionalProperties: false } : copy;
  };
  return inner(schema) as JsonSchema;
}

const formats = { 'date-time': (text: string) => Number.isFinite(Date.parse(text)) && text.endsWith('Z') };

/** What is wrong with the document; empty when it keeps its contract. */
export function schemaProblems(entry: Pick<CatalogueEntry, 'id' | 'schema' | 'item'>, document: unknown): readonly string[] {
  const ajv = new Ajv2020({ allErrors: true, strict: true, formats });
  const check = ajv.compile(closed(envelopeSchema(entry.id, entry.schema, entry.item)));
  check(document);
  return (check.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`);
}
