import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { ringExits } from '../cli/exits.ts';
import { toggle } from '../cli/flags.ts';
import { fetched, fetchedLines } from '../cli/mail-view.ts';
import { cidArg, shared } from '../cli/shared.ts';

export default class Fetch extends BaseCommand<typeof Fetch> {
  static override readonly summary = 'Find a message, verify it, open it, write it out';
  static override readonly description =
    'Without --out it is written here under the name the sender gave, cleaned; no file is ever overwritten, and none exists after a failure. stdout gets an authentic prefix, then exit 7. A reader of stdout that leaves ends it, and then nothing is acknowledged; nor is anything without --ack.';
  static override readonly args = { cid: cidArg('the message') };
  static override readonly flags = {
    ...{ out: shared.out, range: shared.range },
    ack: toggle('handled: it leaves the inbox, and the receipt that was asked for goes out', { not: ['range'] }),
    ephemeral: toggle('do not keep the message key: once the prekey is gone, nobody here opens it again'),
    'message-passphrase-file': shared['message-passphrase-file'],
    'allow-unverified': shared['allow-unverified'],
  };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 4: 'not addressed to you, expired, or from nobody whose signature could be checked', 5: 'not in this store', 6: 'a file of that name exists', 7: 'altered, damaged or incomplete' };
  static override readonly examples = [
    { command: 'omniplex fetch bafyreid5c2n7... --ack', description: 'Write it here and tell the sender that it was opened' },
    { command: 'omniplex fetch bafyreid5c2n7... --out - | tar x', description: 'To standard output' },
    { command: 'omniplex fetch bafyreid5c2n7... --range 0-1023 --out head.bin', description: 'The first 1,024 bytes, reading no more than they need' },
  ];
  static override readonly schema = fetched;
  static override readonly seeAlso = ['inbox list', 'inspect'];

  protected override get endsWithReader(): boolean {
    return this.flags.out === '-';
  }

  override async run(): Promise<Answer<typeof fetched>> {
    const { fetchTo } = await import('../cli/fetching.ts');
    return fetchTo(this.session, this.args.cid, this.flags);
  }

  protected override render(result: Infer<typeof fetched>, view: View): Lines {
    return fetchedLines(result, view);
  }
}
