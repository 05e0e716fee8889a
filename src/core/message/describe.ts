/**
 * What can be said of a message's blocks without any key, and what cannot. Nothing said here is authentic:
 * only who opens the message can check it.
 */
import { hexOf, type Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, type Cid } from '../base/cid.ts';
import { decode } from '../base/codec.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CHUNK_BYTES, CONTENT_COMMITMENT_BYTES, CONTENT_SALT_BYTES, openedContentBytes, sealedContentBytes } from '../crypto/cobblestone.ts';
import { decodeEvidence } from './evidence.ts';
import { decodeManifest } from './manifest.ts';
import { describeNode, linkLayout } from './nodes.ts';
import { decodeOpening } from './opening.ts';
import type { Stanza } from './stanza.ts';

export interface StanzasDescription {
  readonly count: number;
  /** How many of each type. */
  readonly types: Readonly<Record<string, number>>;
  /** Undefined where it cannot be seen: how the secret of a session or a group came about. */
  readonly postQuantum: boolean | undefined;
}

export interface ManifestDescription {
  readonly kind: 'manifest';
  readonly cid: Cid;
  readonly version: 1;
  readonly bytes: number;
  readonly stanzas: StanzasDescription;
  readonly content: {
    /** Length of the content with its padding: an upper bound of the true one. */
    readonly paddedBytes: number;
    readonly ciphertextBytes: number;
    readonly blocks: number;
    readonly linkNodes: number;
    readonly inlineBytes: number;
  };
  readonly sealedBytes: number;
  /** SHA-256 of the token that may erase it. */
  readonly erase: string;
  readonly hidden: readonly string[];
}

export interface OpeningDescription {
  readonly kind: 'opening';
  readonly cid: Cid;
  readonly version: 1;
  readonly bytes: number;
  readonly stanzas: StanzasDescription;
  readonly hidden: readonly string[];
}

export interface NodeDescription {
  readonly kind: 'link-node';
  readonly cid: Cid;
  readonly version: 1;
  readonly bytes: number;
  readonly links: number;
  readonly linksTo: 'raw' | 'dag-cbor';
  readonly hidden: readonly string[];
}

export interface EvidenceDescription {
  readonly kind: 'evidence';
  readonly version: 1;
  readonly bytes: number;
  readonly manifest: ManifestDescription;
  readonly hidden: readonly string[];
}

export interface CiphertextDescription {
  readonly kind: 'ciphertext';
  readonly bytes: number;
  readonly plaintextBytes: number;
  readonly chunks: number;
  readonly salt: string;
  readonly commitment: string;
  readonly hidden: readonly string[];
}

export type MessageDescription = ManifestDescription | OpeningDescription | NodeDescription | EvidenceDescription;

const MANIFEST_HIDDEN = [
  'who sent it, and whether the signatures hold',
  'whom it is for: stanzas name nobody',
  'name, media type and true length',
  'when it was made and when it expires',
  'whether it is authentic: only its readers can tell',
];

/** Hostile input: a block. Undefined when it is none of a message; throws the code of what is wrong when it begins like one. */
export function describeBlock(bytes: Bytes): MessageDescription | undefined {
  const fields = fieldNames(bytes);
  if (fields === undefined) return undefined;
  if (fields.has('stanzas') && fields.has('content')) return describeManifest(bytes);
  if (fields.has('stanzas') && fields.has('salt')) return describeOpening(bytes);
  if (fields.has('manifest') && fields.has('key')) return describeEvidence(bytes);
  if (fields.has('links') && fields.size === 2) return describeLinkNode(bytes);
  return undefined;
}

function fieldNames(bytes: Bytes): Set<string> | undefined {
  try {
    const value = decode('block', bytes);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Set(Object.keys(value)) : undefined;
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

/** Hostile input. Throws what `decodeManifest` throws. */
export function describeManifest(bytes: Bytes): ManifestDescription {
  const { stanzas, content, erase, sealed } = decodeManifest(bytes);
  const { blocks, nodes, tailBytes } = linkLayout(content.bytes);
  return {
    kind: 'manifest',
    cid: cidOf(DAG_CBOR, bytes),
    version: 1,
    bytes: bytes.length,
    stanzas: describeStanzas(stanzas),
    content: { paddedBytes: content.bytes, ciphertextBytes: sealedContentBytes(content.bytes), blocks, linkNodes: nodes, inlineBytes: tailBytes },
    sealedBytes: sealed.length,
    erase: hexOf(erase),
    hidden: MANIFEST_HIDDEN,
  };
}

/** Hostile input. Throws what `decodeOpening` throws. */
function describeOpening(bytes: Bytes): OpeningDescription {
  const { stanzas } = decodeOpening(bytes);
  const hidden = ['who sent it', 'whom it is for: stanzas name nobody', 'everything else: the manifest comes at the end of the stream'];
  return { kind: 'opening', cid: cidOf(DAG_CBOR, bytes), version: 1, bytes: bytes.length, stanzas: describeStanzas(stanzas), hidden };
}

function describeLinkNode(bytes: Bytes): NodeDescription {
  const { links, linksTo } = describeNode(bytes);
  const hidden = ['which message it belongs to: the manifest links it, not the other way'];
  return { kind: 'link-node', cid: cidOf(DAG_CBOR, bytes), version: 1, bytes: bytes.length, links, linksTo, hidden };
}

/** Hostile input. Throws what `decodeEvidence` and `decodeManifest` throw. The message key in it is not used. */
function describeEvidence(bytes: Bytes): EvidenceDescription {
  const { manifest, messageKey } = decodeEvidence(bytes);
  messageKey.wipe();
  const hidden = ['nothing of this message from whoever holds this file: it carries the message key', 'whether it is true: verify it'];
  return { kind: 'evidence', version: 1, bytes: bytes.length, manifest: describeManifest(manifest), hidden };
}

/** A file of chunked ciphertext by its first 56 bytes and its length. Undefined when no content has that length. */
export function describeCiphertext(head: Bytes, fileBytes: number): CiphertextDescription | undefined {
  const headerBytes = CONTENT_SALT_BYTES + CONTENT_COMMITMENT_BYTES;
  if (head.length < headerBytes || fileBytes < headerBytes) return undefined;
  const plaintextBytes = openedContentBytes(fileBytes - headerBytes);
  if (plaintextBytes === undefined || plaintextBytes > limits.contentBytesMax) return undefined;
  return {
    kind: 'ciphertext',
    bytes: fileBytes,
    plaintextBytes,
    chunks: Math.floor(plaintextBytes / CHUNK_BYTES) + 1,
    salt: hexOf(head.subarray(0, CONTENT_SALT_BYTES)),
    commitment: hexOf(head.subarray(CONTENT_SALT_BYTES, headerBytes)),
    hidden: ['everything: it has no mark of its own, and may as well be other random bytes of that length'],
  };
}

function describeStanzas(stanzas: readonly Stanza[]): StanzasDescription {
  const types: Record<string, number> = {};
  for (const { type } of stanzas) types[type] = (types[type] ?? 0) + 1;
  const visible = stanzas.every(({ type }) => type === 'x-wing' || type === 'passphrase');
  return { count: stanzas.length, types, postQuantum: visible ? true : undefined };
}
