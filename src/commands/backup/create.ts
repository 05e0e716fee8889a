import { backupPath, partsOf, storeCounts, storeText, whatFlag, whatSchema } from '../../cli/backup-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { facts, next } from '../../cli/facts.ts';
import { needed } from '../../cli/flags.ts';
import { size } from '../../cli/human.ts';
import { integer, nullable, object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { hexOf } from '../../core/base/bytes.ts';
import { fail } from '../../core/base/errors.ts';

const schema = object({ path: string(), bytes: integer(), sha256: string('of the file, in hexadecimal'), what: whatSchema, records: integer(), store: nullable(storeCounts) });

export default class BackupCreate extends BaseCommand<typeof BackupCreate> {
  static override readonly summary = 'Write keys, store or both into one sealed file';
  static override readonly description =
    'Sealed under the passphrase of the key ring as it is now: a later change of the passphrase does not reach this file. Prekeys are left out, so that destroying one keeps its meaning; mail that was sealed to a prekey and not fetched is lost with the home. Keep the file on another machine.';
  static override readonly flags = { what: { ...whatFlag, otherwise: 'keys' }, out: needed(shared.out) };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'there is no home, store or key ring', 6: 'the file is there already' };
  static override readonly examples = [
    { command: 'omniplex backup create --out alice-2026-11.opb', description: 'The keys' },
    { command: 'omniplex backup create --what all --out /mnt/backup/all.opb --passphrase-file /etc/omniplex/passphrase', description: 'Keys and mail, from cron' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup verify', 'backup restore', 'identity passphrase'];

  override async run(): Promise<Answer<typeof schema>> {
    const [path, what] = [backupPath(this.flags.out), partsOf(this.flags.what ?? ['keys'])];
    const [{ createBackup }, { exists }] = await Promise.all([import('../../core/backup/index.ts'), import('../../core/base/files.ts')]);
    if (await exists(path)) throw fail('E_EXISTS', { path });
    const app = await this.session.app();
    const store = what.includes('store') ? await app.store() : undefined;
    const keys = what.includes('keys') ? { home: await app.home(), ring: await app.ring() } : undefined;
    const passphrase = await this.session.passphrase({ repeat: keys === undefined, question: 'Passphrase for the backup' });
    this.doing('backing up');
    const progress = await this.session.progress({ what: 'backing up', unit: 'bytes' });
    const made = await createBackup({ crypto: await app.crypto(), clock: app.clock, signal: this.signal, onProgress: (bytes) => progress.at(bytes), path, passphrase, ...(keys && { keys }), ...(store && { store }) });
    const { bytes, sha256, records, warnings } = made;
    return { result: { path: made.path, bytes, sha256: hexOf(sha256), what: [...made.what], records, store: made.store === undefined ? null : countsOf(made.store) }, changed: true, warnings };
  }

  protected override render({ path, bytes, sha256, what, store }: Infer<typeof schema>, view: View): Lines {
    const rows = facts(view, [['holds', what.join(' and ')], ['store', store === null ? undefined : storeText(store)], ['sha256', sha256]]);
    return [`${path}  ${size(bytes)}, synced to the device`, ...rows, next(view, `\`omniplex backup verify ${path}\`, and keep it on another machine`)];
  }
}

const countsOf = ({ messages, blocks, bytes }: Infer<typeof storeCounts>) => ({ messages, blocks, bytes });
