import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { arg } from '../../cli/flags.ts';
import { cancelledMessage, outboxLines } from '../../cli/mail-view.ts';
import { shared } from '../../cli/shared.ts';

export default class OutboxCancel extends BaseCommand<typeof OutboxCancel> {
  static override readonly summary = 'Withdraw a message that nobody has handled yet';
  static override readonly description =
    'Recipients who have not handled it are told no more, and when nobody has, it is no longer wanted in the store. It is not an erasure: whoever has the blocks keeps them.';
  static override readonly args = { message: arg('its CID, or the key of --id') };
  static override readonly flags = { confirm: shared.confirm, 'dry-run': shared['dry-run'] };
  static override readonly impact = 'destroy';
  static override readonly exits = { 5: 'nothing of that name was sent', 9: 'not confirmed', 12: 'somebody had handled it already' };
  static override readonly examples = [{ command: 'omniplex outbox cancel release-4.2.0 --confirm release-4.2.0', description: 'Without a question' }];
  static override readonly schema = cancelledMessage;
  static override readonly seeAlso = ['outbox show', 'store remove'];

  override async run(): Promise<Answer<typeof cancelledMessage>> {
    const { message } = this.args;
    const dryRun = this.flags['dry-run'];
    const mail = await (await this.session.app()).mail();
    const { cancel } = await import('../../core/mail/outbox-cancel.ts');
    if (!dryRun) await this.session.confirm({ what: `withdrawing ${message}`, name: message });
    return cancel(mail, message, { dryRun });
  }

  protected override render(message: Infer<typeof cancelledMessage>, view: View): Lines {
    const { withdrawn, kept } = message;
    const verb = this.flags['dry-run'] ? 'would be withdrawn' : 'withdrawn';
    return [`${verb} from ${withdrawn.join(', ') || 'nobody'}`, ...(kept.length === 0 ? [] : [view.paint.warn(`too late for ${kept.join(', ')}`)]), ...outboxLines(message, view)];
  }
}
