import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { outboxLines, outboxMessage } from '../../cli/mail-view.ts';

export default class OutboxShow extends BaseCommand<typeof OutboxShow> {
  static override readonly summary = 'Show what became of a message at each recipient';
  static override readonly description = 'Takes in the receipts that came back; the passphrase is asked only where one may have come.';
  static override readonly args = { message: nameArg('its CID, or the key of --id') };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'nothing of that name was sent from this home' };
  static override readonly examples = [{ command: 'omniplex outbox show release-4.2.0', description: 'By the key of --id' }];
  static override readonly schema = outboxMessage;
  static override readonly seeAlso = ['outbox wait', 'outbox export'];

  override async run(): Promise<Answer<typeof outboxMessage>> {
    const app = await this.session.app();
    const { showOutbox } = await import('../../core/mail/outbox.ts');
    return showOutbox(await app.mail(), this.args.message, { signal: this.signal });
  }

  protected override render(message: Infer<typeof outboxMessage>, view: View): Lines {
    return outboxLines(message, view);
  }
}
