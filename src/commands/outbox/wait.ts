import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg, needed } from '../../cli/flags.ts';
import { outboxLines, outboxMessage, recipientLine } from '../../cli/mail-view.ts';
import { waitFlag } from '../../cli/shared.ts';

export default class OutboxWait extends BaseCommand<typeof OutboxWait> {
  static override readonly summary = 'Wait until every recipient has received or opened a message';
  static override readonly description =
    'Ends with exit 12 when --timeout runs out or a recipient refuses; the answer then says who is missing. Waiting for nobody is exit 5, never 0.';
  static override readonly args = { message: nameArg('its CID, or the key of --id') };
  static override readonly flags = { wait: needed(waitFlag(['received', 'opened'])) };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 2: 'no such receipt was asked for when it was sent, or it is used wrongly', 5: 'nothing of that name was sent, or to nobody; or there is no such home, store, context or identity', 12: 'somebody is missing' };
  static override readonly examples = [{ command: 'omniplex outbox wait release-4.2.0 --wait opened --timeout 30m --json', description: 'In a pipeline' }];
  static override readonly schema = outboxMessage;
  static override readonly seeAlso = ['outbox show', 'outbox resend'];

  /** The answer says who is missing. */
  protected override get keepsTimeout(): boolean {
    return true;
  }

  override async run(): Promise<Answer<typeof outboxMessage>> {
    const app = await this.session.app();
    const { waitOutbox } = await import('../../core/mail/outbox.ts');
    const view = this.output.view('talk');
    const onChange = (message: { recipients: Infer<typeof outboxMessage>['recipients'] }) => this.talk(message.recipients.map((one) => recipientLine(one, view)));
    this.doing(`waiting for ${this.flags.wait}`);
    return waitOutbox(await app.mail(), this.args.message, { state: this.flags.wait!, timeoutMs: this.flags.timeout?.ms, signal: this.signal, onChange });
  }

  protected override render(message: Infer<typeof outboxMessage>, view: View): Lines {
    return outboxLines(message, view);
  }
}
