/**
 * Makes the golden vectors of test/vectors/message from fixed seeds, with the provider that draws all its randomness from the given
 * source. The files are what is golden; this shows how they came about, and the suite checks that they still do.
 */
import { concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, type Cid } from '../../../src/core/base/cid.ts';
import { encode, type Value } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { loadProvider, type CryptoProvider } from '../../../src/core/crypto/index.ts';
import { decodeManifest, encodeEvidence, encodeReceipt, eraseToken, linkLayout, paddedBytes, Passphrase, prepareMessage, RECEIPT_MEDIA_TYPE, sealPrepared,
  type PreparedMessage, type SealRequest } from '../../../src/core/message/index.ts';
import { deriveMessageKeys } from '../../../src/core/message/keys.ts';
import { coreDigest } from '../../../src/core/message/manifest.ts';
import { signedMessage, unsealMetadata } from '../../../src/core/message/sealed.ts';
import { seededRng } from '../crypto/support.ts';
import { forge, forgeSealed, manifestMap, sealedMap, type Changes } from './forge.ts';
import { genesisOf, MemoryBlocks, metadata, person, sample, secretOf, seedOf } from './support.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export const plaintextOf = (length: number): Bytes => sample(length);

const OUTBOX_SECRET = seedOf('outbox');
const PEOPLE = ['alice', 'bob', 'carol'] as const;

const ABOUT_PLAINTEXT = 'byte i is the top byte of state i+1, where state 0 is 1 and the next is state * 1664525 + 1013904223 mod 2^32';

interface Case {
  readonly name: string;
  readonly comment: string;
  readonly request: SealRequest;
  readonly length?: number;
  readonly content?: Bytes;
  /** Keys that open it, by name of person, secret or passphrase. */
  readonly opensWith: Record<string, Json>;
}

interface Made {
  readonly case: Case;
  readonly prepared: PreparedMessage;
  readonly messageKey: PreparedMessage['messageKey'];
  readonly manifest: { readonly cid: Cid; readonly bytes: Bytes };
  readonly blocks: MemoryBlocks;
}

async function make(provider: CryptoProvider, one: Case): Promise<Made> {
  const blocks = new MemoryBlocks();
  const prepared = await prepareMessage(provider, one.request);
  const sealed = await sealPrepared(provider, prepared, [one.content ?? plaintextOf(one.length ?? 0)], blocks);
  return { case: one, prepared, messageKey: sealed.messageKey, manifest: sealed.manifest, blocks };
}

function positive(provider: CryptoProvider, { case: one, prepared, messageKey, manifest: block, blocks }: Made): Json {
  const manifest = decodeManifest(block.bytes);
  const keys = deriveMessageKeys(provider, messageKey.expose(), manifest.salt);
  const digest = coreDigest(manifest);
  const { metadata: fields } = unsealMetadata(provider, keys, manifest.sealed);
  return {
    name: one.name,
    comment: one.comment,
    ...(one.content === undefined ? { plaintextBytes: one.length ?? 0 } : { plaintext: hexOf(one.content) }),
    padding: one.request.padding,
    opensWith: one.opensWith,
    stanzaOf: [...prepared.stanzaOf],
    messageKey: hexOf(messageKey.expose()),
    keyContent: hexOf(keys.content),
    keyMeta: hexOf(keys.meta),
    keyMac: hexOf(keys.mac),
    keyHeader: hexOf(keys.header),
    eraseToken: hexOf(eraseToken(provider, OUTBOX_SECRET, manifest.salt)),
    coreDigest: hexOf(digest),
    ...(fields.sender && { signedMessage: hexOf(signedMessage(digest, fields)) }),
    opening: hexOf(prepared.opening().bytes),
    blocks: blocks.given.slice(0, -1).map(({ cid, bytes }) => ({ cid: cid.toString(), bytes: bytes.length })),
    cid: block.cid.toString(),
    manifest: hexOf(block.bytes),
  };
}

const people = (provider: CryptoProvider) => Object.fromEntries(PEOPLE.map((name) => [name, person(name, provider)])) as Record<(typeof PEOPLE)[number], ReturnType<typeof person>>;

function cases(provider: CryptoProvider): readonly Case[] {
  const { alice, bob, carol } = people(provider);
  const prekey = person('bob', provider, 'prekey');
  const signed = (extra: Partial<SealRequest>): SealRequest => ({ sender: alice.sender, recipients: [bob.recipient], metadata, padding: 'none', eraseSecret: OUTBOX_SECRET, ...extra });
  const unsigned: SealRequest = { recipients: [], session: [secretOf('session')], metadata, padding: 'none', eraseSecret: OUTBOX_SECRET };
  const named = { name: 'Übersicht.txt', mediaType: 'text/plain', createdMs: 1_700_000_000_000, expiresMs: 1_900_000_000_000, receipt: 'opened' } as const;
  return [
    { name: 'session-empty', comment: 'no content, one session, not signed: the smallest message', request: unsigned, length: 0, opensWith: { session: 'session' } },
    { name: 'session-inline', comment: 'content short enough to lie inline', request: unsigned, length: 1_024, opensWith: { session: 'session' } },
    { name: 'session-chunk', comment: 'exactly one chunk: a block of a full chunk and an empty last one', request: unsigned, length: 16_384, opensWith: { session: 'session' } },
    { name: 'session-block', comment: 'exactly one full block: the empty last chunk lies inline', request: unsigned, length: 262_144, opensWith: { session: 'session' } },
    { name: 'session-padme', comment: 'padme padding over two blocks', request: { ...unsigned, padding: 'padme' }, length: 300_000, opensWith: { session: 'session' } },
    { name: 'session-class', comment: 'class padding', request: { ...unsigned, padding: 'class' }, length: 5_000, opensWith: { session: 'session' } },
    { name: 'signed', comment: 'one recipient by identity key, signed with both algorithms', request: signed({}), length: 100, opensWith: { xWing: ['bob', 'identity'] } },
    { name: 'signed-prekey', comment: 'to a prekey, with expiry, receipt wish and a name beyond ASCII', request: signed({ recipients: [prekey.recipient], metadata: named }), length: 3, opensWith: { xWing: ['bob', 'prekey'] } },
    { name: 'signed-mark', comment: 'a name that begins with a byte order mark, which some decoders drop', request: signed({ metadata: { ...metadata, name: '\ufeffplan.txt' } }), length: 3, opensWith: { xWing: ['bob', 'identity'] } },
    { name: 'signed-two', comment: 'two recipients, stanzas shuffled', request: signed({ recipients: [carol.recipient, bob.recipient] }), length: 10, opensWith: { xWing: ['bob', 'identity'] } },
    { name: 'signed-introduced', comment: 'carries an introduction', request: signed({ introduction: { genesis: genesisOf('alice'), bundle: seedOf('bundle') } }), length: 10, opensWith: { xWing: ['bob', 'identity'] } },
    { name: 'signed-group', comment: 'to a group epoch', request: signed({ recipients: [], group: [secretOf('group')] }), length: 10, opensWith: { group: 'group' } },
    {
      name: 'signed-passphrase',
      comment: 'to a passphrase, with argon2 parameters far too small for anything but a test',
      request: signed({ recipients: [], passphrase: new Passphrase(provider, secretOf('passphrase'), { memoryKib: 64, passes: 2, lanes: 2 }) }),
      length: 10,
      opensWith: { passphrase: 'passphrase' },
    },
    {
      name: 'receipt',
      comment: 'a receipt, inline; see evidence.json',
      request: signed({ metadata: { ...metadata, name: '', mediaType: RECEIPT_MEDIA_TYPE } }),
      content: encodeReceipt({ of: cidOf(DAG_CBOR, seedOf('some manifest')), state: 'opened', atMs: 1_700_000_000_123 }),
      opensWith: { xWing: ['bob', 'identity'] },
    },
  ];
}

/** Refused manifests: each with the keys of the message it was made from, and the one code. */
function refusals(made: readonly Made[], provider: CryptoProvider): Json {
  const byName = (name: string): Made => made.find(({ case: one }) => one.name === name) as Made;
  const { carol } = people(provider);
  const [unsigned, block, signed, two] = ['session-inline', 'session-chunk', 'signed', 'signed-two'].map(byName) as [Made, Made, Made, Made];
  const refused = (name: string, comment: string, from: Made, bytes: Bytes, code: string): Json => ({ name, comment, from: from.case.name, opensWith: from.case.opensWith, code, cid: cidOf(DAG_CBOR, bytes).toString(), manifest: hexOf(bytes) });
  const map = manifestMap(unsigned.manifest.bytes);
  const content = map['content'] as Record<string, Value>;
  const changed = (name: string, comment: string, fields: Record<string, Value | undefined>, code: string): Json =>
    refused(name, comment, unsigned, encode(Object.fromEntries(Object.entries({ ...map, ...fields }).filter(([, value]) => value !== undefined)) as Value), code);
  const inContent = (name: string, comment: string, fields: Record<string, Value | undefined>): Json =>
    changed(name, comment, { content: Object.fromEntries(Object.entries({ ...content, ...fields }).filter(([, value]) => value !== undefined)) as Value }, 'E_FORMAT');
  const flip = (bytes: Bytes): Bytes => Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
  const forged = (name: string, comment: string, from: Made, changes: Changes, code: string): Json => refused(name, comment, from, forge(from, changes, provider).bytes, code);
  const sealedAs = (name: string, comment: string, fields: Record<string, Value>, code: string): Json => refused(name, comment, unsigned, forgeSealed(unsigned, { ...sealedMap(unsigned), ...fields }, undefined, provider).bytes, code);
  const bytes = unsigned.manifest.bytes;
  const stanza = { type: 'session', wrapped: seedOf('w', 48) };
  const passphraseStanza = { type: 'passphrase', salt: seedOf('s', 16), memory: 8, passes: 1, lanes: 1, wrapped: seedOf('w', 48) };
  const signatures = sealedMap(two)['signatures'] as never;
  return [
    refused('cut', 'the last byte is missing', unsigned, bytes.subarray(0, -1), 'E_FORMAT'),
    refused('longer', 'a byte behind the end', unsigned, concat(bytes, Uint8Array.of(0)), 'E_FORMAT'),
    refused('unsorted', 'the first two keys in the other order', unsigned, concat(bytes.subarray(0, 1), bytes.subarray(4, 42), bytes.subarray(1, 4), bytes.subarray(42)), 'E_NOT_CANONICAL'),
    changed('version-2', 'a later format version', { v: 2 }, 'E_VERSION_NEWER'),
    changed('unknown-field', 'a field that the format does not have', { note: 'x' }, 'E_FORMAT'),
    changed('fec', 'named by the format, not in version 1', { fec: [] }, 'E_NOT_IN_VERSION_1'),
    changed('missing-erase', 'a field is missing', { erase: undefined }, 'E_FORMAT'),
    changed('no-stanza', 'nobody may open it', { stanzas: [] }, 'E_FORMAT'),
    changed('257-stanzas', 'one stanza too many', { stanzas: Array.from({ length: limits.recipientsMax + 1 }, () => ({ type: 's' })) }, 'E_FORMAT'),
    changed('stanza-unknown', 'a stanza type that does not exist', { stanzas: [{ ...stanza, type: 'x25519' }] }, 'E_FORMAT'),
    changed('stanza-shred', 'a stanza type that is reserved', { stanzas: [{ ...stanza, type: 'shred' }] }, 'E_NOT_IN_VERSION_1'),
    changed('passphrase-beside', 'a passphrase does not stand alone', { stanzas: [stanza, passphraseStanza] }, 'E_FORMAT'),
    changed('argon2-memory', 'a TiB of memory', { stanzas: [{ ...passphraseStanza, memory: 2 ** 30 }] }, 'E_FORMAT'),
    changed('argon2-passes', 'passes over the limit', { stanzas: [{ ...passphraseStanza, passes: 17 }] }, 'E_FORMAT'),
    inContent('bytes-shorter', 'bytes does not fit the tail', { bytes: 1_023 }),
    inContent('bytes-no-tail', 'bytes asks for a block, and there is none', { bytes: 16_384 }),
    inContent('tail-missing', 'the tail is missing', { tail: undefined }),
    inContent('link-too-many', 'a link that bytes does not ask for', { links: [cidOf(DAG_CBOR, seedOf('x'))] }),
    changed('sealed-length', 'sealed is no multiple of 512 and 28 more', { sealed: seedOf('x', 541) }, 'E_FORMAT'),
    changed('mac-flipped', 'a bit of the mac', { mac: flip(map['mac'] as Bytes) }, 'E_MAC'),
    changed('tail-flipped', 'a bit of the content', { content: { ...content, tail: flip(content['tail'] as Bytes) } }, 'E_MAC'),
    changed('sealed-swapped', 'sealed metadata of another message', { sealed: manifestMap(block.manifest.bytes)['sealed'] }, 'E_MAC'),
    changed('stanza-swapped', 'the stanza of another message to the same session', { stanzas: manifestMap(block.manifest.bytes)['stanzas'] }, 'E_NOT_RECIPIENT'),
    changed('salt-flipped', 'a bit of the salt: another key wraps', { salt: flip(map['salt'] as Bytes) }, 'E_NOT_RECIPIENT'),
    forged('commitment', 'mac right, commitment of another content key', unsigned, { core: (core) => ({ content: { ...core.content, commitment: seedOf('c') } }) }, 'E_COMMITMENT'),
    sealedAs('sealed-version', 'metadata of a later version', { v: 2 }, 'E_VERSION_NEWER'),
    sealedAs('sealed-unknown', 'metadata with a field that it does not have', { note: 1 }, 'E_FORMAT'),
    sealedAs('sealed-content-key', 'unsalted mode', { contentKey: seedOf('k') }, 'E_NOT_IN_VERSION_1'),
    sealedAs('sealed-longer', 'a true length over the padded one', { bytes: 1_025 }, 'E_FORMAT'),
    refused('sealed-nonce', 'the same metadata sealed under another nonce: a second name for one message', signed, forgeSealed(signed, sealedMap(signed), undefined, provider, seedOf('nonce', 12)).bytes, 'E_NOT_CANONICAL'),
    refused('sealed-padding', 'padding of the metadata that is not zero', unsigned, forgeSealed(unsigned, sealedMap(unsigned), (padded) => (padded.fill(1, -1), padded), provider).bytes, 'E_FORMAT'),
    forged('forwarded', 'a stanza for another reader added by a recipient', signed, { core: ({ stanzas }) => ({ stanzas: [...stanzas, ...decodeManifest(two.manifest.bytes).stanzas.slice(0, 1)] }) }, 'E_SIGNATURE'),
    forged('renamed', 'the name changed by a recipient', signed, { metadata: (fields) => ({ ...fields, name: 'other' }) }, 'E_SIGNATURE'),
    forged('stripped', 'sender and signatures taken away', signed, { signatures: () => undefined, metadata: ({ sender: _, ...rest }) => rest }, 'E_SIGNATURE'),
    forged('one-signature', 'one of two signatures taken away', signed, { signatures: (all) => ({ ed25519: all?.ed25519 as Bytes }) }, 'E_SIGNATURE'),
    forged('signatures-swapped', 'the signatures of another message', signed, { signatures: () => signatures }, 'E_SIGNATURE'),
    forged('signed-by-another', 'signed by Carol, in Alice’s name', signed, { signAs: { ...carol.sender, identity: person('alice', provider).sender.identity } }, 'E_SIGNATURE'),
  ];
}

const LENGTHS = [0, 1, 16_383, 16_384, 16_385, 245_759, 245_760, 262_143, 262_144, 262_145, 278_527, 278_528, 524_288, 1_073_741_823, 1_073_741_824, 1_073_741_825, 2_147_483_648, 2 ** 42, 2 ** 42 + 1, 2 ** 44];
const PADDED = [0, 1, 2, 8, 9, 100, 1_000, 4_094, 4_095, 4_096, 16_383, 16_384, 16_385, 262_144, 1_000_000, 2 ** 31, 2 ** 43];

/** File name -> its content. */
export async function vectorFiles(): Promise<Record<string, Json>> {
  const provider = await loadProvider('noble', seededRng('omniplex message vectors'));
  const made: Made[] = [];
  for (const one of cases(provider)) made.push(await make(provider, one));
  const receipt = made.find(({ case: one }) => one.name === 'receipt') as Made;
  const keysOf = (name: (typeof PEOPLE)[number]): Json => {
    const keys = (['identity', 'prekey'] as const).map((keyType) => {
      const { kem } = person(name, provider, keyType);
      return { keyType, keyId: hexOf(kem.keyId), seed: hexOf(seedOf(`${name}/x-wing/${keyType}`)) };
    });
    const { sender, publicKeys } = person(name, provider);
    return { identity: sender.identity.toString(), bundleSeq: sender.bundleSeq, verifyingKeys: Object.fromEntries(Object.entries(publicKeys).map(([algorithm, key]) => [algorithm, hexOf(key)])), xWing: keys };
  };
  return {
    'keys.json': {
      about: 'The keys that the vectors of this folder are sealed to and signed with. All byte strings are hexadecimal.',
      fields: {
        people: 'identity: CID of a made-up genesis block. verifyingKeys: public keys by algorithm, of the bundle with this number. xWing: seeds of KEM keys, with the key id and key type that the HPKE info takes',
        secrets: 'secrets of sessions, group epochs and passphrases (the bytes of the passphrase) by name',
        outboxSecret: 'key of the erase tokens',
      },
      people: Object.fromEntries(PEOPLE.map((name) => [name, keysOf(name)])),
      secrets: Object.fromEntries(['session', 'group', 'passphrase'].map((name) => [name, hexOf(seedOf(name))])),
      outboxSecret: hexOf(OUTBOX_SECRET),
    },
    'messages.json': {
      about: 'Messages that open. All byte strings are hexadecimal; keys are named in keys.json. A second implementation opens each, and derives every value below from messageKey and manifest.',
      fields: {
        plaintextBytes: `length of the content; ${ABOUT_PLAINTEXT}`,
        plaintext: 'the content itself, where it is not that sequence',
        padding: 'none, padme or class',
        opensWith: 'xWing: person and key type; session, group, passphrase: name of the secret',
        stanzaOf: 'number of the stanza of each recipient, in the order in which the sender named them',
        messageKey: 'what the stanzas wrap',
        keyContent: 'k_content; keyMeta, keyMac, keyHeader likewise',
        eraseToken: 'HMAC-SHA-256(outboxSecret, label erase || salt); the manifest holds its SHA-256',
        coreDigest: 'H = SHA-256(dag-cbor(manifest without sealed and mac))',
        signedMessage: 'H || SHA-256(dag-cbor(sealed fields without signatures)); what is signed under kind message; absent when nothing is signed',
        opening: 'the opening block, if this message were a stream',
        blocks: 'CIDs and lengths of the blocks of ciphertext, in order',
        cid: 'name of the message',
        manifest: 'the manifest block',
      },
      messages: made.map((one) => positive(provider, one)),
    },
    'refused.json': {
      about: 'Manifests that must be refused by whoever holds the keys, each with the first reason to refuse it. cid is right for the bytes.',
      fields: {
        from: 'the message of messages.json that it was made from',
        opensWith: 'the keys to try, as in messages.json; the sender alice is known',
        code: 'E_FORMAT: malformed; E_NOT_CANONICAL: a second spelling; E_VERSION_NEWER, E_NOT_IN_VERSION_1: not for this version; E_NOT_RECIPIENT: no stanza opens; E_MAC; E_SIGNATURE; E_COMMITMENT',
        manifest: 'the block',
      },
      manifests: refusals(made, provider),
    },
    'evidence.json': {
      about: 'The receipt of messages.json as evidence.',
      fields: { evidence: 'dag-cbor {v, manifest, key}', cid: 'CID of the manifest inside', state: 'what the receipt says', of: 'of which message', at: 'when, ms since epoch' },
      evidence: hexOf(encodeEvidence(receipt.manifest.bytes, receipt.messageKey)),
      cid: receipt.manifest.cid.toString(),
      of: cidOf(DAG_CBOR, seedOf('some manifest')).toString(),
      state: 'opened',
      at: 1_700_000_000_123,
    },
    'lengths.json': {
      about: 'Shapes that a length fixes.',
      fields: {
        layouts: 'bytes: padded length. chunks: with the short last one. blocks: raw blocks, the last of lastBlockBytes. tailBytes: inline, 0 = none. depth: levels of link nodes. links: in the manifest. nodes: on all levels',
        paddings: 'bytes: true length; padme and class: padded length',
      },
      layouts: LENGTHS.map((bytes) => ({ bytes, ...linkLayout(bytes) })),
      paddings: PADDED.map((bytes) => ({ bytes, padme: paddedBytes('padme', bytes), class: paddedBytes('class', bytes) })),
    },
  };
}

export const fileText = (content: Json): string => `${JSON.stringify(content, undefined, 1)}\n`;
