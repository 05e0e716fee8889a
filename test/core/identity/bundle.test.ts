import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { encodeCar, piecesOf } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { checkFollows, decodeBundle, signBundle, verifyBundle, type BundleFields } from '../../../src/core/identity/bundle.ts';
import { decodeGenesis, makeGenesis } from '../../../src/core/identity/genesis.ts';
import { decodeBundleFile, decodeRevocation, encodeBundleFile, introductionBlocks, readIntroductions, type Introduction } from '../../../src/core/identity/index.ts';
import { signingKeysOf } from '../../../src/core/identity/own-keys.ts';
import { makeRevocation, verifyRevocation } from '../../../src/core/identity/revocation.ts';
import { secretNames } from '../../../src/core/identity/room.ts';
import { cuts, flips, letThrough } from '../../support/damage.ts';
import { clockAt } from '../../support/home.ts';
import { bundleOf, operator, type Operator } from '../../support/people.ts';
import { noble } from '../crypto/support.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const refused = (code: string) => expect.objectContaining({ code });
type Map_ = Record<string, Value>;

async function someone(options: Parameters<Operator['identities']['create']>[1] = {}) {
  const who = await operator(clockAt(NOW));
  await who.identities.create('ada', options);
  return { who, introduction: await bundleOf(who, 'ada') };
}

/** The block with some fields changed and signed again by the same identity: what only its owner could make. */
async function resigned({ who, introduction: { newest } }: { readonly who: Operator; readonly introduction: Introduction }, change: Partial<BundleFields>) {
  const ring = await who.ring();
  const keys = signingKeysOf(who.crypto, ['ed25519', 'ml-dsa-65'], (name) => ring.openSecret(secretNames.signing(newest.id, newest.signing.from, name)).expose());
  return signBundle(who.crypto, keys, { ...newest, ...change });
}

const edited = (block: Bytes, edit: (fields: Map_) => void): Bytes => {
  const fields = { ...(decode('test', block) as Map_) };
  edit(fields);
  return encode(fields);
};

describe('a bundle', () => {
  it('comes back as it was signed', async () => {
    const { who, introduction } = await someone();
    const { newest, genesis } = introduction;
    expect(decodeBundle(newest.block)).toEqual(newest);
    expect(newest).toMatchObject({ seq: 1, issuedAtMs: NOW, name: 'ada', prev: undefined });
    expect(newest.block.length).toBeLessThan(15_000);
    verifyBundle(who.crypto, genesis, newest);
    expect(await decodeBundleFile(who.crypto, encodeBundleFile(introduction))).toEqual(introduction);
  });

  it.each<[string, string, (fields: Map_) => void]>([
    ['a newer version', 'E_VERSION_NEWER', (fields) => (fields['v'] = 2)],
    ['version 0', 'E_FORMAT', (fields) => (fields['v'] = 0)],
    ['an unknown field', 'E_FORMAT', (fields) => (fields['extra'] = 1)],
    ['no expiry', 'E_FORMAT', (fields) => delete fields['expires']],
    ['an expiry before its issue', 'E_FORMAT', (fields) => (fields['expires'] = NOW)],
    ['number 0', 'E_FORMAT', (fields) => (fields['seq'] = 0)],
    ['number 2 without a bundle before it', 'E_FORMAT', (fields) => (fields['seq'] = 2)],
    ['number 1 with one', 'E_FORMAT', (fields) => (fields['prev'] = fields['id'] as Value)],
    ['a raw id', 'E_FORMAT', (fields) => (fields['id'] = cidOf(RAW, new Uint8Array(1)))],
    ['an inbox that is a link', 'E_FORMAT', (fields) => (fields['inboxes'] = [fields['id'] as Value])],
    ['an inbox of 31 bytes', 'E_FORMAT', (fields) => (fields['inboxes'] = [new Uint8Array(31)])],
    ['nine inboxes', 'E_FORMAT', (fields) => (fields['inboxes'] = Array.from({ length: 9 }, (_, i) => new Uint8Array(32).fill(i)))],
    ['an inbox twice', 'E_FORMAT', (fields) => (fields['inboxes'] = [...(fields['inboxes'] as Value[]), ...(fields['inboxes'] as Value[])])],
    ['a short X-Wing key', 'E_FORMAT', (fields) => (fields['kem'] = (fields['kem'] as Bytes).subarray(1))],
    ['a prekey that is the identity key', 'E_FORMAT', (fields) => (fields['prekeys'] = [{ key: fields['kem'] as Value, until: NOW + 1 }])],
    ['a prekey that outlives it', 'E_FORMAT', (fields) => (fields['prekeys'] = (fields['prekeys'] as Map_[]).map((prekey) => ({ ...prekey, until: (fields['expires'] as number) + 1 })))],
    ['a prekey with another field', 'E_FORMAT', (fields) => (fields['prekeys'] = (fields['prekeys'] as Map_[]).map((prekey) => ({ ...prekey, id: 1 })))],
    ['prekeys out of order', 'E_FORMAT', (fields) => (fields['prekeys'] = [{ key: new Uint8Array(1216), until: NOW + 9 ** 12 }, ...(fields['prekeys'] as Value[])])],
    ['five prekeys', 'E_FORMAT', (fields) => (fields['prekeys'] = [1, 2, 3, 4, 5].map((i) => ({ key: new Uint8Array(1216).fill(i), until: NOW + i })))],
    ['a name of 65 letters', 'E_FORMAT', (fields) => (fields['name'] = 'a'.repeat(65))],
    ['no signatures', 'E_FORMAT', (fields) => (fields['signatures'] = {})],
    ['the Ed25519 signature alone', 'E_FORMAT', (fields) => (fields['signatures'] = { ed25519: (fields['signatures'] as Map_)['ed25519'] as Value })],
    ['the ML-DSA signature alone', 'E_FORMAT', (fields) => (fields['signatures'] = { 'ml-dsa-65': (fields['signatures'] as Map_)['ml-dsa-65'] as Value })],
    ['a signature by an algorithm nobody knows', 'E_NOT_IN_VERSION_1', (fields) => (fields['signatures'] = { ...(fields['signatures'] as Map_), rot13: new Uint8Array(1) })],
    ['signing keys that begin later', 'E_FORMAT', (fields) => (fields['signing'] = { ...(fields['signing'] as Map_), from: 2 })],
    ['a certificate by one algorithm', 'E_FORMAT', (fields) => (fields['signing'] = { ...(fields['signing'] as Map_), certificate: { ed25519: new Uint8Array(64) } })],
  ])('with %s is refused by its form', async (_, code, edit) => {
    const { introduction } = await someone();
    expect(() => decodeBundle(edited(introduction.newest.block, edit))).toThrow(refused(code));
  });

  it('in another spelling is refused', async () => {
    const { introduction: { newest } } = await someone();
    expect(() => decodeBundle(Uint8Array.of(...newest.block, 0))).toThrow(refused('E_FORMAT'));
    const longer = Uint8Array.from([0xb8, (newest.block[0] as number) & 0x1f, ...newest.block.subarray(1)]);
    expect(() => decodeBundle(longer)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^E_(FORMAT|NOT_CANONICAL)$/) }));
  });

  it.each(['ada\u001b[2J', '../ada', '', ' ', '\u0378', 'a\u0308'])('that calls itself %j holds, and says no name', async (name) => {
    const ada = await someone();
    const bundle = await resigned(ada, { name });
    verifyBundle(ada.who.crypto, ada.introduction.genesis, bundle);
    expect(bundle.name).toBeUndefined();
    expect((decode('test', bundle.block) as Map_)['name']).toBe(name);
    const renamed = decodeBundle(edited(bundle.block, (fields) => (fields['name'] = `${name}/`)));
    expect(() => verifyBundle(ada.who.crypto, ada.introduction.genesis, renamed)).toThrow(refused('E_SIGNATURE'));
    const friend = await operator(clockAt(NOW));
    const introduction = { ...ada.introduction, bundles: [bundle], newest: bundle };
    expect(() => friend.contacts.add([{ introduction }])).toThrow(refused('E_USAGE'));
    expect(friend.contacts.add([{ introduction, name: 'ada' }])).toMatchObject([{ change: 'added', contact: { name: 'ada' } }]);
  });

  it('whose keys nobody can seal to is well-formed, and introduces nobody', async () => {
    const ada = await someone();
    const { kemKey, prekeys } = ada.introduction.newest;
    const lowOrder = Uint8Array.from(kemKey).fill(0, 1184);
    const one = Uint8Array.from(lowOrder);
    one[1184] = 1;
    const unreduced = Uint8Array.from(kemKey).fill(0xff, 0, 3);
    const prekey = { ...prekeys[0]!, key: lowOrder };
    for (const change of [{ kemKey: lowOrder }, { kemKey: one }, { kemKey: unreduced }, { prekeys: [prekey] }]) {
      const bundle = await resigned(ada, change);
      verifyBundle(ada.who.crypto, ada.introduction.genesis, bundle);
      const file = encodeBundleFile({ ...ada.introduction, bundles: [bundle], newest: bundle });
      for (const crypto of [ada.who.crypto, noble]) {
        await expect(decodeBundleFile(crypto, file)).rejects.toEqual(refused('E_KEY_INVALID'));
        await expect(decodeBundleFile(crypto, file)).rejects.toThrow('bundle 1 of "ada"');
      }
    }
  });

  it('that stripped down to the weaker algorithm, keys and all, is refused by its genesis', async () => {
    const { who, introduction: { genesis, newest } } = await someone();
    const only = (fields: Map_) => ({ ed25519: fields['ed25519'] as Value });
    const stripped = edited(newest.block, (fields) => {
      const signing = fields['signing'] as Map_;
      fields['signing'] = { ...signing, keys: only(signing['keys'] as Map_), certificate: only(signing['certificate'] as Map_) };
      fields['signatures'] = only(fields['signatures'] as Map_);
    });
    expect(() => verifyBundle(who.crypto, genesis, decodeBundle(stripped))).toThrow(refused('E_SIGNATURE'));
  });

  it('by another identity, or signed with keys that the root never certified, is refused', async () => {
    const [ada, eve] = [await someone(), await someone()];
    expect(() => verifyBundle(ada.who.crypto, ada.introduction.genesis, eve.introduction.newest)).toThrow(refused('E_FORMAT'));
    const mixed = await resigned(eve, { id: ada.introduction.genesis.id });
    expect(() => verifyBundle(ada.who.crypto, ada.introduction.genesis, mixed)).toThrow(refused('E_SIGNATURE'));
    const swapped = await resigned(eve, { id: ada.introduction.genesis.id, signing: ada.introduction.newest.signing });
    expect(() => verifyBundle(ada.who.crypto, ada.introduction.genesis, swapped)).toThrow(refused('E_SIGNATURE'));
  });

  it('with any single bit flipped, or cut anywhere, is refused (one algorithm, every bit)', async () => {
    const { who, introduction: { genesis, newest } } = await someone({ algorithms: ['ed25519'], sendOnly: true });
    const read = (block: Bytes) => verifyBundle(who.crypto, genesis, decodeBundle(block));
    expect(await letThrough(flips(newest.block), read)).toEqual([]);
    expect(await letThrough(cuts(newest.block), read)).toEqual([]);
  });

  it('with any single bit flipped is refused (both algorithms, every 61st bit)', async () => {
    const { who, introduction: { genesis, newest } } = await someone();
    expect(await letThrough(flips(newest.block, 61), (block) => verifyBundle(who.crypto, genesis, decodeBundle(block)))).toEqual([]);
  });
});

describe('a genesis', () => {
  it('is its own name', async () => {
    const { introduction: { genesis } } = await someone();
    expect(decodeGenesis(genesis.block)).toEqual(genesis);
    expect(genesis.id.equals(cidOf(DAG_CBOR, genesis.block))).toBe(true);
  });

  it.each<[string, string, (fields: Map_) => void]>([
    ['no algorithm', 'E_FORMAT', (fields) => (fields['keys'] = {})],
    ['no Ed25519', 'E_FORMAT', (fields) => (fields['keys'] = { 'ml-dsa-65': new Uint8Array(1952) })],
    ['a short key', 'E_FORMAT', (fields) => (fields['keys'] = { ed25519: new Uint8Array(31) })],
    ['a key that is text', 'E_FORMAT', (fields) => (fields['keys'] = { ed25519: 'x' })],
    ['an unknown algorithm', 'E_NOT_IN_VERSION_1', (fields) => (fields['keys'] = { ed25519: new Uint8Array(32), ed448: new Uint8Array(57) })],
    ['a newer version', 'E_VERSION_NEWER', (fields) => (fields['v'] = 3)],
    ['something beside', 'E_FORMAT', (fields) => (fields['name'] = 'ada')],
  ])('with %s is refused', (_, code, edit) => {
    const genesis = makeGenesis({ ed25519: new Uint8Array(32) });
    expect(() => decodeGenesis(edited(genesis.block, edit))).toThrow(refused(code));
  });
});

describe('the chain', () => {
  it('takes the next, and a later one that the root certified afresh; nothing else', async () => {
    const { who, introduction: { newest: first } } = await someone();
    const rotated = async (what: 'prekeys' | 'signing') => (await who.identities.rotate('ada', what), decodeBundle(who.home.people.newestBundle(first.id)!.block));
    const second = await rotated('prekeys');
    const third = await rotated('prekeys');
    const fourth = await rotated('signing');
    const fifth = await rotated('prekeys');
    for (const [before, next] of [[first, second], [second, third], [third, fourth], [fourth, fifth], [first, fourth], [first, fifth], [third, fifth]] as const) {
      expect(() => checkFollows(before, next, 'ada')).not.toThrow();
    }
    for (const [before, next] of [[first, third]] as const) expect(() => checkFollows(before, next, 'ada')).toThrow(refused('E_BUNDLE_CHAIN'));
    for (const [before, next] of [[second, first], [fifth, fourth], [first, first], [fourth, third], [fifth, first]] as const) expect(() => checkFollows(before, next, 'ada')).toThrow(refused('E_BUNDLE_STALE'));
  });

  it('does not follow stolen signing keys behind a rotation', async () => {
    const it = await someone();
    const { newest: first } = it.introduction;
    const forged = await resigned(it, { seq: 2, prev: first.cid, issuedAtMs: NOW + 1 });
    // Before the rotation the thief signs like the owner; that is a fork, and forks are told.
    expect(() => checkFollows(first, forged, 'ada')).not.toThrow();
    await it.who.identities.rotate('ada', 'signing');
    const second = decodeBundle(it.who.home.people.newestBundle(first.id)!.block);
    expect(() => checkFollows(second, forged, 'ada')).toThrow(refused('E_BUNDLE_CHAIN'));
    const third = { ...forged, seq: 3, prev: second.cid };
    expect(() => checkFollows(second, third, 'ada')).toThrow(refused('E_BUNDLE_CHAIN'));
  });
});

describe('a revocation', () => {
  const made = async () => {
    const { who, introduction } = await someone();
    const ring = await who.ring();
    const root = signingKeysOf(who.crypto, ['ed25519', 'ml-dsa-65'], (name) => ring.openSecret(secretNames.root(introduction.genesis.id, name)).expose());
    return { who, introduction, revocation: makeRevocation(who.crypto, root, introduction.genesis.id, 'lost', NOW) };
  };

  it('is the root\'s word and nobody else\'s', async () => {
    const { who, introduction, revocation } = await made();
    verifyRevocation(who.crypto, introduction.genesis, revocation);
    expect(decodeRevocation(revocation.block)).toEqual(revocation);
    const other = await made();
    expect(() => verifyRevocation(who.crypto, other.introduction.genesis, revocation)).toThrow(refused('E_FORMAT'));
    const signer = await who.identities.signerFor('ada');
    const bySigningKey = makeRevocation(who.crypto, signer.signingKeys, introduction.genesis.id, 'lost', NOW);
    expect(() => verifyRevocation(who.crypto, introduction.genesis, bySigningKey)).toThrow(refused('E_SIGNATURE'));
  });

  it('with any bit flipped or cut anywhere is refused', async () => {
    const { who, introduction: { genesis }, revocation } = await made();
    const read = (block: Bytes) => verifyRevocation(who.crypto, genesis, decodeRevocation(block));
    expect(await letThrough(flips(revocation.block, 11), read)).toEqual([]);
    expect(await letThrough(cuts(revocation.block, 11), read)).toEqual([]);
  });
});

describe('a bundle file', () => {
  it('with any bit flipped, or cut anywhere, is refused (one algorithm, every bit)', async () => {
    const { who, introduction } = await someone({ algorithms: ['ed25519'], sendOnly: true });
    const file = encodeBundleFile(introduction);
    const read = (bytes: Bytes) => decodeBundleFile(who.crypto, bytes);
    expect(await letThrough(flips(file), read)).toEqual([]);
    expect(await letThrough(cuts(file), read)).toEqual([]);
  });

  it('with any bit flipped is refused (both algorithms, three bundles, every 101st bit)', async () => {
    const { who } = await someone();
    await who.identities.rotate('ada');
    await who.identities.rotate('ada', 'all');
    const introduction = await bundleOf(who, 'ada');
    expect(introduction.bundles.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(await letThrough(flips(encodeBundleFile(introduction), 101), (bytes) => decodeBundleFile(who.crypto, bytes))).toEqual([]);
  });

  it('is refused with blocks left out, doubled, in another order, or under another root', async () => {
    const { who, introduction } = await someone();
    const blocks = introductionBlocks(introduction);
    const root = introduction.newest.cid;
    const read = (roots: readonly (typeof root)[], list: typeof blocks) => decodeBundleFile(who.crypto, encodeCar(roots, list));
    await read([root], blocks);
    for (let i = 0; i < blocks.length; i++) await expect(read([root], blocks.toSpliced(i, 1))).rejects.toEqual(refused('E_FORMAT'));
    await expect(read([root], [...blocks, blocks[0]!])).rejects.toEqual(refused('E_NOT_CANONICAL'));
    await expect(read([root], blocks.toReversed())).rejects.toEqual(refused('E_NOT_CANONICAL'));
    await expect(read([], blocks)).rejects.toEqual(refused('E_NOT_CANONICAL'));
    await expect(read([introduction.genesis.id], blocks)).rejects.toEqual(refused('E_NOT_CANONICAL'));
    await expect(read([root, root], blocks)).rejects.toEqual(refused('E_NOT_CANONICAL'));
    await expect(read([root], [])).rejects.toEqual(refused('E_FORMAT'));
  });

  it('of two identities is none, but a CAR with content may introduce several', async () => {
    const [ada, eve] = [await someone(), await someone()];
    const both = [...introductionBlocks(ada.introduction), ...introductionBlocks(eve.introduction)];
    await expect(decodeBundleFile(ada.who.crypto, encodeCar([ada.introduction.newest.cid], both))).rejects.toEqual(refused('E_FORMAT'));
    const content = new Uint8Array(1000).fill(7);
    const car = encodeCar([], [{ cid: cidOf(RAW, content), bytes: content }, ...both]);
    expect((await readIntroductions(ada.who.crypto, piecesOf(car), 'x.car')).map(({ newest }) => newest.seq)).toEqual([1, 1]);
    const contentOnly = encodeCar([], [{ cid: cidOf(RAW, content), bytes: content }]);
    expect(await readIntroductions(ada.who.crypto, piecesOf(contentOnly), 'x.car')).toEqual([]);
  });
});
