import { contextRow, contextRowOf } from '../../cli/config-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { arg, text, toggle } from '../../cli/flags.ts';
import { shared } from '../../cli/shared.ts';
import { parseName } from '../../core/base/config.ts';
import { withContext, withSelected } from '../../core/base/contexts.ts';

const schema = contextRow;
/** The flags that are remembered, by the setting of the same name. */
const KEPT = ['home', 'store', 'node', 'as', 'durability', 'policy', 'env', 'token-file'] as const;

export default class ContextCreate extends BaseCommand<typeof ContextCreate> {
  static override readonly summary = 'Name a home, a store or node, and who acts';
  static override readonly description =
    'Nothing is made but the name: home and store may come later. What is not given holds as it does without a context. The same context again changes nothing; another one of that name is refused.';
  static override readonly args = { name: arg('the name of the context', parseName) };
  static override readonly flags = {
    node: text({ value: 'URL', description: 'the node that serves the store', not: ['store'] }),
    durability: shared.durability,
    policy: text({ value: 'NAME', description: 'the privacy policy of what is sent' }),
    env: text({ value: 'NAME', description: 'what kind of place it is; prod is shown on screen, and raises confirmation, see omniplex help exit-codes' }),
    'token-file': shared['token-file'],
    select: toggle('work in it from now on'),
  };
  static override readonly impact = 'write';
  static override readonly exits = { 6: 'another context has this name' };
  static override readonly examples = [
    { command: 'omniplex context create prod --home /srv/op --store /srv/store --env prod', description: 'A production context' },
    { command: 'omniplex context create ci --node https://omni.example:8443 --token-file /run/secrets/token --as release-bot --select', description: 'A node, for a pipeline' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['context test', 'context select'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const assignments = KEPT.flatMap((key) => (this.session.flag(key) === undefined ? [] : [{ key, value: this.session.flag(key)! }]));
    const changed = await this.session.changeConfig((config) => {
      const created = withContext(config, name, assignments, process.cwd());
      return this.flags.select ? withSelected(created, name) : created;
    });
    const config = await this.session.config();
    return { result: contextRowOf(name, config.contexts[name] ?? {}, config.selected), changed };
  }

  protected override render({ name, selected, settings }: Infer<typeof schema>): Lines {
    const says = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
    return `context ${name}${selected ? ' (selected)' : ''}: ${says.length === 0 ? 'as without a context' : says.join(', ')}`;
  }
}
