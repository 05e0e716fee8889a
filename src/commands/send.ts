import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { ringExits } from '../cli/exits.ts';
import { choice, optionalArg, text, toggle } from '../cli/flags.ts';
import { shared, waitFlag } from '../cli/shared.ts';
import { renderBatch, renderSent, sendSchema } from '../cli/sent.ts';
import { fail } from '../core/base/errors.ts';

export default class Send extends BaseCommand<typeof Send> {
  static override readonly summary = 'Seal a file, store it and announce it';
  static override readonly description =
    'Every name, and of a list every line and file, is checked before anything is written. What the answer calls durable is; a lower level than asked is exit 12. An --id belongs to the identity that acts: another one may use it for another message. With it a repeat has one effect: after exit 75 run the same command again. --batch reads one message a line: {"file": "a.pdf", "to": ["alice"], "id": "a-1"}.';
  static override readonly args = { file: optionalArg('what to send; - is stdin') };
  static override readonly flags = {
    ...{ to: shared.to, 'to-file': shared['to-file'], id: shared.id, durability: shared.durability, out: shared.out },
    batch: text({ value: 'LIST', description: 'send every message of this NDJSON list; --out keeps the answer of each line', not: ['id', 'name', 'stream', 'wait'] }),
    name: text({ value: 'NAME', description: 'what the receiver is told it is called' }),
    wait: waitFlag(['received', 'opened']),
    receipt: choice(['received', 'opened'], { value: 'STATE', description: 'ask to be told when it was received, or opened' }),
    expires: shared.expires,
    qos: choice(['0', '1', '2'], { value: '0|1|2', description: 'delivery asked of the network: at most, at least, exactly once', otherwise: '1' }),
    priority: toggle('mark the announcement as urgent'),
    pad: choice(['none', 'padme', 'class'], { description: 'how the length is hidden', otherwise: 'padme' }),
    stream: toggle('announce blocks while the input is still being read'),
    introduce: toggle('let my bundle travel with it, for receivers who do not know me'),
    'allow-unverified': shared['allow-unverified'],
    'message-passphrase-file': shared['message-passphrase-file'],
  };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 4: 'a recipient is unverified, expired or revoked, or the passphrase is wrong', 5: 'a recipient, the file, the home, the store, the context or the identity is not there', 6: 'the id was used for other content or for a message that was cancelled, a name is both a contact and an identity of yours, the home is a copy, or another process is at it', 12: 'stored, but less durable than asked, or somebody is still missing', 75: 'nobody knows whether it was sent: run it again with the same --id' };
  static override readonly examples = [
    { command: 'omniplex send plan.pdf --to alice --receipt opened', description: 'A file to one contact, and a wish to know when she has opened it' },
    { command: 'tar c logs | omniplex send - --name logs.tar --to bob --to carol --expires 7d', description: 'Standard input to two contacts, for a week' },
    { command: 'omniplex send app.tar.zst --to-file recipients.txt --id release-4.2 --durability cold --json', description: 'From a pipeline, safe to repeat' },
  ];
  static override readonly schema = sendSchema;
  static override readonly seeAlso = ['outbox show', 'fetch'];

  /** Sent is sent: a wait that ran out must not hide what it is waiting for. */
  protected override get keepsTimeout(): boolean {
    return this.flags.wait !== undefined;
  }

  protected override get afterTimeout(): string {
    if (this.flags.batch !== undefined) return 'What was sent stands. Run the list again: a line with an id is not sent twice, and one without would be.';
    if (this.flags.id !== undefined) return 'Run it again with the same --id and a longer --timeout: it starts over, and has one effect.';
    return 'Nothing was sent, but for a send that was about to end: `omniplex outbox list` tells. Run again, it starts over; with --id it may be repeated whatever happened.';
  }

  override async run(): Promise<Answer<typeof sendSchema>> {
    const { file, batch } = { ...this.args, batch: this.flags.batch };
    if ((file === undefined) === (batch === undefined)) throw fail('E_USAGE', { why: 'give a FILE (- is stdin), or --batch LIST' });
    const { sendBatchOf, sendFile } = await import('../cli/sending.ts');
    return batch === undefined ? sendFile(this.session, file as string, { ...this.flags, timeoutMs: this.flags.timeout?.ms }) : sendBatchOf(this.session, batch, this.flags);
  }

  protected override render(result: Infer<typeof sendSchema>, view: View): Lines {
    const { file = '-' } = this.args;
    return 'cid' in result ? renderSent(result, file === '-' ? (this.flags.name ?? 'stdin') : file, view) : renderBatch(result);
  }
}
