import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { parsed } from '../../cli/flags.ts';
import { shared } from '../../cli/shared.ts';
import { limits } from '../../core/base/limits.ts';
import { listSchema, messageTable, pageOf, parseCursor } from './_list.ts';

export default class StoreList extends BaseCommand<typeof StoreList> {
  static override readonly summary = 'List the messages in the store, oldest first';
  static override readonly description = 'One whole CID a line, for pipes; -v shows more of each. Removed messages are not listed. What they are about, and from whom, nobody can see here.';
  static override readonly flags = {
    tier: shared.tier,
    where: shared.where,
    limit: { ...shared.limit, otherwise: String(limits.pageItemsMax) },
    after: parsed({ value: 'CURSOR', description: 'go on where the last page ended: its `next`' }, parseCursor),
  };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 3: 'the store has no such tier' };
  static override readonly examples = [
    { command: "omniplex store list --where 'stored < 1d and size > 100MiB' -v", description: 'What is large and new' },
    { command: "omniplex store list --where 'expires > 0s and expires < 2d'", description: 'What can be read for less than two days more' },
    { command: 'omniplex store list --tier hot --limit 10 | xargs omniplex demote', description: 'The ten oldest in the hot tier' },
  ];
  static override readonly schema = listSchema;
  static override readonly seeAlso = ['store show', 'inbox list', 'help filters'];

  override async run(): Promise<Answer<typeof listSchema>> {
    const { tier, where, limit = limits.pageItemsMax, after } = this.flags;
    const [{ whereOf }, { messageFilterFields }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/storage/selection.ts')]);
    const store = await (await this.session.app()).store();
    return { result: pageOf(await store.list({ where: whereOf(where, messageFilterFields), tiers: tier, limit, after }), store.clock.now()) };
  }

  protected override async render({ messages, next }: Infer<typeof listSchema>, view: View): Promise<Lines> {
    const { where, tier, after } = this.flags;
    if (next !== null) this.output.talk(`there are more: --after ${next}`);
    if (messages.length === 0) this.output.talk(where === undefined && tier === undefined && after === undefined ? 'no messages' : 'no message matches');
    if (!view.verbose) return messages.map(({ cid }) => cid);
    return messageTable(messages, view);
  }
}
