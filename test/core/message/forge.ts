/** A forger who holds the message key (a recipient, say) and our own code: what he makes is well-formed, and must still be refused. */
import { concat, type Bytes } from '../../../src/core/base/bytes.ts';
import type { Cid } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import type { Secret } from '../../../src/core/base/secret.ts';
import { signAll, type Signatures } from '../../../src/core/crypto/index.ts';
import { label } from '../../../src/core/crypto/kdf.ts';
import { deriveMessageKeys } from '../../../src/core/message/keys.ts';
import { coreDigest, decodeManifest, encodeManifest, manifestMac, type Manifest, type ManifestCore } from '../../../src/core/message/manifest.ts';
import type { Sender } from '../../../src/core/message/prepare.ts';
import { SIGNATURE_KIND } from '../../../src/core/message/seal.ts';
import { sealMetadata, signedMessage, unsealMetadata, type Metadata } from '../../../src/core/message/sealed.ts';
import { native } from './support.ts';

export interface Original {
  readonly manifest: { readonly bytes: Bytes };
  readonly messageKey: Secret;
}

export interface Changes {
  readonly core?: (core: Manifest) => Partial<ManifestCore>;
  readonly metadata?: (metadata: Metadata) => Metadata;
  /** Undefined strips them. */
  readonly signatures?: (signatures: Signatures | undefined) => Signatures | undefined;
  /** Signs the changed message anew, as himself or with stolen keys. */
  readonly signAs?: Sender;
}

/** A manifest made anew under the same message key, its mac right. */
export function forge(original: Original, { core: changeCore, metadata: changeMetadata, signatures: changeSignatures, signAs }: Changes, provider = native): Original & { readonly cid: Cid; readonly bytes: Bytes } {
  const manifest = decodeManifest(original.manifest.bytes);
  const old = deriveMessageKeys(provider, original.messageKey.expose(), manifest.salt);
  const fields = unsealMetadata(provider, old, manifest.sealed);
  const core: ManifestCore = { ...manifest, ...changeCore?.(manifest) };
  const keys = deriveMessageKeys(provider, original.messageKey.expose(), core.salt);
  const digest = coreDigest(core);
  const claimed = changeMetadata?.(fields.metadata) ?? fields.metadata;
  const metadata = signAs === undefined ? claimed : { ...claimed, sender: { identity: signAs.identity, bundleSeq: signAs.bundleSeq } };
  const signed = signAs === undefined ? fields.signatures : signAll(provider, signAs.signingKeys, SIGNATURE_KIND, signedMessage(digest, metadata));
  const signatures = changeSignatures === undefined ? signed : changeSignatures(signed);
  const sealed = sealMetadata(provider, keys, { metadata, ...(signatures && { signatures }) });
  const manifestBlock = encodeManifest({ ...core, sealed, mac: manifestMac(provider, keys.mac, digest, sealed) });
  return { ...manifestBlock, manifest: manifestBlock, messageKey: original.messageKey };
}

/** Any dag-cbor as sealed metadata, in a manifest whose mac is right. `pad` changes the padded plaintext, `nonce` what it is sealed under. */
export function forgeSealed(original: Original, value: Value | Bytes, pad: (padded: Bytes) => Bytes = (padded) => padded, provider = native, nonce?: Bytes): { cid: Cid; bytes: Bytes } {
  const manifest = decodeManifest(original.manifest.bytes);
  const keys = deriveMessageKeys(provider, original.messageKey.expose(), manifest.salt);
  const encoded = value instanceof Uint8Array ? value : encode(value);
  const padded = new Uint8Array(Math.ceil((4 + encoded.length) / 512) * 512);
  new DataView(padded.buffer).setUint32(0, encoded.length);
  padded.set(encoded, 4);
  const plain = pad(padded);
  const under = nonce ?? provider.hmacSha256(keys.mac, label('sealed-nonce'), plain).subarray(0, 12);
  const sealed = concat(under, provider.aesGcm.seal(keys.meta, under, plain));
  return encodeManifest({ ...manifest, sealed, mac: manifestMac(provider, keys.mac, coreDigest(manifest), sealed) });
}

/** The sealed metadata of a message, as the plain map that it is. */
export function sealedMap(original: Original): Record<string, Value> {
  const manifest = decodeManifest(original.manifest.bytes);
  const keys = deriveMessageKeys(native, original.messageKey.expose(), manifest.salt);
  const padded = native.aesGcm.open(keys.meta, manifest.sealed.subarray(0, 12), manifest.sealed.subarray(12)) as Bytes;
  return decode('sealed', padded.subarray(4, 4 + new DataView(padded.buffer, padded.byteOffset).getUint32(0))) as Record<string, Value>;
}

/** The manifest as the plain map that it is, to be changed below the level of its types. */
export const manifestMap = (bytes: Bytes): Record<string, Value> => decode('manifest', bytes) as Record<string, Value>;
