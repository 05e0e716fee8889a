/** Receipts, evidence, opening blocks, erase tokens, and what can be said without keys. */
import { describe, expect, it } from 'vitest';
import { concat, equalBytes, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, sha256 } from '../../../src/core/base/cid.ts';
import { encode, type Value } from '../../../src/core/base/codec.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { checkOpening, decodeEvidence, decodeManifest, decodeOpening, decodeReceipt, describeBlock, describeCiphertext, encodeEvidence, encodeReceipt, eraseHash, eraseToken, isReceipt, openOpening,
  Passphrase, prepareMessage, RECEIPT_MEDIA_TYPE, readReceipt, receiptStates, sealPrepared, verifyEvidence, type SealRequest } from '../../../src/core/message/index.ts';
import { forge, manifestMap } from './forge.ts';
import { alice, bob, carol, CHEAP_ARGON, codeOf, flipBit, fromAlice, knowsAlice, knowsNobody, MemoryBlocks, metadata, native, open, sample, seal, secretOf, seedOf, sessionKeys, toBob, toSession } from './support.ts';

const of = cidOf(DAG_CBOR, sample(10));
const receipt = { of, state: 'opened', atMs: 1_700_000_000_000 } as const;
const receiptFrom = (extra: Partial<SealRequest> = {}): SealRequest => fromAlice({ metadata: { ...metadata, name: '', mediaType: RECEIPT_MEDIA_TYPE }, ...extra });

describe('a receipt', () => {
  it('comes back in every state', async () => {
    for (const state of receiptStates) {
      const sealed = await seal(receiptFrom({ padding: 'class' }), encodeReceipt({ ...receipt, state }));
      using opened = await open(sealed.cid, sealed.manifest.bytes);
      expect(isReceipt(opened.metadata)).toBe(true);
      expect(await readReceipt(opened)).toEqual({ ...receipt, state });
      expect(opened.sender).toMatchObject({ kind: 'signed', identity: alice.sender.identity });
    }
  });

  it('is refused in any other form', async () => {
    const fields = { v: 1, of, state: 'opened', at: 5 };
    const refused = (value: unknown) => codeOf(() => decodeReceipt(encode(value as Value)));
    for (const wrong of [{ ...fields, state: 'read' }, { ...fields, state: 1 }, { ...fields, at: 'now' }, { ...fields, of: 'x' }, { ...fields, of: cidOf(RAW, sample(1)) }, { ...fields, note: '' }, { v: 1 }, [], 5]) {
      expect(await refused(wrong)).toBe('E_FORMAT');
    }
    expect(await refused({ ...fields, v: 2 })).toBe('E_VERSION_NEWER');
    expect(await codeOf(() => decodeReceipt(new Uint8Array(257)))).toBe('E_FORMAT');
    const bytes = encodeReceipt(receipt);
    for (let length = 0; length < bytes.length; length++) expect(await codeOf(() => decodeReceipt(bytes.subarray(0, length)))).toBe('E_FORMAT');
  });

  it('is none when it asks for one, is not inline, has another media type, or nobody signed it', async () => {
    const bytes = encodeReceipt(receipt);
    const refused = async (request: SealRequest, content: Bytes = bytes, keys = toBob) => {
      const sealed = await seal(request, content);
      using opened = await open(sealed.cid, sealed.manifest.bytes, keys);
      return codeOf(() => readReceipt(opened));
    };
    const asking = { ...metadata, name: '', mediaType: RECEIPT_MEDIA_TYPE, receipt: 'opened' } as const;
    expect(await refused(receiptFrom({ metadata: asking }))).toBe('E_FORMAT');
    expect(await refused(fromAlice())).toBe('E_FORMAT');
    expect(await refused(receiptFrom(), sample(20_000))).toBe('E_FORMAT');
    expect(await refused(receiptFrom(), sample(20))).toBe('E_FORMAT');
    expect(await refused(toSession({ metadata: { ...metadata, mediaType: RECEIPT_MEDIA_TYPE } }), bytes, sessionKeys)).toBe('E_SIGNATURE');
  });
});

const sealedReceipt = await seal(receiptFrom(), encodeReceipt(receipt));

describe('evidence', () => {
  const evidence = encodeEvidence(sealedReceipt.manifest.bytes, sealedReceipt.messageKey);

  it('is checked offline by who knows the signer’s keys', async () => {
    using shown = await verifyEvidence(native, evidence, knowsAlice);
    expect(await readReceipt(shown)).toEqual(receipt);
    expect([shown.sender.kind, shown.cid.toString()]).toEqual(['signed', sealedReceipt.cid.toString()]);
    expect((await verifyEvidence(native, evidence, knowsNobody)).sender.kind).toBe('unknown');
  });

  it('is refused when forged, mixed or for another signer', async () => {
    const other = await seal(receiptFrom(), encodeReceipt({ ...receipt, state: 'refused' }));
    expect(await codeOf(() => verifyEvidence(native, encodeEvidence(sealedReceipt.manifest.bytes, other.messageKey), knowsAlice))).toBe('E_MAC');
    const forged = forge(sealedReceipt, { metadata: (fields) => ({ ...fields, createdMs: 1 }) });
    expect(await codeOf(() => verifyEvidence(native, encodeEvidence(forged.bytes, sealedReceipt.messageKey), knowsAlice))).toBe('E_SIGNATURE');
    const asAlice = forge(sealedReceipt, { signAs: { ...carol.sender, identity: alice.sender.identity } });
    expect(await codeOf(() => verifyEvidence(native, encodeEvidence(asAlice.bytes, sealedReceipt.messageKey), knowsAlice))).toBe('E_SIGNATURE');
  });

  it('is refused damaged: a bit in any byte, any length', async () => {
    for (let i = 0; i < evidence.length; i++) await expect(verifyEvidence(native, flipBit(evidence, i * 8 + (i % 8)), knowsAlice)).rejects.toMatchObject({ name: 'OmniplexError' });
    for (let length = 0; length < evidence.length; length += 7) expect(await codeOf(() => decodeEvidence(evidence.subarray(0, length)))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeEvidence(encode({ v: 1, manifest: sample(5), key: sample(31) })))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeEvidence(encode({ v: 1, manifest: sample(5), key: sample(32), more: 1 })))).toBe('E_FORMAT');
    expect(await codeOf(() => decodeEvidence(encode({ v: 2, manifest: sample(5), key: sample(32) })))).toBe('E_VERSION_NEWER');
  });
});

describe('an opening block', () => {
  it('opens before its manifest exists, and is tied to it', async () => {
    const prepared = await prepareMessage(native, fromAlice({ recipients: [carol.recipient, bob.recipient] }));
    const block = prepared.opening();
    const stream = await openOpening(native, block.cid, block.bytes, toBob, prepared.stanzaOf[1]);
    expect([stream.stanzaIndex, hexOf(stream.headerKey.expose())]).toEqual([prepared.stanzaOf[1], hexOf(prepared.headerKey.expose())]);
    const sealed = await sealPrepared(native, prepared, [sample(9)], new MemoryBlocks());
    using opened = await open(sealed.cid, sealed.manifest.bytes, { messageKey: stream.messageKey });
    checkOpening(stream.opening, opened.manifest);
    expect(equalBytes(stream.opening.salt, sealed.salt)).toBe(true);
  });

  it('of another message is refused', async () => {
    const [one, two] = [await prepareMessage(native, fromAlice()), await seal(fromAlice(), [])];
    const opening = decodeOpening(one.opening().bytes);
    const manifest = decodeManifest(two.manifest.bytes);
    expect(await codeOf(() => checkOpening(opening, manifest))).toBe('E_MAC');
    expect(await codeOf(() => checkOpening({ ...opening, stanzas: manifest.stanzas }, manifest))).toBe('E_MAC');
    expect(await codeOf(() => checkOpening({ ...opening, salt: manifest.salt }, manifest))).toBe('E_MAC');
    const { salt, stanzas } = manifest;
    expect(await codeOf(() => checkOpening({ salt, stanzas: [...stanzas, ...stanzas] }, manifest))).toBe('E_MAC');
  });

  it('is refused for others, damaged, or in another form', async () => {
    const block = (await prepareMessage(native, fromAlice())).opening();
    expect(await codeOf(() => openOpening(native, block.cid, block.bytes, { xWing: [carol.kem] }))).toBe('E_NOT_RECIPIENT');
    expect(await codeOf(() => openOpening(native, block.cid, block.bytes, toBob, 1))).toBe('E_NOT_RECIPIENT');
    expect(await codeOf(() => openOpening(native, cidOf(RAW, block.bytes), block.bytes, toBob))).toBe('E_FORMAT');
    for (let i = 0; i < block.bytes.length; i++) {
      const bytes = flipBit(block.bytes, i * 8 + (i % 8));
      expect(await codeOf(() => openOpening(native, block.cid, bytes, toBob))).toBe('E_BLOCK_CORRUPT');
    }
    const fields = { v: 1, salt: sample(24), stanzas: [{ type: 'session', wrapped: sample(48) }] };
    const refused = (value: unknown) => codeOf(() => decodeOpening(encode(value as Value)));
    expect(decodeOpening(encode(fields)).stanzas.length).toBe(1);
    for (const wrong of [{ ...fields, salt: sample(23) }, { ...fields, stanzas: [] }, { ...fields, erase: sample(32) }, { ...fields, v: 0 }, { v: 1, salt: sample(24) }]) expect(await refused(wrong)).toBe('E_FORMAT');
    expect(await refused({ ...fields, v: 2 })).toBe('E_VERSION_NEWER');
    expect(await refused({ ...fields, stanzas: [{ type: 'shred' }] })).toBe('E_NOT_IN_VERSION_1');
  });
});

describe('the erase token', () => {
  it('follows from secret and salt, and the manifest shows its hash', async () => {
    const sealed = await seal(fromAlice(), []);
    const token = eraseToken(native, seedOf('outbox'), sealed.salt);
    expect(hexOf(eraseHash(token))).toBe(hexOf(decodeManifest(sealed.manifest.bytes).erase));
    expect(hexOf(eraseHash(token))).toBe(hexOf(sha256(token)));
    expect(hexOf(eraseToken(native, seedOf('another'), sealed.salt))).not.toBe(hexOf(token));
    expect(hexOf(eraseToken(native, seedOf('outbox'), seedOf('salt', 24)))).not.toBe(hexOf(token));
  });
});

describe('without keys', () => {
  it('a manifest shows counts and sizes, and says what it hides', async () => {
    const sealed = await seal(fromAlice({ recipients: [bob.recipient, carol.recipient], padding: 'padme' }), sample(300_000));
    const said = describeBlock(sealed.manifest.bytes);
    expect(said).toMatchObject({
      kind: 'manifest',
      version: 1,
      bytes: sealed.manifest.bytes.length,
      stanzas: { count: 2, types: { 'x-wing': 2 }, postQuantum: true },
      content: { paddedBytes: sealed.paddedBytes, ciphertextBytes: sealed.paddedBytes + 16 * 19, blocks: 2, linkNodes: 0, inlineBytes: 0 },
      erase: hexOf(decodeManifest(sealed.manifest.bytes).erase),
    });
    expect(said?.hidden.length).toBeGreaterThan(0);
    expect(JSON.stringify(said)).not.toContain(metadata.name);
  });

  it('says post-quantum only where it can be seen', async () => {
    using passphrase = new Passphrase(native, secretOf('p'), CHEAP_ARGON);
    const of = async (request: SealRequest) => {
      const said = describeBlock((await seal(request, [])).manifest.bytes);
      return said?.kind === 'manifest' ? said.stanzas.postQuantum : 'none';
    };
    expect(await of(fromAlice({ recipients: [], passphrase }))).toBe(true);
    expect(await of(toSession())).toBe(undefined);
    expect(await of(fromAlice({ group: [secretOf('g')] }))).toBe(undefined);
  });

  it('tells opening blocks, link nodes and evidence apart, and answers nothing to strange blocks', async () => {
    expect(describeBlock((await prepareMessage(native, fromAlice())).opening().bytes)).toMatchObject({ kind: 'opening', stanzas: { count: 1 } });
    expect(describeBlock(encode({ v: 1, links: [cidOf(RAW, sample(1))] }))).toMatchObject({ kind: 'link-node', links: 1, linksTo: 'raw' });
    const evidence = encodeEvidence(sealedReceipt.manifest.bytes, sealedReceipt.messageKey);
    const said = describeBlock(evidence);
    expect(said).toMatchObject({ kind: 'evidence', manifest: { kind: 'manifest' } });
    expect(JSON.stringify(said)).not.toContain(hexOf(sealedReceipt.messageKey.expose()));
    for (const strange of [new Uint8Array(0), sample(500), encode({ hello: 1 }), encode([1]), encode(null), encode({ v: 1, keys: {} })]) expect(describeBlock(strange)).toBe(undefined);
  });

  it('throws on what begins like a block of ours and is none', async () => {
    const map = manifestMap(sealedReceipt.manifest.bytes);
    expect(await codeOf(() => describeBlock(encode({ ...map, stanzas: [] })))).toBe('E_FORMAT');
    expect(await codeOf(() => describeBlock(encode({ ...map, v: 2 })))).toBe('E_VERSION_NEWER');
    expect(await codeOf(() => describeBlock(encode({ v: 1, links: [] })))).toBe('E_FORMAT');
    expect(await codeOf(() => describeBlock(encode({ v: 1, links: [cidOf(RAW, sample(1)), cidOf(DAG_CBOR, sample(1))] })))).toBe('E_FORMAT');
    expect(await codeOf(() => describeBlock(encode({ v: 1, manifest: sample(9), key: sample(32) })))).toBe('E_FORMAT');
  });

  it('reads the length of a ciphertext file', () => {
    const head = concat(seedOf('salt', 24), seedOf('commitment'));
    expect(describeCiphertext(head, 56 + 16)).toMatchObject({ plaintextBytes: 0, chunks: 1, salt: hexOf(seedOf('salt', 24)), commitment: hexOf(seedOf('commitment')) });
    expect(describeCiphertext(head, 56 + 16_400 + 16 + 5)).toMatchObject({ plaintextBytes: 16_389, chunks: 2 });
    for (const bytes of [0, 55, 56, 71, 56 + 16_400, 56 + 16_400 + 15]) expect(describeCiphertext(head, bytes)).toBe(undefined);
    expect(describeCiphertext(head.subarray(1), 100)).toBe(undefined);
  });
});

describe('secrets', () => {
  it('are wiped with the message that was opened', async () => {
    const opened = await open(sealedReceipt.cid, sealedReceipt.manifest.bytes);
    const [key, header] = [opened.messageKey.expose(), opened.headerKey.expose()];
    opened[Symbol.dispose]();
    expect([...key, ...header].every((byte) => byte === 0)).toBe(true);
    expect(() => opened.messageKey.expose()).toThrow();
  });

  it('given for opening stay the caller’s', async () => {
    const kept = new Secret(sealedReceipt.messageKey.expose().slice());
    (await open(sealedReceipt.cid, sealedReceipt.manifest.bytes, { messageKey: kept }))[Symbol.dispose]();
    expect(hexOf(kept.expose())).toBe(hexOf(sealedReceipt.messageKey.expose()));
  });
});
