import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { acknowledgedItem, receiptText } from '../../cli/mail-view.ts';
import { array, integer, object } from '../../cli/schema.ts';
import { cidArgs } from '../../cli/shared.ts';

const schema = object({ messages: array(acknowledgedItem), acknowledged: integer(), receipts: integer() });

export default class InboxAck extends BaseCommand<typeof InboxAck> {
  static override readonly summary = 'Mark messages as handled, and send the receipts that were asked for';
  static override readonly description =
    'Handled messages leave the list; nothing is deleted. A receipt goes to a sender who asked for one, as the setting `receipts` allows: never, verified (the default) or always. To a sender who is not verified it says refused.';
  static override readonly args = { cid: cidArgs('the messages') };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'one of them was never announced here; none was marked' };
  static override readonly examples = [{ command: 'omniplex inbox ack bafyreid5c2n7...', description: 'Handled' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['fetch', 'inbox fetch', 'config show'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const { acknowledge } = await import('../../core/mail/acknowledge.ts');
    return acknowledge(await app.mail(), { cids: this.args.cid, signal: this.signal });
  }

  protected override render({ messages }: Infer<typeof schema>): Lines {
    return messages.map(({ cid, changed, receipt, receiptTo }) => {
      const told = receipt === null ? '' : `; ${receiptText(receipt, receiptTo ?? 'the sender', cid)}`;
      return `${cid} ${changed ? 'handled' : 'was handled before'}${told}`;
    });
  }
}
