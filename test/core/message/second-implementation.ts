/**
 * A reader of messages written from docs/PROTOCOL.md alone: Node's crypto, a dag-cbor library and a KEM library, nothing of OmniPlex.
 * Slow, whole in memory, and as short as it can be: what it needs beyond the document would be a gap in the document.
 */
import { argon2Sync, createDecipheriv, createHash, createHmac, createPublicKey, hkdfSync, timingSafeEqual, verify } from 'node:crypto';
import * as dagCbor from '@ipld/dag-cbor';
import { decode, Tokenizer } from 'cborg';
import { ml_kem768_x25519 as xWing } from '@noble/post-quantum/hybrid.js';
import type { CID } from 'multiformats/cid';

export interface ReaderKeys {
  readonly xWing?: { readonly seed: Uint8Array; readonly keyType: string };
  readonly session?: Uint8Array;
  readonly group?: Uint8Array;
  readonly passphrase?: Uint8Array;
}

export interface ReadMessage {
  readonly plaintext: Uint8Array;
  readonly fields: Record<string, unknown>;
  readonly keys: Record<'content' | 'meta' | 'mac' | 'header', Uint8Array>;
  readonly messageKey: Uint8Array;
  readonly coreDigest: Uint8Array;
}

interface StanzaMap {
  readonly type: 'x-wing' | 'session' | 'group' | 'passphrase';
  readonly wrapped: Uint8Array;
  readonly enc: Uint8Array;
  readonly salt: Uint8Array;
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

interface ContentMap {
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly links: readonly CID[];
  readonly tail?: Uint8Array;
}

interface ManifestMap {
  readonly salt: Uint8Array;
  readonly stanzas: readonly StanzaMap[];
  readonly content: ContentMap;
  readonly sealed: Uint8Array;
  readonly mac: Uint8Array;
}

/** The library drops a byte order mark at the start of a text. */
class ExactText extends Tokenizer {
  override next() {
    const token = super.next();
    if (token.byteValue !== undefined) token.value = new TextDecoder('utf-8', { ignoreBOM: true }).decode(token.byteValue);
    return token;
  }
}
const decodeOptions = { ...dagCbor.decodeOptions, retainStringBytes: true };
const decodeExactly = (bytes: Uint8Array): unknown => decode(bytes, { ...decodeOptions, tokenizer: new ExactText(bytes, decodeOptions) });

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const label = (kind: string): Buffer => ascii(`omniplex/v1/${kind}\0`);
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const hmac = (hash: string, key: Uint8Array, ...parts: Uint8Array[]): Buffer => createHmac(hash, key).update(Buffer.concat(parts)).digest();
const hkdf = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length = 32): Buffer => Buffer.from(hkdfSync('sha512', secret, salt, info, length));

function open(algorithm: 'aes-256-gcm' | 'chacha20-poly1305', key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  const decipher = createDecipheriv(algorithm as 'aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  const plaintext = decipher.update(sealed.subarray(0, -16));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** RFC 9180 base mode, 0x647a / 0x0001 / 0x0003, one message. */
function hpkeOpen(seed: Uint8Array, enc: Uint8Array, info: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  const suite = Buffer.concat([ascii('HPKE'), Buffer.from('647a00010003', 'hex')]);
  const extract = (salt: Uint8Array, name: string, input: Uint8Array) => hmac('sha256', salt, ascii('HPKE-v1'), suite, ascii(name), input);
  const expand = (key: Uint8Array, name: string, context: Uint8Array, length: number) =>
    hmac('sha256', key, Buffer.from([0, length]), ascii('HPKE-v1'), suite, ascii(name), context, Buffer.from([1])).subarray(0, length);
  const shared = xWing.decapsulate(enc, xWing.keygen(seed).secretKey);
  const none = new Uint8Array(0);
  const context = Buffer.concat([Buffer.from([0]), extract(none, 'psk_id_hash', none), extract(none, 'info_hash', info)]);
  const secret = extract(shared, 'secret', none);
  return open('chacha20-poly1305', expand(secret, 'key', context, 32), expand(secret, 'base_nonce', context, 12), sealed);
}

/** docs/formats/identity.md, Bundle. */
export const keyIdOf = (publicKey: Uint8Array): Buffer => sha256(Buffer.concat([label('key-id'), publicKey])).subarray(0, 16);

function unwrap(stanza: StanzaMap, salt: Uint8Array, keys: ReaderKeys): Buffer | undefined {
  const { type, wrapped, memory, passes, lanes } = stanza;
  if (type === 'x-wing') {
    if (keys.xWing === undefined) return undefined;
    const { seed, keyType } = keys.xWing;
    const keyId = keyIdOf(xWing.keygen(seed).publicKey);
    return hpkeOpen(seed, stanza.enc, Buffer.concat([label('stanza-x-wing'), keyId, ascii(keyType)]), wrapped);
  }
  let secret = keys[type];
  if (secret === undefined) return undefined;
  if (type === 'passphrase') {
    secret = argon2Sync('argon2id', { message: secret, nonce: stanza.salt, memory, passes, parallelism: lanes, tagLength: 32 });
  }
  return open('aes-256-gcm', hkdf(secret, salt, label(`kek-${type}`)), new Uint8Array(12), wrapped);
}

function openContent(key: Uint8Array, { salt, commitment }: ContentMap, ciphertext: Uint8Array): Buffer {
  const info = Buffer.concat([ascii('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0'), salt, label('content')]);
  const first = hmac('sha512', key, info, Buffer.from([1]));
  const derived = Buffer.concat([first, hmac('sha512', key, first, info, Buffer.from([2]))]);
  if (!timingSafeEqual(derived.subarray(44, 76), commitment)) throw new Error('commitment');
  const chunks: Buffer[] = [];
  for (let i = 0, at = 0; ; i++, at += 16_400) {
    const nonce = Buffer.from(derived.subarray(32, 44));
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ i) >>> 0, 8);
    const chunk = ciphertext.subarray(at, at + 16_400);
    const plaintext = open('aes-256-gcm', derived.subarray(0, 32), nonce, chunk);
    if (plaintext === undefined) throw new Error(`chunk ${i}`);
    chunks.push(plaintext);
    if (chunk.length < 16_400) return Buffer.concat(chunks);
  }
}

/** `blockOf` gives blocks by the text of their CID. Throws Error with the name of the check that fails. */
export function readMessage(manifestBytes: Uint8Array<ArrayBuffer>, reader: ReaderKeys, verifyingKeys: Record<string, Uint8Array> | undefined, blockOf: (cid: string) => Uint8Array): ReadMessage {
  const { sealed, mac, ...core } = dagCbor.decode(manifestBytes) as ManifestMap;
  const { salt, stanzas, content } = core;
  const messageKey = stanzas.map((stanza) => unwrap(stanza, salt, reader)).find((key) => key !== undefined);
  if (messageKey === undefined) throw new Error('stanza');
  const key = (name: string) => hkdf(messageKey, salt, label(`key-${name}`));
  const keys = { content: key('content'), meta: key('meta'), mac: key('mac'), header: key('header') };
  const coreDigest = sha256(dagCbor.encode(core));
  if (!timingSafeEqual(hmac('sha256', keys.mac, label('manifest'), coreDigest, sealed), mac)) throw new Error('mac');
  const padded = open('aes-256-gcm', keys.meta, sealed.subarray(0, 12), sealed.subarray(12));
  if (padded === undefined) throw new Error('sealed');
  if (!timingSafeEqual(hmac('sha256', keys.mac, label('sealed-nonce'), padded).subarray(0, 12), sealed.subarray(0, 12))) throw new Error('nonce');
  const fields = decodeExactly(padded.subarray(4, 4 + padded.readUInt32BE(0))) as Record<string, unknown>;
  const { signatures, ...unsigned } = fields as { signatures?: Record<string, Uint8Array> };
  if (signatures !== undefined && verifyingKeys !== undefined) {
    const message = Buffer.concat([coreDigest, sha256(dagCbor.encode(unsigned))]);
    const publicKey = (name: string) => createPublicKey({ key: Buffer.from(verifyingKeys[name] as Uint8Array), format: 'raw-public', asymmetricKeyType: name as 'ed25519' });
    const ed25519 = verify(null, Buffer.concat([label('message'), message]), publicKey('ed25519'), signatures['ed25519'] as Uint8Array);
    const mlDsa = verify(null, message, { key: publicKey('ml-dsa-65'), context: label('message') } as never, signatures['ml-dsa-65'] as Uint8Array);
    if (!ed25519 || !mlDsa) throw new Error('signature');
  }
  const blocks = content.links.map((cid) => blockOf(cid.toString()));
  const all = openContent(keys.content, content, Buffer.concat([...blocks, content.tail ?? new Uint8Array(0)]));
  return { plaintext: all.subarray(0, fields['bytes'] as number), fields, keys, messageKey, coreDigest };
}
