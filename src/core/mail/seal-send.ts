/** Seals a draft into the store, in one pass over its input, whole or as a stream that is announced while it is read. */
import type { Block, BlockSink } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { RAW, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import { isError, warning, type Warning } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { formatSize } from '../base/size.ts';
import { prepareMessage, type SealRequest } from '../message/prepare.ts';
import { sealMessage, sealPrepared, type SealedMessage } from '../message/seal.ts';
import { ContentSink } from '../storage/content-sink.ts';
import type { Announcement, Operation } from '../storage/ports.ts';
import { Announcer, type Announceable } from './announce.ts';
import type { SealedSend } from './deliver.ts';
import { addressOf, contentOfId, keyOfId, type Draft } from './draft.ts';
import { beginFlights } from './flight.ts';
import { InputDigest } from './input.ts';
import { sealOperationResult } from './operation.ts';
import type { Address } from './recipients.ts';
import type { MailRoom } from './room.ts';
import type { SenderInUse } from './sender.ts';

/** A sealed draft: what `deliver` is given, and what the answer is made of. */
export interface Sealed {
  readonly draft: Draft;
  readonly address: Address;
  readonly contentBytes: number;
  readonly send: SealedSend;
  /** Another message that had this id, and was told of: the store has lost or forgotten it. */
  readonly again?: Cid | undefined;
  /** Takes back what a stream has announced, when its message is not the one that stands. */
  withdraw(): Promise<void>;
}

/** Throws E_PREKEY_EXPIRY before anything is written, what the input throws, E_DISK_FULL, E_BUDGET, E_TOO_MANY. */
export async function sealDraft(room: MailRoom, sender: SenderInUse, draft: Draft): Promise<Sealed> {
  const address = addressOf(room, draft);
  const digest = draft.request.id === undefined ? undefined : new InputDigest();
  const sink = new ContentSink(room.store, draft.request.input.bytes ?? 0);
  const job = { draft, address, sink, request: sealRequest(draft, address, sender), input: inputOf(draft, digest) };
  const sealing = draft.request.stream === true ? sealStream(room, sender, job) : sealWhole(room, job);
  const sealed = await sealing.catch((error: unknown) => {
    if (sink.putBytes > 0) room.warn(leftBehind(sink.putBytes, room.home.clock.now()));
    throw error;
  });
  const { message } = sealed;
  const operation = digest && operationOf(room, sender, job, message, digest.finish());
  return {
    ...{ draft, address, contentBytes: message.contentBytes },
    send: {
      ...{ cid: message.cid, bytes: message.bytes, blocks: message.blocks, tiers: await sink.finish() },
      ...{ expiresAtMs: address.expiresAtMs, announcements: sealed.announcements, durability: draft.durability, signal: draft.request.signal },
      ...(operation && { operation }),
      entry: entryOf(sender, job, message.contentBytes),
      ...(sealed.flight && { flight: sealed.flight }),
    },
    withdraw: sealed.withdraw,
  };
}

/** Blocks that no message will name: garbage, once they are old enough to be of no send that is under way. */
const leftBehind = (bytes: number, nowMs: number): Warning => warning('W_UNFINISHED', { bytes, size: formatSize(bytes), age: formatDuration(limits.gcGraceMs), until: rfc3339(nowMs + limits.gcGraceMs) });

interface Job {
  readonly draft: Draft;
  readonly address: Address;
  readonly sink: ContentSink;
  readonly request: SealRequest;
  readonly input: AsyncIterable<Bytes>;
}

interface SealedJob extends Pick<Sealed, 'withdraw'>, Pick<SealedSend, 'announcements' | 'flight'> {
  readonly message: SealedMessage;
}

function inputOf({ request: { input, signal } }: Draft, digest: InputDigest | undefined): AsyncIterable<Bytes> {
  const pieces = input.open(signal);
  return digest === undefined ? pieces : digest.through(pieces);
}

function sealRequest(draft: Draft, address: Address, sender: SenderInUse): SealRequest {
  const { receipt, passphrase, introduce, mediaType = '' } = draft.request;
  return {
    sender: sender.signer,
    recipients: address.recipients.map(({ key }) => key),
    ...(passphrase && { passphrase }),
    metadata: { name: draft.name, mediaType, createdMs: draft.createdMs, expiresMs: address.expiresAtMs, ...(receipt && { receipt }) },
    padding: draft.padding,
    ...(introduce === true && { introduction: sender.introduction() }),
    eraseSecret: sender.secret.expose(),
  };
}

const entryOf = (sender: SenderInUse, { draft, address }: Pick<Job, 'draft' | 'address'>, bytes?: number): SealedSend['entry'] => ({
  id: draft.request.id,
  identity: sender.record.id,
  createdAtMs: draft.createdMs,
  name: draft.name === '' ? undefined : draft.name,
  bytes,
  expiresAtMs: address.expiresAtMs,
  receipt: draft.request.receipt,
  durability: draft.durability,
  recipients: address.recipients.map(({ name, recipient, inbox }) => ({ name, identity: recipient.identity, inbox })),
});

function operationOf(room: MailRoom, sender: SenderInUse, { draft, address }: Job, message: SealedMessage, digest: { readonly sha256: Bytes; readonly bytes: number }): Operation {
  const key = keyOfId(room, sender, draft.request.id as string);
  const recipients = address.recipients.map(({ recipient, inbox }) => ({ identity: recipient.identity, inbox }));
  const { contentBytes: bytes, blocks } = message;
  const result = { bytes, blocks, expiresAtMs: address.expiresAtMs, forwardSecret: address.forwardSecret, recipients };
  return { key, content: contentOfId(room, sender, draft, digest), cid: message.cid, result: sealOperationResult(room.crypto, sender.secret.expose(), key, result) };
}

const announcerOf = ({ draft, address }: Job, message: Announceable): Announcer => {
  const { priority = false, qos = 1 } = draft.request;
  return new Announcer(message, address.recipients.map(({ inbox }) => inbox), { expiresMs: address.expiresAtMs, priority, qos });
};

async function sealWhole({ crypto }: MailRoom, job: Job): Promise<SealedJob> {
  const { signal, onProgress } = job.draft.request;
  const message = await sealMessage(crypto, job.request, job.input, job.sink, { signal, onProgress });
  using _messageKey = message.messageKey;
  using _headerKey = message.headerKey;
  return { message, announcements: announcerOf(job, message).announce('single', message.cid), withdraw: async () => undefined };
}

/**
 * The opening block is announced before the input is read, each piece of content once it is stored, and the manifest with the record of
 * the message, when it is committed. What was announced of a stream that fails is taken back; after a crash its receiver's deadline ends it.
 */
async function sealStream(room: MailRoom, sender: SenderInUse, job: Job): Promise<SealedJob> {
  const { signal, onProgress } = job.draft.request;
  const prepared = await prepareMessage(room.crypto, job.request);
  const announcer = announcerOf(job, prepared);
  const [flight] = beginFlights(room, [entryOf(sender, job)]);
  const told = new StreamSink(room, job, announcer);
  try {
    await told.start(prepared.opening());
    const message = await sealPrepared(room.crypto, prepared, job.input, told, { signal, onProgress, parallel: 0 });
    using _messageKey = message.messageKey;
    using _headerKey = message.headerKey;
    return { message, announcements: announcer.announce('end', message.cid), withdraw: () => told.withdraw(), ...(flight && { flight }) };
  } catch (error) {
    await told.withdraw().catch(() => undefined);
    if (flight !== undefined) {
      room.home.outbox.settle(flight.number, { atMs: room.home.clock.now(), state: 'failed', code: isError(error) ? error.code : 'E_INTERRUPTED' });
      flight[Symbol.dispose]();
    }
    throw error;
  }
}

/** Announces each block once it is full and in the store; flushing it costs more than sealing it, so other threads would not help. More blocks than a stream has fragments are left to the manifest. */
class StreamSink implements BlockSink {
  readonly releasesBytes = true;
  readonly batchBytes = limits.contentBlockBytes;
  readonly #room: MailRoom;
  readonly #sink: ContentSink;
  readonly #announcer: Announcer;
  readonly #inboxes: readonly Bytes[];
  /** Blocks that were announced, to every inbox. */
  readonly #told: Cid[] = [];
  #full = false;

  constructor(room: MailRoom, { sink, address }: Job, announcer: Announcer) {
    this.#room = room;
    this.#sink = sink;
    this.#announcer = announcer;
    this.#inboxes = address.recipients.map(({ inbox }) => inbox);
  }

  async start(opening: Block): Promise<void> {
    await this.#room.store.hot.put([opening]);
    await this.#tell([opening.cid], this.#announcer.announce('start', opening.cid));
  }

  async put(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    await this.#sink.put(blocks, signal);
    const content = blocks.filter(({ cid }) => cid.code === RAW).map(({ cid }) => cid);
    await this.#tell(content, content.flatMap((cid) => this.#packets(cid)));
  }

  #packets(cid: Cid): readonly Announcement[] {
    if (this.#full) return [];
    try {
      return this.#announcer.announce('content', cid);
    } catch (error) {
      if (!isError(error, 'E_TOO_MANY')) throw error;
      this.#full = true;
      return [];
    }
  }

  async #tell(cids: readonly Cid[], announcements: readonly Announcement[]): Promise<void> {
    if (announcements.length === 0) return;
    this.#told.push(...cids);
    await this.#room.store.hot.inbox.announce(announcements);
  }

  async withdraw(): Promise<void> {
    const { inbox } = this.#room.store.hot;
    for (const cid of this.#told) await Promise.all(this.#inboxes.map((one) => inbox.withdraw(one, cid)));
  }
}
