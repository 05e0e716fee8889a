import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { nameArg } from '../../cli/flags.ts';
import { nullable, object, string } from '../../cli/schema.ts';
import { withSelected } from '../../core/base/contexts.ts';

const schema = object({ selected: string(), previous: nullable(string()) });

export default class ContextSelect extends BaseCommand<typeof ContextSelect> {
  static override readonly summary = 'Work in a context from now on';
  static override readonly description = 'OMNIPLEX_CONTEXT and --context go before it. A hyphen goes back to the one selected before.';
  static override readonly args = { name: nameArg('the context, or - for the previous one') };
  static override readonly impact = 'write';
  static override readonly exits = { 5: 'there is no such context', 6: 'another process changes the configuration' };
  static override readonly examples = [
    { command: 'omniplex context select prod', description: 'Go to prod' },
    { command: 'omniplex context select -', description: 'And back' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['context list'];

  override async run(): Promise<Answer<typeof schema>> {
    const changed = await this.session.changeConfig((config) => withSelected(config, this.args.name));
    const { selected = '', previous = null } = await this.session.config();
    return { result: { selected, previous }, changed };
  }

  protected override render({ selected, previous }: Infer<typeof schema>): Lines {
    return `context ${selected}${previous === null ? '' : ` (before: ${previous})`}`;
  }
}
