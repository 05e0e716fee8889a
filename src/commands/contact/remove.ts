import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { nameArg } from '../../cli/flags.ts';
import { object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({ removed: string(), id: string('the identity it stood for') });

export default class ContactRemove extends BaseCommand<typeof ContactRemove> {
  static override readonly summary = 'Forget a contact by name';
  static override readonly description =
    'What is known of the identity stays, so that nobody can roll it back by being added again. That its twelve words were compared is forgotten with the name: a verified contact is removed only when that is confirmed.';
  static override readonly args = { name: nameArg('the contact') };
  static override readonly flags = { confirm: shared.confirm };
  static override readonly impact = 'destroy';
  static override readonly exits = { 5: 'there is no such contact', 9: 'it is verified, and not confirmed' };
  static override readonly examples = [{ command: 'omniplex contact remove bob --confirm bob', description: 'The name is free again' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact add'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const contacts = await (await this.session.app()).contacts();
    const { id, verified } = contacts.show(name);
    await this.session.confirm({ what: `forget contact "${name}"${verified === undefined ? '' : ', whose twelve words were compared'}`, ...(verified !== undefined && { name }) });
    contacts.remove(name);
    return { result: { removed: name, id: id.toString() }, changed: true };
  }

  protected override render({ removed }: Infer<typeof schema>): Lines {
    return `${removed} removed; messages from and to ${removed} stay`;
  }
}
