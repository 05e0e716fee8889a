import { backupPath, headerFacts, headerRow, headerRowOf, storeCounts, storeText } from '../../cli/backup-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { facts } from '../../cli/facts.ts';
import { arg } from '../../cli/flags.ts';
import { array, integer, nullable, object, string } from '../../cli/schema.ts';

const schema = object({ backup: headerRow, records: integer(), identities: array(string()), contacts: integer(), store: nullable(storeCounts) });

export default class BackupVerify extends BaseCommand<typeof BackupVerify> {
  static override readonly summary = 'Prove that a backup is whole and opens with its passphrase';
  static override readonly description = 'Reads all of it, authenticates every piece and hashes every block; nothing is written. The passphrase is the one that the key ring had when the backup was made.';
  static override readonly args = { file: arg('the backup', backupPath) };
  static override readonly impact = 'read';
  static override readonly opensKey = true;
  static override readonly exits = { 4: 'the passphrase is wrong', 5: 'there is no such file', 7: 'it is no backup, or damaged' };
  static override readonly examples = [{ command: 'omniplex backup verify alice-2026-11.opb', description: 'Before you rely on it' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup restore', 'backup show'];

  override async run(): Promise<Answer<typeof schema>> {
    const { file } = this.args;
    const { showBackup, verifyBackup } = await import('../../core/backup/index.ts');
    const head = headerRowOf(file, await showBackup(file));
    const app = await this.session.app();
    const passphrase = await this.session.passphrase({ question: 'Passphrase of the backup' });
    this.doing('verifying');
    const progress = await this.session.progress({ what: 'verifying', unit: 'bytes' });
    const { records, identities, contacts, store } = await verifyBackup(file, await app.crypto(), passphrase, { signal: this.signal, onProgress: (bytes, total) => progress.at(bytes, total) });
    const { messages, blocks, bytes } = store;
    return { result: { backup: head, records, identities: [...identities], contacts, store: head.what.includes('store') ? { messages, blocks, bytes } : null } };
  }

  protected override render({ backup, identities, contacts, store }: Infer<typeof schema>, view: View): Lines {
    const rows = facts(view, [...headerFacts(backup), ['identities', identities.length === 0 ? undefined : identities.join(', ')], ['contacts', String(contacts)], ['store', store === null ? undefined : storeText(store)]]);
    return [`${view.paint.good('ok')}  ${backup.path} is whole`, ...rows];
  }
}
