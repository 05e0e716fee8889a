/** What sealing refuses, wrong keys, hostile parameters, and shapes of a manifest that its length does not fix. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, sha256 } from '../../../src/core/base/cid.ts';
import { encode, type Value } from '../../../src/core/base/codec.ts';
import { OmniplexError } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { decodeManifest, linkLayout, Passphrase, prepareMessage, sealMessage, sealPrepared, type SealRequest } from '../../../src/core/message/index.ts';
import { encodeManifest } from '../../../src/core/message/manifest.ts';
import { manifestMap } from './forge.ts';
import { alice, bob, carol, CHEAP_ARGON, codeOf, flipBit, fromAlice, knowsAlice, MemoryBlocks, metadata, native, open, openBytes, person, sample, seal, secretOf, seedOf, sessionKeys, toBob,
  toSession } from './support.ts';

const small = await seal(fromAlice(), sample(100));
const large = await seal(toSession({ padding: 'class' }), sample(300_000));
const seeds = [small.manifest.bytes, large.manifest.bytes];
const map = manifestMap(small.manifest.bytes);
const refusal = (value: unknown) => codeOf(() => decodeManifest(encode(value as Value)));

describe('sealing refuses', () => {
  const refused = (request: SealRequest) => codeOf(() => seal(request, []));

  it('no recipient, too many, a passphrase beside others', async () => {
    using passphrase = new Passphrase(native, secretOf('p'), CHEAP_ARGON);
    expect(await refused(fromAlice({ recipients: [] }))).toBe('E_NO_RECIPIENT');
    expect(await refused(fromAlice({ recipients: Array.from({ length: 257 }, () => bob.recipient) }))).toBe('E_TOO_MANY');
    expect(await refused(fromAlice({ recipients: Array.from({ length: 256 }, () => bob.recipient), group: [secretOf('g')] }))).toBe('E_TOO_MANY');
    expect(await refused(fromAlice({ passphrase }))).toBe('E_USAGE');
    expect(await refused(fromAlice({ recipients: [], group: [secretOf('g')], passphrase }))).toBe('E_USAGE');
  });

  it('no sender, unless the sole stanza is a session’s', async () => {
    using passphrase = new Passphrase(native, secretOf('p'), CHEAP_ARGON);
    const { sender: _, ...unsigned } = fromAlice();
    expect(await refused(unsigned)).toBe('E_NO_IDENTITY');
    expect(await refused({ ...unsigned, recipients: [], passphrase })).toBe('E_NO_IDENTITY');
    expect(await refused({ ...unsigned, recipients: [], group: [secretOf('g')] })).toBe('E_NO_IDENTITY');
    expect(await refused(toSession({ session: [secretOf('a'), secretOf('b')] }))).toBe('E_NO_IDENTITY');
    expect(await refused(toSession({ recipients: [bob.recipient] }))).toBe('E_NO_IDENTITY');
  });

  it('a recipient’s key that is none', async () => {
    expect(await refused(fromAlice({ recipients: [{ ...bob.recipient, publicKey: new Uint8Array(7) }] }))).toBe('E_KEY_INVALID');
    expect(await refused(fromAlice({ recipients: [{ ...bob.recipient, publicKey: new Uint8Array(1_216).fill(0xff) }] }))).toBe('E_KEY_INVALID');
  });

  it('a name that is too long, and wipes the keys', async () => {
    expect(await refused(fromAlice({ metadata: { ...metadata, name: 'x'.repeat(256) } }))).toBe('E_TOO_MANY');
  });

  it('to go on when the input fails, the sink fails, or the signal says so', async () => {
    const reason = new Error('input gone');
    const failing = async function* () {
      yield sample(300_000);
      throw reason;
    };
    await expect(seal(toSession(), failing())).rejects.toBe(reason);
    const many = function* () {
      for (let i = 0; i < 40; i++) yield sample(1 << 20);
    };
    const full = { put: async () => Promise.reject(new Error('disk full')) };
    for (const parallel of [0, 1]) await expect(sealMessage(native, toSession(), many(), full, { parallel })).rejects.toThrow('disk full');
    await expect(sealMessage(native, toSession(), [sample(300_000)], new MemoryBlocks(), { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
    const late = new AbortController();
    const onProgress = (bytes: number) => bytes > 20e6 && late.abort(new Error('late'));
    for (const parallel of [0, 1]) await expect(sealMessage(native, toSession(), many(), new MemoryBlocks(), { parallel, signal: late.signal, onProgress })).rejects.toThrow('late');
  });
});

describe('sealing that fails', () => {
  it('leaves nothing running that writes to the sink', async () => {
    let running = 0;
    const slow = {
      async put() {
        running++;
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        running--;
      },
    };
    async function* failing() {
      for (let i = 0; i < 9; i++) yield sample(1 << 20);
      throw new Error('input gone');
    }
    for (const parallel of [0, 1]) {
      await expect(sealMessage(native, toSession(), failing(), slow, { parallel })).rejects.toThrow('input gone');
      expect(running).toBe(0);
    }
  });

  it('makes no second manifest of one prepared message', async () => {
    const prepared = await prepareMessage(native, toSession());
    await sealPrepared(native, prepared, [sample(1)], new MemoryBlocks());
    await expect(sealPrepared(native, prepared, [sample(1)], new MemoryBlocks())).rejects.toThrow('sealed once');
  });
});

describe('wrong keys', () => {
  it('open nothing', async () => {
    const asPrekey = { ...bob.kem, keyType: 'prekey' as const };
    const otherId = { ...bob.kem, keyId: sha256(bob.kem.keyId) };
    for (const keys of [{}, { xWing: [] }, { xWing: [carol.kem] }, { xWing: [asPrekey] }, { xWing: [otherId] }, { session: [secretOf('s')], group: [secretOf('g')] }]) {
      expect(await codeOf(() => open(small.cid, small.manifest.bytes, keys))).toBe('E_NOT_RECIPIENT');
    }
    const [toGroup, session] = [await seal(fromAlice({ recipients: [], group: [secretOf('g')] }), []), await seal(toSession(), [])];
    expect(await codeOf(() => open(toGroup.cid, toGroup.manifest.bytes, { group: [secretOf('h')], session: [secretOf('g')] }))).toBe('E_NOT_RECIPIENT');
    expect(await codeOf(() => open(session.cid, session.manifest.bytes, { group: [secretOf('session')] }))).toBe('E_NOT_RECIPIENT');
  });

  it('include a message key that is not this message’s', async () => {
    expect(await codeOf(() => open(small.cid, small.manifest.bytes, { messageKey: secretOf('other') }))).toBe('E_MAC');
  });

  it('include the right key at another stanza', async () => {
    const two = await seal(fromAlice({ recipients: [bob.recipient, carol.recipient] }), []);
    for (const stanzaIndex of [two.stanzaOf[1], 2, -1, 0.5]) {
      expect(await codeOf(() => open(two.cid, two.manifest.bytes, toBob, { ...knowsAlice, stanzaIndex }))).toBe('E_NOT_RECIPIENT');
    }
  });

  it('of a prekey open what was sealed to the prekey', async () => {
    const prekey = person('bob', native, 'prekey');
    const sealed = await seal(fromAlice({ recipients: [prekey.recipient] }), []);
    expect((await open(sealed.cid, sealed.manifest.bytes, { xWing: [bob.kem, prekey.kem] })).sender.kind).toBe('signed');
    expect(await codeOf(() => open(sealed.cid, sealed.manifest.bytes, toBob))).toBe('E_NOT_RECIPIENT');
  });

  it('include the wrong passphrase, and none', async () => {
    using passphrase = new Passphrase(native, secretOf('right'), CHEAP_ARGON);
    const sealed = await seal(fromAlice({ recipients: [], passphrase }), []);
    expect(await codeOf(() => open(sealed.cid, sealed.manifest.bytes, { passphrase: new Passphrase(native, secretOf('wrong')) }))).toBe('E_PASSPHRASE');
    expect(await codeOf(() => open(sealed.cid, sealed.manifest.bytes, toBob))).toBe('E_PASSPHRASE_NEEDED');
  });
});

describe('hostile argon2 parameters', () => {
  it('are refused before anything is derived', async () => {
    let derived = 0;
    const counting = { ...native, argon2id: async () => (derived++, new Uint8Array(32)) };
    using passphrase = new Passphrase(counting, secretOf('p'));
    const stanza = { type: 'passphrase', salt: seedOf('salt', 16), memory: 8, passes: 1, lanes: 1, wrapped: seedOf('w', 48) };
    const hostile = [
      { memory: limits.argonMemoryKibMax + 1 },
      { memory: 2 ** 52 },
      { memory: 7 },
      { memory: 0 },
      { passes: limits.argonPassesMax + 1 },
      { passes: 0 },
      { lanes: limits.argonLanesMax + 1 },
      { lanes: 0 },
      { lanes: 2, memory: 15 },
      { memory: '8' },
      { salt: seedOf('salt', 15) },
      { wrapped: seedOf('w', 47) },
    ];
    for (const change of hostile) expect(await codeOf(() => openBytes(encode({ ...map, stanzas: [{ ...stanza, ...change }] }), { passphrase }))).toBe('E_FORMAT');
    expect(derived).toBe(0);
    expect(await codeOf(() => openBytes(encode({ ...map, stanzas: [stanza] }), { passphrase }))).toBe('E_PASSPHRASE');
    expect(derived).toBe(1);
  });
});

describe('stanzas', () => {
  const [stanza] = map['stanzas'] as [Record<string, Value>];
  const wrapped = seedOf('w', 48);

  it('are refused when unknown, reserved, or with other fields than their type has', async () => {
    expect(await refusal({ ...map, stanzas: [{ type: 'shred', wrapped }] })).toBe('E_NOT_IN_VERSION_1');
    for (const wrong of [
      { type: 'ml-kem', enc: seedOf('e', 1_088), wrapped },
      { type: 'x25519', wrapped },
      { type: 'x'.repeat(1_000) },
      { wrapped },
      { type: 'session' },
      { type: 'session', wrapped, keyId: 1 },
      { type: 'group', wrapped: seedOf('w', 49) },
      { ...stanza, enc: seedOf('e', 1_119) },
      { ...stanza, wrapped: seedOf('w', 47) },
      { ...stanza, to: 'bob' },
      7,
      null,
      [],
      'session',
    ]) {
      expect(await refusal({ ...map, stanzas: [wrong] })).toBe('E_FORMAT');
    }
  });

  it('are 1 to 256, and a passphrase stands alone', async () => {
    const session = { type: 'session', wrapped };
    const passphrase = { type: 'passphrase', salt: seedOf('salt', 16), memory: 8, passes: 1, lanes: 1, wrapped };
    const times = (count: number) => Array.from({ length: count }, () => session);
    expect(await refusal({ ...map, stanzas: [] })).toBe('E_FORMAT');
    expect(await refusal({ ...map, stanzas: times(257) })).toBe('E_FORMAT');
    expect(decodeManifest(encode({ ...map, stanzas: times(256) })).stanzas.length).toBe(256);
    expect(await refusal({ ...map, stanzas: [passphrase, session] })).toBe('E_FORMAT');
    expect(await refusal({ ...map, stanzas: [passphrase, passphrase] })).toBe('E_FORMAT');
    expect(decodeManifest(encode({ ...map, stanzas: [passphrase] })).stanzas[0]?.type).toBe('passphrase');
  });
});

describe('a manifest is refused', () => {
  const content = map['content'] as Record<string, Value>;
  const link = cidOf(RAW, seedOf('block'));
  const withContent = (change: Record<string, unknown>) => refusal({ ...map, content: { ...content, ...change } });

  it('without a field, with another, or of another version', async () => {
    for (const field of Object.keys(map)) expect(await refusal(Object.fromEntries(Object.entries(map).filter(([name]) => name !== field)))).toBe('E_FORMAT');
    for (const field of ['fec', 'shred']) expect(await refusal({ ...map, [field]: 1 })).toBe('E_NOT_IN_VERSION_1');
    expect(await refusal({ ...map, comment: 'hello' })).toBe('E_FORMAT');
    expect(await refusal({ ...map, v: 2 })).toBe('E_VERSION_NEWER');
    expect(await refusal({ ...map, v: 0 })).toBe('E_FORMAT');
    for (const value of [null, 1, 'manifest', [], new Uint8Array(9), link]) expect(await refusal(value)).toBe('E_FORMAT');
  });

  it('with a field of another type or length', async () => {
    for (const [field, length] of [['salt', 24], ['erase', 32], ['mac', 32]] as const) {
      for (const wrong of [seedOf('x', length - 1), seedOf('x', length + 1), 'text', 7, null]) expect(await refusal({ ...map, [field]: wrong })).toBe('E_FORMAT');
    }
    for (const length of [0, 27, 28, 539, 541, 28 + 511, 28 + 1_023]) expect(await refusal({ ...map, sealed: seedOf('x', length) })).toBe('E_FORMAT');
    expect(await refusal({ ...map, sealed: new Uint8Array(28 + 128 * 512) })).toBe('E_FORMAT');
    expect(decodeManifest(encode({ ...map, sealed: new Uint8Array(28 + 127 * 512) })).sealed.length).toBe(28 + 127 * 512);
    for (const stanzas of [{}, 7, null]) expect(await refusal({ ...map, stanzas })).toBe('E_FORMAT');
    for (const wrong of [[], 7, null]) expect(await refusal({ ...map, content: wrong })).toBe('E_FORMAT');
  });

  it('with links or a tail that its length does not ask for', async () => {
    expect(await withContent({ bytes: 99 })).toBe('E_FORMAT');
    expect(await withContent({ bytes: 101 })).toBe('E_FORMAT');
    expect(await withContent({ bytes: limits.contentBytesMax + 1 })).toBe('E_FORMAT');
    expect(await withContent({ links: [link] })).toBe('E_FORMAT');
    expect(await withContent({ tail: undefined })).toBe('E_FORMAT');
    expect(await withContent({ tail: new Uint8Array(0) })).toBe('E_FORMAT');
    expect(await withContent({ tail: seedOf('x', 115) })).toBe('E_FORMAT');
    expect(await withContent({ salt: seedOf('x', 23) })).toBe('E_FORMAT');
    expect(await withContent({ commitment: seedOf('x', 31) })).toBe('E_FORMAT');
    expect(await withContent({ codec: 'zstd' })).toBe('E_FORMAT');
    const one = { bytes: 20_000, tail: undefined };
    expect(await withContent({ ...one, links: [] })).toBe('E_FORMAT');
    expect(await withContent({ ...one, links: [link, link] })).toBe('E_FORMAT');
    expect(await withContent({ ...one, links: [cidOf(DAG_CBOR, seedOf('block'))] })).toBe('E_FORMAT');
    expect(await withContent({ ...one, links: [seedOf('block')] })).toBe('E_FORMAT');
    expect(await withContent({ ...one, links: [link], tail: seedOf('x', 16) })).toBe('E_FORMAT');
    expect(decodeManifest(encode({ ...map, content: { ...content, ...one, links: [link] } })).content.links.length).toBe(1);
  });

  it('with nodes where blocks belong, and blocks where nodes belong', async () => {
    const bytes = 4_097 * 262_144;
    const tail = seedOf('x', 16);
    expect(await withContent({ bytes, tail, links: [link, link] })).toBe('E_FORMAT');
    expect(await withContent({ bytes, tail, links: [cidOf(DAG_CBOR, tail), cidOf(DAG_CBOR, tail), cidOf(DAG_CBOR, tail)] })).toBe('E_FORMAT');
    const right = { ...map, content: { ...content, bytes, tail, links: [cidOf(DAG_CBOR, tail), cidOf(DAG_CBOR, tail)] } };
    expect(decodeManifest(encode(right)).content.links.length).toBe(linkLayout(bytes).links);
  });

  it('in any other spelling', async () => {
    const bytes = small.manifest.bytes;
    // v as a one-byte integer where an immediate one is shorter.
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x61, 0x76, 0x01]));
    const longer = Uint8Array.from([...bytes.subarray(0, at + 2), 0x18, 0x01, ...bytes.subarray(at + 3)]);
    expect(['E_FORMAT', 'E_NOT_CANONICAL']).toContain(await codeOf(() => decodeManifest(longer)));
    // The two first keys in the other order.
    const [head, v, mac, rest] = [bytes.subarray(0, 1), bytes.subarray(1, 4), bytes.subarray(4, 42), bytes.subarray(42)];
    expect(await codeOf(() => decodeManifest(Uint8Array.from([...head, ...mac, ...v, ...rest])))).toBe('E_NOT_CANONICAL');
  });
});

describe('decoding', () => {
  const mutated = fc.tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.constantFrom('flip', 'set', 'cut', 'insert', 'copy'), fc.nat(255)), { minLength: 1, maxLength: 4 })).map(([seed, edits]) => {
    let bytes: Bytes = Uint8Array.from(seed);
    for (const [where, edit, value] of edits) {
      const at = where % bytes.length;
      if (edit === 'flip') bytes = flipBit(bytes, at * 8 + (value % 8));
      else if (edit === 'set') bytes[at] = value;
      else if (edit === 'cut') bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + (value % 40))]);
      else if (edit === 'insert') bytes = Uint8Array.from([...bytes.subarray(0, at), value, ...bytes.subarray(at)]);
      else bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(0, value), ...bytes.subarray(at)]);
      if (bytes.length === 0) break;
    }
    return bytes;
  });

  const total = (bytes: Bytes): boolean => {
    try {
      const manifest = decodeManifest(bytes);
      return equalBytes(encodeManifest(manifest).bytes, bytes);
    } catch (error) {
      return error instanceof OmniplexError;
    }
  };

  it('is total over mutated manifests, and what it accepts encodes to the same bytes', () => {
    fc.assert(fc.property(mutated, total), { numRuns: 3_000 });
  });

  it('is total over any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), total), { numRuns: 3_000 });
  });

  it('is total over any dag-cbor of a manifest’s fields', () => {
    const leaf = fc.oneof(fc.nat(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 50 }), fc.constant(null), fc.boolean());
    const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(fc.constantFrom('salt', 'links', 'bytes', 'tail', 'commitment', 'type', 'wrapped'), leaf));
    const fields = fc.record(Object.fromEntries(Object.entries(map).map(([name, right]) => [name, fc.oneof({ arbitrary: fc.constant(right), weight: 3 }, { arbitrary: value, weight: 1 })])));
    fc.assert(fc.property(fields, (made) => total(encode(made as Value))), { numRuns: 2_000 });
  });
});

describe('what opens', () => {
  it('is refused when the sender’s keys are others than those that signed', async () => {
    const resolveSender = async () => ({ publicKeys: carol.publicKeys });
    expect(await codeOf(() => open(small.cid, small.manifest.bytes, toBob, { resolveSender }))).toBe('E_SIGNATURE');
    expect(await codeOf(() => open(small.cid, small.manifest.bytes, toBob, { resolveSender: async () => ({ publicKeys: {} }) }))).toBe('E_SIGNATURE');
    const { ed25519 } = alice.publicKeys;
    expect(await codeOf(() => open(small.cid, small.manifest.bytes, toBob, { resolveSender: async () => ({ publicKeys: { ed25519: ed25519 as Bytes } }) }))).toBe('E_SIGNATURE');
  });

  it('asks for the bundle that the message names', async () => {
    const asked: unknown[] = [];
    await open(small.cid, small.manifest.bytes, toBob, { resolveSender: async (id, seq) => (asked.push([id.toString(), seq]), undefined) });
    expect(asked).toEqual([[alice.sender.identity.toString(), 1]]);
  });

  it('rejects with what the resolver rejects with', async () => {
    await expect(open(small.cid, small.manifest.bytes, toBob, { resolveSender: async () => Promise.reject(new Error('revoked')) })).rejects.toThrow('revoked');
    const unsigned = await seal(toSession(), []);
    expect((await open(unsigned.cid, unsigned.manifest.bytes, sessionKeys, { resolveSender: async () => Promise.reject(new Error('never asked')) })).sender.kind).toBe('unsigned');
  });
});
