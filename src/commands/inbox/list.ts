import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { count, size, when } from '../../cli/human.ts';
import { inboxMessage, passedBy, passedLines } from '../../cli/mail-view.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../cli/paging.ts';
import { array, integer, object } from '../../cli/schema.ts';

const schema = object({
  messages: array(inboxMessage, 'oldest first'),
  next: nextCursor,
  unreadable: integer('announcements passed by: forged, damaged, gone, for nobody here'),
  passed: array(passedBy, 'what they name, and why it was passed by; at most a page of them'),
  arriving: integer('streams that have begun and not ended'),
  receipts: integer('receipts that moved the outbox meanwhile'),
});

export default class InboxList extends BaseCommand<typeof InboxList> {
  static override readonly summary = 'List the messages that wait for me';
  static override readonly description =
    'Only what is not handled yet: `inbox ack` or `fetch --ack` takes a message off the list, also one that is lost, expired or cannot be opened. Listing opens metadata, marks nothing as read and tells no sender anything. Fields for --where: sender, verified, received, size, state, name, to.';
  static override readonly flags = pageFlags;
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = ringExits;
  static override readonly examples = [
    { command: 'omniplex inbox list', description: 'What waits for me' },
    { command: "omniplex inbox list --as alice --where 'verified and size < 10MiB' --json", description: 'For a script' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['fetch', 'inbox ack', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const { inboxFields, listInbox } = await import('../../core/mail/inbox.ts');
    const { whereOf } = await import('../../core/base/filter.ts');
    const { where, limit, after } = this.flags;
    return listInbox(await app.mail(), { where: whereOf(where, inboxFields), limit, after, signal: this.signal });
  }

  protected override async render({ messages, next, unreadable, passed, arriving }: Infer<typeof schema>, view: View): Promise<Lines> {
    const { paint } = view;
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, messages, [
      { head: 'FROM', cell: ({ sender, claimedName }) => sender ?? `${claimedName ?? 'a stranger'} ?` },
      { head: 'TRUST', cell: ({ verified }) => (verified ? 'verified' : paint.warn('UNVERIFIED')) },
      { head: 'RECEIVED', cell: ({ received }) => when(received) },
      { head: 'SIZE', cell: ({ bytes }) => size(bytes) },
      { head: 'STATE', cell: ({ state }) => (state === 'lost' ? paint.bad(state) : state) },
      { head: 'NAME', cell: ({ name }) => name ?? '-', prose: true },
      { head: 'CID', cell: ({ cid }) => paint.mark(cid) },
    ]);
    return withNext(next, [
      ...(messages.length === 0 ? [isWhole(this.flags) ? 'nothing waits for you' : 'nothing matches'] : rows),
      ...(arriving === 0 ? [] : [`${count(arriving, 'stream')} still arriving`]),
      ...(messages.some(({ state }) => state === 'lost') ? ['lost: not all of it is in this store. Ask its sender to send it again; `omniplex inbox ack CID` takes it off the list'] : []),
      ...passedLines(unreadable, passed, view),
    ]);
  }
}
