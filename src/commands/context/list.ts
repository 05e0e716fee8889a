import { contextRow, contextRowOf } from '../../cli/config-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../cli/paging.ts';
import { array, object } from '../../cli/schema.ts';
import { systemClock } from '../../core/base/clock.ts';

const schema = object({ contexts: array(contextRow), next: nextCursor });

export default class ContextList extends BaseCommand<typeof ContextList> {
  static override readonly summary = 'List the contexts, by name';
  static override readonly description = 'Fields for --where: name, selected, home, store, node, as, env.';
  static override readonly flags = pageFlags;
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'omniplex context list', description: 'All of them; a star marks the selected one' },
    { command: "omniplex context list --where 'env = prod'", description: 'Where do I have to be careful?' },
    { command: "omniplex context list --json | jq -r '.result.contexts[].name'", description: 'Names for a script' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['context show', 'context select', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const { where, limit, after } = this.flags;
    const [{ whereOf }, { contextFields, listContexts }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/base/contexts.ts')]);
    const config = await this.session.config();
    const { items, next } = listContexts(config, { where: whereOf(where, contextFields), limit, after, nowMs: systemClock.now() });
    return { result: { contexts: items.map((name) => contextRowOf(name, config.contexts[name]!, config.selected)), next: next ?? null } };
  }

  protected override async render({ contexts, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (contexts.length === 0) return !isWhole(this.flags) ? 'no context matches' : 'no contexts; create one with `omniplex context create NAME`, or `omniplex init`';
    const { table } = await import('../../cli/table.ts');
    const setting = (head: string, ...keys: string[]) => ({
      head,
      cell: ({ settings }: (typeof contexts)[number]) => keys.map((key) => settings[key]).find((value) => value !== undefined) ?? '-',
    });
    const rows = await table(view, contexts, [
      { head: '', label: 'SELECTED', cell: ({ selected }) => (selected ? '*' : ' ') },
      { head: 'NAME', cell: ({ name }) => name },
      setting('ENV', 'env'),
      setting('AS', 'as'),
      setting('HOME', 'home'),
      setting('STORE', 'store', 'node'),
    ]);
    return withNext(next, rows);
  }
}
