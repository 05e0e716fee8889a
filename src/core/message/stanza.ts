/**
 * Stanzas: the message key, wrapped once for each who may open. They name nobody; a reader tries its keys.
 * What they do not promise: that a stanza which opens belongs to this manifest. The manifest's mac does.
 * Spec: docs/PROTOCOL.md, Stanzas; RFC 9180 (HPKE) and draft-connolly-cfrg-xwing-kem for `x-wing`, RFC 9106 for `passphrase`.
 */
import { bytesOf, concat, wipe, type Bytes } from '../base/bytes.ts';
import { Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';
import { hpkeOpen, hpkeSeal } from '../crypto/hpke.ts';
import { label } from '../crypto/kdf.ts';
import type { Argon2Parameters, CryptoProvider, PrivateKey } from '../crypto/provider.ts';
import { MESSAGE_KEY_BYTES } from './keys.ts';
import { PASSPHRASE_SALT_BYTES, type Passphrase, type PassphraseDerivation } from './passphrase.ts';

export interface XWingStanza {
  readonly type: 'x-wing';
  /** The HPKE encapsulation. */
  readonly enc: Bytes;
  /** The message key under HPKE. */
  readonly wrapped: Bytes;
}

export interface PassphraseStanza {
  readonly type: 'passphrase';
  readonly salt: Bytes;
  readonly parameters: Argon2Parameters;
  readonly wrapped: Bytes;
}

export interface SecretStanza {
  readonly type: 'session' | 'group';
  readonly wrapped: Bytes;
}

export type Stanza = XWingStanza | PassphraseStanza | SecretStanza;

/** What a KEM key is for. A key of one type never opens what was sealed to the other, even if the bytes are the same. */
export type KemKeyType = 'identity' | 'prekey';

export interface KemRecipient {
  readonly keyId: Bytes;
  readonly keyType: KemKeyType;
  readonly publicKey: Bytes;
}

export interface KemKey {
  readonly keyId: Bytes;
  readonly keyType: KemKeyType;
  readonly key: PrivateKey;
}

/** Everything a reader may try. Nothing in it is kept. */
export interface StanzaKeys {
  readonly xWing?: readonly KemKey[];
  readonly passphrase?: Passphrase;
  /** Secrets of sessions, of group epochs. */
  readonly session?: readonly Secret[];
  readonly group?: readonly Secret[];
}

const XWING_ENC_BYTES = 1_120;
const WRAPPED_BYTES = MESSAGE_KEY_BYTES + 16;
/** A key that wraps is used once: the message salt makes it. So its nonce may be zero. */
const ZERO_NONCE = new Uint8Array(12);
const XWING_LABEL = label('stanza-x-wing');
const KEK_LABELS = { passphrase: label('kek-passphrase'), session: label('kek-session'), group: label('kek-group') } as const;

export function encodeStanza(stanza: Stanza): Value {
  if (stanza.type !== 'passphrase') return { ...stanza };
  const { type, salt, wrapped, parameters } = stanza;
  return { type, salt, wrapped, memory: parameters.memoryKib, passes: parameters.passes, lanes: parameters.lanes };
}

/** Hostile input. Throws E_FORMAT; E_NOT_IN_VERSION_1 for the kinds that the format only names. */
function decodeStanza(value: unknown): Stanza {
  const reader = new Reader('stanza', value);
  const stanza = readStanza(reader, reader.text('type', limits.stanzaTypeCharsMax));
  reader.done();
  return stanza;
}

function readStanza(reader: Reader, type: string): Stanza {
  switch (type) {
    case 'x-wing':
      return { type, enc: reader.bytes('enc', XWING_ENC_BYTES), wrapped: reader.bytes('wrapped', WRAPPED_BYTES) };
    case 'passphrase':
      return { type, salt: reader.bytes('salt', PASSPHRASE_SALT_BYTES), parameters: readParameters(reader), wrapped: reader.bytes('wrapped', WRAPPED_BYTES) };
    case 'session':
    case 'group':
      return { type, wrapped: reader.bytes('wrapped', WRAPPED_BYTES) };
    case 'shred':
      throw fail('E_NOT_IN_VERSION_1', { what: `stanza type ${type}` });
    default:
      throw fail('E_FORMAT', { kind: 'stanza', why: 'its type is unknown' });
  }
}

/** Capped here, before anyone can spend the memory or the time that they ask for. RFC 9106, 3.1: at least 8 KiB a lane. */
function readParameters(reader: Reader): Argon2Parameters {
  const lanes = reader.int('lanes', 1, limits.argonLanesMax);
  return { lanes, memoryKib: reader.int('memory', 8 * lanes, limits.argonMemoryKibMax), passes: reader.int('passes', 1, limits.argonPassesMax) };
}

/** Hostile input: the stanzas of a manifest or an opening block. A passphrase stands alone: it must not be the weak door of others. */
export function decodeStanzas(items: readonly unknown[]): readonly Stanza[] {
  if (items.length === 0) throw fail('E_FORMAT', { kind: 'manifest', why: 'no stanza' });
  const stanzas = items.map(decodeStanza);
  if (stanzas.length > 1 && stanzas.some(({ type }) => type === 'passphrase')) {
    throw fail('E_FORMAT', { kind: 'manifest', why: 'a passphrase stanza beside another' });
  }
  return stanzas;
}

/** HPKE info. Injective for any length of key id: no key type is the ending of another. */
const xWingInfo = (keyId: Bytes, keyType: KemKeyType): Bytes => concat(XWING_LABEL, keyId, bytesOf(keyType));

/** Hostile input: the public key. Throws E_KEY_INVALID. */
export function sealXWing(provider: CryptoProvider, messageKey: Bytes, { keyId, keyType, publicKey }: KemRecipient): XWingStanza {
  const { enc, ciphertext } = hpkeSeal(provider, publicKey, xWingInfo(keyId, keyType), messageKey);
  return { type: 'x-wing', enc, wrapped: ciphertext };
}

export const sealPassphrase = (provider: CryptoProvider, messageKey: Bytes, messageSalt: Bytes, derivation: PassphraseDerivation): PassphraseStanza => ({
  type: 'passphrase',
  salt: derivation.salt,
  parameters: derivation.parameters,
  wrapped: wrap(provider, 'passphrase', messageKey, messageSalt, derivation.secret),
});

export const sealSecret = (provider: CryptoProvider, type: SecretStanza['type'], messageKey: Bytes, messageSalt: Bytes, secret: Secret): SecretStanza => ({
  type,
  wrapped: wrap(provider, type, messageKey, messageSalt, secret.expose()),
});

const keyEncryptionKey = (provider: CryptoProvider, type: keyof typeof KEK_LABELS, messageSalt: Bytes, secret: Bytes): Bytes =>
  provider.hkdfSha512(secret, messageSalt, KEK_LABELS[type], 32);

function wrap(provider: CryptoProvider, type: keyof typeof KEK_LABELS, messageKey: Bytes, messageSalt: Bytes, secret: Bytes): Bytes {
  const kek = keyEncryptionKey(provider, type, messageSalt, secret);
  const wrapped = provider.aesGcm.seal(kek, ZERO_NONCE, messageKey);
  wipe(kek);
  return wrapped;
}

function unwrap(provider: CryptoProvider, type: keyof typeof KEK_LABELS, wrapped: Bytes, messageSalt: Bytes, secret: Bytes): Bytes | undefined {
  const kek = keyEncryptionKey(provider, type, messageSalt, secret);
  const messageKey = provider.aesGcm.open(kek, ZERO_NONCE, wrapped);
  wipe(kek);
  return messageKey;
}

const firstOf = <T>(items: readonly T[] | undefined, open: (item: T) => Bytes | undefined): Bytes | undefined => {
  for (const item of items ?? []) {
    const messageKey = open(item);
    if (messageKey !== undefined) return messageKey;
  }
  return undefined;
};

/** The message key, or undefined when none of the keys opens this stanza. */
export async function openStanza(provider: CryptoProvider, stanza: Stanza, messageSalt: Bytes, keys: StanzaKeys): Promise<Bytes | undefined> {
  switch (stanza.type) {
    case 'x-wing':
      return firstOf(keys.xWing, ({ key, keyId, keyType }) => hpkeOpen(provider, key, stanza.enc, xWingInfo(keyId, keyType), stanza.wrapped));
    case 'passphrase': {
      if (keys.passphrase === undefined) return undefined;
      const secret = await keys.passphrase.derive(stanza.salt, stanza.parameters);
      const messageKey = unwrap(provider, 'passphrase', stanza.wrapped, messageSalt, secret);
      wipe(secret);
      return messageKey;
    }
    default:
      return firstOf(keys[stanza.type], (secret) => unwrap(provider, stanza.type, stanza.wrapped, messageSalt, secret.expose()));
  }
}
