import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { optionalArg, toggle } from '../cli/flags.ts';
import { array, boolean, integer, object, optional, record, string, anything } from '../cli/schema.ts';

const schema = object({
  file: string('what was sent'),
  bytes: integer(),
  cid: string('the name of the message'),
  ok: boolean('whether every step ended as it should'),
  steps: array(record(anything(), 'step, ok, seconds, and what was found')),
  folder: optional(string('where everything lies, with --keep')),
  next: array(string('a command to try')),
});

export default class Quickstart extends BaseCommand<typeof Quickstart> {
  static override readonly summary = 'Take a tour: a real file goes all the way in throw-away homes';
  static override readonly description =
    'Two operators and a stranger share a store in a temporary folder. A file is sealed, announced, fetched, compared, demoted, fetched from the cold tier, refused to the stranger and after one flipped bit, and promoted. Nothing of yours is touched, and all of it is removed unless --keep is given.';
  static override readonly args = { file: optionalArg('what to send; by default the program sends itself') };
  static override readonly flags = { keep: toggle('leave the folder for a look around') };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = { 5: 'there is no such file', 7: 'a step did not end as it should' };
  static override readonly examples = [
    { command: 'omniplex quickstart', description: 'The tour' },
    { command: 'omniplex quickstart report.pdf --keep', description: 'With a file of yours, and the folder left for a look around' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['init', 'send', 'fetch'];

  override async run(): Promise<Answer<typeof schema>> {
    const { takeTour } = await import('../cli/touring.ts');
    return takeTour(this.session, this.args.file, this.flags.keep);
  }

  protected override async render(result: Infer<typeof schema>, view: View): Promise<Lines> {
    const { lastLines } = await import('../cli/touring.ts');
    return lastLines(result, view);
  }
}
