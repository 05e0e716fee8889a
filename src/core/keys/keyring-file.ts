/**
 * The bytes of `keyring.opk`: canonical dag-cbor followed by the SHA-256 of it. The sum tells damage from a wrong passphrase
 * before any work is done; it authenticates nothing. What authenticates is AES-256-GCM: the passphrase's key wraps a random ring
 * key, and the ring key seals the body, each with all that stands before it as associated data.
 * Spec: docs/formats/keyring-backup.md
 */
import { bytesOf, concat, equalBytes, wipe, type Bytes } from '../base/bytes.ts';
import { sha256 } from '../base/cid.ts';
import { decode, encode, Reader, type Value } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';
import { deriveKey, label, type Argon2Parameters, type CryptoProvider } from '../crypto/index.ts';

const VERSION = 1;
const SUM_BYTES = 32;
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const RING_KEY_BYTES = 32;

export const defaultKdf: Argon2Parameters = { memoryKib: limits.argonMemoryKib, passes: limits.argonPasses, lanes: 1 };

interface Sealed {
  readonly nonce: Bytes;
  readonly sealed: Bytes;
}

/** What stands before the body: it does not change while the passphrase stays. */
export interface KeyringHeader {
  readonly kdf: Argon2Parameters & { readonly salt: Bytes };
  readonly wrap: Sealed;
}

export interface KeyringFile extends KeyringHeader {
  readonly body: Sealed;
}

/** The inside: seeds and other secrets by name, and how often they changed. */
export interface KeyringBody {
  readonly generation: number;
  readonly secrets: ReadonlyMap<string, Bytes>;
}

const kdfValue = ({ memoryKib, passes, lanes, salt }: KeyringHeader['kdf']): Value => ({ name: 'argon2id', memory: memoryKib, passes, lanes, salt });
const sealedValue = ({ nonce, sealed }: Sealed): Value => ({ nonce, sealed });

export function encodeKeyring({ kdf, wrap, body }: KeyringFile): Bytes {
  const map = encode({ v: VERSION, kdf: kdfValue(kdf), wrap: sealedValue(wrap), body: sealedValue(body) });
  return concat(map, sha256(map));
}

/** Hostile input. Throws E_KEYRING on damage, E_VERSION_NEWER; parameters are capped here, before anyone computes with them. */
export function decodeKeyring(path: string, bytes: Bytes): KeyringFile {
  const map = bytes.subarray(0, Math.max(0, bytes.length - SUM_BYTES));
  if (!equalBytes(sha256(map), bytes.subarray(map.length))) throw fail('E_KEYRING', { path, why: 'its checksum does not hold' });
  try {
    const reader = new Reader('key ring', decode('key ring', map));
    reader.version(VERSION);
    const kdf = readKdf(reader.map('kdf'));
    const wrap = readSealed(reader.map('wrap'), RING_KEY_BYTES + TAG_BYTES);
    const body = readSealed(reader.map('body'));
    reader.done();
    return { kdf, wrap, body };
  } catch (cause) {
    if (isError(cause, 'E_VERSION_NEWER')) throw cause;
    throw fail('E_KEYRING', { path, why: 'its fields are not those of a key ring' }, cause);
  }
}

/** Shared with backups: argon2id with capped parameters, nothing else. Throws E_FORMAT. */
export function readKdf(reader: Reader): KeyringHeader['kdf'] {
  if (reader.text('name', 16) !== 'argon2id') throw fail('E_FORMAT', { kind: 'key derivation', why: 'it is not argon2id' });
  const lanes = reader.int('lanes', 1, limits.argonLanesMax);
  const kdf = {
    memoryKib: reader.int('memory', 8 * lanes, limits.argonMemoryKibMax),
    passes: reader.int('passes', 1, limits.argonPassesMax),
    lanes,
    salt: reader.bytes('salt', SALT_BYTES),
  };
  reader.done();
  return kdf;
}

export const encodeKdf = kdfValue;

function readSealed(reader: Reader, length?: number): Sealed {
  const value = { nonce: reader.bytes('nonce', NONCE_BYTES), sealed: reader.bytes('sealed', length) };
  reader.done();
  return value;
}

/** The key that a passphrase stands for. Throws E_USAGE on a passphrase that is empty or too long. */
export async function passphraseKey(crypto: CryptoProvider, passphrase: Secret, kdf: KeyringHeader['kdf'], kind: string): Promise<Bytes> {
  if (passphrase.length === 0) throw fail('E_USAGE', { why: 'the passphrase is empty' });
  if (passphrase.length > limits.passphraseBytesMax) throw fail('E_USAGE', { why: `the passphrase is longer than ${limits.passphraseBytesMax} bytes` });
  const stretched = await crypto.argon2id(passphrase.expose(), kdf.salt, kdf, 32);
  const key = deriveKey(crypto, stretched, new Uint8Array(0), kind);
  wipe(stretched);
  return key;
}

export const freshSalt = (crypto: CryptoProvider): Bytes => crypto.rng.bytes(SALT_BYTES);

const wrapAad = (kdf: KeyringHeader['kdf']): Bytes => concat(label('ring-key'), encode({ v: VERSION, kdf: kdfValue(kdf) }));
const bodyAad = ({ kdf, wrap }: KeyringHeader): Bytes => concat(label('ring-body'), encode({ v: VERSION, kdf: kdfValue(kdf), wrap: sealedValue(wrap) }));

/** A new ring key under a passphrase. */
export async function wrapRingKey(crypto: CryptoProvider, passphrase: Secret, parameters: Argon2Parameters): Promise<{ header: KeyringHeader; ringKey: Bytes }> {
  const { memoryKib, passes, lanes } = parameters;
  const kdf = { memoryKib, passes, lanes, salt: freshSalt(crypto) };
  const key = await passphraseKey(crypto, passphrase, kdf, 'ring-wrap');
  const ringKey = crypto.rng.bytes(RING_KEY_BYTES);
  const nonce = crypto.rng.bytes(NONCE_BYTES);
  const wrap = { nonce, sealed: crypto.aesGcm.seal(key, nonce, ringKey, wrapAad(kdf)) };
  wipe(key);
  return { header: { kdf, wrap }, ringKey };
}

/** Throws E_PASSPHRASE: the sum held, so it is not damage. */
export async function unwrapRingKey(crypto: CryptoProvider, path: string, { kdf, wrap }: KeyringHeader, passphrase: Secret): Promise<Bytes> {
  const key = await passphraseKey(crypto, passphrase, kdf, 'ring-wrap');
  const ringKey = crypto.aesGcm.open(key, wrap.nonce, wrap.sealed, wrapAad(kdf));
  wipe(key);
  if (ringKey === undefined) throw fail('E_PASSPHRASE', { what: path });
  return ringKey;
}

export function sealBody(crypto: CryptoProvider, ringKey: Bytes, header: KeyringHeader, { generation, secrets }: KeyringBody): KeyringFile {
  const plain = encode({ generation, secrets: Object.fromEntries(secrets) });
  if (plain.length > limits.keyringBodyBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of secrets in the key ring', count: plain.length, max: limits.keyringBodyBytesMax });
  const key = deriveKey(crypto, ringKey, new Uint8Array(0), 'ring-body');
  const nonce = crypto.rng.bytes(NONCE_BYTES);
  const body = { nonce, sealed: crypto.aesGcm.seal(key, nonce, plain, bodyAad(header)) };
  wipe(plain, key);
  return { ...header, body };
}

/** Throws E_KEYRING: the passphrase was right, so this body was not sealed with this header. */
export function openBody(crypto: CryptoProvider, path: string, ringKey: Bytes, file: KeyringFile): KeyringBody {
  const key = deriveKey(crypto, ringKey, new Uint8Array(0), 'ring-body');
  const plain = crypto.aesGcm.open(key, file.body.nonce, file.body.sealed, bodyAad(file));
  wipe(key);
  if (plain === undefined) throw fail('E_KEYRING', { path, why: 'its body is not authentic' });
  try {
    const reader = new Reader('key ring', decode('key ring', plain));
    const generation = reader.int('generation');
    const values = reader.map('secrets');
    reader.done();
    const secrets = new Map(values.names().map((name) => [name, Uint8Array.from(values.bytes(name))]));
    return { generation, secrets };
  } catch (cause) {
    throw fail('E_KEYRING', { path, why: 'its body is not a list of secrets' }, cause);
  } finally {
    wipe(plain);
  }
}

/** Binds a sealed row to what it is and whose: `context` is the row's own name. */
export const rowAad = (context: string): Bytes => concat(label('ring-row'), bytesOf(context));
