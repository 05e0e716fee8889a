/** docs/schemas/: the JSON schema of what each command prints under --json; the same that `omniplex schema COMMAND` prints. */
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { envelopeSchema } from '../../src/cli/envelope.ts';

export function schemaFiles(catalogue: readonly CatalogueEntry[]): Map<string, string> {
  return new Map(
    catalogue.map(({ id, schema, item }) => [`docs/schemas/${id.replaceAll(' ', '-')}.json`, `${JSON.stringify(envelopeSchema(id, schema, item), null, 2)}\n`] as const),
  );
}
