import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { arg } from '../../cli/flags.ts';
import { object, string } from '../../cli/schema.ts';
import { withoutContext } from '../../core/base/contexts.ts';

const schema = object({ removed: string() });

export default class ContextRemove extends BaseCommand<typeof ContextRemove> {
  static override readonly summary = 'Forget a context; its home and store stay';
  static override readonly args = { name: arg('the context') };
  static override readonly impact = 'write';
  static override readonly exits = { 5: 'there is no such context' };
  static override readonly examples = [{ command: 'omniplex context remove old', description: 'Forget the name' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['context list'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const changed = await this.session.changeConfig((config) => withoutContext(config, name));
    return { result: { removed: name }, changed };
  }

  protected override render({ removed }: Infer<typeof schema>): Lines {
    return `context ${removed} removed; its home and store stay as they are`;
  }
}
