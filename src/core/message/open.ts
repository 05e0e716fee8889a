/**
 * Opens a manifest. `openManifest` is the security argument: its body is the list of checks, in their order, each with one code.
 * Content comes after them, from content.ts. What it does not promise: that an unknown sender is who he says he is.
 * Spec: docs/PROTOCOL.md, Opening.
 */
import { equalBytes, wipe, type Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, sameCid, verified, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { checkCommitment, ContentCipher, deriveContentKeys } from '../crypto/cobblestone.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { verifyAll, type Signatures, type VerifyingKeys } from '../crypto/signatures.ts';
import { deriveMessageKeys, type MessageKeys } from './keys.ts';
import { coreDigest, decodeManifest, manifestMac, type Manifest } from './manifest.ts';
import { decodeOpening, type Opening } from './opening.ts';
import { CONTENT_CONTEXT, SIGNATURE_KIND } from './seal.ts';
import { signedMessage, unsealMetadata, type Introduction, type Metadata, type SealedFields, type SenderClaim } from './sealed.ts';
import { openStanza, type StanzaKeys } from './stanza.ts';

export interface OpenKeys extends StanzaKeys {
  /** Of this very message, kept from an earlier opening: no stanza is tried. */
  readonly messageKey?: Secret;
}

export interface SenderKeys {
  /** The signing keys of that bundle: one for each algorithm that the identity declares. */
  readonly publicKeys: VerifyingKeys;
}

export interface OpenOptions {
  /** From the announcing packet: only this stanza is tried. Without it, all are. */
  readonly stanzaIndex?: number | undefined;
  /** Keys of the bundle that the sender names, or undefined when he is not known here. */
  readonly resolveSender: (identity: Cid, bundleSeq: number) => Promise<SenderKeys | undefined>;
  /** Asked first: the keys of a bundle that came along, when it says more than is known here; else undefined. Throws what is wrong with a stranger's. */
  readonly readIntroduction?: ((introduction: Introduction, sender: SenderClaim) => Promise<SenderKeys | undefined>) | undefined;
  /** When given, a message that has expired by then is E_EXPIRED. */
  readonly nowMs?: number | undefined;
}

/** How far the sender is known. Only `signed` and `introduced` were verified, `introduced` under keys that the message itself brought. */
export type SenderResult =
  | ({ readonly kind: 'signed' } & SenderClaim)
  | ({ readonly kind: 'introduced'; readonly introduction: Introduction } & SenderClaim)
  | ({ readonly kind: 'unknown'; readonly introduction: Introduction | undefined } & SenderClaim)
  /** The sole stanza is a session's, and whoever holds that secret sent it. */
  | { readonly kind: 'unsigned' };

export interface OpenedMessage extends Disposable {
  readonly cid: Cid;
  readonly manifest: Manifest;
  readonly metadata: Metadata;
  readonly sender: SenderResult;
  /** H, of what was signed. */
  readonly digest: Bytes;
  /** The stanza that opened; undefined when the message key was given. */
  readonly stanzaIndex: number | undefined;
  /** Disposed with the rest: copy what is to be kept. */
  readonly messageKey: Secret;
  readonly headerKey: Secret;
  readonly cipher: ContentCipher;
}

/**
 * Hostile input: `bytes`. Rejects with the code of the first check that fails: E_BLOCK_CORRUPT; E_FORMAT and its like; E_NOT_RECIPIENT,
 * E_PASSPHRASE, E_PASSPHRASE_NEEDED; E_MAC; E_SIGNATURE; E_EXPIRED; E_COMMITMENT.
 */
export async function openManifest(provider: CryptoProvider, cid: Cid, bytes: Bytes, keys: OpenKeys, options: OpenOptions): Promise<OpenedMessage> {
  checkCid(cid, bytes);
  const manifest = decodeManifest(bytes);
  const { messageKey, stanzaIndex } = await findMessageKey(provider, cid, manifest, keys, options.stanzaIndex);
  try {
    using messageKeys = deriveMessageKeys(provider, messageKey.expose(), manifest.salt);
    const digest = coreDigest(manifest);
    checkMac(provider, messageKeys, digest, manifest);
    const fields = unsealMetadata(provider, messageKeys, manifest.sealed);
    checkMetadata(manifest, fields.metadata);
    const sender = await checkSignatures(provider, manifest, digest, fields, options);
    checkExpiry(fields.metadata, options.nowMs);
    const cipher = openedCipher(provider, messageKeys, manifest);
    const headerKey = new Secret(messageKeys.header.slice());
    const dispose = () => [messageKey, headerKey].forEach((secret) => secret.wipe());
    return { cid, manifest, metadata: fields.metadata, sender, digest, stanzaIndex, messageKey, headerKey, cipher, [Symbol.dispose]: dispose };
  } catch (error) {
    messageKey.wipe();
    throw error;
  }
}

function checkCid(cid: Cid, bytes: Bytes): void {
  if (cid.code !== DAG_CBOR) throw fail('E_FORMAT', { kind: 'manifest', why: 'its CID is not of dag-cbor' });
  verified(cid, bytes, 'the input');
}

/** The message key, from the stanza that opens. Rejects with E_NOT_RECIPIENT, E_PASSPHRASE or E_PASSPHRASE_NEEDED. */
async function findMessageKey(
  provider: CryptoProvider,
  cid: Cid,
  { salt, stanzas }: Opening,
  keys: OpenKeys,
  only: number | undefined,
): Promise<{ messageKey: Secret; stanzaIndex: number | undefined }> {
  if (keys.messageKey !== undefined) return { messageKey: new Secret(keys.messageKey.expose().slice()), stanzaIndex: undefined };
  for (const [stanzaIndex, stanza] of stanzas.entries()) {
    if (only !== undefined && stanzaIndex !== only) continue;
    const messageKey = await openStanza(provider, stanza, salt, keys);
    if (messageKey !== undefined) return { messageKey: new Secret(messageKey), stanzaIndex };
  }
  if (stanzas[0]?.type !== 'passphrase') throw fail('E_NOT_RECIPIENT', { cid: cid.toString() });
  throw keys.passphrase === undefined ? fail('E_PASSPHRASE_NEEDED', { cid: cid.toString() }) : fail('E_PASSPHRASE', { what: `message ${cid.toString()}` });
}

/** Nobody who cannot open the message made or changed this manifest. Also ties the stanza that opened to the rest. */
function checkMac(provider: CryptoProvider, keys: MessageKeys, digest: Bytes, { sealed, mac }: Manifest): void {
  if (!equalBytes(manifestMac(provider, keys.mac, digest, sealed), mac)) throw fail('E_MAC', { kind: 'manifest' });
}

function checkMetadata({ content }: Manifest, { bytes, introduction, sender }: Metadata): void {
  if (bytes > content.bytes) throw fail('E_FORMAT', { kind: 'sealed metadata', why: 'more content than there is' });
  if (introduction !== undefined && sender !== undefined && !sameCid(cidOf(DAG_CBOR, introduction.genesis), sender.identity)) {
    throw fail('E_SIGNATURE', { kind: 'introduction' });
  }
}

/** The sender, and only he, sealed this content to these stanzas. */
async function checkSignatures(provider: CryptoProvider, manifest: Manifest, digest: Bytes, { metadata, signatures }: SealedFields, options: OpenOptions): Promise<SenderResult> {
  const { sender, introduction } = metadata;
  if (sender === undefined || signatures === undefined) {
    if (manifest.stanzas.length === 1 && manifest.stanzas[0]?.type === 'session') return { kind: 'unsigned' };
    throw fail('E_SIGNATURE', { kind: 'message' });
  }
  const introduced = introduction && (await options.readIntroduction?.(introduction, sender));
  if (introduction !== undefined && introduced !== undefined) {
    verifySignatures(provider, introduced, digest, metadata, signatures);
    return { kind: 'introduced', introduction, ...sender };
  }
  const known = await options.resolveSender(sender.identity, sender.bundleSeq);
  if (known === undefined) return { kind: 'unknown', introduction, ...sender };
  verifySignatures(provider, known, digest, metadata, signatures);
  return { kind: 'signed', ...sender };
}

function verifySignatures(provider: CryptoProvider, { publicKeys }: SenderKeys, digest: Bytes, metadata: Metadata, signatures: Signatures): void {
  if (!verifyAll(provider, publicKeys, SIGNATURE_KIND, signedMessage(digest, metadata), signatures)) throw fail('E_SIGNATURE', { kind: 'message' });
}

/** Readers obey the sealed expiry; the packet's is for stores. */
function checkExpiry({ expiresMs }: Metadata, nowMs: number | undefined): void {
  if (nowMs !== undefined && expiresMs !== 0 && expiresMs <= nowMs) throw fail('E_EXPIRED', { what: 'the message', at: rfc3339(expiresMs) });
}

/** The content belongs to this key and no other. */
function openedCipher(provider: CryptoProvider, keys: MessageKeys, { content }: Manifest): ContentCipher {
  const contentKeys = deriveContentKeys(provider, keys.content, content.salt, CONTENT_CONTEXT);
  checkCommitment(contentKeys, content.commitment);
  const cipher = new ContentCipher(provider, contentKeys);
  wipe(contentKeys.aeadKey, contentKeys.baseNonce);
  return cipher;
}

/** A stream that has begun: enough to check its packets, and to open its manifest later with `messageKey`. */
export interface OpenedStream {
  readonly opening: Opening;
  readonly stanzaIndex: number | undefined;
  /** Both are the caller's to dispose. */
  readonly messageKey: Secret;
  readonly headerKey: Secret;
}

/** Hostile input: `bytes` of an opening block. Rejects as the first three checks of `openManifest` do. When the manifest comes, `checkOpening` ties the two. */
export async function openOpening(provider: CryptoProvider, cid: Cid, bytes: Bytes, keys: OpenKeys, stanzaIndex?: number): Promise<OpenedStream> {
  checkCid(cid, bytes);
  const opening = decodeOpening(bytes);
  const found = await findMessageKey(provider, cid, opening, keys, stanzaIndex);
  using messageKeys = deriveMessageKeys(provider, found.messageKey.expose(), opening.salt);
  return { opening, ...found, headerKey: new Secret(messageKeys.header.slice()) };
}
