import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { optionalNameArg } from '../../cli/flags.ts';
import { count } from '../../cli/human.ts';
import { outboxLines, outboxMessage } from '../../cli/mail-view.ts';
import { either, integer, object, record } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { fail } from '../../core/base/errors.ts';

const bulk = object({ matched: integer(), resent: integer(), left: integer(), reasons: record(integer(), 'what was left, by error code') });
const schema = either(outboxMessage, bulk);

export default class OutboxResend extends BaseCommand<typeof OutboxResend> {
  static override readonly summary = 'Announce a message again';
  static override readonly description =
    'The same packets again, so that nobody gets it twice. Nothing is sealed anew and no key is opened: where the blocks are gone the message is lost, and says so: then `send` the file again. What was cancelled stays so. With --where everything that matches, oldest first.';
  static override readonly args = { message: optionalNameArg('its CID, or the key of --id') };
  static override readonly flags = { to: shared.to, where: shared.where };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 4: 'it has expired', 5: 'nothing of that name was sent', 6: 'it was cancelled', 7: 'its blocks are gone', 12: 'some could not be announced again' };
  static override readonly examples = [
    { command: 'omniplex outbox resend release-4.2.0 --to nils', description: 'To one of its recipients' },
    { command: "omniplex outbox resend --where 'state = unknown'", description: 'After an outage' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['outbox list', 'send'];

  override async run(): Promise<Answer<typeof schema>> {
    const { where, to } = this.flags;
    const { message } = this.args;
    if ((message === undefined) === (where === undefined)) throw fail('E_USAGE', { why: 'name one message, or give --where' });
    const mail = await (await this.session.app()).mail();
    const { resend, resendAll } = await import('../../core/mail/outbox-resend.ts');
    if (message !== undefined) return resend(mail, message, { to: to?.length ? to : undefined, signal: this.signal });
    const { outboxFields } = await import('../../core/mail/outbox.ts');
    const { parseFilter } = await import('../../core/base/filter.ts');
    return resendAll(mail, { where: parseFilter(where!, outboxFields), signal: this.signal });
  }

  protected override render(result: Infer<typeof schema>, view: View): Lines {
    if ('recipients' in result) return outboxLines(result, view);
    return [`${count(result.matched, 'message')}: ${result.resent} announced again, ${result.left} left`, ...Object.entries(result.reasons).map(([code, n]) => `  ${code} ${n}`)];
  }
}
