import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { nameArg } from '../../cli/flags.ts';
import { shared } from '../../cli/shared.ts';
import { object, string } from '../../cli/schema.ts';
import { isProduction, withoutContext } from '../../core/base/contexts.ts';

const schema = object({ removed: string() });

export default class ContextRemove extends BaseCommand<typeof ContextRemove> {
  static override readonly summary = 'Forget a context; its home and store stay';
  static override readonly description = 'One whose env is prod is forgotten only with --confirm and its name.';
  static override readonly args = { name: nameArg('the context') };
  static override readonly flags = { confirm: shared.confirm };
  static override readonly impact = 'write';
  static override readonly exits = { 5: 'there is no such context', 6: 'another process changes the configuration', 9: 'it is marked as production, and nobody confirmed' };
  static override readonly examples = [{ command: 'omniplex context remove old', description: 'Forget the name' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['context list'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    if (isProduction(await this.session.config(), name)) await this.session.confirm({ what: `forget the production context ${name}`, name, severe: true });
    const changed = await this.session.changeConfig((config) => withoutContext(config, name));
    return { result: { removed: name }, changed };
  }

  protected override render({ removed }: Infer<typeof schema>): Lines {
    return `context ${removed} removed; its home and store stay as they are`;
  }
}
