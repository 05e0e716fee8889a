/** Messages to put into a store: sealed ones that open, and forged ones of any shape that only a store looks at. Knows no test runner. */
import type { Block } from '../../../src/core/base/block.ts';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { RAW, type Cid } from '../../../src/core/base/cid.ts';
import { encodeBlock } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { loadProvider } from '../../../src/core/crypto/index.ts';
import { Announcer } from '../../../src/core/mail/announce.ts';
import { decodeManifest, linkLayout, openManifest, readContent, sealMessage } from '../../../src/core/message/index.ts';
import { encodeManifest } from '../../../src/core/message/manifest.ts';
import type { Announcement, Durability } from '../../../src/core/storage/ports.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import { blockOf, inboxOf, seeded } from './seeds.ts';

const provider = await loadProvider('native', systemRng);
const sessionKey = (): Secret => new Secret(seeded('session', 32));

export interface StoredMessage {
  readonly cid: Cid;
  readonly content: Bytes;
  readonly announcements: readonly Announcement[];
  readonly bytes: number;
  readonly blocks: number;
  /** An operation of the same key was there before: `stands` is its message, and this one is none. */
  readonly repeated: boolean;
  readonly stands: Cid;
}

export interface SendOptions {
  readonly inboxes?: readonly string[];
  readonly expiresAtMs?: number;
  readonly durability?: Durability;
  /** Names the operation, as --id does; the content is not part of it, so that any two with one key are the same. */
  readonly key?: string;
  /** The lost message whose operation this one takes over. */
  readonly replaces?: Cid;
}

/** Seals, puts, announces, commits and journals, as `send` does. */
export async function send(store: Store, seed: number | string, length: number, { inboxes = ['ada'], expiresAtMs = 0, durability = 'hot', key, replaces }: SendOptions = {}): Promise<StoredMessage> {
  const content = seeded(seed, length);
  const sink = await store.contentSink();
  const sealed = await sealMessage(
    provider,
    { recipients: [], session: [sessionKey()], metadata: { name: 'x', mediaType: 'text/plain', createdMs: 1, expiresMs: expiresAtMs }, padding: 'none', eraseSecret: seeded('erase', 32) },
    [content],
    sink,
  );
  const tos = inboxes.map(inboxOf);
  const announcements = new Announcer({ ...sealed, stanzaOf: tos.map(() => 0) }, tos, { expiresMs: expiresAtMs, priority: false, qos: 0 }).announce('single', sealed.cid);
  const { cid, bytes, blocks } = sealed;
  const operation = key === undefined ? undefined : { key: inboxOf(key), content: inboxOf('same'), cid, result: new Uint8Array(0) };
  const commit = { message: { cid, bytes, blocks, expiresAtMs, tiers: await sink.finish() }, announcements, ...(operation && { operation }), ...(replaces && { replaces }) };
  const committed = await store.commit(commit, { durability });
  const stands = committed.operation?.cid ?? cid;
  return { cid, content, announcements, bytes, blocks, repeated: !stands.equals(cid), stands };
}

/** Reads the message through the store, as `fetch` does. Throws what opening throws. */
export async function fetch(store: Store, cid: Cid): Promise<Bytes> {
  const manifest = await store.source.get(cid);
  if (manifest === undefined) throw new Error('no manifest');
  const opened = await openManifest(provider, cid, manifest, { session: [sessionKey()] }, { resolveSender: async () => undefined });
  const pieces: Bytes[] = [];
  for await (const piece of readContent(opened, store.source)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

const template = await (async () => {
  const blocks: Block[] = [];
  const request = { recipients: [], session: [sessionKey()], metadata: { name: 'x', mediaType: 'text/plain', createdMs: 1, expiresMs: 0 }, padding: 'none' as const, eraseSecret: seeded('erase', 32) };
  const { cid } = await sealMessage(provider, request, [new Uint8Array(10)], { put: async (some) => void blocks.push(...some) });
  return decodeManifest((blocks.find((block) => block.cid.equals(cid)) as Block).bytes);
})();

export interface ForgedMessage {
  readonly cid: Cid;
  readonly structure: readonly Block[];
  readonly content: readonly Block[];
  readonly announcement: Announcement;
}

/** A manifest over `count` tiny raw blocks: more than `limits.linksMax` of them lie under link nodes. Nobody can open it. */
export function forge(seed: number | string, count: number): ForgedMessage {
  const bytes = count * limits.contentBlockBytes - Math.ceil((count * limits.contentBlockBytes) / 16_400) * 16;
  const layout = linkLayout(bytes);
  if (layout.blocks !== count) throw new Error(`layout has ${layout.blocks} blocks`);
  const content = Array.from({ length: count }, (_, i) => blockOf(`${seed}/${i}`, 40, RAW));
  const nodes: Block[] = [];
  let links = content.map(({ cid }) => cid);
  for (let level = 0; level < layout.depth; level++) {
    const above: Cid[] = [];
    for (let at = 0; at < links.length; at += limits.linksMax) {
      const node = encodeBlock({ v: 1, links: links.slice(at, at + limits.linksMax) });
      nodes.push(node);
      above.push(node.cid);
    }
    links = above;
  }
  const tail = layout.tailBytes === 0 ? {} : { tail: seeded('tail', layout.tailBytes) };
  const manifest = encodeManifest({ ...template, salt: seeded(seed, 24), content: { salt: seeded('c', 24), commitment: seeded('d', 32), bytes, links, ...tail } });
  const announcement: Announcement = { inbox: inboxOf('ada'), cid: manifest.cid, packet: seeded(`packet ${seed}`, 192), expiresAtMs: 0 };
  return { cid: manifest.cid, structure: [manifest, ...nodes], content, announcement };
}

export async function putForged(store: Store, message: ForgedMessage): Promise<void> {
  const { cid, structure, content, announcement } = message;
  await store.hot.put([...content, ...structure]);
  const bytes = [...content, ...structure].reduce((sum, block) => sum + block.bytes.length, 0);
  await store.commit({ message: { cid, bytes, blocks: content.length + structure.length, expiresAtMs: 0, tiers: ['hot'] }, announcements: [announcement] }, { durability: 'hot' });
}

/** Every block that a tier holds, by digest. */
export async function held(store: Store, tier: 'hot' | 'files'): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const { cid } of store.tier(tier).blocks()) found.add(Buffer.from(cid.multihash.digest).toString('hex'));
  return found;
}

