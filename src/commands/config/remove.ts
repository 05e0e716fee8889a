import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { args } from '../../cli/flags.ts';
import { array, object, string } from '../../cli/schema.ts';
import { withoutSetting } from '../../core/base/contexts.ts';

const schema = object({ file: string(), removed: array(string('a setting')) });

export default class ConfigRemove extends BaseCommand<typeof ConfigRemove> {
  static override readonly summary = 'Go back to the default of settings';
  static override readonly description = 'Removing what is not set is no error: nothing changes.';
  static override readonly args = { keys: args('a setting') };
  static override readonly impact = 'write';
  static override readonly exits = { 3: 'the configuration file is not usable', 6: 'another process changes it' };
  static override readonly examples = [{ command: 'omniplex config remove receipts', description: 'Receipts as they come by default' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['config show'];

  override async run(): Promise<Answer<typeof schema>> {
    const keys = this.args.keys;
    const changed = await this.session.changeConfig((config) => keys.reduce(withoutSetting, config));
    return { result: { file: this.session.configPath, removed: keys }, changed };
  }

  protected override render({ file, removed }: Infer<typeof schema>): Lines {
    return `${removed.join(', ')} removed from ${file}`;
  }
}
