/**
 * What the receiver of a message that cannot be had is told: why, what may bring it, and what ends it. The receiver holds no journal and sent nothing,
 * so the advice to whoever keeps the store, or sent it, is not for him.
 */
import type { Cid } from '../base/cid.ts';
import { fail, isError, type ErrorCode, type OmniplexError } from '../base/errors.ts';
import { arrivalsOf, readersOf } from './arrivals.ts';
import { noteLoss, standingOf } from './losses.ts';
import type { MailRoom } from './room.ts';

const NOT_HERE = 'Ask its sender to send it again, or for a CAR of it: `omniplex store import FILE.car`.';

/** For these the registry speaks to others too. */
const advice: Partial<Record<ErrorCode, (cid: string) => string>> = {
  E_NOT_FOUND: () => `It was announced to you and is not in this store: it was lost, or never came here whole. ${NOT_HERE}`,
  E_BLOCKS_MISSING: (cid) => `\`omniplex store verify ${cid} --repair\` looks for another copy. If there is none, it is lost. ${NOT_HERE}`,
  E_BLOCK_CORRUPT: (cid) => `\`omniplex store verify ${cid} --repair\` heals it from another copy. If there is none, it is lost. ${NOT_HERE}`,
  E_EXPIRED: () => 'Nobody opens it any more. Ask its sender to send it again.',
  E_CIPHERTEXT: () => 'It was altered or cut. Ask its sender to send it again.',
};

/**
 * The same error with that advice, and for what is listed how to end that; what is none of these comes back as it is, and so does what else was
 * not there: the file of a passphrase, the folder to write to.
 */
export function forReceiver(error: OmniplexError, cid: Cid, isListed: boolean): OmniplexError {
  const text = cid.toString();
  const hint = advice[error.code]?.(text);
  if (hint === undefined || (error.code === 'E_NOT_FOUND' && !(isListed && error.details['what'] === `message ${text}`))) return error;
  return fail(error.code, { ...error.details, hint: isListed ? `${hint} To have it listed no more: \`omniplex inbox ack ${text}\`.` : hint }, error.cause);
}

/** Was it announced here, and is not handled? Opens no key. */
export async function isListed(room: MailRoom, cid: Cid): Promise<boolean> {
  try {
    return (await arrivalsOf(room, readersOf(room), cid)).some(({ row }) => row.acknowledgedAtMs === undefined);
  } catch (error) {
    if (isError(error, 'E_NO_IDENTITY')) return false;
    throw error;
  }
}

/** A message whose blocks are nowhere is written down as lost, as an audit would: its sender is told, and the inbox does not call it unread. */
export async function noteIfLost({ store }: MailRoom, error: unknown, cid: Cid, signal?: AbortSignal): Promise<void> {
  if (!isError(error, 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT') || signal?.aborted === true) return;
  try {
    if ((await standingOf(store, cid, signal)).lost) await noteLoss(store, cid);
  } catch (cause) {
    // What the store does not say now an audit finds later.
    if (!isError(cause)) throw cause;
  }
}
