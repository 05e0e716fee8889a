/** Opens what was sent, by hand: announcement, stanza, signature, content. What the sending side is tested against. */
import { concat, type Bytes } from '../../src/core/base/bytes.ts';
import { parseCid } from '../../src/core/base/cid.ts';
import { decodePacket, verifyPacket } from '../../src/core/packet/codec.ts';
import { oneShotKey } from '../../src/core/packet/keys.ts';
import { stanzaNumber, type DataPacket } from '../../src/core/packet/packet.ts';
import { signingKeysUnder } from '../../src/core/identity/history.ts';
import { openManifest, readContent, type Metadata, type SenderResult } from '../../src/core/message/index.ts';
import type { ReceivedAnnouncement } from '../../src/core/storage/ports.ts';
import type { Operator } from './mail.ts';

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export interface Read {
  readonly content: Bytes;
  readonly metadata: Metadata;
  readonly sender: SenderResult;
  readonly packet: DataPacket;
}

/** What the operator's first inbox was told of and has not handled. */
export async function told({ app, name }: Operator): Promise<readonly ReceivedAnnouncement[]> {
  const [inbox] = (await app.identities()).inboxes(name);
  if (inbox === undefined) throw new Error('no inbox');
  return (await app.store()).hot.inbox.list(inbox.digest, { limit: 1_000 });
}

export const packetOf = ({ packet }: ReceivedAnnouncement): DataPacket => {
  const decoded = decodePacket(packet);
  if (decoded.form !== 'plain' || decoded.type !== 'data') throw new Error('not a data packet');
  return decoded;
};

/** Opens the message as its announcement says, and checks the packet against it. */
export async function read(operator: Operator, cidText: string): Promise<Read> {
  const { app, name } = operator;
  const cid = parseCid(cidText);
  const [home, crypto, store, identities] = [await app.home(), await app.crypto(), await app.store(), await app.identities()];
  const [inbox] = identities.inboxes(name);
  const announcement = inbox && (await store.hot.inbox.find(inbox.digest, cid));
  if (announcement === undefined) throw new Error(`${name} was not told of ${cidText}`);
  const packet = packetOf(announcement);
  const manifest = await store.source.get(cid);
  if (manifest === undefined) throw new Error('no manifest');
  using opened = await openManifest(crypto, cid, manifest, { xWing: await identities.openingKeys(name) }, {
    stanzaIndex: stanzaNumber(packet),
    resolveSender: async (id, seq) => {
      const publicKeys = signingKeysUnder(home, id, seq);
      return publicKeys && { publicKeys };
    },
  });
  if (!verifyPacket(packet, oneShotKey(opened.headerKey.expose()))) throw new Error('the packet is not of this message');
  const pieces: Bytes[] = [];
  for await (const piece of readContent(opened, store.source)) pieces.push(piece);
  return { content: concat(...pieces), metadata: opened.metadata, sender: opened.sender, packet };
}
