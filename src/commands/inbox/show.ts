import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { facts } from '../../cli/facts.ts';
import { count, size, when } from '../../cli/human.ts';
import { shownMessage, trust, whose } from '../../cli/mail-view.ts';
import { cidArg } from '../../cli/shared.ts';

export default class InboxShow extends BaseCommand<typeof InboxShow> {
  static override readonly summary = 'Show what a message says of itself';
  static override readonly description = 'Opens the metadata, not the content; marks nothing as read and tells the sender nothing.';
  static override readonly args = { cid: cidArg('the message') };
  static override readonly impact = 'read';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 4: 'not addressed to you', 5: 'not in this store', 7: 'altered or damaged' };
  static override readonly examples = [{ command: 'omniplex inbox show bafyreid5c2n7...', description: 'Who sent it, when, how large' }];
  static override readonly schema = shownMessage;
  static override readonly seeAlso = ['fetch', 'inspect'];

  override async run(): Promise<Answer<typeof shownMessage>> {
    const app = await this.session.app();
    const { showMessage } = await import('../../core/mail/inbox.ts');
    return { result: await showMessage(await app.mail(), this.args.cid) };
  }

  protected override render(message: Infer<typeof shownMessage>, view: View): Lines {
    const { sender } = message;
    return facts(view, [
      ['message', message.cid],
      ['from', `${whose(sender)} (${trust(sender.verified, view)})`],
      ['identity', sender.identity ?? undefined],
      ['revoked', sender.revoked === undefined ? undefined : when(sender.revoked)],
      ['to', `${message.to ?? 'whoever has the passphrase'}${message.recipients > 1 ? `, ${count(message.recipients, 'recipient')} in all` : ''}`],
      ['name', message.name ?? '-'],
      ['type', message.mediaType ?? undefined],
      ['size', size(message.bytes)],
      ['created', when(message.created)],
      ['received', when(message.received)],
      ['expires', message.expires === null ? 'never' : when(message.expires)],
      ['state', message.acknowledged === null ? message.state : `${message.state}, acknowledged ${when(message.acknowledged)}`],
      ['receipt', message.receiptAsked === null ? 'not asked for' : `asked: ${message.receiptAsked}`],
    ]);
  }
}
