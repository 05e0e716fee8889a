import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../cli/paging.ts';
import { dateText, identityRow, identityRowOf } from '../../cli/people-view.ts';
import { array, object } from '../../cli/schema.ts';

const schema = object({ identities: array(identityRow), next: nextCursor });

export default class IdentityList extends BaseCommand<typeof IdentityList> {
  static override readonly summary = 'List my identities, with the ends of their prekeys and bundles';
  static override readonly description =
    'Only identities whose private keys are in this home; others are contacts. No key is opened. Fields for --where: name, send-only, revoked, expired, prekeys (how many can still be sealed to), created.';
  static override readonly flags = pageFlags;
  static override readonly impact = 'read';
  static override readonly exits = placeExits;
  static override readonly examples = [
    { command: 'omniplex identity list', description: 'Who am I here?' },
    { command: "omniplex identity list --where 'not revoked and prekeys = 0 and not send-only'", description: 'Whose prekeys have run out?' },
    { command: "omniplex identity list --json | jq -r '.result.identities[] | [.name, .expires] | @tsv'", description: 'For a script' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity show', 'check identity', 'contact list', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const { where, limit, after } = this.flags;
    const app = await this.session.app();
    const [{ whereOf }, { identityFields, listIdentities }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/identity/lists.ts')]);
    const query = { where: whereOf(where, identityFields), limit, after, nowMs: app.clock.now() };
    const { items, next } = listIdentities(await app.identities(), query);
    return { result: { identities: items.map(identityRowOf), next: next ?? null } };
  }

  protected override async render({ identities, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (identities.length === 0) return isWhole(this.flags) ? 'no identities here; create one with `omniplex identity create NAME`' : 'no identity matches';
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, identities, [
      { head: 'NAME', cell: ({ name }) => name },
      { head: 'PREKEYS UNTIL', cell: ({ prekeys, sendOnly }) => (sendOnly ? 'send-only' : dateText(prekeys.at(-1)?.until, view)) },
      { head: 'EXPIRES', cell: ({ expires }) => dateText(expires, view) },
      { head: 'BUNDLE', cell: ({ sequence }) => String(sequence), align: 'right' },
      { head: 'KEYSTORE', cell: ({ keys }) => keys.keystore },
      { head: 'STATE', cell: (row) => (row.revoked === null ? 'in use' : view.paint.bad(`revoked: ${row.revoked.reason}`)) },
    ]);
    return withNext(next, rows);
  }
}
