/**
 * Goes through what my inboxes still have to be handled, opening each message as far as its metadata. Nothing that somebody announces can
 * end it: what cannot be opened is counted and passed by; only a store or a home that fails does.
 */
import { isError, type ErrorCode } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { IdentityRecord } from '../home/index.ts';
import { decodeManifest } from '../message/manifest.ts';
import { isReceipt } from '../message/receipt.ts';
import type { ReceivedAnnouncement } from '../storage/ports.ts';
import { OpenStreams, readArrival, unhandledRows, type Arrival, type FiledRow } from './arrivals.ts';
import { Opener, type OpenedMail } from './opener.ts';
import type { MailRoom } from './room.ts';

/** A message that was opened by its announcement, or in spite of it. The taker disposes of `opened`. */
export interface ScannedMail extends FiledRow {
  readonly opened: OpenedMail;
  readonly isReceipt: boolean;
}

/** What is wrong with an announcement or its message, and not with the place it lies in. */
const UNREADABLE: readonly ErrorCode[] = [
  ...(['E_NOT_FOUND', 'E_NOT_RECIPIENT', 'E_PASSPHRASE_NEEDED', 'E_PASSPHRASE', 'E_MAC', 'E_SIGNATURE', 'E_COMMITMENT', 'E_BUNDLE_CHAIN', 'E_KEY_INVALID'] as const),
  ...(['E_FORMAT', 'E_NOT_CANONICAL', 'E_CID_INVALID', 'E_VERSION_NEWER', 'E_NOT_IN_VERSION_1', 'E_BLOCK_CORRUPT', 'E_BLOCKS_MISSING', 'E_TOO_MANY', 'E_REVOKED'] as const),
];

/** An announcement that led to nothing. `inbox ack` takes it off the list like any other. */
export interface PassedBy {
  readonly cid: string;
  readonly code: ErrorCode;
}

export interface ScanOptions {
  readonly readers: readonly IdentityRecord[];
  /** Position to go on from; default 0. */
  readonly after?: number | undefined;
  /** Only what can be a receipt is opened, the rest passed by uncounted. */
  readonly receiptsOnly?: boolean | undefined;
  /** Rows that need not be looked at. */
  readonly skip?: ((filed: FiledRow) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class InboxScan implements AsyncIterable<ScannedMail> {
  readonly #room: MailRoom;
  readonly #options: ScanOptions;
  readonly #opener: Opener;
  readonly #streams = new OpenStreams();
  #last: ReceivedAnnouncement | undefined;
  #unreadable = 0;
  readonly #passed: PassedBy[] = [];

  constructor(room: MailRoom, options: ScanOptions) {
    this.#room = room;
    this.#options = options;
    this.#opener = new Opener(room, { signal: options.signal });
  }

  /** The last row that was looked at. */
  get last(): ReceivedAnnouncement | undefined {
    return this.#last;
  }

  /** Where the next scan goes on. */
  get position(): number {
    return this.#last?.position ?? this.#options.after ?? 0;
  }

  /** What was passed by so far, and the streams of which more is to come. */
  async rest(): Promise<{ readonly unreadable: number; readonly passed: readonly PassedBy[]; readonly arriving: number }> {
    const { arriving, stale } = await this.#streams.count(this.#room.home.clock.now(), (start) => this.#opener.isGenuineStart(start));
    return { unreadable: this.#unreadable + stale, passed: this.#passed, arriving };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ScannedMail> {
    const { readers, signal, skip } = this.#options;
    for await (const filed of unhandledRows(this.#room, readers, this.position, signal)) {
      this.#last = filed.row;
      if (skip?.(filed) === true) continue;
      const opened = await this.#look(filed);
      if (opened !== undefined) yield { ...filed, opened, isReceipt: isReceipt(opened.message.metadata) };
    }
  }

  async #look(filed: FiledRow): Promise<OpenedMail | undefined> {
    const arrival = readArrival(filed);
    const fragment = arrival?.packet.fragment;
    const isWhole = arrival === undefined || fragment === 'single';
    if (this.#options.receiptsOnly === true) return isWhole && (await this.#mayBeReceipt(filed)) ? this.#open(filed, arrival) : undefined;
    if (isWhole || fragment === 'end') return this.#open(filed, arrival);
    // a forger may have called a message the beginning of a stream
    if (fragment === 'start' && (await this.#opener.isManifest(filed.row.cid))) return this.#open(filed, undefined);
    this.#streams.add(arrival);
    return undefined;
  }

  async #open(filed: FiledRow, arrival: Arrival | undefined): Promise<OpenedMail | undefined> {
    // Outside: a wrong passphrase, or one whose file is gone, is no fault of the message.
    await this.#room.ring();
    try {
      const opened = await this.#opener.openFiled(filed, arrival);
      if (opened.arrival?.packet.fragment === 'end') this.#streams.end(opened.arrival);
      return opened;
    } catch (error) {
      if (!isError(error, ...UNREADABLE)) throw error;
      this.#unreadable++;
      if (this.#passed.length < limits.pageItemsMax) this.#passed.push({ cid: filed.row.cid.toString(), code: error.code });
      return undefined;
    }
  }

  /** A receipt has all its content in its manifest. */
  async #mayBeReceipt({ row }: FiledRow): Promise<boolean> {
    try {
      const bytes = await this.#opener.peek(row.cid);
      return bytes !== undefined && decodeManifest(bytes).content.links.length === 0;
    } catch (error) {
      if (isError(error, ...UNREADABLE)) return false;
      throw error;
    }
  }
}
