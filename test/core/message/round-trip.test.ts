/** What was sealed opens, bit for bit, at every length around an edge and in every split. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { concat, equalBytes, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW, sameCid } from '../../../src/core/base/cid.ts';
import { openAll } from '../../../src/core/crypto/index.ts';
import { blockLinks, decodeManifest, linkLayout, Passphrase, paddings, prepareMessage, sealPrepared, type Padding } from '../../../src/core/message/index.ts';
import { deriveMessageKeys } from '../../../src/core/message/keys.ts';
import { CONTENT_CONTEXT } from '../../../src/core/message/seal.ts';
import { alice, bob, carol, CHEAP_ARGON, fromAlice, genesisOf, knowsAlice, knowsNobody, MemoryBlocks, metadata, native, open, person, readAll, sample, seal, secretOf, seedOf,
  sessionKeys, split, toBob, toSession } from './support.ts';

const CHUNK = 16_384;
const BLOCK = 16 * CHUNK;
const around = (edge: number): number[] => [edge - 1, edge, edge + 1];
const lengths = [0, 1, 2, ...around(CHUNK), ...around(2 * CHUNK), ...around(15 * CHUNK), ...around(BLOCK), ...around(BLOCK + CHUNK), ...around(2 * BLOCK), 5 * BLOCK + 12_345];

describe('every length around an edge', () => {
  it.each(lengths)('%i bytes come back', async (length) => {
    const content = sample(length);
    const sealed = await seal(toSession(), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    expect(equalBytes(await readAll(opened, sealed.blockStore), content)).toBe(true);
    expect(opened.metadata).toEqual({ ...metadata, bytes: length });
    expect(linkLayout(length).blocks + 1).toBe(sealed.blocks);
    expect(sealed.blockStore.given.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(sealed.bytes);
    expect(sealed.blockStore.given.at(-1)?.cid.toString()).toBe(sealed.cid.toString());
  });

  it.each(paddings.flatMap((padding) => [0, 1, 4_095, 4_096, CHUNK, BLOCK - 1, BLOCK, 300_000].map((length) => [padding, length] as const)))('%s of %i bytes comes back', async (padding: Padding, length: number) => {
    const content = sample(length);
    const sealed = await seal(toSession({ padding }), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    expect(equalBytes(await readAll(opened, sealed.blockStore), content)).toBe(true);
    expect(opened.metadata.bytes).toBe(length);
    expect(opened.manifest.content.bytes).toBe(sealed.paddedBytes);
  });
});

describe('any split of the input', () => {
  it('gives the same plaintext', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 * BLOCK + 3 * CHUNK), fc.array(fc.oneof(fc.nat(3), fc.nat(CHUNK + 3), fc.nat(BLOCK + 3), fc.constantFrom(CHUNK, BLOCK, 2 * BLOCK)), { maxLength: 40 }), async (length, pieces) => {
        const content = sample(length);
        const sealed = await seal(toSession(), split(content, pieces));
        using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
        expect(equalBytes(await readAll(opened, sealed.blockStore), content)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('may reuse its buffer for every piece', async () => {
    const content = sample(3 * BLOCK + 100);
    async function* reused(): AsyncGenerator<Bytes> {
      const buffer = new Uint8Array(100_000);
      for (let at = 0; at < content.length; at += buffer.length) {
        const piece = content.subarray(at, at + buffer.length);
        buffer.set(piece);
        yield buffer.subarray(0, piece.length);
        buffer.fill(0xaa);
      }
    }
    const sealed = await seal(toSession(), reused());
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    expect(equalBytes(await readAll(opened, sealed.blockStore), content)).toBe(true);
  });
});

describe('ranges', () => {
  it('give exactly their bytes, and fetch only the blocks they touch', async () => {
    const content = sample(3 * BLOCK + 5_000);
    const sealed = await seal(toSession(), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), fc.nat(content.length - 1), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b) + 1];
        sealed.blockStore.asked.length = 0;
        expect(equalBytes(await readAll(opened, sealed.blockStore, { range: { start, end } }), content.subarray(start, end))).toBe(true);
        const touched = opened.manifest.content.links.filter((_, i) => i * BLOCK < end && (i + 1) * BLOCK > start).map(String);
        expect(sealed.blockStore.asked).toEqual(touched);
      }),
      { numRuns: 60 },
    );
  });

  it('of padded content end at the true length', async () => {
    const content = sample(BLOCK);
    const sealed = await seal(toSession({ padding: 'class' }), content);
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    expect(equalBytes(await readAll(opened, sealed.blockStore, { range: { start: BLOCK - 10, end: BLOCK } }), content.subarray(BLOCK - 10))).toBe(true);
  });

  it.each([
    [0, 0],
    [5, 5],
    [7, 3],
    [-1, 5],
    [0, 101],
    [100, 101],
    [0.5, 2],
    [Number.NaN, 2],
  ])('from %d to %d of 100 bytes are refused', async (start, end) => {
    const sealed = await seal(toSession(), sample(100));
    using opened = await open(sealed.cid, sealed.manifest.bytes, sessionKeys);
    await expect(readAll(opened, sealed.blockStore, { range: { start, end } })).rejects.toMatchObject({ code: 'E_RANGE' });
  });
});

describe('content', () => {
  it('is a Cobblestone-256 file: salt, commitment, blocks, tail', async () => {
    const content = sample(2 * BLOCK + 77);
    const sealed = await seal(toSession(), content);
    const manifest = decodeManifest(sealed.manifest.bytes);
    const { salt, commitment, links, tail } = manifest.content;
    const blocks: Bytes[] = [];
    for await (const cids of blockLinks({ links, depth: 0, blocks: 2 }, 0, 2, async () => new Uint8Array(0))) {
      for (const cid of cids) blocks.push((await sealed.blockStore.get(cid)) as Bytes);
    }
    const keys = deriveMessageKeys(native, sealed.messageKey.expose(), manifest.salt);
    expect(equalBytes(openAll(native, keys.content, CONTENT_CONTEXT, concat(salt, commitment, ...blocks, tail as Bytes)), content)).toBe(true);
    for (const { cid, bytes } of sealed.blockStore.given.slice(0, -1)) expect(sameCid(cidOf(RAW, bytes), cid)).toBe(true);
  });

  it('never seals to the same bytes twice', async () => {
    const [one, two] = [await seal(toSession(), sample(100)), await seal(toSession(), sample(100))];
    expect(sameCid(one.cid, two.cid)).toBe(false);
    expect(equalBytes(one.messageKey.expose(), two.messageKey.expose())).toBe(false);
  });
});

describe('recipients', () => {
  it('each find their stanza, by number and without', async () => {
    const people = ['one', 'two', 'three', 'four'].map((name) => person(name));
    const sealed = await seal(fromAlice({ recipients: people.map(({ recipient }) => recipient) }), sample(50));
    expect(new Set(sealed.stanzaOf)).toEqual(new Set([0, 1, 2, 3]));
    for (const [i, { kem }] of people.entries()) {
      using byNumber = await open(sealed.cid, sealed.manifest.bytes, { xWing: [kem] }, { ...knowsAlice, stanzaIndex: sealed.stanzaOf[i] });
      using without = await open(sealed.cid, sealed.manifest.bytes, { xWing: [carol.kem, kem] });
      expect([byNumber.stanzaIndex, without.stanzaIndex]).toEqual([sealed.stanzaOf[i], sealed.stanzaOf[i]]);
      expect(equalBytes(await readAll(byNumber, sealed.blockStore), sample(50))).toBe(true);
    }
  });

  it('may be 256', async () => {
    const sealed = await seal(fromAlice({ recipients: Array.from({ length: 256 }, (_, i) => (i === 200 ? bob : carol).recipient) }), sample(10));
    using opened = await open(sealed.cid, sealed.manifest.bytes, toBob, { ...knowsAlice, stanzaIndex: sealed.stanzaOf[200] });
    expect(opened.sender.kind).toBe('signed');
    expect(sealed.manifest.bytes.length).toBeLessThan(320_000);
  });

  it('by session, group and passphrase', async () => {
    using passphrase = new Passphrase(native, secretOf('passphrase'), CHEAP_ARGON);
    const toAll = fromAlice({ recipients: [bob.recipient], session: [secretOf('s')], group: [secretOf('g')] });
    const [mixed, withPassphrase] = [await seal(toAll, sample(9)), await seal(fromAlice({ recipients: [], passphrase }), sample(9))];
    for (const keys of [toBob, { session: [secretOf('no'), secretOf('s')] }, { group: [secretOf('g')] }]) {
      using opened = await open(mixed.cid, mixed.manifest.bytes, keys);
      expect(opened.sender.kind).toBe('signed');
    }
    using opened = await open(withPassphrase.cid, withPassphrase.manifest.bytes, { passphrase: new Passphrase(native, secretOf('passphrase')) });
    expect(hexOf(await readAll(opened, withPassphrase.blockStore))).toBe(hexOf(sample(9)));
  });

  it('share one argon2 salt for one passphrase, and no message key', async () => {
    using passphrase = new Passphrase(native, secretOf('passphrase'), CHEAP_ARGON);
    const stanzas = await Promise.all([1, 2].map(async () => decodeManifest((await seal(fromAlice({ recipients: [], passphrase }), sample(1))).manifest.bytes).stanzas[0]));
    const [one, two] = stanzas.map((stanza) => (stanza?.type === 'passphrase' ? stanza : undefined));
    expect(hexOf(one?.salt as Bytes)).toBe(hexOf(two?.salt as Bytes));
    expect(hexOf(one?.wrapped as Bytes)).not.toBe(hexOf(two?.wrapped as Bytes));
  });

  it('open with the message key that an earlier opening kept', async () => {
    const sealed = await seal(fromAlice(), sample(10));
    using opened = await open(sealed.cid, sealed.manifest.bytes, { messageKey: sealed.messageKey });
    expect([opened.stanzaIndex, opened.sender.kind]).toEqual([undefined, 'signed']);
    expect(hexOf(opened.headerKey.expose())).toBe(hexOf(sealed.headerKey.expose()));
  });
});

describe('sender', () => {
  const introduction = { genesis: genesisOf('alice'), bundle: seedOf('bundle') };

  it('is signed, introduced, unknown or unsigned', async () => {
    const [plain, introducing, unsigned] = [await seal(fromAlice(), []), await seal(fromAlice({ introduction }), []), await seal(toSession(), [])];
    const readIntroduction = async () => ({ publicKeys: alice.publicKeys });
    const claim = { identity: alice.sender.identity, bundleSeq: 1 };
    expect((await open(plain.cid, plain.manifest.bytes)).sender).toEqual({ kind: 'signed', ...claim });
    expect((await open(plain.cid, plain.manifest.bytes, toBob, knowsNobody)).sender).toEqual({ kind: 'unknown', introduction: undefined, ...claim });
    expect((await open(introducing.cid, introducing.manifest.bytes, toBob, knowsNobody)).sender).toEqual({ kind: 'unknown', introduction, ...claim });
    expect((await open(introducing.cid, introducing.manifest.bytes, toBob, { ...knowsNobody, readIntroduction })).sender).toEqual({ kind: 'introduced', introduction, ...claim });
    expect((await open(introducing.cid, introducing.manifest.bytes, toBob, { ...knowsAlice, readIntroduction })).sender.kind).toBe('introduced');
    expect((await open(introducing.cid, introducing.manifest.bytes, toBob, { ...knowsAlice, readIntroduction: async () => undefined })).sender.kind).toBe('signed');
    expect((await open(introducing.cid, introducing.manifest.bytes, toBob, { ...knowsNobody, readIntroduction: async () => undefined })).sender.kind).toBe('unknown');
    expect((await open(unsigned.cid, unsigned.manifest.bytes, sessionKeys, knowsNobody)).sender).toEqual({ kind: 'unsigned' });
  });

  it('may sign to a session too', async () => {
    const sealed = await seal(toSession({ sender: alice.sender }), []);
    expect((await open(sealed.cid, sealed.manifest.bytes, sessionKeys)).sender.kind).toBe('signed');
  });
});

describe('metadata', () => {
  it('comes back as it was given', async () => {
    const given = { name: 'Übersicht 名前.pdf', mediaType: 'text/plain', createdMs: 5, expiresMs: 2_000_000_000_000, receipt: 'opened' } as const;
    const sealed = await seal(fromAlice({ metadata: given }), sample(3));
    using opened = await open(sealed.cid, sealed.manifest.bytes, toBob, { ...knowsAlice, nowMs: 1_999_999_999_999 });
    expect(opened.metadata).toEqual({ ...given, bytes: 3, sender: { identity: alice.sender.identity, bundleSeq: 1 } });
  });

  it('lets an expired message be opened only by who does not ask the time', async () => {
    const sealed = await seal(fromAlice({ metadata: { ...metadata, expiresMs: 1_000 } }), []);
    await expect(open(sealed.cid, sealed.manifest.bytes, toBob, { ...knowsAlice, nowMs: 1_000 })).rejects.toMatchObject({ code: 'E_EXPIRED' });
    expect((await open(sealed.cid, sealed.manifest.bytes, toBob, { ...knowsAlice, nowMs: 999 })).metadata.expiresMs).toBe(1_000);
    expect((await open(sealed.cid, sealed.manifest.bytes)).metadata.expiresMs).toBe(1_000);
  });
});

describe('a prepared message', () => {
  it('names its stanzas and its header key before its content is read', async () => {
    const prepared = await prepareMessage(native, fromAlice({ recipients: [carol.recipient, bob.recipient] }));
    const header = hexOf(prepared.headerKey.expose());
    const blocks = new MemoryBlocks();
    const sealed = await sealPrepared(native, prepared, [sample(9)], blocks);
    expect(hexOf(sealed.headerKey.expose())).toBe(header);
    expect(sealed.stanzaOf).toEqual(prepared.stanzaOf);
    using opened = await open(sealed.cid, sealed.manifest.bytes, { xWing: [bob.kem] }, { ...knowsAlice, stanzaIndex: prepared.stanzaOf[1] });
    expect(hexOf(opened.headerKey.expose())).toBe(header);
  });
});
