import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { arg, nameArg } from '../../cli/flags.ts';
import { object, string } from '../../cli/schema.ts';
import { parseActorName } from '../../core/identity/name.ts';

const schema = object({ name: string('the new name'), id: string('the identity, unchanged') });

export default class ContactRename extends BaseCommand<typeof ContactRename> {
  static override readonly summary = 'Give a contact another name';
  static override readonly description = 'Only your own name for it changes; nothing is published, and it stays verified.';
  static override readonly args = { contact: nameArg('the contact, by its present name'), name: arg('its new name', parseActorName) };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 5: 'there is no such contact', 6: 'the new name is taken' };
  static override readonly examples = [{ command: 'omniplex contact rename bob robert', description: 'Call bob robert from now on' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact list'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const { name, id } = (await app.contacts()).rename(this.args.contact, this.args.name);
    return { result: { name, id: id.toString() }, changed: name !== this.args.contact };
  }

  protected override render({ name }: Infer<typeof schema>): Lines {
    return `${this.args.contact} is now ${name}`;
  }
}
