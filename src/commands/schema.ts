import { args } from '../cli/flags.ts';
import { loadEntry } from '../cli/catalogue.ts';
import { BaseCommand, type Answer, type Infer, type Lines } from '../cli/command.ts';
import { envelopeSchema } from '../cli/envelope.ts';
import { anything, object } from '../cli/schema.ts';
import { commandsTable } from '../cli/commands-table.ts';
import { unknownCommand } from '../cli/failure.ts';
import { nearest } from '../core/base/near.ts';

const schema = object({ schema: anything('a JSON Schema, draft 2020-12, of the whole document that --json prints') });

export default class Schema extends BaseCommand<typeof Schema> {
  static override readonly summary = 'Print the JSON Schema of what a command answers';
  static override readonly description =
    'The schema covers the whole document of --json: the envelope around the result. $defs.item describes one line of a command that streams.';
  static override readonly args = { command: args('the words of the command') };
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'omniplex schema send > send.schema.json', description: 'Keep the contract beside your script' },
    { command: 'omniplex schema context list', description: 'A command of two words' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['commands'];

  override async run(): Promise<Answer<typeof schema>> {
    const id = this.args.command.join(' ');
    const entry = await loadEntry(id);
    if (entry === undefined) throw unknownCommand(nearest(id, commandsTable().commands.map((command) => command.id)));
    return { result: { schema: envelopeSchema(entry.id, entry.schema, entry.item) } };
  }

  protected override render(result: Infer<typeof schema>): Lines {
    return JSON.stringify(result.schema, undefined, 2);
  }
}
