import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { facts, next } from '../../cli/facts.ts';
import { arg, toggle } from '../../cli/flags.ts';
import { day } from '../../cli/human.ts';
import { algorithmsText, fingerprintBeside, identityRow, identityRowOf } from '../../cli/people-view.ts';
import { shared } from '../../cli/shared.ts';
import { parseActorName } from '../../core/identity/name.ts';

const schema = identityRow;

export default class IdentityCreate extends BaseCommand<typeof IdentityCreate> {
  static override readonly summary = 'Create an identity: signing keys, prekeys, an inbox';
  static override readonly description =
    'The first one makes the key ring too, and its passphrase is asked twice; there is no way back into a key ring whose passphrase is lost. A send-only identity has no prekeys and one bundle for good, so it may be copied, to CI for example; nobody can write to it with forward secrecy.';
  static override readonly args = { name: arg('its name, which others see: letters, digits, dots, hyphens', parseActorName) };
  static override readonly flags = { keystore: shared.keystore, 'send-only': toggle('no prekeys: safe to copy and to restore every night') };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 3: 'this release has no such keystore', 5: 'there is no home, or its key ring is gone', 6: 'the name is taken, or this home is a copy' };
  static override readonly examples = [
    { command: 'omniplex identity create alice', description: 'The passphrase is asked for' },
    { command: 'omniplex identity create release-bot --send-only --passphrase-file /run/secrets/op-pass', description: 'For a pipeline' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity export', 'backup create', 'help secrets'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const identities = await app.identities();
    this.doing('making keys');
    const made = await identities.create(this.args.name, { sendOnly: this.flags['send-only'], ...(this.flags.keystore !== undefined && { keystore: this.flags.keystore }) });
    return { result: identityRowOf(made), changed: true };
  }

  protected override render(row: Infer<typeof schema>, view: View): Lines {
    const dot = ` ${view.symbols.dot} `;
    const until = row.prekeys.at(-1)?.until;
    return [
      [view.paint.bold(row.name), algorithmsText(row), row.sendOnly || until === undefined ? `send-only until ${day(row.expires)}` : `prekeys until ${day(until)}`].join(dot),
      ...facts(view, [['fingerprint', fingerprintBeside(row.fingerprint, view)]]),
      next(view, `\`omniplex identity export ${row.name} --out ${row.name}.bundle\`, hand it over, and read the words aloud when asked`),
    ];
  }
}
