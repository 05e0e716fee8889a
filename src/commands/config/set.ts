import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { args } from '../../cli/flags.ts';
import { array, object, string } from '../../cli/schema.ts';
import { parseAssignment, withSetting } from '../../core/base/contexts.ts';

const schema = object({ file: string(), set: array(string('a setting')) });

export default class ConfigSet extends BaseCommand<typeof ConfigSet> {
  static override readonly summary = 'Set settings of the user configuration';
  static override readonly description =
    'All or none: one wrong key or value leaves the file as it was. Secrets never stand here, only the names of files that hold them. omniplex help settings lists the keys.';
  static override readonly args = { assignments: args('KEY=VALUE', parseAssignment) };
  static override readonly impact = 'write';
  static override readonly exits = { 3: 'the configuration file is not usable', 6: 'another process changes it' };
  static override readonly examples = [
    { command: 'omniplex config set receipts=always', description: 'Send every receipt that is asked for' },
    { command: 'omniplex config set hot.budget=20GiB fetch.promote=never', description: 'Two at once' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['help settings', 'config show'];

  override async run(): Promise<Answer<typeof schema>> {
    const assignments = this.args.assignments;
    const changed = await this.session.changeConfig((config) => assignments.reduce((next, one) => withSetting(next, one, process.cwd()), config));
    return { result: { file: this.session.configPath, set: assignments.map(({ key }) => key) }, changed };
  }

  protected override render({ file, set }: Infer<typeof schema>): Lines {
    return `${set.join(', ')} set in ${file}`;
  }
}
