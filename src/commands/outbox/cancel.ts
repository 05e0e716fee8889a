import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { when } from '../../cli/human.ts';
import { cancelledMessage, outboxLines } from '../../cli/mail-view.ts';
import { shared } from '../../cli/shared.ts';

export default class OutboxCancel extends BaseCommand<typeof OutboxCancel> {
  static override readonly summary = 'Withdraw a message from whoever does not have it yet';
  static override readonly description =
    'Receipts that came back are taken in first. Recipients who do not have it are told no more, and when nobody has it, it is no longer wanted in the store; when everybody has, nothing is done. It is not an erasure: whoever has the blocks keeps them. A cancelled message is not resent. A lost one that is cancelled is given up: checks are quiet about it from then on.';
  static override readonly args = { message: nameArg('its CID, or the key of --id') };
  static override readonly flags = { confirm: shared.confirm, 'dry-run': shared['dry-run'] };
  static override readonly impact = 'destroy';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'nothing of that name was sent', 6: 'everybody has it already', 9: 'not confirmed', 12: 'somebody has it already' };
  static override readonly examples = [{ command: 'omniplex outbox cancel release-4.2.0 --confirm release-4.2.0', description: 'Without a question' }];
  static override readonly schema = cancelledMessage;
  static override readonly seeAlso = ['outbox show', 'store remove'];

  override async run(): Promise<Answer<typeof cancelledMessage>> {
    const { message } = this.args;
    const dryRun = this.flags['dry-run'];
    const mail = await (await this.session.app()).mail();
    const { cancel } = await import('../../core/mail/outbox-cancel.ts');
    if (!dryRun) await this.session.confirm({ what: `withdraw ${message}`, name: message });
    return cancel(mail, message, { dryRun, signal: this.signal });
  }

  protected override render(message: Infer<typeof cancelledMessage>, view: View): Lines {
    const { withdrawn, kept, read } = message;
    const verb = this.flags['dry-run'] ? 'would be withdrawn' : 'withdrawn';
    return [
      `${verb} from ${withdrawn.join(', ') || 'nobody'}`,
      ...(kept.length === 0 ? [] : [view.paint.warn(`too late for ${kept.join(', ')}`)]),
      ...(read === null ? [] : [view.paint.warn(`somebody read the whole of it out of this store, last ${when(read)}: whoever did, has it`)]),
      ...outboxLines(message, view),
    ];
  }
}
