import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { dateText, identityRow, identityRowOf } from '../../cli/people-view.ts';
import { array, object } from '../../cli/schema.ts';

const schema = object({ identities: array(identityRow) });

export default class IdentityList extends BaseCommand<typeof IdentityList> {
  static override readonly summary = 'List my identities, with the ends of their prekeys and bundles';
  static override readonly description = 'Only identities whose private keys are in this home; others are contacts. No key is opened.';
  static override readonly impact = 'read';
  static override readonly exits = placeExits;
  static override readonly examples = [
    { command: 'omniplex identity list', description: 'Who am I here?' },
    { command: "omniplex identity list --json | jq -r '.result.identities[] | [.name, .expires] | @tsv'", description: 'For a script' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity show', 'check identity', 'contact list'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    return { result: { identities: (await app.identities()).list().map(identityRowOf) } };
  }

  protected override async render({ identities }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (identities.length === 0) return 'no identities here; create one with `omniplex identity create NAME`';
    const { table } = await import('../../cli/table.ts');
    return table(view, identities, [
      { head: 'NAME', cell: ({ name }) => name },
      { head: 'PREKEYS UNTIL', cell: ({ prekeys, sendOnly }) => (sendOnly ? 'send-only' : dateText(prekeys.at(-1)?.until, view)) },
      { head: 'EXPIRES', cell: ({ expires }) => dateText(expires, view) },
      { head: 'BUNDLE', cell: ({ sequence }) => String(sequence), align: 'right' },
      { head: 'KEYSTORE', cell: ({ keys }) => keys.keystore },
      { head: 'STATE', cell: (row) => (row.revoked === null ? 'in use' : view.paint.bad(`revoked: ${row.revoked.reason}`)) },
    ]);
  }
}
