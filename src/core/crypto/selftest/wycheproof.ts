/**
 * Wycheproof (C2SP/wycheproof, testvectors_v1), every case of every kind that OmniPlex has a wrapper for, through that wrapper.
 * A valid case must give the known answer and an invalid one must be refused. "Acceptable" cases, which Wycheproof leaves to
 * the implementation, occur for X25519 alone: there RFC 7748 is followed, so the known answer must come out, unless it is all zero,
 * which must be refused. Other algorithms, key sizes, nonce sizes and tag sizes are not applicable.
 */
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { bytesOfHex as hex, concat, isZero, type Bytes } from '../../base/bytes.ts';
import { isError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { CONTENT_SALT_BYTES, deriveContentKeys, openAll, sealAll } from '../cobblestone.ts';
import { ContentOpener } from '../content-stream.ts';
import { isSignatureName, kemParameters } from '../parameters.ts';
import type { CryptoProvider, KemName } from '../provider.ts';
import { is, refuses, type Case, type CaseSet, type Verdict } from './case.ts';

/** Fields are hexadecimal unless a handler knows better. */
type Fields = Readonly<Record<string, unknown>>;
type Handler = (provider: CryptoProvider, test: Fields, group: Fields, algorithm: string) => Verdict;

interface Document {
  readonly algorithm: string;
  readonly testGroups: ReadonlyArray<Fields & { readonly type: string; readonly tests: readonly Fields[] }>;
}

export function wycheproofCases(document: unknown): CaseSet | undefined {
  if (!isDocument(document)) return undefined;
  const cases: Case[] = document.testGroups.flatMap((group) =>
    group.tests.map((test) => ({
      id: `tcId ${String(test['tcId'])}`,
      run: (provider: CryptoProvider) => {
        const handler = Object.hasOwn(handlers, group.type) ? handlers[group.type] : undefined;
        return handler === undefined ? 'notApplicable' : handler(provider, test, group, document.algorithm);
      },
    })),
  );
  return { cases, perProvider: true };
}

function isDocument(value: unknown): value is Document {
  const { algorithm, testGroups } = (value ?? {}) as Partial<Document>;
  return typeof algorithm === 'string' && Array.isArray(testGroups) && testGroups.every((group) => typeof group?.type === 'string' && Array.isArray(group.tests));
}

const text = (fields: Fields, name: string): string => {
  const value = fields[name];
  if (typeof value !== 'string') throw new TypeError(`the vector has no ${name}`);
  return value;
};
const bytes = (fields: Fields, name: string): Bytes => hex(text(fields, name));
const optional = (fields: Fields, name: string): Bytes | undefined => (fields[name] === undefined ? undefined : bytes(fields, name));
const isValid = (test: Fields): boolean => test['result'] === 'valid';

const aead: Handler = (provider, test, group, algorithm) => {
  const cipher = { 'AES-GCM': provider.aesGcm, 'CHACHA20-POLY1305': provider.chaCha20Poly1305 }[algorithm];
  if (cipher === undefined || group['keySize'] !== 256 || group['ivSize'] !== 96 || group['tagSize'] !== 128) return 'notApplicable';
  const [key, nonce, aad, plaintext] = [bytes(test, 'key'), bytes(test, 'iv'), bytes(test, 'aad'), bytes(test, 'msg')];
  const sealed = concat(bytes(test, 'ct'), bytes(test, 'tag'));
  const opened = cipher.open(key, nonce, sealed, aad);
  if (!isValid(test)) return opened === undefined;
  const answer = text(test, 'ct') + text(test, 'tag');
  return is(opened, text(test, 'msg')) && is(cipher.seal(key, nonce, plaintext, aad), answer) && (aad.length > 0 || algorithm !== 'AES-GCM' || inUse(provider, key, nonce, plaintext, answer));
};

/** The bulk path has no associated data; it must write the same bytes. */
function inUse(provider: CryptoProvider, key: Bytes, nonce: Bytes, plaintext: Bytes, answer: string): boolean {
  const cipher = provider.aesGcm.inUse(key);
  const sealed = new Uint8Array(plaintext.length + 16);
  cipher.sealInto(nonce, plaintext, sealed);
  const opened = new Uint8Array(plaintext.length);
  return is(sealed, answer) && cipher.openInto(nonce, sealed, opened) && Buffer.compare(opened, plaintext) === 0;
}

/** `ct` is zlib-compressed. A streaming reader may release exactly the first msgLength bytes before it fails: ours must. */
const chunkedEncryption: Handler = (provider, test, group) => {
  if (group['aead'] !== 'AEAD_AES_256_GCM' || group['sha'] !== 'SHA-512') return 'notApplicable';
  const [key, context] = [bytes(test, 'key'), bytes(test, 'ctx')];
  const file = new Uint8Array(inflateSync(bytes(test, 'ct'), { maxOutputLength: limits.vectorFileBytesMax }));
  const released = test['msgLength'] === undefined ? { length: 0, digest: undefined } : { length: Number(test['msgLength']), digest: text(test, 'msgSha512') };
  const stream = streamed(provider, key, context, file);
  const streamHolds = stream.whole === isValid(test) && stream.released.length === released.length && (released.digest === undefined || digestIs(stream.released, released.digest));
  if (!isValid(test)) return streamHolds && refuses(() => openAll(provider, key, context, file));
  const keys = deriveContentKeys(provider, key, file.subarray(0, CONTENT_SALT_BYTES), context);
  const plaintext = openAll(provider, key, context, file);
  return (
    streamHolds &&
    is(keys.aeadKey, text(test, 'aeadKey')) &&
    is(keys.baseNonce, text(test, 'baseNonce')) &&
    digestIs(plaintext, text(test, 'msgSha512')) &&
    Buffer.compare(sealAll(provider, key, context, plaintext, file.subarray(0, CONTENT_SALT_BYTES)), file) === 0
  );
};

const digestIs = (content: Bytes, digest: string): boolean => createHash('sha512').update(content).digest('hex') === digest;

/** What a streaming reader writes, and whether it came to the end. A key of another length is refused before there is a stream. */
function streamed(provider: CryptoProvider, key: Bytes, context: Bytes, file: Bytes): { whole: boolean; released: Bytes } {
  const out = new Uint8Array(file.length + limits.chunkBytes);
  let opener: ContentOpener | undefined;
  try {
    const keys = deriveContentKeys(provider, key, file.subarray(0, CONTENT_SALT_BYTES), context);
    opener = new ContentOpener(provider, keys, file.subarray(CONTENT_SALT_BYTES, 56));
    opener.update(file.subarray(56), out);
    opener.final(out.subarray(opener.plaintextBytes));
    return { whole: true, released: out.subarray(0, opener.plaintextBytes) };
  } catch (error) {
    if (!isError(error) && !(error instanceof RangeError)) throw error;
    return { whole: false, released: out.subarray(0, opener?.plaintextBytes ?? 0) };
  }
}

const eddsaVerify: Handler = (provider, test, group) => {
  const publicKey = group['publicKey'] as Fields;
  if (publicKey['curve'] !== 'edwards25519') return 'notApplicable';
  return provider.signature('ed25519').verify(bytes(publicKey, 'pk'), bytes(test, 'msg'), bytes(test, 'sig')) === isValid(test);
};

const hkdf: Handler = (provider, test, _, algorithm) => {
  const derive = { 'HKDF-SHA-256': provider.hkdfSha256, 'HKDF-SHA-512': provider.hkdfSha512 }[algorithm];
  if (derive === undefined) return 'notApplicable';
  const run = () => derive(bytes(test, 'ikm'), bytes(test, 'salt'), bytes(test, 'info'), Number(test['size']));
  return isValid(test) ? is(run(), text(test, 'okm')) : refuses(run);
};

const mac: Handler = (provider, test, group, algorithm) => {
  if (algorithm !== 'HMACSHA256') return 'notApplicable';
  const tag = provider.hmacSha256(bytes(test, 'key'), bytes(test, 'msg')).subarray(0, Number(group['tagSize']) / 8);
  return is(tag, text(test, 'tag')) === isValid(test);
};

const xdh: Handler = (provider, test, group) => {
  if (group['curve'] !== 'curve25519') return 'notApplicable';
  const agree = () => provider.x25519.sharedSecret(bytes(test, 'private'), bytes(test, 'public'));
  return test['result'] === 'invalid' || isZero(bytes(test, 'shared')) ? refuses(agree) : is(agree(), text(test, 'shared'));
};

const mlDsaVerify: Handler = (provider, test, group, algorithm) => {
  const name = algorithm.toLowerCase();
  if (!isSignatureName(name)) return 'notApplicable';
  return provider.signature(name).verify(bytes(group, 'publicKey'), bytes(test, 'msg'), bytes(test, 'sig'), optional(test, 'ctx')) === isValid(test);
};

/** Signing here is randomised: the known signature must verify under the derived key, and so must ours. Pre-hashed input is not applicable. */
const mlDsaSign: Handler = (provider, test, group, algorithm) => {
  const name = algorithm.toLowerCase();
  if (!isSignatureName(name) || group['privateSeed'] === undefined || test['msg'] === undefined) return 'notApplicable';
  const scheme = provider.signature(name);
  const [message, context] = [bytes(test, 'msg'), optional(test, 'ctx')];
  const sign = () => {
    const key = scheme.fromSeed(bytes(group, 'privateSeed'));
    return { key, signature: scheme.sign(key, message, context) };
  };
  if (!isValid(test)) return refuses(sign);
  const { key, signature } = sign();
  const holds = (candidate: Bytes) => scheme.verify(key.publicKey, message, candidate, context);
  return is(key.publicKey, text(group, 'publicKey')) && holds(bytes(test, 'sig')) && holds(signature);
};

const kemOf = (provider: CryptoProvider, group: Fields) => {
  const name = text(group, 'parameterSet').toLowerCase();
  return Object.hasOwn(kemParameters, name) ? provider.kem(name as KemName) : undefined;
};

const mlKemDecapsulate: Handler = (provider, test, group) => {
  const kem = kemOf(provider, group);
  if (kem === undefined) return 'notApplicable';
  const run = () => {
    const key = kem.fromSeed(bytes(test, 'seed'));
    return { publicKey: key.publicKey, secret: kem.decapsulate(key, bytes(test, 'c')) };
  };
  if (!isValid(test)) return refuses(run);
  const { publicKey, secret } = run();
  return is(publicKey, text(test, 'ek')) && is(secret, text(test, 'K'));
};

/** Native takes no randomness: there a valid case cannot be repeated, though the key must be accepted. */
const mlKemEncapsulate: Handler = (provider, test, group) => {
  const kem = kemOf(provider, group);
  if (kem === undefined) return 'notApplicable';
  if (!isValid(test)) return refuses(() => kem.encapsulate(bytes(test, 'ek')));
  if (provider.name === 'native') return kem.encapsulate(bytes(test, 'ek')).ciphertext.length === kem.ciphertextBytes ? 'notApplicable' : false;
  const { ciphertext, secret } = kem.encapsulate(bytes(test, 'ek'), bytes(test, 'm'));
  return is(ciphertext, text(test, 'c')) && is(secret, text(test, 'K'));
};

const mlKemKeygen: Handler = (provider, test, group) => {
  const kem = kemOf(provider, group);
  if (kem === undefined) return 'notApplicable';
  const generate = () => kem.fromSeed(bytes(test, 'seed')).publicKey;
  return isValid(test) ? is(generate(), text(test, 'ek')) : refuses(generate);
};

const handlers: Readonly<Record<string, Handler>> = {
  AeadTest: aead,
  ChunkedEncryption: chunkedEncryption,
  EddsaVerify: eddsaVerify,
  HkdfTest: hkdf,
  MacTest: mac,
  MlDsaSign: mlDsaSign,
  MlDsaVerify: mlDsaVerify,
  MLKEMEncapsTest: mlKemEncapsulate,
  MLKEMKeyGen: mlKemKeygen,
  MLKEMTest: mlKemDecapsulate,
  XdhComp: xdh,
};
