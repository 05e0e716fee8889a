/**
 * Mail as it comes. It begins with what is still to be handled, so whoever watches, handles, dies and watches again misses nothing:
 * what was given and not acknowledged is given again by the next watch. Within one watch each message comes once.
 */
import { limits } from '../base/limits.ts';
import { readersOf } from './arrivals.ts';
import { applyIfOriginal, inboxMessage, parsePosition, type InboxMessage } from './inbox.ts';
import type { MailRoom } from './room.ts';
import { InboxScan } from './scan.ts';

export interface WatchRequest {
  /** `next` of a list, or the position of an earlier watch: only what came after it. */
  readonly after?: string | undefined;
  /** Between two looks into the store. */
  readonly pollMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WatchedMessage {
  readonly message: InboxMessage;
  /** For `after`. */
  readonly position: string;
}

/** Ends by the signal alone, whose reason it throws, or with what makes a list fail; E_PASSPHRASE at once. The key ring stays open as long. */
export async function* watchInbox(room: MailRoom, { after, pollMs = limits.inboxPollMs, signal }: WatchRequest = {}): AsyncGenerator<WatchedMessage> {
  const readers = readersOf(room);
  // Now, while somebody is there to be asked, and not when the first message comes.
  await room.ring();
  for (let position = parsePosition(after); ; ) {
    const scan = new InboxScan(room, { readers, after: position, signal });
    for await (const mail of scan) {
      using _opened = mail.opened;
      if (mail.isReceipt) await applyIfOriginal(room, mail);
      else yield { message: await inboxMessage(room, mail), position: String(mail.row.position) };
    }
    position = scan.position;
    await room.home.clock.sleep(pollMs, signal);
  }
}
