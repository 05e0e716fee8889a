import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { next } from '../../cli/facts.ts';
import { choice, optionalNameArg, toggle } from '../../cli/flags.ts';
import { count, day } from '../../cli/human.ts';
import { identityRow, identityRowOf } from '../../cli/people-view.ts';
import { array, boolean, integer, object } from '../../cli/schema.ts';
import { fail } from '../../core/base/errors.ts';

const schema = object({
  identities: array(object({ identity: identityRow, changed: boolean('it has a new bundle, or keys were destroyed'), destroyed: integer('prekeys whose private halves are gone') })),
});

export default class IdentityRotate extends BaseCommand<typeof IdentityRotate> {
  static override readonly summary = 'Replace keys of an identity and make its next bundle';
  static override readonly description =
    'Prekeys are what forward secrecy rests on, and end by themselves: `rotate --due` from cron makes new ones in time and destroys the private halves of old ones. Contacts need the new bundle. The root key never changes: another root is another identity.';
  static override readonly args = { name: optionalNameArg('the identity; none with --due') };
  static override readonly flags = {
    keys: choice(['prekeys', 'kem', 'signing', 'all'], { value: 'KEYS', description: 'which: prekeys, kem (the long-lived one), signing or all', otherwise: 'prekeys', not: ['due'] }),
    due: toggle('every identity, and only what is due'),
  };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 3: 'the identity is send-only', 4: 'the passphrase is wrong, or the identity is revoked', 5: 'there is no such identity', 6: 'this home is a copy' };
  static override readonly examples = [
    { command: 'omniplex identity rotate alice', description: 'A new prekey' },
    { command: 'omniplex identity rotate --due --quiet --passphrase-file /etc/omniplex/passphrase', description: 'From cron' },
    { command: 'omniplex identity rotate alice --keys all', description: 'After a machine was in other hands' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity export', 'identity revoke', 'check identity'];

  override async run(): Promise<Answer<typeof schema>> {
    const { due, keys = 'prekeys' } = this.flags;
    const { name } = this.args;
    if ((name === undefined) !== due) throw fail('E_USAGE', { why: due ? 'NAME and --due exclude each other' : 'NAME is missing; or give --due for every identity' });
    const identities = await (await this.session.app()).identities();
    const rotated = name === undefined ? await identities.rotateDue() : [await identities.rotate(name, keys)];
    const rows = rotated.map(({ identity, changed, destroyed }) => ({ identity: identityRowOf(identity), changed, destroyed }));
    return { result: { identities: rows }, changed: rows.some(({ changed }) => changed) };
  }

  protected override render({ identities }: Infer<typeof schema>, view: View): Lines {
    const moved = identities.filter(({ changed }) => changed);
    if (moved.length === 0) return 'nothing is due';
    const lines = moved.map(({ identity: { name, sequence, prekeys, sendOnly }, destroyed }) => {
      const gone = destroyed === 0 ? '' : `, ${count(destroyed, 'old prekey')} destroyed`;
      return `${name}  bundle ${sequence}${sendOnly ? '' : `, prekeys until ${day(prekeys.at(-1)?.until)}`}${gone}`;
    });
    return [...lines, next(view, `hand out the new bundle with \`omniplex identity export ${moved[0]!.identity.name} --out FILE\``)];
  }
}
