import { backupPath } from '../../cli/backup-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { arg } from '../../cli/flags.ts';
import { object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { isError } from '../../core/base/errors.ts';

const schema = object({ path: string() });

export default class BackupRemove extends BaseCommand<typeof BackupRemove> {
  static override readonly summary = 'Delete a backup file and the record of it';
  static override readonly description = 'Only a file that begins like a backup is deleted. The bytes may stay on the disk until they are overwritten.';
  static override readonly args = { file: arg('the backup', backupPath) };
  static override readonly flags = { confirm: shared.confirm };
  static override readonly impact = 'destroy';
  static override readonly exits = { ...placeExits, 7: 'it is no backup', 9: 'not confirmed' };
  static override readonly examples = [{ command: 'omniplex backup remove old.opb --confirm old.opb', description: 'It is no longer needed' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup list'];

  override async run(): Promise<Answer<typeof schema>> {
    const { file } = this.args;
    const { removeBackup, showBackup } = await import('../../core/backup/index.ts');
    const missing = (code: 'E_NOT_FOUND' | 'E_NO_HOME') => (error: unknown) => (isError(error, code) ? undefined : Promise.reject(error));
    if ((await showBackup(file).catch(missing('E_NOT_FOUND'))) !== undefined) await this.session.confirm({ what: `delete the backup ${file}`, name: file });
    const home = await (await this.session.app()).home().catch(missing('E_NO_HOME'));
    return { result: { path: file }, changed: await removeBackup(file, home) };
  }

  protected override render({ path }: Infer<typeof schema>): Lines {
    return `${path} is gone`;
  }
}
