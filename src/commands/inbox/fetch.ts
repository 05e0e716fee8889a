import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { needed, text, toggle } from '../../cli/flags.ts';
import { count, size } from '../../cli/human.ts';
import { fetchedItem, fetchedLines, passedBy, passedLines, type fetched } from '../../cli/mail-view.ts';
import { nextCursor, withNext } from '../../cli/paging.ts';
import { array, integer, object, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({
  fetched: integer('files that were written now'),
  unchanged: integer('messages whose own file was there already, bit for bit'),
  failed: integer(),
  bytes: integer(),
  unreadable: integer('announcements passed by'),
  passed: array(passedBy, 'what they name, and why it was passed by; at most a page of them'),
  arriving: integer('streams that have begun and not ended'),
  messages: array(fetchedItem),
  failures: array(object({ cid: string(), code: string(), message: string(), hint: string('what to do about it') })),
  next: nextCursor,
});

export default class InboxFetch extends BaseCommand<typeof InboxFetch> {
  static override readonly summary = 'Fetch every message that waits for me into a folder';
  static override readonly description =
    'For cron and pipelines: each message becomes a file of its own under the name its sender gave, cleaned; where that is taken, also by equal content, the end of its CID is in the name. Run again, it goes on where it stopped and writes nothing twice: a file with the same bytes is there already if it has that end, or if this home has opened the message before and no other of the run has the file. One that fails spoils no other: exit 12.';
  static override readonly flags = {
    out: needed(text({ value: 'DIR', char: 'o', description: 'the folder; made if it is not there' })),
    ack: toggle('handled: each leaves the inbox, and the receipt that was asked for goes out'),
    ephemeral: toggle('do not keep the message keys'),
    'allow-unverified': shared['allow-unverified'],
    limit: shared.limit,
    after: shared.after,
  };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 12: 'some could not be fetched; the others are there' };
  static override readonly examples = [{ command: 'omniplex inbox fetch --out /srv/in --ack --passphrase-file /run/secrets/ring', description: 'A receiver under cron' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['inbox list', 'inbox watch', 'fetch'];

  protected override get afterTimeout(): string {
    return 'What was fetched stands. Run it again: it goes on where it stopped, and writes nothing twice.';
  }

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    const { fetchAll } = await import('../../core/mail/fetch-all.ts');
    const progress = await this.session.progress({ what: 'fetching', unit: 'bytes' });
    const { out, ack, ephemeral, limit, after } = this.flags;
    let done = 0;
    const onItem = () => progress.what(`fetching, ${count(++done, 'message')} done`);
    const onProgress = (bytes: number) => progress.at(bytes);
    const allowUnverified = this.flags['allow-unverified'];
    return fetchAll(await app.mail(), { folder: out, ack, ephemeral, limit, after, allowUnverified, onItem, onProgress, signal: this.signal });
  }

  protected override render({ messages, failures, next, ...counts }: Infer<typeof schema>, view: View): Lines {
    return withNext(next, [
      ...messages.flatMap((message) => fetchedLines(message as Infer<typeof fetched>, view)),
      ...failures.flatMap(({ cid, code, message, hint }) => [`${view.paint.bad('failed')} ${cid} ${code}: ${message}`, `       ${hint}`]),
      `${count(counts.fetched, 'message')} fetched, ${size(counts.bytes)}; ${counts.unchanged} there already, ${counts.failed} failed`,
      ...passedLines(counts.unreadable, counts.passed, view),
    ]);
  }
}
