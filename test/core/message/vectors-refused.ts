/** The manifests of test/vectors/message/refused.json: made from messages that open, each wrong in one way. */
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { encode, type Value } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';
import type { CryptoProvider } from '../../../src/core/crypto/index.ts';
import { decodeManifest } from '../../../src/core/message/index.ts';
import { sealSecret } from '../../../src/core/message/stanza.ts';
import { forge, forgeSealed, manifestMap, sealedMap, type Changes } from './forge.ts';
import { genesisOf, person, secretOf, seedOf } from './support.ts';
import type { Json, Made } from './vectors.ts';

/** Refused manifests: each with the keys of the message it was made from, and the one code. */
export function refusals(made: readonly Made[], provider: CryptoProvider): Json {
  const byName = (name: string): Made => made.find(({ case: one }) => one.name === name) as Made;
  const carol = person('carol', provider);
  const [unsigned, block, signed, two] = ['session-inline', 'session-chunk', 'signed', 'signed-two'].map(byName) as [Made, Made, Made, Made];
  const refused = (name: string, comment: string, from: Made, bytes: Bytes, code: string, more: Record<string, Json> = {}): Json =>
    ({ name, comment, from: from.case.name, opensWith: from.case.opensWith, code, cid: cidOf(DAG_CBOR, bytes).toString(), manifest: hexOf(bytes), ...more });
  const map = manifestMap(unsigned.manifest.bytes);
  const content = map['content'] as Record<string, Value>;
  const changed = (name: string, comment: string, fields: Record<string, Value | undefined>, code: string): Json =>
    refused(name, comment, unsigned, encode(Object.fromEntries(Object.entries({ ...map, ...fields }).filter(([, value]) => value !== undefined)) as Value), code);
  const inContent = (name: string, comment: string, fields: Record<string, Value | undefined>): Json =>
    changed(name, comment, { content: Object.fromEntries(Object.entries({ ...content, ...fields }).filter(([, value]) => value !== undefined)) as Value }, 'E_FORMAT');
  const flip = (bytes: Bytes): Bytes => Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
  const forged = (name: string, comment: string, from: Made, changes: Changes, code: string, more?: Record<string, Json>): Json => refused(name, comment, from, forge(from, changes, provider).bytes, code, more);
  const sealedAs = (name: string, comment: string, fields: Record<string, Value>, code: string): Json => refused(name, comment, unsigned, forgeSealed(unsigned, { ...sealedMap(unsigned), ...fields }, undefined, provider).bytes, code);
  const bytes = unsigned.manifest.bytes;
  const stanza = { type: 'session', wrapped: seedOf('w', 48) };
  const passphraseStanza = { type: 'passphrase', salt: seedOf('s', 16), memory: 8, passes: 1, lanes: 1, wrapped: seedOf('w', 48) };
  const signatures = sealedMap(two)['signatures'] as never;
  const [dated, introduced, locked, group] = ['signed-prekey', 'signed-introduced', 'signed-passphrase', 'signed-group'].map(byName) as [Made, Made, Made, Made];
  const own = sealedMap(signed)['signatures'] as Record<string, Bytes>;
  const resealed = (name: string, comment: string, from: Made, fields: Record<string, Value>, code: string): Json => refused(name, comment, from, forgeSealed(from, { ...sealedMap(from), ...fields }, undefined, provider).bytes, code);
  const secretStanza = (type: 'session' | 'group', secret: string) => sealSecret(provider, type, unsigned.messageKey.expose(), decodeManifest(bytes).salt, secretOf(secret));
  const otherHash = CID.createV1(0x55, createDigest(0x1e, seedOf('blake3')));
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
    refused('other-bytes', 'a CID that names other bytes', unsigned, bytes, 'E_BLOCK_CORRUPT', { cid: signed.manifest.cid.toString() }),
    refused('raw-cid', 'a CID of codec raw', unsigned, bytes, 'E_FORMAT', { cid: cidOf(RAW, bytes).toString() }),
    refused('link-hash', 'a link of another hash', block, dagCbor.encode({ ...manifestMap(block.manifest.bytes), content: { ...(manifestMap(block.manifest.bytes)['content'] as object), links: [otherHash] } }), 'E_CID_INVALID'),
    refused('passphrase-wrong', 'another passphrase', locked, locked.manifest.bytes, 'E_PASSPHRASE', { opensWith: { passphrase: 'session' } }),
    refused('passphrase-needed', 'no passphrase at hand', locked, locked.manifest.bytes, 'E_PASSPHRASE_NEEDED', { opensWith: { session: 'session' } }),
    refused('expired', 'read at the millisecond in which it expires', dated, dated.manifest.bytes, 'E_EXPIRED', { now: 1_900_000_000_000 }),
    forged('expired-forged', 'expired, and its signatures do not hold: these come first', dated, { metadata: (fields) => ({ ...fields, name: 'x' }) }, 'E_SIGNATURE'),
    resealed('signature-unknown', 'a signature by an algorithm that is not in version 1', signed, { signatures: { ...own, ed448: seedOf('s', 114) } }, 'E_NOT_IN_VERSION_1'),
    resealed('signature-fourth', 'four algorithms', signed, { signatures: { ...own, 'ml-dsa-44': seedOf('s', 2_420), 'ml-dsa-87': seedOf('s', 4_627) } }, 'E_FORMAT'),
    resealed('signature-third', 'an algorithm that the sender does not declare', signed, { signatures: { ...own, 'ml-dsa-44': seedOf('s', 2_420) } }, 'E_SIGNATURE'),
    resealed('signature-no-ed25519', 'Ed25519 is not among the algorithms', signed, { signatures: { 'ml-dsa-65': own['ml-dsa-65'] as Bytes } }, 'E_FORMAT'),
    resealed('signature-short', 'a signature of 63 bytes', signed, { signatures: { ...own, ed25519: seedOf('s', 63) } }, 'E_FORMAT'),
    resealed('signatures-none', 'a map of no signature', signed, { signatures: {} }, 'E_FORMAT'),
    resealed('sender-zero', 'bundles are numbered from 1', signed, { sender: { id: person('alice', provider).sender.identity, seq: 0 } }, 'E_FORMAT'),
    forged('unsigned-group', 'a group stanza, and no signature', unsigned, { core: () => ({ stanzas: [secretStanza('group', 'group')] }) }, 'E_SIGNATURE', { opensWith: { group: 'group' } }),
    forged('unsigned-two-sessions', 'two sessions, and no signature', unsigned, { core: ({ stanzas }) => ({ stanzas: [...stanzas, secretStanza('session', 'group')] }) }, 'E_SIGNATURE'),
    forged('group-stripped', 'the signatures of a group message taken away', group, { signatures: () => undefined, metadata: ({ sender: _, ...rest }) => rest }, 'E_SIGNATURE'),
    forged('introduction-other', 'the introduction has the genesis of somebody else', introduced, { metadata: (fields) => ({ ...fields, introduction: { genesis: genesisOf('carol'), bundle: seedOf('bundle') } }) }, 'E_SIGNATURE'),
    sealedAs('introduction-alone', 'an introduction of nobody', { introduction: { genesis: genesisOf('alice'), bundle: seedOf('bundle') } }, 'E_FORMAT'),
    resealed('introduction-more', 'an introduction with a third block', introduced, { introduction: { genesis: genesisOf('alice'), bundle: seedOf('bundle'), more: seedOf('more') } }, 'E_FORMAT'),
    resealed('introduction-half', 'an introduction without a bundle', introduced, { introduction: { genesis: genesisOf('alice') } }, 'E_FORMAT'),
  ];
}
