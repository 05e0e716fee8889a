/** What the store reads of a packet: the open words, nothing that needs a key. Hostile input. */
import type { Bytes } from '../base/bytes.ts';
import { sameCid, type Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { decodePacket } from '../packet/codec.ts';
import { blockCid } from '../packet/packet.ts';
import type { Announcement } from './ports.ts';

/**
 * The announcement that a packet makes of `cid`. A masked one hides which block it is about, so whoever brought it is believed.
 * Throws E_PACKET_* and E_FORMAT when it is about another block, or announces nothing.
 */
export function announcementOf(cid: Cid, packet: Bytes): Announcement {
  const decoded = decodePacket(packet);
  if (decoded.form === 'masked') return { inbox: decoded.inbox, packet, cid, expiresAtMs: 0 };
  if (decoded.type !== 'data') throw fail('E_FORMAT', { kind: 'announcement', why: 'its packet announces nothing' });
  if (!sameCid(blockCid(decoded), cid)) throw fail('E_FORMAT', { kind: 'announcement', why: 'its packet is about another block' });
  return { inbox: decoded.inbox, packet, cid, expiresAtMs: decoded.expiresMs };
}
