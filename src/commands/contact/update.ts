import { bundleSource } from '../../cli/bundle-input.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { next } from '../../cli/facts.ts';
import { arg, nameArg } from '../../cli/flags.ts';
import { contactRow, contactRowOf, dateText, verifiedText } from '../../cli/people-view.ts';
import { object, oneOf } from '../../cli/schema.ts';

const schema = object({ contact: contactRow, change: oneOf(['updated', 'revoked', 'replaced', 'unchanged']) });

export default class ContactUpdate extends BaseCommand<typeof ContactUpdate> {
  static override readonly summary = 'Take in a newer bundle of a contact';
  static override readonly description =
    'A bundle never goes back: an older one, or one that contradicts what is known, is refused. One with another root key replaces the contact and makes it unverified again. A revocation in the file is final.';
  static override readonly args = { name: nameArg('the contact'), file: arg('the bundle or CAR file; - is stdin') };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 2: 'the bundle is of an identity of your own, or it is used wrongly', 5: 'there is no such contact or file', 6: 'the bundle is older than the one known', 7: 'the bundle is damaged, or contradicts the one known' };
  static override readonly examples = [{ command: 'omniplex contact update bob bob-2027.bundle', description: 'His new prekeys' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact verify', 'contact add'];

  override async run(): Promise<Answer<typeof schema>> {
    const source = bundleSource(this.session, this.args.file);
    const app = await this.session.app();
    const contacts = await app.contacts();
    const { name } = contacts.show(this.args.name);
    const { readPerson } = await import('../../core/identity/bundle-sources.ts');
    const { contact, change, warnings } = contacts.update(name, await readPerson(await app.crypto(), source));
    const moved = change === 'added' || change === 'verified' ? 'updated' : change;
    return { result: { contact: contactRowOf(contact), change: moved }, changed: change !== 'unchanged', warnings };
  }

  protected override render({ contact, change }: Infer<typeof schema>, view: View): Lines {
    const { name, sequence, prekeys } = contact;
    const until = prekeys.at(-1)?.until;
    const line = `${name}  ${change === 'unchanged' ? 'nothing newer in there' : change}: bundle ${sequence}${until === undefined ? '' : `, prekeys until ${dateText(until, view)}`}, ${verifiedText(contact, view)}`;
    return change === 'replaced' && contact.revoked === null ? [line, next(view, `ask over another channel why the key changed, then \`omniplex contact verify ${name}\``)] : line;
  }
}
