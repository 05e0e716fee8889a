/**
 * Fetching: a message by its CID, from hot and then cold, opened, checked and written out. Plaintext leaves only behind the tag of its
 * chunk; a file only when all of it has. `fetch` acknowledges nothing unless it is asked to.
 * What it does not promise: that a file lasts beyond its own flush, or that a message from a stranger is from whom it says.
 */
import type { BlockSource } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { isError, OmniplexError, warning } from '../base/errors.ts';
import { readContent } from '../message/content.ts';
import type { Passphrase } from '../message/passphrase.ts';
import type { ReceiptState } from '../message/receipt.ts';
import type { TierName } from '../storage/ports.ts';
import { promoteMessage } from '../storage/promote.ts';
import { acknowledgeOpened, type AckItem } from './acknowledge.ts';
import { safeFileName } from './file-name.ts';
import { keptKeyContext, Opener, type OpenedMail } from './opener.ts';
import { outcome, type Outcome } from './outcome.ts';
import { fileFor, refuseTaken, writeFile, writeStream, type FetchTarget, type Written } from './output.ts';
import { judgeSender, learnFrom, senderView, type SenderView } from './provenance.ts';
import type { MailRoom } from './room.ts';
import { forReceiver, isListed, noteIfLost } from './unfetchable.ts';

export interface FetchOptions {
  /** Handled: leaves the inbox, and the receipt that was asked for goes out. */
  readonly ack?: boolean | undefined;
  /** The message key is not kept: once the prekey is destroyed, nobody here opens it again. */
  readonly ephemeral?: boolean | undefined;
  /** Also what cannot be checked at all, for want of the sender's keys. */
  readonly allowUnverified?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchRequest extends FetchOptions {
  readonly cid: Cid;
  readonly to: FetchTarget;
  /** `end` is not included. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  /** For a message that is sealed to one. Left to the caller to dispose. */
  readonly passphrase?: Passphrase | undefined;
  /** Bytes of content so far, and of all that will come. */
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined;
}

export interface FetchResult {
  readonly cid: string;
  /** That were written. */
  readonly bytes: number;
  /** The file; null for a stream. */
  readonly out: string | null;
  /** The coldest tier that was read. */
  readonly from: TierName;
  readonly sender: SenderView;
  /** As the sender calls it, cleaned; null when he does not. */
  readonly name: string | null;
  readonly created: string;
  /** RFC 3339; null = never. */
  readonly expires: string | null;
  readonly acknowledged: boolean;
  readonly receipt: ReceiptState | null;
}

/**
 * The outcome has an `error` where the work stands and more was wanted: a stream that ended early (its result counts the authentic prefix),
 * or an acknowledgement that failed. Throws E_NOT_FOUND, E_NOT_RECIPIENT, E_EXPIRED, E_SENDER_UNKNOWN, E_PASSPHRASE_NEEDED, E_PASSPHRASE,
 * E_RANGE, E_EXISTS, E_DISK_FULL, E_BLOCKS_MISSING, E_BLOCK_CORRUPT, E_CIPHERTEXT and the other codes of opening; then there is no file.
 */
export async function fetch(room: MailRoom, request: FetchRequest): Promise<Outcome<FetchResult>> {
  const { cid, to, signal } = request;
  await refuseTaken(to);
  const explain = async (error: OmniplexError): Promise<OmniplexError> => {
    await noteIfLost(room, error, cid, signal);
    return forReceiver(error, cid, await isListed(room, cid));
  };
  try {
    const done = await fetchOne(room, request);
    return done.error === undefined ? done : { ...done, error: await explain(done.error) };
  } catch (error) {
    throw error instanceof OmniplexError ? await explain(error) : error;
  }
}

async function fetchOne(room: MailRoom, request: FetchRequest): Promise<Outcome<FetchResult>> {
  const { cid, to, passphrase, signal, allowUnverified = false } = request;
  using opened = await new Opener(room, { passphrase, signal }).open(cid, { nowMs: room.home.clock.now() });
  judgeSender(room, cid, opened.provenance, allowUnverified);
  const path = await fileFor(to, opened.message.metadata.name);
  const reader = new MailReader(room, opened, request);
  const settle = () => remember(room, opened, request.ephemeral === true);
  const written = to.kind === 'stream' ? await writeStream(to.write, reader.pieces()) : await writeFile(path as string, reader.pieces(), settle);
  if (written.failure !== undefined) {
    room.warn(warning('W_STDIN_CUT', { bytes: written.bytes }));
    return outcome(fetchResult(opened, written, reader.from), true, written.failure);
  }
  if (to.kind === 'stream') await settle();
  return finishFetch(room, opened, written, reader, request);
}

/** What a fetch does once its bytes are where they should be; they stand, whatever comes of the rest. */
export async function finishFetch(room: MailRoom, opened: OpenedMail, written: Written, reader: MailReader, { ack = false }: FetchOptions): Promise<Outcome<FetchResult>> {
  learnFrom(room, opened.provenance);
  await reader.settle();
  try {
    const acknowledged = ack ? await acknowledgeOpened(room, opened) : undefined;
    return outcome(fetchResult(opened, written, reader.from, acknowledged), true);
  } catch (error) {
    if (error instanceof OmniplexError) return outcome(fetchResult(opened, written, reader.from), true, error);
    throw error;
  }
}

function fetchResult({ message, provenance }: OpenedMail, { out, bytes }: Written, from: TierName, acknowledged?: AckItem): FetchResult {
  const { name, createdMs, expiresMs } = message.metadata;
  return {
    ...{ cid: message.cid.toString(), bytes, out: out ?? null, from },
    sender: senderView(provenance),
    name: name === '' ? null : safeFileName(name),
    created: rfc3339(createdMs),
    expires: expiresMs === 0 ? null : rfc3339(expiresMs),
    acknowledged: acknowledged !== undefined,
    receipt: acknowledged?.receipt ?? null,
  };
}

/** Remembers that it was opened here, and its key sealed under the key ring, so that it stays readable when the prekey is gone. */
export async function remember({ home, ring }: MailRoom, { message, identity }: OpenedMail, ephemeral: boolean): Promise<void> {
  const { cid, metadata, messageKey, sender } = message;
  const keeps = !ephemeral && identity !== undefined && home.messages.find(cid)?.sealedKey === undefined;
  home.messages.put({
    cid,
    identity: identity?.id,
    sender: sender.kind === 'unsigned' ? undefined : { id: sender.identity, seq: sender.bundleSeq },
    openedAtMs: home.clock.now(),
    bytes: metadata.bytes,
    sealedKey: keeps ? (await ring()).sealRow(keptKeyContext(cid), messageKey.expose()) : undefined,
    receipts: [],
  });
}

/** Why a promotion did not happen, where that is no reason for the fetch to fail: the next one tries again. */
const NO_PROMOTION = ['E_BUDGET', 'E_LOCKED', 'E_BUSY', 'E_FENCE_STALE', 'E_NOT_FOUND', 'E_DISK_FULL', 'E_IO', 'E_BLOCKS_MISSING', 'E_BLOCK_CORRUPT', 'E_STORE_CORRUPT'] as const;

type ReadRequest = Pick<FetchRequest, 'range' | 'signal' | 'onProgress'>;

/** Reads the content of one message, and knows from where. */
export class MailReader {
  readonly #room: MailRoom;
  readonly #opened: OpenedMail;
  readonly #request: ReadRequest;
  #from: TierName;

  constructor(room: MailRoom, opened: OpenedMail, request: ReadRequest) {
    this.#room = room;
    this.#opened = opened;
    this.#request = request;
    this.#from = opened.tier;
  }

  get from(): TierName {
    return this.#from;
  }

  /** Authenticated pieces; see `readContent`. Blocks are fetched ahead, so an abort is looked for at each piece too. */
  async *pieces(): AsyncGenerator<Bytes> {
    const { range, signal, onProgress } = this.#request;
    const { message } = this.#opened;
    const total = range === undefined ? message.metadata.bytes : range.end - range.start;
    for await (const piece of readContent(message, this.#source, { range, signal, ...(onProgress && { onProgress: (bytes: number) => onProgress(bytes, total) }) })) {
      signal?.throwIfAborted();
      yield piece;
    }
    signal?.throwIfAborted();
  }

  get #source(): BlockSource {
    return {
      get: async (cid, signal) => {
        const found = await this.#room.store.read(cid, signal);
        if (found !== undefined && found.tier !== 'hot') this.#from = found.tier;
        return found?.bytes;
      },
    };
  }

  /** Notes a whole reading for eviction, and brings the message back to hot where the setting says so. */
  async settle(): Promise<void> {
    const { store, home, settings } = this.#room;
    const { cid } = this.#opened.message;
    const { range, signal } = this.#request;
    const whole = range === undefined;
    const promotes = this.#from !== 'hot' && (settings.fetchPromotes === 'always' || (whole && settings.fetchPromotes === 'whole'));
    try {
      if (whole) await store.hot.touch(cid, home.clock.now());
      if (promotes) await promoteMessage(store, cid, { signal });
    } catch (error) {
      if (signal?.aborted !== true && !isError(error, ...NO_PROMOTION)) throw error;
    }
  }
}
