import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { next } from '../../cli/facts.ts';
import { choice, nameArg, needed } from '../../cli/flags.ts';
import { when } from '../../cli/human.ts';
import { object, string, time } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { rfc3339 } from '../../core/base/clock.ts';

const schema = object({ name: string(), id: string('CID of the genesis block'), reason: string(), at: time() });

export default class IdentityRevoke extends BaseCommand<typeof IdentityRevoke> {
  static override readonly summary = 'Declare, signed and for good, that an identity is not to be used any more';
  static override readonly description =
    'The revocation is signed by the root key and travels with the bundle: contacts that see it send nothing more and believe nothing newer. It cannot be taken back. Old mail can still be opened.';
  static override readonly args = { name: nameArg('the identity') };
  static override readonly flags = {
    reason: needed(choice(['compromised', 'lost', 'superseded', 'retired', 'unspecified'], { value: 'REASON', description: 'why: compromised, lost, superseded, retired or unspecified' })),
    confirm: shared.confirm,
  };
  static override readonly impact = 'destroy';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'there is no such identity', 6: 'it is revoked already, for another reason', 9: 'not confirmed' };
  static override readonly examples = [{ command: 'omniplex identity revoke alice --reason compromised --confirm alice', description: 'Her key ring was in other hands' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity export', 'identity remove'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const identities = await (await this.session.app()).identities();
    const { id, revoked } = identities.show(name);
    if (revoked === undefined) await this.session.confirm({ what: `revoke identity "${name}" for good`, name, severe: true });
    const { revocation, changed } = await identities.revoke(name, this.flags.reason);
    return { result: { name, id: id.toString(), reason: revocation.reason, at: rfc3339(revocation.atMs) }, changed };
  }

  protected override render({ name, reason, at }: Infer<typeof schema>, view: View): Lines {
    return [
      `${name} is revoked (${reason}) since ${when(at)}`,
      next(view, `let others know: \`omniplex identity export ${name} --out FILE\`, and have them run \`omniplex contact update\``),
      next(view, '`omniplex identity create NAME` for what comes after it'),
    ];
  }
}
