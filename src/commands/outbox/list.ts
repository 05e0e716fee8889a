import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { size, when } from '../../cli/human.ts';
import { outboxItem } from '../../cli/mail-view.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../cli/paging.ts';
import { array, object } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { limits } from '../../core/base/limits.ts';

const schema = object({ messages: array(outboxItem, 'newest first'), next: nextCursor });

export default class OutboxList extends BaseCommand<typeof OutboxList> {
  static override readonly summary = 'List what I sent, and how far it has come';
  static override readonly description =
    'Sends whose outcome was unknown are settled first, by asking the store. Opens no key: receipts are taken in by `outbox show`, `outbox wait` and `inbox list`. Fields for --where: state, to, id, name, size, created, expires, receipt, durability, ended (expired or removed).';
  static override readonly flags = { ...pageFlags, limit: { ...shared.limit, otherwise: String(limits.listItems) }, since: shared.since };
  static override readonly impact = 'write';
  static override readonly exits = placeExits;
  static override readonly examples = [
    { command: 'omniplex outbox list', description: 'The latest' },
    { command: "omniplex outbox list --where 'state = unknown' --since 03:10", description: 'What an outage left open' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['outbox show', 'outbox resend', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const { listOutbox, outboxFields } = await import('../../core/mail/outbox.ts');
    const { whereOf } = await import('../../core/base/filter.ts');
    const { where, since, limit, after } = this.flags;
    return listOutbox(await app.mail(), { where: whereOf(where, outboxFields), sinceMs: since, limit, after });
  }

  protected override async render({ messages, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (messages.length === 0) return isWhole(this.flags) && this.flags.since === undefined ? 'nothing was sent' : 'nothing matches';
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, messages, [
      { head: 'SENT', cell: ({ created }) => when(created) },
      { head: 'STATE', cell: ({ state, ended }) => stateText(state, ended, view) },
      { head: 'TO', cell: ({ recipients }) => (recipients.total > 3 ? `${recipients.names.slice(0, 2).join(', ')} and ${recipients.total - 2} more` : recipients.names.join(', ') || '(passphrase)'), prose: true },
      { head: 'SIZE', cell: ({ bytes }) => (bytes === null ? '-' : size(bytes)) },
      { head: 'NAME', cell: ({ name }) => name ?? '-', prose: true },
      { head: 'ID', cell: ({ id }) => id ?? '-' },
      { head: 'CID', cell: ({ cid }) => (cid === null ? '-' : view.paint.mark(cid)) },
    ]);
    return withNext(next, rows);
  }
}

/** What nobody can fetch any more, and nobody said that he has. */
function stateText(state: string, ended: string | null, { paint }: View): string {
  if (state === 'announced' && ended !== null) return paint.warn(`announced, ${ended}`);
  return ['lost', 'unknown', 'failed'].includes(state) ? paint.warn(state) : state;
}
