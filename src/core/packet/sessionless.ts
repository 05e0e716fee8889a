/**
 * Packets without a session: their session id and their sender word are derived from the message, so that
 * a resend is the same packet, nothing in it names the sender, and two messages to one inbox look unrelated.
 * Every recipient of a message knows its header key: a co-recipient can forge an announcement, never content.
 * Spec: docs/PROTOCOL.md, Packet.
 */
import { concat, equalBytes, type Bytes } from '../base/bytes.ts';
import { label } from '../crypto/kdf.ts';
import type { PacketKey } from './keys.ts';
import { SESSION_BYTES, type PacketWords } from './packet.ts';

const SESSION_LABEL = label('sessionless');
const PSEUDONYM_LABEL = label('pseudonym');

/** The session word of every packet of the message whose header key this is. */
export const sessionlessId = (headerKey: PacketKey): Bytes => headerKey.hash(SESSION_LABEL).slice(0, SESSION_BYTES);

/** CID_S towards one inbox (the digest of its block), for senders that do not show themselves. */
export const pseudonymFor = (headerKey: PacketKey, inbox: Bytes): Bytes => headerKey.hash(concat(PSEUDONYM_LABEL, inbox));

/** Whether the packet's session word is the one derived from this header key. Word 5 is checked apart, by `verifyPacket`. */
export const isSessionless = (packet: Pick<PacketWords, 'session'>, headerKey: PacketKey): boolean =>
  equalBytes(packet.session, sessionlessId(headerKey));

/** Whether the sender word is the pseudonym, or else something the sender chose to show. */
export const isPseudonymous = (packet: Pick<PacketWords, 'sender' | 'inbox'>, headerKey: PacketKey): boolean =>
  equalBytes(packet.sender, pseudonymFor(headerKey, packet.inbox));
