import { configRows, settingRow, settingText } from '../../cli/config-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import { array, nullable, object, string } from '../../cli/schema.ts';

const schema = object({
  file: string('the user configuration, whether it exists or not'),
  context: nullable(object({ name: string(), by: string('what chose it') })),
  settings: array(settingRow),
});

export default class ConfigShow extends BaseCommand<typeof ConfigShow> {
  static override readonly summary = 'Show every setting that is in force';
  static override readonly description =
    'A value comes from a flag, else the environment, else the context, else the user configuration, else its default. A context named with --context counts as a flag. No file of a project is read.';
  static override readonly flags = { origin: toggle('also show where each value comes from') };
  static override readonly impact = 'read';
  static override readonly exits = { 3: 'the configuration file is not usable', 5: 'there is no such context' };
  static override readonly examples = [
    { command: 'omniplex config show --origin', description: 'Why is this the value?' },
    { command: 'omniplex config show --context prod --json', description: 'What would hold in another context' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['help environment', 'context show'];

  override async run(): Promise<Answer<typeof schema>> {
    const resolved = await this.session.settings();
    const { context } = resolved;
    return {
      result: {
        file: this.session.configPath,
        context: context === undefined ? null : { name: context.name, by: context.by.detail },
        settings: configRows(resolved),
      },
    };
  }

  protected override async render({ file, context, settings }: Infer<typeof schema>, view: View): Promise<Lines> {
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, settings, [
      { head: 'SETTING', cell: ({ key }) => key },
      { head: 'VALUE', cell: settingText },
      ...(this.flags.origin ? [{ head: 'ORIGIN', cell: ({ origin }: (typeof settings)[number]) => origin ?? '-' }] : []),
    ]);
    return [`${file}${context === null ? '' : ` ${view.symbols.dot} context ${context.name} (${context.by})`}`, ...rows];
  }
}
