import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({ name: string(), id: string('CID of the genesis block') });

export default class IdentityRemove extends BaseCommand<typeof IdentityRemove> {
  static override readonly summary = 'Destroy the private keys of an identity';
  static override readonly description =
    'Whatever was sealed to it and not fetched yet stays sealed for good, unless a backup has its keys. What it signed can still be verified. Others do not notice: revoke it first if they should.';
  static override readonly args = { name: nameArg('the identity') };
  static override readonly flags = { confirm: shared.confirm };
  static override readonly impact = 'destroy';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'there is no such identity', 9: 'not confirmed' };
  static override readonly examples = [{ command: 'omniplex identity remove old --confirm old', description: 'Its keys are gone from this home' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity revoke', 'backup create'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const identities = await (await this.session.app()).identities();
    const { id } = identities.show(name);
    await this.session.confirm({ what: `destroy the private keys of identity "${name}"`, name, severe: true });
    await identities.remove(name);
    return { result: { name, id: id.toString() }, changed: true };
  }

  protected override render({ name }: Infer<typeof schema>): Lines {
    return `${name}: private keys destroyed; what is public stays known`;
  }
}
