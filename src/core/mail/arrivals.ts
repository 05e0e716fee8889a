/**
 * What inboxes were told. An announcement is hostile until the message that it names has been opened: then its packet is checked with
 * the message's header key, and one that is not authentic is as if it had not come. A stream is in an inbox as many packets; its message
 * is known by the last, whose manifest names all the others: they need no deadline here, for a store forgets nothing.
 * Spec: docs/PROTOCOL.md, Packet and Streams.
 */
import { equalBytes, hexOf, type Bytes } from '../base/bytes.ts';
import { sameCid, type Cid } from '../base/cid.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';
import type { IdentityRecord } from '../home/index.ts';
import { blockLinks, linkLayout } from '../message/nodes.ts';
import type { OpenedMessage, OpenedStream } from '../message/open.ts';
import { encodeOpening } from '../message/opening.ts';
import { decodePacket, verifyPacket } from '../packet/codec.ts';
import { oneShotKey } from '../packet/keys.ts';
import { blockCid, type DataPacket } from '../packet/packet.ts';
import { isSessionless } from '../packet/sessionless.ts';
import type { ReceivedAnnouncement } from '../storage/ports.ts';
import type { MailRoom } from './room.ts';

/** A row of one of my inboxes, as it is filed. */
export interface FiledRow {
  readonly row: ReceivedAnnouncement;
  /** Whose inbox it is. */
  readonly identity: IdentityRecord;
}

/** Its packet is about the block that it is filed under, in the inbox that it names. Nothing about it was verified. */
export interface Arrival extends FiledRow {
  readonly packet: DataPacket;
}

/** The identities of mine whose mail this is about: the one that acts, or all of them where none was chosen. Throws E_NO_IDENTITY when there is none. */
export function readersOf({ acting, home }: MailRoom): readonly IdentityRecord[] {
  try {
    return [acting()];
  } catch (error) {
    const all = home.people.identities.list('true ORDER BY name');
    if (all.length === 0 || !isError(error, 'E_NO_IDENTITY')) throw error;
    return all;
  }
}

/** Hostile input. Undefined when it announces nothing, or not what it is filed under. */
export function readArrival({ row, identity }: FiledRow): Arrival | undefined {
  try {
    const packet = decodePacket(row.packet);
    if (packet.form === 'masked' || packet.type !== 'data') return undefined;
    return sameCid(blockCid(packet), row.cid) && equalBytes(packet.inbox, row.inbox) ? { row, packet, identity } : undefined;
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

/** Whether somebody who can open the message announced it, in these very words. A co-recipient can; nobody else. */
export function isAuthentic({ packet }: Arrival, { manifest, metadata, headerKey, stanzaIndex }: OpenedMessage): boolean {
  return packet.expiresMs === metadata.expiresMs && isBound(packet, manifest.salt, headerKey, stanzaIndex);
}

/** The same of the first packet of a stream, by its opening. */
export const isAuthenticStart = ({ packet }: Arrival, { opening, headerKey, stanzaIndex }: OpenedStream): boolean => isBound(packet, opening.salt, headerKey, stanzaIndex);

function isBound(packet: DataPacket, salt: Bytes, headerKey: Secret, stanzaIndex: number | undefined): boolean {
  if (!equalBytes(packet.salt, salt) || (stanzaIndex !== undefined && stanzaIndex !== packet.sequence)) return false;
  const key = oneShotKey(headerKey.expose());
  return isSessionless(packet, key) && verifyPacket(packet, key);
}

/** What the inboxes of these identities were told of one message. */
export async function arrivalsOf({ store, identities }: MailRoom, readers: readonly IdentityRecord[], cid: Cid): Promise<readonly Arrival[]> {
  const found: Arrival[] = [];
  for (const identity of readers) {
    for (const { digest } of identities.inboxes(identity.name)) {
      const row = await store.hot.inbox.find(digest, cid);
      const arrival = row && readArrival({ row, identity });
      if (arrival !== undefined) found.push(arrival);
    }
  }
  return found;
}

/** What is still to be handled in the inboxes of these identities, after a position, in the order of arrival. */
export async function* unhandledRows({ store, identities }: MailRoom, readers: readonly IdentityRecord[], after: number, signal?: AbortSignal): AsyncGenerator<FiledRow> {
  const inboxes = readers.flatMap((identity) => identities.inboxes(identity.name).map(({ digest }) => ({ digest, identity })));
  for (let at = after; ; ) {
    signal?.throwIfAborted();
    const pages = await Promise.all(
      inboxes.map(async ({ digest, identity }) => (await store.hot.inbox.list(digest, { after: at, limit: limits.pageItemsMax })).map((row) => ({ row, identity }))),
    );
    // what lies behind a full page of one inbox is not known yet, so the others wait for it
    const known = Math.min(...pages.filter(({ length }) => length === limits.pageItemsMax).map((page) => page.at(-1)?.row.position ?? at));
    const rows = pages.flat().filter(({ row }) => row.position <= known).sort((a, b) => a.row.position - b.row.position);
    yield* rows;
    if (known === Infinity) return;
    at = known;
  }
}

/**
 * The blocks that the other packets of a message's stream name: its opening, which follows from salt and stanzas, and its content. A packet
 * that names any other block is no part of it. For a message that was announced whole, whoever asks the inbox for these finds none.
 */
export async function* streamBlocks(room: MailRoom, { manifest }: Pick<OpenedMessage, 'manifest'>, signal?: AbortSignal): AsyncGenerator<Cid> {
  yield encodeOpening(manifest).cid;
  const { links, bytes } = manifest.content;
  const { depth, blocks } = linkLayout(bytes);
  const load = async (cid: Cid): Promise<Bytes> => (await room.store.read(cid, signal))?.bytes ?? new Uint8Array(0);
  try {
    // a stream has no more fragments than this; the manifest alone tells of the rest
    for await (const cids of blockLinks({ links, depth, blocks }, 0, Math.min(blocks, limits.fragmentsMax), load)) yield* cids;
  } catch (error) {
    // link nodes that are gone: the packets stay where they are
    if (!isError(error)) throw error;
  }
}

interface OpenStream {
  start: Arrival | undefined;
  lastAtMs: number;
}

/** Streams of which no end was seen, of the rows that were looked at. */
export class OpenStreams {
  readonly #open = new Map<string, OpenStream>();
  readonly #ended = new Set<string>();

  /** A FragStart or FragCont. */
  add(arrival: Arrival): void {
    const { packet, row } = arrival;
    const name = nameOf(packet);
    if (this.#ended.has(name)) return;
    const known = this.#open.get(name) ?? { start: undefined, lastAtMs: 0 };
    known.lastAtMs = Math.max(known.lastAtMs, row.receivedAtMs);
    if (packet.fragment === 'start') known.start ??= arrival;
    this.#open.set(name, known);
  }

  /** Its message was opened, so its packets were told by who can open it. */
  end({ packet }: Arrival): void {
    const name = nameOf(packet);
    this.#ended.add(name);
    this.#open.delete(name);
  }

  /**
   * `arriving`: more may come. The others are left over from a sender who died, forged, or for nobody here: `isGenuine` says whether the
   * opening that a FragStart names opens, and vouches for it.
   */
  async count(nowMs: number, isGenuine: (start: Arrival) => Promise<boolean>): Promise<{ readonly arriving: number; readonly stale: number }> {
    let arriving = 0;
    for (const { start, lastAtMs } of this.#open.values()) {
      if (start !== undefined && nowMs - lastAtMs < limits.reassemblyMs && (await isGenuine(start))) arriving++;
    }
    return { arriving, stale: this.#open.size - arriving };
  }
}

const nameOf = ({ inbox, session, salt }: DataPacket): string => `${hexOf(inbox)}/${hexOf(session)}/${hexOf(salt)}`;
