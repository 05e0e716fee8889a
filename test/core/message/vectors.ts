/**
 * Makes the golden vectors of test/vectors/message from fixed seeds, with the provider that draws all its randomness from the given
 * source. The files are what is golden; this shows how they came about, and the suite checks that they still do.
 */
import { hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, type Cid } from '../../../src/core/base/cid.ts';
import { loadProvider, type CryptoProvider } from '../../../src/core/crypto/index.ts';
import { decodeManifest, encodeEvidence, encodeReceipt, eraseToken, linkLayout, paddedBytes, Passphrase, prepareMessage, RECEIPT_MEDIA_TYPE, sealPrepared,
  type PreparedMessage, type SealRequest } from '../../../src/core/message/index.ts';
import { deriveMessageKeys } from '../../../src/core/message/keys.ts';
import { coreDigest } from '../../../src/core/message/manifest.ts';
import { signedMessage, unsealMetadata } from '../../../src/core/message/sealed.ts';
import { seededRng } from '../crypto/support.ts';
import { contents, evidences, nodes, openings } from './vectors-parts.ts';
import { refusals } from './vectors-refused.ts';
import { genesisOf, MemoryBlocks, metadata, person, sample, secretOf, seedOf } from './support.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export const plaintextOf = (length: number): Bytes => sample(length);

const OUTBOX_SECRET = seedOf('outbox');
const PEOPLE = ['alice', 'bob', 'carol'] as const;

const ABOUT_PLAINTEXT = 'byte i is the top byte of state i+1, where state 0 is 1 and the next is state * 1664525 + 1013904223 mod 2^32';

export interface Case {
  readonly name: string;
  readonly comment: string;
  readonly request: SealRequest;
  readonly length?: number;
  readonly content?: Bytes;
  /** Keys that open it, by name of person, secret or passphrase. */
  readonly opensWith: Record<string, Json>;
}

export interface Made {
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
    { name: 'session-two-blocks', comment: 'two full blocks and an empty last chunk inline', request: unsigned, length: 524_288, opensWith: { session: 'session' } },
  ];
}

const LENGTHS = [0, 1, 16_383, 16_384, 16_385, 245_759, 245_760, 262_143, 262_144, 262_145, 278_527, 278_528, 524_288, 1_073_741_823, 1_073_741_824, 1_073_741_825, 2_147_483_648, 2 ** 42, 2 ** 42 + 1, 2 ** 44];
const PADDED = [0, 1, 2, 8, 9, 100, 1_000, 4_094, 4_095, 4_096, 16_383, 16_384, 16_385, 262_144, 1_000_000, 2 ** 31, 2 ** 43];

/** File name -> its content. */
export async function vectorFiles(): Promise<Record<string, Json>> {
  const provider = await loadProvider('noble', seededRng('omniplex message vectors'));
  const made: Made[] = [];
  for (const one of cases(provider)) made.push(await make(provider, one));
  const byName = (name: string) => made.find(({ case: one }) => one.name === name) as Made;
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
      about: 'Manifests that must be refused by whoever holds the keys, each with the first reason to refuse it.',
      fields: {
        from: 'the message of messages.json that it was made from',
        opensWith: 'the keys to try, as in messages.json; the sender alice is known',
        now: 'when it is read, ms; absent: whoever reads does not ask for expiry',
        cid: 'right for the bytes but where the comment says otherwise',
        code: 'E_FORMAT: malformed; E_NOT_CANONICAL: a second spelling; E_VERSION_NEWER, E_NOT_IN_VERSION_1: not for this version; E_NOT_RECIPIENT: no stanza opens; the others as in docs/PROTOCOL.md, Opening',
        manifest: 'the block',
      },
      manifests: refusals(made, provider),
    },
    'evidence.json': {
      about: 'The receipt of messages.json as evidence.',
      fields: { evidence: 'dag-cbor {v, manifest, key}', cid: 'CID of the manifest inside', state: 'what the receipt says', of: 'of which message', at: 'when, ms since epoch', refused: 'evidence that is none, or whose message is no receipt: with the code' },
      refused: evidences(receipt, byName('signed'), byName('session-inline'), provider),
      evidence: hexOf(encodeEvidence(receipt.manifest.bytes, receipt.messageKey)),
      cid: receipt.manifest.cid.toString(),
      of: cidOf(DAG_CBOR, seedOf('some manifest')).toString(),
      state: 'opened',
      at: 1_700_000_000_123,
    },
    'content.json': {
      about: 'Messages whose manifest opens and whose content does not hold: reading ends with the code.',
      fields: {
        from: 'the message of messages.json that it was made from; opensWith as there',
        blocks: 'the blocks that links name, in order: [from, to] are offsets in the ciphertext of the blocks of that message one after the other; flip: offset in the block of a byte whose lowest bit is flipped',
        released: 'how many bytes of plaintext are authentic before the failure, at most',
        manifest: 'the block',
      },
      messages: contents(byName('session-two-blocks'), byName('session-inline'), provider),
    },
    'nodes.json': {
      about: 'Link nodes alone, as a reader meets them below a manifest. Whole messages with nodes begin at 1 GiB.',
      fields: { count: 'how many links its place asks for', linksTo: 'raw: blocks of content; dag-cbor: nodes', node: 'the block', code: 'absent where it holds' },
      nodes: nodes(),
    },
    'openings.json': {
      about: 'Opening blocks of streams, each with the manifest that comes at the end of the stream.',
      fields: { opening: 'the block', manifest: 'name of a message of messages.json', code: 'absent where the two belong together' },
      openings: openings(byName('session-inline'), byName('signed-two'), byName('session-chunk')),
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
