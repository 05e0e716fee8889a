import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { array, boolean, nullable, object, oneOf, string } from '../../cli/schema.ts';

const schema = object({
  name: string(),
  probes: array(
    object({
      what: oneOf(['home', 'store', 'node', 'identity', 'token-file']),
      name: string('its path, address or name'),
      ok: boolean(),
      code: nullable(string('of the error')),
      text: string(),
    }),
  ),
});

export default class ContextTest extends BaseCommand<typeof ContextTest> {
  static override readonly summary = 'Try whether all that a context names answers';
  static override readonly description = 'Opens no private key and changes nothing. The exit code is that of the first thing that does not answer.';
  static override readonly args = { name: nameArg('the context') };
  static override readonly impact = 'read';
  static override readonly exits = { ...placeExits, 5: 'there is no such context, or its home, store or identity is missing' };
  static override readonly examples = [{ command: 'omniplex context test prod', description: 'Before the first job in it' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['doctor'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const { probe } = await import('../../cli/context-probe.ts');
    const { probes, error } = await probe((await this.session.settingsOf(name)).values, this.session);
    return { result: { name, probes }, error };
  }

  protected override async render({ probes }: Infer<typeof schema>, view: View): Promise<Lines> {
    const { table } = await import('../../cli/table.ts');
    const { paint } = view;
    return table(view, probes, [
      { head: '', label: 'RESULT', cell: ({ ok }) => (ok ? paint.good('ok') : paint.bad('fail')) },
      { head: 'WHAT', cell: ({ what }) => what },
      { head: 'NAME', cell: ({ name }) => name },
      { head: 'ANSWER', cell: ({ text }) => text, prose: true },
    ]);
  }
}
