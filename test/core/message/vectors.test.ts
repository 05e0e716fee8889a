/** The golden vectors: made again they are the same, both providers open them, and so does a reader that shares no code with us. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOfHex, concat, equalBytes, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, parseCid, RAW } from '../../../src/core/base/cid.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { sealAll, type CryptoProvider, type SignatureName } from '../../../src/core/crypto/index.ts';
import { checkOpening, decodeManifest, decodeOpening, eraseHash, linkLayout, openManifest, paddedBytes, Passphrase, readReceipt, verifyEvidence, type KemKeyType, type OpenKeys,
  type OpenOptions } from '../../../src/core/message/index.ts';
import { decodeNode } from '../../../src/core/message/nodes.ts';
import { CONTENT_CONTEXT } from '../../../src/core/message/seal.ts';
import { noble } from '../crypto/support.ts';
import { keyIdOf, readMessage, type ReaderKeys } from './second-implementation.ts';
import { codeOf, MemoryBlocks, native, readAll, readUntilFailure } from './support.ts';
import { fileText, plaintextOf, vectorFiles } from './vectors.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'vectors', 'message');
const load = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as never;

interface Keys {
  readonly people: Record<string, { identity: string; bundleSeq: number; verifyingKeys: Record<SignatureName, string>; xWing: ReadonlyArray<{ keyType: KemKeyType; keyId: string; seed: string }> }>;
  readonly secrets: Record<string, string>;
}
interface OpensWith {
  readonly xWing?: readonly [string, KemKeyType];
  readonly session?: string;
  readonly group?: string;
  readonly passphrase?: string;
}
interface Message {
  readonly name: string;
  readonly plaintextBytes?: number;
  readonly plaintext?: string;
  readonly opensWith: OpensWith;
  readonly messageKey: string;
  readonly keyContent: string;
  readonly keyMeta: string;
  readonly keyMac: string;
  readonly keyHeader: string;
  readonly eraseToken: string;
  readonly coreDigest: string;
  readonly opening: string;
  readonly blocks: ReadonlyArray<{ cid: string; bytes: number }>;
  readonly cid: string;
  readonly manifest: string;
}
interface Refused {
  readonly name: string;
  readonly opensWith: OpensWith;
  readonly code: string;
  readonly cid: string;
  readonly manifest: string;
  readonly now?: number;
}
interface BrokenContent extends Refused {
  readonly from: string;
  readonly blocks: ReadonlyArray<{ readonly bytes: readonly [number, number]; readonly flip?: number }>;
  readonly released: number;
}

const keys: Keys = load('keys.json');
const { messages }: { messages: readonly Message[] } = load('messages.json');
const { manifests }: { manifests: readonly Refused[] } = load('refused.json');

const { messages: broken }: { messages: readonly BrokenContent[] } = load('content.json');
const { refused: refusedEvidence }: { refused: ReadonlyArray<{ name: string; code: string; evidence: string }> } = load('evidence.json');

const secret = (name: string): Bytes => bytesOfHex(keys.secrets[name] as string);
const kemOf = ([name, type]: readonly [string, KemKeyType]) => {
  const key = keys.people[name]?.xWing.find(({ keyType }) => keyType === type);
  if (key === undefined) throw new Error(`keys.json lacks ${name} ${type}`);
  return { keyId: bytesOfHex(key.keyId), keyType: key.keyType, seed: bytesOfHex(key.seed) };
};

function keysFor(provider: CryptoProvider, { xWing, session, group, passphrase }: OpensWith): OpenKeys {
  const kem = xWing && kemOf(xWing);
  return {
    ...(kem && { xWing: [{ keyId: kem.keyId, keyType: kem.keyType, key: provider.kem('x-wing').fromSeed(kem.seed) }] }),
    ...(session && { session: [new Secret(secret(session))] }),
    ...(group && { group: [new Secret(secret(group))] }),
    ...(passphrase && { passphrase: new Passphrase(provider, new Secret(secret(passphrase))) }),
  };
}

const alice = keys.people['alice'] as Keys['people'][string];
const verifyingKeys = Object.fromEntries(Object.entries(alice.verifyingKeys).map(([name, key]) => [name, bytesOfHex(key)])) as Record<SignatureName, Bytes>;
const knowsAlice: OpenOptions = { resolveSender: async (id) => (id.toString() === alice.identity ? { publicKeys: verifyingKeys } : undefined) };
const plaintextFor = ({ plaintext, plaintextBytes }: Message): Bytes => (plaintext === undefined ? plaintextOf(plaintextBytes ?? 0) : bytesOfHex(plaintext));

/** The blocks are not in the files: they follow from content key, content salt and plaintext. */
async function blocksOf(message: Message): Promise<MemoryBlocks> {
  const { content } = decodeManifest(bytesOfHex(message.manifest));
  const padded = new Uint8Array(content.bytes);
  padded.set(plaintextFor(message));
  const chunks = sealAll(native, bytesOfHex(message.keyContent), CONTENT_CONTEXT, padded, content.salt).subarray(56);
  const blocks = new MemoryBlocks();
  for (const [i, { bytes }] of message.blocks.entries()) {
    const block = chunks.subarray(i * 262_400, i * 262_400 + bytes);
    await blocks.put([{ cid: cidOf(RAW, block), bytes: block }]);
  }
  return blocks;
}

describe('the files', () => {
  it('are what their generator makes', async () => {
    for (const [name, content] of Object.entries(await vectorFiles())) expect(readFileSync(join(FOLDER, name), 'utf8') === fileText(content), name).toBe(true);
  });
});

describe.each([native, noble])('under $name', (provider) => {
  it.each(messages.map((message) => [message.name, message] as const))('%s opens', async (_, message) => {
    const manifest = bytesOfHex(message.manifest);
    using opened = await openManifest(provider, parseCid(message.cid), manifest, keysFor(provider, message.opensWith), knowsAlice);
    const blocks = await blocksOf(message);
    expect(blocks.given.map(({ cid }) => cid.toString())).toEqual(message.blocks.map(({ cid }) => cid));
    expect(equalBytes(await readAll(opened, blocks), plaintextFor(message))).toBe(true);
    expect(opened.sender.kind).toBe(opened.metadata.sender === undefined ? 'unsigned' : 'signed');
    expect(hexOf(opened.messageKey.expose())).toBe(message.messageKey);
    expect(hexOf(opened.headerKey.expose())).toBe(message.keyHeader);
    expect(hexOf(opened.digest)).toBe(message.coreDigest);
    expect(hexOf(eraseHash(bytesOfHex(message.eraseToken)))).toBe(hexOf(opened.manifest.erase));
    checkOpening(decodeOpening(bytesOfHex(message.opening)), opened.manifest);
  });

  it.each(manifests.map((refused) => [refused.name, refused] as const))('%s is refused', async (_, { cid, manifest, opensWith, code, now }) => {
    const open = (nowMs: number | undefined) => openManifest(provider, parseCid(cid), bytesOfHex(manifest), keysFor(provider, opensWith), { ...knowsAlice, nowMs });
    expect(await codeOf(() => open(now))).toBe(code);
    // one millisecond earlier it opens: there is no other reason
    if (now !== undefined) (await open(now - 1))[Symbol.dispose]();
  });

  it.each(broken.map((one) => [one.name, one] as const))('content: %s is refused', async (_, { cid, manifest, opensWith, code, from, blocks, released }) => {
    using opened = await openManifest(provider, parseCid(cid), bytesOfHex(manifest), keysFor(provider, opensWith), knowsAlice);
    const whole = concat(...(await blocksOf(messages.find(({ name }) => name === from) as Message)).given.map(({ bytes }) => bytes));
    const source = new MemoryBlocks();
    for (const { bytes: [start, end], flip } of blocks) {
      const bytes = whole.slice(start, end);
      if (flip !== undefined) bytes[flip] = (bytes[flip] as number) ^ 1;
      await source.put([{ cid: cidOf(RAW, bytes), bytes }]);
    }
    expect(await readUntilFailure(opened, source)).toMatchObject({ code });
    expect((await readUntilFailure(opened, source)).released.length).toBeLessThanOrEqual(released);
  });

  it.each(refusedEvidence)('evidence: $name is refused', async ({ evidence, code }) => {
    expect(await codeOf(async () => readReceipt(await verifyEvidence(provider, bytesOfHex(evidence), knowsAlice)))).toBe(code);
  });

  it('the receipt is evidence', async () => {
    const { evidence, cid, of, state, at }: Record<'evidence' | 'cid' | 'of' | 'state', string> & { at: number } = load('evidence.json');
    using shown = await verifyEvidence(provider, bytesOfHex(evidence), knowsAlice);
    const receipt = await readReceipt(shown);
    expect([shown.cid.toString(), shown.sender.kind, receipt.of.toString(), receipt.state, receipt.atMs]).toEqual([cid, 'signed', of, state, at]);
  });
});

describe('a second implementation', () => {
  const readerKeys = ({ xWing, session, group, passphrase }: OpensWith): ReaderKeys => ({
    ...(xWing && { xWing: kemOf(xWing) }),
    ...(session && { session: secret(session) }),
    ...(group && { group: secret(group) }),
    ...(passphrase && { passphrase: secret(passphrase) }),
  });

  it('derives the key ids', () => {
    for (const { xWing } of Object.values(keys.people)) {
      for (const { keyId, seed } of xWing) expect(hexOf(keyIdOf(native.kem('x-wing').fromSeed(bytesOfHex(seed)).publicKey))).toBe(keyId);
    }
  });

  it.each(messages.map((message) => [message.name, message] as const))('reads %s', async (_, message) => {
    const blocks = await blocksOf(message);
    const blockOf = (cid: string): Bytes => blocks.given.find((block) => block.cid.toString() === cid)?.bytes ?? new Uint8Array(0);
    const read = readMessage(Uint8Array.from(bytesOfHex(message.manifest)), readerKeys(message.opensWith), verifyingKeys, blockOf);
    expect(equalBytes(read.plaintext, plaintextFor(message))).toBe(true);
    const derived = [read.messageKey, read.keys.content, read.keys.meta, read.keys.mac, read.keys.header, read.coreDigest].map(hexOf);
    expect(derived).toEqual([message.messageKey, message.keyContent, message.keyMeta, message.keyMac, message.keyHeader, message.coreDigest]);
    expect(cidOf(DAG_CBOR, bytesOfHex(message.manifest)).toString()).toBe(message.cid);
  });
});

describe('lengths', () => {
  const { layouts, paddings }: { layouts: ReadonlyArray<{ bytes: number }>; paddings: ReadonlyArray<{ bytes: number; padme: number; class: number }> } = load('lengths.json');

  it('fix shapes', () => {
    for (const { bytes, ...layout } of layouts) expect(linkLayout(bytes)).toEqual(layout);
  });

  it('are padded', () => {
    for (const { bytes, padme, class: sized } of paddings) expect([paddedBytes('padme', bytes), paddedBytes('class', bytes)]).toEqual([padme, sized]);
  });
});

describe('blocks alone', () => {
  const { nodes }: { nodes: ReadonlyArray<{ name: string; count: number; linksTo: 'raw' | 'dag-cbor'; node: string; code?: string }> } = load('nodes.json');
  const { openings }: { openings: ReadonlyArray<{ name: string; manifest: string; opening: string; code?: string }> } = load('openings.json');
  const outcome = async (act: () => unknown, code: string | undefined) => (code === undefined ? void (await act()) : expect(await codeOf(act)).toBe(code));

  it.each(nodes)('link node: $name', async ({ count, linksTo, node, code }) => {
    await outcome(() => decodeNode(bytesOfHex(node), count, linksTo === 'raw' ? RAW : DAG_CBOR), code);
  });

  it.each(openings)('opening block: $name', async ({ opening, manifest, code }) => {
    const { manifest: block } = messages.find(({ name }) => name === manifest) as Message;
    await outcome(() => checkOpening(decodeOpening(bytesOfHex(opening)), decodeManifest(bytesOfHex(block))), code);
  });
});
