import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../cli/paging.ts';
import { contactRow, contactRowOf, dateText, verifiedText } from '../../cli/people-view.ts';
import { array, object } from '../../cli/schema.ts';

const schema = object({ contacts: array(contactRow), next: nextCursor });

export default class ContactList extends BaseCommand<typeof ContactList> {
  static override readonly summary = 'List the people I can write to';
  static override readonly description = 'Fields for --where: name, verified, revoked, expired, prekeys (how many can still be sealed to), added.';
  static override readonly flags = pageFlags;
  static override readonly impact = 'read';
  static override readonly exits = placeExits;
  static override readonly examples = [
    { command: 'omniplex contact list', description: 'All, by name' },
    { command: "omniplex contact list --where 'not verified'", description: 'Whom do I still have to call?' },
    { command: "omniplex contact list --where 'prekeys = 0 or expired'", description: 'Whom do I have to ask for a newer bundle?' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact show', 'check contacts', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const { where, limit, after } = this.flags;
    const app = await this.session.app();
    const [{ whereOf }, { contactFields, listContacts }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/identity/lists.ts')]);
    const query = { where: whereOf(where, contactFields), limit, after, nowMs: app.clock.now() };
    const { items, next } = listContacts(await app.contacts(), query);
    return { result: { contacts: items.map(contactRowOf), next: next ?? null } };
  }

  protected override async render({ contacts, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (contacts.length === 0) return isWhole(this.flags) ? 'no contacts; add one with `omniplex contact add FILE`' : 'no contact matches';
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, contacts, [
      { head: 'NAME', cell: ({ name }) => name },
      { head: 'STATE', cell: (row) => verifiedText(row, view) },
      { head: 'PREKEYS UNTIL', cell: ({ prekeys }) => dateText(prekeys.at(-1)?.until, view) },
      { head: 'BUNDLE EXPIRES', cell: ({ expires }) => dateText(expires, view) },
      { head: 'CALLS ITSELF', cell: ({ claims, name }) => (claims === name ? '' : (claims ?? '-')) },
    ]);
    return withNext(next, rows);
  }
}
