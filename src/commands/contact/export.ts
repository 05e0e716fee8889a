import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { nameArg, needed } from '../../cli/flags.ts';
import { size } from '../../cli/human.ts';
import { integer, object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({ name: string(), id: string('CID of the genesis block'), out: string('the file, or stdout'), bytes: integer() });

export default class ContactExport extends BaseCommand<typeof ContactExport> {
  static override readonly summary = "Write a contact's bundle, to introduce it to somebody else";
  static override readonly description = 'The file is what the contact signed, unchanged; whoever gets it compares the twelve words with the contact, not with you.';
  static override readonly args = { name: nameArg('the contact') };
  static override readonly flags = { out: needed(shared.out) };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 5: 'there is no such contact', 6: 'the file is there already' };
  static override readonly examples = [{ command: 'omniplex contact export bob --out bob.bundle', description: 'For carol, who does not know bob yet' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact add', 'identity export'];

  override async run(): Promise<Answer<typeof schema>> {
    const contacts = await (await this.session.app()).contacts();
    const { name, id } = contacts.show(this.args.name);
    const bytes = contacts.exportBundle(name);
    const artifact = await this.session.artifact(this.flags.out, { binary: true });
    await artifact.write(bytes);
    await artifact.commit();
    return { result: { name, id: id.toString(), out: artifact.name, bytes: bytes.length }, changed: true };
  }

  protected override render({ out, bytes }: Infer<typeof schema>): Lines {
    return `${out}  ${size(bytes)}, public, ${out === 'stdout' ? 'written' : 'synced to the device: safe to remove'}`;
  }
}
