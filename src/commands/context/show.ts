import { contextRow, contextRowOf } from '../../cli/config-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { optionalNameArg } from '../../cli/flags.ts';
import { nullable, object } from '../../cli/schema.ts';
import { contextNamed } from '../../core/base/contexts.ts';

const schema = object({ context: nullable(contextRow) });

export default class ContextShow extends BaseCommand<typeof ContextShow> {
  static override readonly summary = 'Show one context, or the one in force';
  static override readonly args = { name: optionalNameArg('the context; without it the one in force') };
  static override readonly impact = 'read';
  static override readonly exits = { 5: 'there is no such context' };
  static override readonly examples = [
    { command: 'omniplex context show', description: 'Where am I?' },
    { command: 'omniplex context show prod', description: 'What is in it?' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['config show'];

  override async run(): Promise<Answer<typeof schema>> {
    const config = await this.session.config();
    const name = this.args.name ?? (await this.session.settings()).context?.name;
    return { result: { context: name === undefined ? null : contextRowOf(name, contextNamed(config, name), config.selected) } };
  }

  protected override async render({ context }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (context === null) return 'no context is in force';
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, Object.entries(context.settings), [
      { head: 'SETTING', cell: ([key]) => key },
      { head: 'VALUE', cell: ([, value]) => value },
    ]);
    return [`context ${context.name}${context.selected ? ' (selected)' : ''}`, ...rows];
  }
}
