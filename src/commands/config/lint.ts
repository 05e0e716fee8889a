import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { arg } from '../../cli/flags.ts';
import { count } from '../../cli/human.ts';
import { array, object, string } from '../../cli/schema.ts';
import { fail } from '../../core/base/errors.ts';

const schema = object({ file: string(), problems: array(object({ at: string('where: contexts.prod.home; empty for the whole'), why: string() })) });

export default class ConfigLint extends BaseCommand<typeof ConfigLint> {
  static override readonly summary = 'Say everything that is wrong with a configuration file';
  static override readonly description = 'Touches nothing and uses nothing of the file. Values are not repeated.';
  static override readonly args = { file: arg('the file') };
  static override readonly impact = 'read';
  static override readonly exits = { 3: 'the file has problems', 5: 'there is no such file' };
  static override readonly examples = [{ command: 'omniplex config lint ~/.config/omniplex/config.json', description: 'Check a file that was edited by hand' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['help settings'];

  override async run(): Promise<Answer<typeof schema>> {
    const { lintConfigFile } = await import('../../core/base/config-file.ts');
    const problems = await lintConfigFile(this.args.file);
    const error = problems.length === 0 ? undefined : fail('E_CONFIG', { why: `${this.args.file} has ${count(problems.length, 'problem')}`, hint: 'Mend each in the file: the answer says where it stands. `omniplex help settings` tells the keys.' });
    return { result: { file: this.args.file, problems }, error };
  }

  protected override render({ file, problems }: Infer<typeof schema>, { paint }: View): Lines {
    if (problems.length === 0) return `${file}: ${paint.good('ok')}`;
    return problems.map(({ at, why }) => `${file}${at === '' ? '' : `: ${at}`}: ${why}`);
  }
}
