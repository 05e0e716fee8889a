import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { fingerprintFor } from '../../cli/fingerprint-input.ts';
import { nameArg } from '../../cli/flags.ts';
import { contactRow, contactRowOf, verifiedByText } from '../../cli/people-view.ts';
import { shared } from '../../cli/shared.ts';

const schema = contactRow;

export default class ContactVerify extends BaseCommand<typeof ContactVerify> {
  static override readonly summary = 'Compare the twelve words of a contact by typing what they read aloud';
  static override readonly description =
    'Call them over a way that nobody between you controls, and let them read the words of `omniplex identity show`. Type what you hear: a yes or no would prove nothing. Four letters of a word are enough; nothing is corrected for you. The first verification stands.';
  static override readonly args = { name: nameArg('the contact') };
  static override readonly flags = { 'fingerprint-file': shared['fingerprint-file'] };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 4: 'the identity is revoked', 5: 'there is no such contact', 7: 'the words are not those of this contact, or it has no line in the file' };
  static override readonly examples = [
    { command: 'omniplex contact verify alice', description: 'With alice on the telephone' },
    { command: 'omniplex contact verify alice --fingerprint-file FINGERPRINTS', description: 'Where nobody can be called' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact show', 'identity show'];

  override async run(): Promise<Answer<typeof schema>> {
    const contacts = await (await this.session.app()).contacts();
    const { name } = contacts.show(this.args.name);
    const file = this.flags['fingerprint-file'];
    const words = await fingerprintFor(this.session, name, file);
    const { contact, change, warnings } = contacts.verify(name, words, file === undefined ? 'words' : 'fingerprint-file');
    return { result: contactRowOf(contact), changed: change === 'verified', warnings };
  }

  protected override render({ name, verified }: Infer<typeof schema>, view: View): Lines {
    return `${name} ${view.paint.good('verified')} ${verified === null ? '' : verifiedByText(verified)}`;
  }
}
