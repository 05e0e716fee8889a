import { bundleSources } from '../../cli/bundle-input.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { next } from '../../cli/facts.ts';
import { readFingerprints } from '../../cli/fingerprint-input.ts';
import { args, parsed } from '../../cli/flags.ts';
import { count } from '../../cli/human.ts';
import { contactRow, contactRowOf, overText, verifiedText } from '../../cli/people-view.ts';
import { array, object, oneOf } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { parseActorName } from '../../core/identity/name.ts';

const changes = ['added', 'updated', 'verified', 'revoked', 'replaced', 'unchanged'] as const;
const schema = object({ contacts: array(object({ contact: contactRow, change: oneOf(changes) })) });

export default class ContactAdd extends BaseCommand<typeof ContactAdd> {
  static override readonly summary = 'Add people by their bundles, all or none';
  static override readonly description =
    'A bundle says what its owner is called; whose it really is shows only in the twelve words, which you compare over another channel. With --fingerprint-file every one must match its line, and is verified by that. A CAR that carries bundles will do. Adding a known contact again takes in what is newer.';
  static override readonly args = { files: args('bundle or CAR files; - is stdin') };
  static override readonly flags = {
    name: parsed({ value: 'NAME', description: 'what you call the contact; for one only', otherwise: 'the name in the bundle' }, parseActorName),
    'fingerprint-file': shared['fingerprint-file'],
  };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 5: 'there is no such file, or no home', 6: 'a name is taken, or a bundle is older than what is known', 7: 'a bundle is damaged, or a fingerprint does not match; nobody was added' };
  static override readonly examples = [
    { command: 'omniplex contact add alice.bundle', description: 'Under the name in the bundle' },
    { command: 'omniplex contact add /media/usb/to-me.car --name bob', description: 'Whoever is introduced there' },
    { command: 'omniplex contact add contacts/*.bundle --fingerprint-file FINGERPRINTS', description: 'In a pipeline: added and verified, or nobody' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact verify', 'contact update', 'inspect'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name, 'fingerprint-file': pinnedFile } = this.flags;
    const sources = bundleSources(this.session, this.args.files);
    const pinned = pinnedFile === undefined ? undefined : await readFingerprints(pinnedFile);
    const app = await this.session.app();
    const { readPeople } = await import('../../core/identity/bundle-sources.ts');
    const added = (await app.contacts()).add(await readPeople(await app.crypto(), sources, name), pinned);
    const contacts = added.map(({ contact, change }) => ({ contact: contactRowOf(contact), change }));
    return { result: { contacts }, changed: contacts.some(({ change }) => change !== 'unchanged'), warnings: added.flatMap(({ warnings }) => warnings) };
  }

  protected override render({ contacts }: Infer<typeof schema>, view: View): Lines {
    const pinnedFile = this.flags['fingerprint-file'];
    const lines = contacts.map(({ contact, change }) => `${contact.name}  ${change === 'unchanged' ? 'known already' : change}, ${verifiedText(contact, view)}${overText(contact, view)}`);
    const open = contacts.filter(({ contact }) => contact.verified === null && contact.revoked === null).map(({ contact }) => contact.name);
    const total = pinnedFile === undefined ? [] : [`${count(contacts.filter(({ change }) => change === 'added').length, 'contact')} added, ${contacts.length} ${contacts.length === 1 ? 'matches' : 'match'} ${pinnedFile}`];
    const call = open.length === 0 ? [] : [next(view, `call ${open.join(', ')}, then \`omniplex contact verify ${open[0]}\``)];
    return [...lines, ...total, ...call];
  }
}
