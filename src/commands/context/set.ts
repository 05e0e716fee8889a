import { contextRow, contextRowOf } from '../../cli/config-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { args, nameArg } from '../../cli/flags.ts';
import { shared } from '../../cli/shared.ts';
import { contextNamed, isProduction, parseAssignment, sameContext, withContextChanged } from '../../core/base/contexts.ts';

const schema = contextRow;

export default class ContextSet extends BaseCommand<typeof ContextSet> {
  static override readonly summary = 'Change what a context says';
  static override readonly description = 'KEY= with nothing behind it takes the key away. A store and a node exclude each other: setting one takes the other away. A context whose env is prod is changed only with --confirm and its name.';
  static override readonly args = { name: nameArg('the context'), assignments: args('KEY=VALUE', parseAssignment) };
  static override readonly flags = { confirm: shared.confirm };
  static override readonly impact = 'write';
  static override readonly exits = { 5: 'there is no such context', 6: 'another process changes the configuration', 9: 'it is marked as production, and nobody confirmed' };
  static override readonly examples = [
    { command: 'omniplex context set ci as=ops durability=cold', description: 'Two settings at once' },
    { command: 'omniplex context set prod env= --confirm prod', description: 'No longer marked as production' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['help settings'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name, assignments } = this.args;
    const before = await this.session.config();
    const after = withContextChanged(before, name, assignments, process.cwd());
    if (isProduction(before, name) && !sameContext(before, after, name)) {
      await this.session.confirm({ what: `change the production context ${name} (${assignments.map(({ key }) => key).join(', ')})`, name, severe: true });
    }
    const changed = await this.session.changeConfig((config) => withContextChanged(config, name, assignments, process.cwd()));
    const config = await this.session.config();
    return { result: contextRowOf(name, contextNamed(config, name), config.selected), changed };
  }

  protected override render({ name, settings }: Infer<typeof schema>): Lines {
    return [`context ${name}`, ...Object.entries(settings).map(([key, value]) => `  ${key} ${value}`)];
  }
}
