import { loadCatalogue, type CatalogueEntry } from '../cli/catalogue.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { array, boolean, integer, object, oneOf, optional, string } from '../cli/schema.ts';

const schema = object({
  commands: array(
    object({
      id: string('the words as typed'),
      summary: string(),
      impact: oneOf(['read', 'write', 'destroy']),
      opensKey: boolean('does it ever open a private key?'),
      streams: boolean('NDJSON items before the envelope'),
      args: array(object({ name: string(), description: string(), required: boolean(), multiple: boolean(), values: optional(array(string())) })),
      flags: array(
        object({
          name: string(),
          char: optional(string()),
          description: string(),
          value: optional(string('the placeholder; absent for a switch')),
          values: optional(array(string())),
          default: optional(string()),
          multiple: boolean(),
          required: boolean(),
          global: boolean('accepted by every command'),
        }),
      ),
      exits: array(object({ exit: integer(), meaning: string() })),
      examples: array(object({ command: string(), description: string() })),
      description: string(),
      seeAlso: array(string()),
    }),
  ),
});

/** The schema of a result is `omniplex schema`'s to print: it would make this list several times as long. */
const withoutSchema = ({ schema: _schema, item: _item, ...entry }: CatalogueEntry) => entry;

export default class Commands extends BaseCommand<typeof Commands> {
  static override readonly summary = 'List every command with its impact, flags and exit codes';
  static override readonly description = 'With --json this is the catalogue that the man pages, the completion and the tests are made from.';
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'omniplex commands', description: 'Everything, one line each' },
    { command: `omniplex commands --json | jq -r '.result.commands[] | select(.impact == "destroy") | .id'`, description: 'What can destroy' },
  ];
  static override readonly schema = schema;

  override async run(): Promise<Answer<typeof schema>> {
    return { result: { commands: (await loadCatalogue()).map(withoutSchema) } };
  }

  protected override async render({ commands }: Infer<typeof schema>, view: View): Promise<Lines> {
    const { table } = await import('../cli/table.ts');
    return table(view, commands, [
      { head: 'COMMAND', cell: ({ id }) => id },
      { head: 'IMPACT', cell: ({ impact }) => impact },
      { head: 'KEY', cell: ({ opensKey }) => (opensKey ? 'opens' : '-') },
      { head: 'SUMMARY', cell: ({ summary }) => summary, prose: true },
    ]);
  }
}
