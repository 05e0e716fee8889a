/**
 * Seals one message: content into blocks, blocks and manifest into a sink. Nothing is announced and nothing is stored but that.
 * What it does not promise: that anything in the sink is durable before the last `put` resolved. Then all of it is.
 * Spec: docs/PROTOCOL.md, Sealing.
 */
import type { Block, BlockSink } from '../base/block.ts';
import { wipe, type Bytes } from '../base/bytes.ts';
import { sha256, type Cid } from '../base/cid.ts';
import type { Secret } from '../base/secret.ts';
import { CONTENT_SALT_BYTES, deriveContentKeys } from '../crypto/cobblestone.ts';
import { label } from '../crypto/kdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { signAll } from '../crypto/signatures.ts';
import { eraseHash, eraseToken } from './erase.ts';
import { completeManifest, encodeCore, manifestMac, type ManifestCore } from './manifest.ts';
import type { Input } from './plain-blocks.ts';
import { prepareMessage, type PreparedMessage, type SealRequest } from './prepare.ts';
import { sealContent, type SealOptions } from './seal-content.ts';
import { sealMetadata, signedMessage, type Metadata } from './sealed.ts';

export const CONTENT_CONTEXT = label('content');
/** The kind under which a sender signs a message. */
export const SIGNATURE_KIND = 'message';

export interface SealedMessage {
  /** The message's name: the CID of its manifest. */
  readonly cid: Cid;
  readonly manifest: Block;
  /** All blocks, the manifest included, and their bytes. */
  readonly blocks: number;
  readonly bytes: number;
  /** Length of the content before and after padding. */
  readonly contentBytes: number;
  readonly paddedBytes: number;
  readonly salt: Bytes;
  /** H, the name of what was signed. */
  readonly digest: Bytes;
  /** As in `PreparedMessage`. */
  readonly stanzaOf: readonly number[];
  /** Both are the caller's to dispose. */
  readonly messageKey: Secret;
  readonly headerKey: Secret;
}

/**
 * Reads `input` to its end and seals it. When it resolves, every block is in the sink, the manifest last.
 * Throws what `prepareMessage` and `sealContent` throw; E_TOO_MANY for metadata over its limits. On failure both keys are wiped.
 */
export async function sealMessage(provider: CryptoProvider, request: SealRequest, input: Input, sink: BlockSink, options: SealOptions = {}): Promise<SealedMessage> {
  return sealPrepared(provider, await prepareMessage(provider, request), input, sink, options);
}

/** Handed in once. A second time would make a second manifest of one key, with keys that were wiped. */
const sealedOnce = new WeakSet<PreparedMessage>();

/** The second half of `sealMessage`, for a stream that was announced first. Takes over `prepared`; a second call with it is a programmer's mistake. */
export async function sealPrepared(provider: CryptoProvider, prepared: PreparedMessage, input: Input, sink: BlockSink, options: SealOptions = {}): Promise<SealedMessage> {
  if (sealedOnce.has(prepared)) throw new Error('a prepared message is sealed once');
  sealedOnce.add(prepared);
  using keys = prepared.keys;
  try {
    const contentSalt = provider.rng.bytes(CONTENT_SALT_BYTES);
    const contentKeys = deriveContentKeys(provider, keys.content, contentSalt, CONTENT_CONTEXT);
    const done = await sealContent(provider, contentKeys, contentSalt, prepared.request.padding, input, sink, options);
    wipe(contentKeys.aeadKey, contentKeys.baseNonce);
    const { manifest, digest } = makeManifest(provider, prepared, done.content, done.bytes);
    await sink.put([...done.rest, manifest], options.signal);
    return {
      cid: manifest.cid,
      manifest,
      blocks: done.blocks + 1,
      bytes: done.blockBytes + manifest.bytes.length,
      contentBytes: done.bytes,
      paddedBytes: done.content.bytes,
      salt: prepared.salt,
      digest,
      stanzaOf: prepared.stanzaOf,
      messageKey: prepared.messageKey,
      headerKey: prepared.headerKey,
    };
  } catch (error) {
    prepared.messageKey.wipe();
    prepared.headerKey.wipe();
    throw error;
  }
}

function makeManifest(provider: CryptoProvider, prepared: PreparedMessage, content: ManifestCore['content'], bytes: number): { manifest: Block; digest: Bytes } {
  const { request, salt, stanzas, keys } = prepared;
  const core: ManifestCore = { salt, stanzas, content, erase: eraseHash(eraseToken(provider, request.eraseSecret, salt)) };
  const encodedCore = encodeCore(core);
  const digest = sha256(encodedCore);
  const metadata = completeMetadata(request, bytes);
  const signatures = request.sender && signAll(provider, request.sender.signingKeys, SIGNATURE_KIND, signedMessage(digest, metadata));
  const sealed = sealMetadata(provider, keys, { metadata, ...(signatures && { signatures }) });
  return { manifest: completeManifest(encodedCore, { sealed, mac: manifestMac(provider, keys.mac, digest, sealed) }), digest };
}

const completeMetadata = ({ metadata, sender, introduction }: SealRequest, bytes: number): Metadata => ({
  ...metadata,
  // A file system may hold a name that is not Unicode.
  name: metadata.name.toWellFormed(),
  bytes,
  ...(sender && { sender: { identity: sender.identity, bundleSeq: sender.bundleSeq } }),
  ...(sender && introduction && { introduction }),
});
