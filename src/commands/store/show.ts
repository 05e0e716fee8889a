import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { optionalArg } from '../../cli/flags.ts';
import { either } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { fail } from '../../core/base/errors.ts';
import { messageLines, messageOf, messageSchema, storeLines, storeOf, storeSchema } from './_show.ts';

const schema = either(storeSchema, messageSchema);

export default class StoreShow extends BaseCommand<typeof StoreShow> {
  static override readonly summary = 'Show the store in numbers, or every copy of one message';
  static override readonly description = 'With a CID every block of every copy is read and hashed. What a message is about, and from whom, nobody can see here.';
  static override readonly args = { cid: optionalArg('a message, or one block', async (typed) => (await import('../../core/base/cid.ts')).parseCid(typed)) };
  static override readonly flags = { since: shared.since };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 5: 'there is no such message or block' };
  static override readonly examples = [
    { command: 'omniplex store show', description: 'Bytes by tier, what is not in cold yet, and how the last jobs ended' },
    { command: 'omniplex store show --since 24h', description: 'And what came in the last day' },
    { command: 'omniplex store show bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam', description: 'Where are its copies, and are they whole?' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['store list', 'store verify', 'inspect'];

  override async run(): Promise<Answer<typeof schema>> {
    const { cid } = this.args;
    const { since: sinceMs } = this.flags;
    if (cid !== undefined && sinceMs !== undefined) throw fail('E_USAGE', { why: '--since is about the store: CID cannot stand beside it' });
    const store = await (await this.session.app()).store();
    return { result: cid === undefined ? storeOf(store, await store.summary({ sinceMs })) : messageOf(await store.showMessage(cid, this.signal)) };
  }

  protected override render(result: Infer<typeof schema>, view: View): Promise<Lines> {
    return 'cid' in result ? messageLines(result, view) : storeLines(result, view);
  }
}
