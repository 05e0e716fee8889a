/** Forged, stripped, swapped, forwarded: by an outsider, and by a recipient who holds the message key. Everything is refused, each with its code. */
import { describe, expect, it } from 'vitest';
import { concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW } from '../../../src/core/base/cid.ts';
import { encode } from '../../../src/core/base/codec.ts';
import { decodeManifest } from '../../../src/core/message/manifest.ts';
import { sealMetadata, signedMessage } from '../../../src/core/message/sealed.ts';
import { sealSecret, sealXWing } from '../../../src/core/message/stanza.ts';
import { forge, forgeSealed, manifestMap, sealedMap } from './forge.ts';
import { alice, bob, carol, codeOf, fromAlice, genesisOf, knowsAlice, knowsNobody, native, open, openBytes, person, sample, seal, secretOf, seedOf, sessionKeys, toBob, toSession } from './support.ts';

const original = await seal(fromAlice({ recipients: [bob.recipient, carol.recipient] }), sample(100));
const other = await seal(fromAlice(), sample(100, 7));
const introduction = { genesis: genesisOf('alice'), bundle: seedOf('bundle') };
const introducing = await seal(fromAlice({ introduction }), sample(5));

describe('an outsider', () => {
  const swapped = (field: string): Bytes => encode({ ...manifestMap(original.manifest.bytes), [field]: manifestMap(other.manifest.bytes)[field] });

  it.each(['salt', 'erase', 'sealed', 'mac'])('cannot put %s of another message into it', async (field) => {
    expect(await codeOf(() => openBytes(swapped(field)))).toBe('E_MAC');
  });

  it('cannot put the content of another message into it', async () => {
    expect(await codeOf(() => openBytes(swapped('content')))).toBe('E_MAC');
  });

  it('cannot put stanzas of another message into it, or its stanzas into another', async () => {
    const [mine, theirs] = [manifestMap(original.manifest.bytes), manifestMap(other.manifest.bytes)];
    expect(await codeOf(() => openBytes(swapped('stanzas')))).toBe('E_MAC');
    expect(await codeOf(() => openBytes(encode({ ...theirs, stanzas: mine['stanzas'] })))).toBe('E_MAC');
    const both = [...(mine['stanzas'] as []), ...(theirs['stanzas'] as [])];
    expect(await codeOf(() => openBytes(encode({ ...mine, stanzas: both })))).toBe('E_MAC');
  });

  it('cannot drop, double or reorder stanzas', async () => {
    const map = manifestMap(original.manifest.bytes);
    const stanzas = map['stanzas'] as [never, never];
    const kept = stanzas[original.stanzaOf[0] as number] as never;
    expect(await codeOf(() => openBytes(encode({ ...map, stanzas: [kept] })))).toBe('E_MAC');
    expect(await codeOf(() => openBytes(encode({ ...map, stanzas: [...stanzas, kept] })))).toBe('E_MAC');
    expect(await codeOf(() => openBytes(encode({ ...map, stanzas: [stanzas[1], stanzas[0]] })))).toBe('E_MAC');
  });

  it('cannot make a stanza of his own for a reader of the message', async () => {
    const map = manifestMap(original.manifest.bytes);
    const { type, enc, wrapped } = sealXWing(native, seedOf('his key'), bob.recipient);
    expect(await codeOf(() => openBytes(encode({ ...map, stanzas: [{ type, enc, wrapped }, ...(map['stanzas'] as [])] })))).toBe('E_MAC');
  });

  it('cannot change what the content is said to be', async () => {
    const map = manifestMap(original.manifest.bytes);
    const content = map['content'] as Record<string, never>;
    for (const field of ['salt', 'commitment', 'tail']) {
      const bytes = Uint8Array.from(content[field] as unknown as Bytes);
      bytes[3] = (bytes[3] as number) ^ 1;
      expect(await codeOf(() => openBytes(encode({ ...map, content: { ...content, [field]: bytes } })))).toBe('E_MAC');
    }
  });
});

describe('a recipient who holds the message key', () => {
  it('cannot change a field of the metadata', async () => {
    const changes = [
      { name: 'other.pdf' },
      { mediaType: 'text/html' },
      { createdMs: 1 },
      { expiresMs: 5 },
      { bytes: 99 },
      { receipt: 'opened' as const },
      { sender: { identity: alice.sender.identity, bundleSeq: 2 } },
      { introduction: { genesis: genesisOf('alice'), bundle: seedOf('x') } },
    ];
    for (const change of changes) {
      const forged = forge(original, { metadata: (metadata) => ({ ...metadata, ...change }) });
      expect(await codeOf(() => open(forged.cid, forged.bytes))).toBe('E_SIGNATURE');
    }
  });

  it('cannot forward it as if to another: the signature covers the stanzas', async () => {
    const dave = person('dave');
    const forwarded = forge(original, { core: () => ({ stanzas: [sealXWing(native, original.messageKey.expose(), dave.recipient)] }) });
    expect(await codeOf(() => open(forwarded.cid, forwarded.bytes, { xWing: [dave.kem] }))).toBe('E_SIGNATURE');
    const added = forge(original, { core: ({ stanzas }) => ({ stanzas: [...stanzas, sealXWing(native, original.messageKey.expose(), dave.recipient)] }) });
    expect(await codeOf(() => open(added.cid, added.bytes, { xWing: [dave.kem] }))).toBe('E_SIGNATURE');
    expect(await codeOf(() => open(added.cid, added.bytes))).toBe('E_SIGNATURE');
  });

  it('cannot change erase hash, salt or content', async () => {
    const erase = forge(original, { core: () => ({ erase: seedOf('mine') }) });
    expect(await codeOf(() => open(erase.cid, erase.bytes))).toBe('E_SIGNATURE');
    const content = forge(original, { core: (core) => ({ content: { ...core.content, salt: seedOf('salt', 24) } }) });
    expect(await codeOf(() => open(content.cid, content.bytes))).toBe('E_SIGNATURE');
    const salt = forge(original, { core: () => ({ salt: seedOf('salt', 24) }) });
    expect(await codeOf(() => open(salt.cid, salt.bytes))).toBe('E_SIGNATURE');
  });

  it('cannot take the signatures away', async () => {
    const stripped = forge(original, { signatures: () => undefined, metadata: ({ sender: _, ...rest }) => rest });
    expect(await codeOf(() => open(stripped.cid, stripped.bytes))).toBe('E_SIGNATURE');
    const senderLeft = forge(original, { signatures: () => undefined });
    expect(await codeOf(() => open(senderLeft.cid, senderLeft.bytes))).toBe('E_FORMAT');
  });

  it('cannot take one of two signatures away, swap them for others or add one', async () => {
    const his = forge(original, { signAs: carol.sender });
    expect((await open(his.cid, his.bytes, toBob, knowsNobody)).sender.kind).toBe('unknown');
    const theirs = sealedMap(his)['signatures'] as Record<'ed25519' | 'ml-dsa-65', Bytes>;
    const none = new Uint8Array(64);
    const variants: Array<Record<string, Bytes>> = [];
    const mine = sealedMap(original)['signatures'] as Record<'ed25519' | 'ml-dsa-65', Bytes>;
    variants.push({ ed25519: mine.ed25519 });
    variants.push({ ...mine, ed25519: theirs.ed25519 }, { ...mine, 'ml-dsa-65': theirs['ml-dsa-65'] }, theirs, { ...mine, ed25519: none });
    variants.push({ ...mine, 'ml-dsa-44': new Uint8Array(2420) });
    for (const signatures of variants) {
      const forged = forge(original, { signatures: () => signatures });
      expect(await codeOf(() => open(forged.cid, forged.bytes))).toBe('E_SIGNATURE');
    }
    const malformed: ReadonlyArray<readonly [Record<string, Bytes>, string]> = [
      [{ 'ml-dsa-65': mine['ml-dsa-65'] }, 'E_FORMAT'],
      [{ ...mine, 'ml-dsa-44': new Uint8Array(2420), 'ml-dsa-87': new Uint8Array(4627) }, 'E_FORMAT'],
      [{ ...mine, ed448: new Uint8Array(114) }, 'E_NOT_IN_VERSION_1'],
    ];
    for (const [signatures, code] of malformed) {
      const forged = forge(original, { signatures: () => signatures });
      expect(await codeOf(() => open(forged.cid, forged.bytes))).toBe(code);
    }
    const kept = forge(original, { signatures: () => mine });
    expect((await open(kept.cid, kept.bytes)).sender.kind).toBe('signed');
  });

  it('cannot move the signatures of another message into it', async () => {
    const signatures = sealedMap(other)['signatures'] as never;
    const moved = forge(original, { signatures: () => signatures });
    expect(await codeOf(() => open(moved.cid, moved.bytes))).toBe('E_SIGNATURE');
  });

  it('can only sign as himself', async () => {
    const his = forge(original, { signAs: carol.sender });
    const knowsCarol = { resolveSender: async () => ({ publicKeys: carol.publicKeys }) };
    expect((await open(his.cid, his.bytes, toBob, knowsCarol)).sender).toMatchObject({ kind: 'signed', identity: carol.sender.identity });
    const asAlice = forge(original, { signAs: { ...carol.sender, identity: alice.sender.identity } });
    expect(await codeOf(() => open(asAlice.cid, asAlice.bytes))).toBe('E_SIGNATURE');
  });

  it('cannot sign for an identity with fewer algorithms than it declares', async () => {
    const half = person('alice', native, 'identity', ['ed25519']);
    const forged = forge(original, { signAs: half.sender });
    expect(await codeOf(() => open(forged.cid, forged.bytes))).toBe('E_SIGNATURE');
  });

  it('cannot give the same signed message a second name', async () => {
    expect(forge(original, {}).cid.equals(original.cid)).toBe(true);
    const manifest = decodeManifest(original.manifest.bytes);
    for (const nonce of [new Uint8Array(12), seedOf('another', 12), manifest.sealed.slice(0, 12).reverse()]) {
      const again = forgeSealed(original, sealedMap(original), undefined, native, nonce);
      expect(await codeOf(() => open(again.cid, again.bytes))).toBe('E_NOT_CANONICAL');
    }
  });

  it('cannot have a session vouch for a message with other stanzas', async () => {
    const unsigned = await seal(toSession(), sample(10));
    const stanza = sealSecret(native, 'session', unsigned.messageKey.expose(), unsigned.salt, secretOf('another'));
    const widened = forge(unsigned, { core: ({ stanzas }) => ({ stanzas: [...stanzas, stanza] }) });
    expect(await codeOf(() => open(widened.cid, widened.bytes, sessionKeys))).toBe('E_SIGNATURE');
    const grouped = forge(unsigned, { core: () => ({ stanzas: [sealSecret(native, 'group', unsigned.messageKey.expose(), unsigned.salt, secretOf('g'))] }) });
    expect(await codeOf(() => open(grouped.cid, grouped.bytes, { group: [secretOf('g')] }))).toBe('E_SIGNATURE');
  });

  it('cannot give it content under another key: the commitment fails', async () => {
    const unsigned = await seal(toSession(), sample(10));
    const forged = forge(unsigned, { core: (core) => ({ content: { ...core.content, commitment: seedOf('other') } }) });
    expect(await codeOf(() => open(forged.cid, forged.bytes, sessionKeys))).toBe('E_COMMITMENT');
  });
});

describe('an introduction', () => {
  it('must be of the sender', async () => {
    const forged = forge(introducing, { metadata: (metadata) => ({ ...metadata, introduction: { ...introduction, genesis: genesisOf('carol') } }) });
    expect(await codeOf(() => open(forged.cid, forged.bytes, toBob, knowsNobody))).toBe('E_SIGNATURE');
  });

  it('must bring the keys that signed', async () => {
    const readIntroduction = async () => ({ publicKeys: carol.publicKeys });
    expect(await codeOf(() => open(introducing.cid, introducing.manifest.bytes, toBob, { ...knowsNobody, readIntroduction }))).toBe('E_SIGNATURE');
  });

  it('that is not believed outweighs nothing that is known of the sender', async () => {
    const forged = forge(introducing, { signAs: { ...carol.sender, identity: alice.sender.identity } });
    const readIntroduction = async () => undefined;
    expect(await codeOf(() => open(forged.cid, forged.bytes, toBob, { ...knowsAlice, readIntroduction }))).toBe('E_SIGNATURE');
  });
});

describe('sealed metadata', () => {
  const fields = sealedMap(original);
  const refused = (value: Record<string, unknown>) => codeOf(() => {
    const { cid, bytes } = forgeSealed(original, value as never);
    return open(cid, bytes);
  });
  const without = (name: string) => Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));

  it('needs every field', async () => {
    for (const field of ['v', 'bytes', 'name', 'type', 'created', 'expires', 'sender', 'signatures']) expect(await refused(without(field))).toBe('E_FORMAT');
  });

  it('has no other field, and none of another type', async () => {
    expect(await refused({ ...fields, more: 1 })).toBe('E_FORMAT');
    expect(await refused({ ...fields, contentKey: seedOf('k') })).toBe('E_NOT_IN_VERSION_1');
    expect(await refused({ ...fields, signatures: { rsa: new Uint8Array(64) } })).toBe('E_NOT_IN_VERSION_1');
    expect(await refused({ ...fields, v: 2 })).toBe('E_VERSION_NEWER');
    expect(await refused({ ...fields, v: 0 })).toBe('E_FORMAT');
    for (const [field, value] of [['bytes', '9'], ['name', 7], ['type', null], ['created', true], ['expires', []], ['receipt', 'read'], ['receipt', 1], ['sender', 'alice'],
      ['sender', { id: alice.sender.identity }], ['sender', { id: cidOf(RAW, new Uint8Array(1)), seq: 1 }], ['signatures', {}], ['signatures', []], ['signatures', { ed25519: new Uint8Array(63) }],
      ['sender', { id: alice.sender.identity, seq: 0 }], ['introduction', { genesis: 1, bundle: 2 }]] as const) {
      expect(await refused({ ...fields, [field]: value })).toBe('E_FORMAT');
    }
  });

  it('says no more content than there is', async () => {
    expect(await refused({ ...fields, bytes: 101 })).toBe('E_FORMAT');
    expect(await refused({ ...fields, bytes: 2 ** 45 })).toBe('E_FORMAT');
  });

  it('has texts within their limits, in bytes', async () => {
    expect(await refused({ ...fields, name: 'x'.repeat(256) })).toBe('E_FORMAT');
    expect(await refused({ ...fields, name: 'é'.repeat(128) })).toBe('E_FORMAT');
    expect(await refused({ ...fields, type: 'x'.repeat(256) })).toBe('E_FORMAT');
    expect(await refused({ ...fields, name: 'é'.repeat(127) })).toBe('E_SIGNATURE');
  });

  it('has one padding and one spelling', async () => {
    const pads: Array<(padded: Bytes) => Bytes> = [
      (padded) => concat(padded, new Uint8Array(512)),
      (padded) => (padded.fill(1, padded.length - 1), padded),
      (padded) => (padded.fill(0xff, 0, 4), padded),
      (padded) => (padded.fill(0, 0, 4), padded),
    ];
    for (const pad of pads) {
      const { cid, bytes } = forgeSealed(original, fields, pad);
      expect(await codeOf(() => open(cid, bytes))).toBe('E_FORMAT');
    }
    // The map {"v": 1, "b": 2} with its keys in the wrong order.
    const { cid, bytes } = forgeSealed(original, Uint8Array.of(0xa2, 0x61, 0x76, 1, 0x61, 0x62, 2));
    expect(await codeOf(() => open(cid, bytes))).toBe('E_NOT_CANONICAL');
  });

  it('is refused at sealing when a text or the whole is too long', async () => {
    const metadata = { bytes: 0, name: '', mediaType: '', createdMs: 0, expiresMs: 0 };
    const keys = { meta: seedOf('meta'), mac: seedOf('mac') };
    expect(await codeOf(() => sealMetadata(native, keys, { metadata: { ...metadata, name: 'é'.repeat(128) } }))).toBe('E_TOO_MANY');
    expect(await codeOf(() => sealMetadata(native, keys, { metadata: { ...metadata, mediaType: 'x'.repeat(256) } }))).toBe('E_TOO_MANY');
    const introduction = { genesis: new Uint8Array(1), bundle: new Uint8Array(65_000) };
    expect(await codeOf(() => sealMetadata(native, keys, { metadata: { ...metadata, introduction } }))).toBe('E_TOO_MANY');
    expect(signedMessage(seedOf('digest'), metadata).length).toBe(64);
  });
});
