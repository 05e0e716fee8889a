import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { nameArg } from '../../cli/flags.ts';
import { object, string } from '../../cli/schema.ts';

const schema = object({ removed: string(), id: string('the identity it stood for') });

export default class ContactRemove extends BaseCommand<typeof ContactRemove> {
  static override readonly summary = 'Forget a contact by name';
  static override readonly description = 'What is known of the identity stays, so that nobody can roll it back by being added again; it has to be verified anew.';
  static override readonly args = { name: nameArg('the contact') };
  static override readonly impact = 'write';
  static override readonly exits = { 5: 'there is no such contact' };
  static override readonly examples = [{ command: 'omniplex contact remove bob', description: 'The name is free again' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact add'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const contacts = await (await this.session.app()).contacts();
    const { id } = contacts.show(name);
    contacts.remove(name);
    return { result: { removed: name, id: id.toString() }, changed: true };
  }

  protected override render({ removed }: Infer<typeof schema>): Lines {
    return `${removed} removed; messages from and to ${removed} stay`;
  }
}
