/**
 * The manifest: the block that a message is named by. It links the ciphertext, holds the stanzas and the sealed metadata.
 * Decoding is total and strict: any bytes give a manifest or a typed error, and nothing is accepted in a shape that
 * `content.bytes` does not fix. What decoding does not promise: that anything in it is authentic. See open.ts.
 * Spec: docs/PROTOCOL.md, Manifest.
 */
import { concat, type Bytes } from '../base/bytes.ts';
import { DAG_CBOR, RAW, sha256, type Cid } from '../base/cid.ts';
import { decode, encode, encodeBlock, Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { CONTENT_COMMITMENT_BYTES, CONTENT_SALT_BYTES } from '../crypto/cobblestone.ts';
import { label } from '../crypto/kdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { MESSAGE_SALT_BYTES } from './keys.ts';
import { linkLayout, readLinks } from './nodes.ts';
import { SEALED_OVERHEAD_BYTES } from './sealed.ts';
import { decodeStanzas, encodeStanza, type Stanza } from './stanza.ts';

const VERSION = 1;
const MAC_LABEL = label('manifest');
/** Named by the format, written by later versions. */
const RESERVED_FIELDS = ['fec', 'shred'] as const;

export interface Content {
  readonly salt: Bytes;
  readonly commitment: Bytes;
  /** Padded length of the plaintext. */
  readonly bytes: number;
  readonly links: readonly Cid[];
  /** The end of the ciphertext, when it is short. */
  readonly tail?: Bytes;
}

/** What the signature covers, beside the metadata. */
export interface ManifestCore {
  readonly salt: Bytes;
  readonly stanzas: readonly Stanza[];
  readonly content: Content;
  readonly erase: Bytes;
}

export interface Manifest extends ManifestCore {
  readonly sealed: Bytes;
  readonly mac: Bytes;
}

const coreFields = ({ salt, stanzas, content, erase }: ManifestCore) =>
  ({ v: VERSION, salt, stanzas: stanzas.map(encodeStanza), content: { ...content }, erase }) satisfies Record<string, Value>;

/** H: what signature and mac are computed over. It names the message for good, also where someone who can open it seals its metadata anew. */
export const coreDigest = (core: ManifestCore): Bytes => sha256(encode(coreFields(core)));

/** `H || sealed` under the message's mac key. */
export const manifestMac = (provider: CryptoProvider, macKey: Bytes, digest: Bytes, sealed: Bytes): Bytes => provider.hmacSha256(macKey, MAC_LABEL, digest, sealed);

export const encodeManifest = (manifest: Manifest): { cid: Cid; bytes: Bytes } =>
  encodeBlock({ ...coreFields(manifest), sealed: manifest.sealed, mac: manifest.mac });

/** Hostile input: any bytes. Throws E_FORMAT, E_NOT_CANONICAL, E_CID_INVALID, E_VERSION_NEWER or E_NOT_IN_VERSION_1. */
export function decodeManifest(bytes: Bytes): Manifest {
  const reader = new Reader('manifest', decode('manifest', bytes));
  reader.version(VERSION);
  for (const field of RESERVED_FIELDS) if (reader.has(field)) throw fail('E_NOT_IN_VERSION_1', { what: `manifest field ${field}` });
  const manifest: Manifest = {
    salt: reader.bytes('salt', MESSAGE_SALT_BYTES),
    stanzas: decodeStanzas(reader.list('stanzas', limits.recipientsMax)),
    content: readContent(reader.map('content')),
    erase: reader.bytes('erase', 32),
    sealed: readSealed(reader),
    mac: reader.bytes('mac', 32),
  };
  reader.done();
  return manifest;
}

function readContent(reader: Reader): Content {
  const bytes = reader.int('bytes', 0, limits.contentBytesMax);
  const layout = linkLayout(bytes);
  const head = { salt: reader.bytes('salt', CONTENT_SALT_BYTES), commitment: reader.bytes('commitment', CONTENT_COMMITMENT_BYTES), bytes };
  const links = readLinks('manifest', reader.list('links', limits.linksMax), layout.links, layout.depth === 0 ? RAW : DAG_CBOR);
  if (layout.tailBytes === 0) {
    reader.done();
    return { ...head, links };
  }
  const tail = reader.bytes('tail', layout.tailBytes);
  reader.done();
  return { ...head, links, tail };
}

function readSealed(reader: Reader): Bytes {
  const sealed = reader.bytes('sealed', undefined, limits.sealedBytesMax);
  const padded = sealed.length - SEALED_OVERHEAD_BYTES;
  if (padded < limits.sealedPadBytes || padded % limits.sealedPadBytes !== 0) {
    throw fail('E_FORMAT', { kind: 'manifest', why: `field sealed has ${sealed.length} bytes, not ${SEALED_OVERHEAD_BYTES} more than a multiple of ${limits.sealedPadBytes}` });
  }
  return sealed;
}

/** Salt, commitment, blocks and tail of one message, in order, are a Cobblestone-256 file. */
export const contentHeader = ({ salt, commitment }: Content): Bytes => concat(salt, commitment);
