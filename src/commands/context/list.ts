import { contextRow, contextRows } from '../../cli/config-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { array, object } from '../../cli/schema.ts';

const schema = object({ contexts: array(contextRow) });

export default class ContextList extends BaseCommand<typeof ContextList> {
  static override readonly summary = 'List the contexts';
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'omniplex context list', description: 'All of them; a star marks the selected one' },
    { command: "omniplex context list --json | jq -r '.result.contexts[].name'", description: 'Names for a script' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['context show', 'context select'];

  override async run(): Promise<Answer<typeof schema>> {
    return { result: { contexts: contextRows(await this.session.config()) } };
  }

  protected override async render({ contexts }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (contexts.length === 0) return 'no contexts; create one with `omniplex context create NAME`, or `omniplex init`';
    const { table } = await import('../../cli/table.ts');
    const setting = (head: string, ...keys: string[]) => ({
      head,
      cell: ({ settings }: (typeof contexts)[number]) => keys.map((key) => settings[key]).find((value) => value !== undefined) ?? '-',
    });
    return table(view, contexts, [
      { head: '', label: 'SELECTED', cell: ({ selected }) => (selected ? '*' : ' ') },
      { head: 'NAME', cell: ({ name }) => name },
      setting('ENV', 'env'),
      setting('AS', 'as'),
      setting('HOME', 'home'),
      setting('STORE', 'store', 'node'),
    ]);
  }
}
