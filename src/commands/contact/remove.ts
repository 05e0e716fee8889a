import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { boolean, object, string } from '../../cli/schema.ts';

const schema = object({ removed: string(), id: string('the identity it stood for'), wasVerified: boolean('it has to be verified anew if it comes back') });

export default class ContactRemove extends BaseCommand<typeof ContactRemove> {
  static override readonly summary = 'Forget a contact by name';
  static override readonly description = 'What is known of the identity stays, so that nobody can roll it back by being added again; it has to be verified anew.';
  static override readonly args = { name: nameArg('the contact') };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 5: 'there is no such contact' };
  static override readonly examples = [{ command: 'omniplex contact remove bob', description: 'The name is free again' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact add'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const contacts = await (await this.session.app()).contacts();
    const { id, verified } = contacts.show(name);
    contacts.remove(name);
    return { result: { removed: name, id: id.toString(), wasVerified: verified !== undefined }, changed: true };
  }

  protected override render({ removed, wasVerified }: Infer<typeof schema>): Lines {
    return `${removed} removed; messages from and to ${removed} stay${wasVerified ? '. It was verified: if it comes back, compare the twelve words again' : ''}`;
  }
}
