import { backupPath, headerLines, headerRow, headerRowOf } from '../../cli/backup-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { arg } from '../../cli/flags.ts';

const schema = headerRow;

export default class BackupShow extends BaseCommand<typeof BackupShow> {
  static override readonly summary = 'Show what can be seen of a backup without its passphrase';
  static override readonly description = 'When it was made, what kind of things are in it, what its passphrase costs. Names, keys and messages cannot be seen; whether it is whole neither, but for its head.';
  static override readonly args = { file: arg('the backup', backupPath) };
  static override readonly impact = 'read';
  static override readonly exits = { 5: 'there is no such file', 7: 'it is no backup, or damaged' };
  static override readonly examples = [{ command: 'omniplex backup show alice-2026-11.opb', description: 'What is this file?' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup verify', 'inspect'];

  override async run(): Promise<Answer<typeof schema>> {
    const { showBackup } = await import('../../core/backup/index.ts');
    return { result: headerRowOf(this.args.file, await showBackup(this.args.file)) };
  }

  protected override render(row: Infer<typeof schema>, view: View): Lines {
    return headerLines(row, view);
  }
}
