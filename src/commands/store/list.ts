import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import { size, when } from '../../cli/human.ts';
import { array, boolean, integer, nullable, object, string, time } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { fail } from '../../core/base/errors.ts';
import { limits } from '../../core/base/limits.ts';
import { at, atOrNull } from './_times.ts';

const schema = object({
  messages: array(object({ cid: string(), tiers: array(string('that hold all of it')), bytes: integer(), blocks: integer(), stored: time(), read: nullable(time()), expires: nullable(time()), pinned: boolean() })),
  next: nullable(string('for --after: where the next page begins')),
});

const cursor = (typed: string): number => {
  if (!/^\d{1,15}$/.test(typed)) throw fail('E_USAGE', { why: 'expects the `next` of the page before' });
  return Number(typed);
};

export default class StoreList extends BaseCommand<typeof StoreList> {
  static override readonly summary = 'List the messages in the store, oldest first';
  static override readonly description = 'One whole CID a line, for pipes; -v shows more of each. Removed messages are not listed. What they are about, and from whom, nobody can see here.';
  static override readonly flags = {
    tier: shared.tier,
    where: shared.where,
    limit: { ...shared.limit, otherwise: String(limits.pageItemsMax) },
    after: parsed({ value: 'CURSOR', description: 'go on where the last page ended: its `next`' }, cursor),
  };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly examples = [
    { command: "omniplex store list --where 'stored < 1d and size > 100MiB' -v", description: 'What is large and new' },
    { command: 'omniplex store list --tier hot --limit 10 | xargs omniplex demote', description: 'The ten oldest in the hot tier' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['store show', 'inbox list', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const { tier, where, limit = limits.pageItemsMax, after } = this.flags;
    const [{ parseFilter }, { isPinned, messageFilterFields }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/storage/selection.ts')]);
    const filter = where === undefined ? undefined : parseFilter(where, messageFilterFields);
    const store = await (await this.session.app()).store();
    const { messages, next } = await store.list({ where: filter, tiers: tier, limit, after });
    return {
      result: {
        messages: messages.map((one) => ({
          ...{ cid: one.cid.toString(), tiers: one.tiers, bytes: one.bytes, blocks: one.blocks },
          ...{ stored: at(one.storedAtMs), read: atOrNull(one.readAtMs), expires: atOrNull(one.expiresAtMs), pinned: isPinned(one, store.clock.now()) },
        })),
        next: next === undefined ? null : String(next),
      },
    };
  }

  protected override async render({ messages, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (next !== null) this.output.talk(`there are more: --after ${next}`);
    if (messages.length === 0) this.output.talk('no messages');
    if (!view.verbose) return messages.map(({ cid }) => cid);
    const { table } = await import('../../cli/table.ts');
    return table(view, messages, [
      { head: 'CID', cell: ({ cid }) => cid },
      { head: 'TIERS', cell: ({ tiers }) => tiers.join(',') || '-' },
      { head: 'SIZE', cell: ({ bytes }) => size(bytes), align: 'right' },
      { head: 'STORED', cell: ({ stored }) => when(stored) },
      { head: 'READ', cell: ({ read }) => when(read) },
      { head: 'EXPIRES', cell: ({ expires }) => when(expires) },
      { head: 'PINNED', cell: ({ pinned }) => (pinned ? 'pinned' : '-') },
    ]);
  }
}
