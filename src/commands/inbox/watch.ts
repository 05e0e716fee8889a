import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { text } from '../../cli/flags.ts';
import { size, tilde, when } from '../../cli/human.ts';
import { inboxMessage } from '../../cli/mail-view.ts';
import { integer, nullable, object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { fail, isError } from '../../core/base/errors.ts';
import type { MailRoom } from '../../core/mail/room.ts';

const item = object({ message: inboxMessage, position: string('for --after') });
const schema = object({ seen: integer(), position: nullable(string('for --after: only what came later')), failures: integer('of --exec') });

export default class InboxWatch extends BaseCommand<typeof InboxWatch> {
  static override readonly summary = 'Tell of messages as they come in';
  static override readonly description =
    'Begins with what waits already; ends with Ctrl-C or --timeout. --exec runs a program, without a shell and without arguments, once a message, with the message as JSON on its stdin: nothing of the message is in its environment either. A program that fails is told and does not stop the watch.';
  static override readonly flags = {
    after: shared.after,
    exec: text({ value: 'CMD', description: 'run this program, given without arguments, for each message' }),
  };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = ringExits;
  static override readonly streams = true;
  static override readonly item = item;
  static override readonly examples = [
    { command: 'omniplex inbox watch', description: 'At a terminal' },
    { command: 'omniplex inbox watch --exec /usr/local/bin/on-message --json', description: 'One line of JSON a message, and a program for each' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['inbox list', 'inbox fetch'];

  readonly #told: { seen: number; position: string | null; failures: number } = { seen: 0, position: null, failures: 0 };

  protected override get afterTimeout(): string {
    const { position } = this.#told;
    return position === null ? 'It watched as long as it was told, and nothing came.' : `It watched as long as it was told. To go on give --after ${position}.`;
  }

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const { watchInbox } = await import('../../core/mail/watch.ts');
    const { runFor } = await import('../../cli/exec.ts');
    const told = this.#told;
    told.position = this.flags.after ?? null;
    this.doing('watching');
    const mail = await app.mail();
    try {
      await this.#tell(mail);
      for await (const { message, position } of watchInbox(mail, { after: this.flags.after, signal: this.signal })) {
        await this.item({ message, position });
        if (this.flags.exec !== undefined && !(await runFor(this.session, this.flags.exec, { message, position }))) told.failures++;
        told.seen++;
        told.position = position;
      }
    } catch (error) {
      if (!this.signal.aborted) throw error;
    }
    const reason: unknown = this.signal.reason;
    const error = isError(reason) ? fail(reason.code, { ...reason.details, hint: this.afterTimeout }) : undefined;
    return { result: told, changed: told.seen > 0, error };
  }

  /** At a terminal, once the passphrase is given: silence looks like a program that hangs. */
  async #tell(mail: MailRoom): Promise<void> {
    const { readersOf } = await import('../../core/mail/arrivals.ts');
    const names = readersOf(mail).map(({ name }) => name);
    await mail.ring();
    if (this.output.stderrIsTerminal) this.output.talk(`watching the inbox of ${names.join(' and ')} in ${tilde(mail.store.path)}; Ctrl-C ends it`);
  }

  protected override renderItem({ message }: Infer<typeof item>): Lines {
    const { sender, claimedName, bytes, name, received, cid } = message;
    return `${when(received)}  ${sender ?? `${claimedName ?? 'a stranger'} ?`}  ${name ?? '-'}  ${size(bytes)}  ${cid}`;
  }

  protected override render(): Lines {
    return [];
  }
}
