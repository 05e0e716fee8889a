/**
 * The CAR of a message that was just sent, into a file, or a stream such as standard output. The message stands, whatever becomes of the CAR: no
 * file is left half, and a stream keeps what was written before a failure, so that whoever reads it finds it cut.
 */
import { fail, OmniplexError } from '../base/errors.ts';
import { parseCid } from '../base/cid.ts';
import { introductionOf } from '../identity/history.ts';
import { introductionBlocks } from '../identity/introduction.ts';
import { exportCar, type CarStream } from '../storage/car-export.ts';
import { outcome, type Outcome } from './outcome.ts';
import type { MailRoom } from './room.ts';
import type { SendResult } from './send-types.ts';

export interface SentCarOptions {
  /** The path of the file, or the name of the stream in the answer. */
  readonly name: string;
  readonly into?: CarStream;
  readonly introduce: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What was sent, with the CAR in the answer; E_INCOMPLETE beside it when the CAR was not written. */
export async function withSentCar(room: MailRoom, { result, changed, error }: Outcome<SendResult>, options: SentCarOptions): Promise<Outcome<SendResult>> {
  const { name, into, introduce, signal } = options;
  const bundles = introduce ? introductionBlocks(introductionOf(room.home, room.acting().id)) : [];
  try {
    const { files } = await exportCar(room.store, [parseCid(result.cid)], { out: name, ...(into && { into }), bundles, ...(signal && { signal }) });
    return outcome({ ...result, out: { path: name, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) } }, changed, error);
  } catch (cause) {
    if (!(cause instanceof OmniplexError)) throw cause;
    const hint = `Do not send it again: \`omniplex store export ${result.cid} --out FILE\` writes the file.`;
    return outcome(result, changed, fail('E_INCOMPLETE', { why: `the message is sent; its CAR was not written to ${name}: ${cause.message}`, hint, retry: 'no' }, cause));
  }
}
