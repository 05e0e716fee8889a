import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { array, object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({ name: string(), identities: array(string(), 'all in the key ring, which has the new passphrase') });

export default class IdentityPassphrase extends BaseCommand<typeof IdentityPassphrase> {
  static override readonly summary = 'Change the passphrase of the key ring that an identity lives in';
  static override readonly description =
    'All identities in the key ring get the new passphrase. Copies and backups of the old file still open with the old one. It is atomic: after a crash one of the two passphrases opens it.';
  static override readonly args = { name: nameArg('the identity') };
  static override readonly flags = { 'new-passphrase-file': shared['new-passphrase-file'] };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 4: 'the present passphrase is wrong', 5: 'there is no such identity' };
  static override readonly examples = [
    { command: 'omniplex identity passphrase alice', description: 'The old and the new one are asked for' },
    { command: 'omniplex identity passphrase bot --passphrase-file old --new-passphrase-file new', description: 'In a script' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup create', 'help secrets'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const identities = await app.identities();
    const { name } = identities.show(this.args.name);
    // First the old one: whoever does not know it need not think of another.
    await app.ring();
    await identities.changePassphrase(name, await this.session.newPassphrase());
    return { result: { name, identities: identities.list().map((identity) => identity.name) }, changed: true };
  }

  protected override render({ identities }: Infer<typeof schema>): Lines {
    const [only, ...others] = identities;
    return others.length === 0 ? `the key ring of ${only} has the new passphrase` : `the key ring of ${identities.join(', ')} has the new passphrase`;
  }
}
