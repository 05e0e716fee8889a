import { backupPath, partsOf, storeCounts, storeText, whatFlag } from '../../cli/backup-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { facts, next } from '../../cli/facts.ts';
import { arg } from '../../cli/flags.ts';
import { tilde } from '../../cli/human.ts';
import { array, nullable, object, string } from '../../cli/schema.ts';

const schema = object({
  home: nullable(object({ path: string(), identities: array(string()), renewed: array(string(), 'have a new bundle, which their contacts need') })),
  store: nullable(object({ path: string(), counts: storeCounts })),
});

export default class BackupRestore extends BaseCommand<typeof BackupRestore> {
  static override readonly summary = 'Make a home, a store or both out of a backup, whole or not at all';
  static override readonly description =
    'Into the places of --home and --store, or of the context, which must be new or empty. A restored home takes over from the one it was made of: each identity goes on with a new bundle and new prekeys, which contacts need. A send-only identity comes back as it was. The key ring has the passphrase of the backup.';
  static override readonly args = { file: arg('the backup', backupPath) };
  static override readonly flags = { what: { ...whatFlag, otherwise: 'all that it holds' } };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { 4: 'the passphrase is wrong', 5: 'there is no such file', 6: 'something is there already', 7: 'the backup is damaged; nothing was made' };
  static override readonly examples = [
    { command: 'omniplex backup restore alice-2026-11.opb --home ~/restored', description: 'Into a new place' },
    { command: 'omniplex backup restore ci/release-bot.opb --home "$RUNNER_TEMP/op" --passphrase-file /run/secrets/op-pass --no-context', description: 'In a pipeline' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup verify', 'identity export', 'context create'];

  override async run(): Promise<Answer<typeof schema>> {
    const { file } = this.args;
    const { restoreBackup, showBackup } = await import('../../core/backup/index.ts');
    const { header } = await showBackup(file);
    const app = await this.session.app();
    const what = this.flags.what === undefined ? header.what : partsOf(this.flags.what);
    const places = { homePath: what.includes('keys') ? app.settings.home : undefined, storePath: what.includes('store') ? app.settings.store : undefined };
    const passphrase = await this.session.passphrase({ question: 'Passphrase of the backup' });
    this.doing('restoring');
    const progress = await this.session.progress({ what: 'restoring', unit: 'bytes' });
    const { homePath, storePath } = places;
    const made = await restoreBackup({ crypto: await app.crypto(), path: file, passphrase, what, signal: this.signal, onProgress: (bytes, total) => progress.at(bytes, total), ...(homePath !== undefined && { homePath }), ...(storePath !== undefined && { storePath }) });
    if (made.home !== undefined) this.session.keep(made.home);
    const home = homePath === undefined ? null : { path: homePath, identities: [...made.identities], renewed: [...made.renewed] };
    const store = storePath === undefined || made.store === undefined ? null : { path: storePath, counts: { messages: made.store.messages, blocks: made.store.blocks, bytes: made.store.bytes } };
    return { result: { home, store }, changed: true, warnings: made.warnings };
  }

  protected override render({ home, store }: Infer<typeof schema>, view: View): Lines {
    const rows = facts(view, [
      ['home', home === null ? undefined : `${tilde(home.path)}: ${home.identities.length === 0 ? 'no identities' : home.identities.join(', ')}`],
      ['store', store === null ? undefined : `${tilde(store.path)}: ${storeText(store.counts)}`],
    ]);
    const [first] = home?.renewed ?? [];
    return first === undefined ? rows : [...rows, next(view, `hand out the new bundle: \`omniplex identity export ${first} --out FILE\`; the old home must not be used any more`)];
  }
}
