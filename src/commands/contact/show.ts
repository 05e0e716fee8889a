import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { contactLines, contactRow, contactRowOf } from '../../cli/people-view.ts';

const schema = contactRow;

export default class ContactShow extends BaseCommand<typeof ContactShow> {
  static override readonly summary = 'Show what is known of a contact: fingerprint, keys, prekeys, inboxes';
  static override readonly description = 'Do not read these words to the contact: let them read theirs to you, and type what you hear with `omniplex contact verify`.';
  static override readonly args = { name: nameArg('the contact') };
  static override readonly impact = 'read';
  static override readonly exits = { ...placeExits, 5: 'there is no such contact' };
  static override readonly examples = [{ command: 'omniplex contact show bob', description: 'Is he verified, and until when can I write to him?' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact verify', 'contact list'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    return { result: contactRowOf((await app.contacts()).show(this.args.name)) };
  }

  protected override render(row: Infer<typeof schema>, view: View): Lines {
    return contactLines(row, view);
  }
}
