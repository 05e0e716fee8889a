/**
 * The manifest: the block that a message is named by. It links the ciphertext, holds the stanzas and the sealed metadata.
 * Decoding is total and strict: any bytes give a manifest or a typed error, and nothing is accepted in a shape that
 * `content.bytes` does not fix. What decoding does not promise: that anything in it is authentic. See open.ts.
 * Spec: docs/PROTOCOL.md, Messages.
 */
import type { Block } from '../base/block.ts';
import { concat, type Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, sha256, type Cid } from '../base/cid.ts';
import { decode, encode, Reader, type Value } from '../base/codec.ts';
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

export const encodeCore = (core: ManifestCore): Bytes => encode(coreFields(core));

/** H: what signature and mac are computed over. */
export const coreDigest = (core: ManifestCore): Bytes => sha256(encodeCore(core));

/** `H || sealed` under the message's mac key. */
export const manifestMac = (provider: CryptoProvider, macKey: Bytes, digest: Bytes, sealed: Bytes): Bytes => provider.hmacSha256(macKey, MAC_LABEL, digest, sealed);

export const encodeManifest = (manifest: Manifest): Block => completeManifest(encodeCore(manifest), manifest);

/** Where `v` ends in an encoded core, and where `erase` does, behind the 31 bytes of `salt`, its key included, and its own 40. */
const V_END = 4;
const ERASE_END = V_END + 31 + 40;
/** The map of seven and its `v`; the keys `mac` and `sealed`, with the heads of a 32-byte string and of one of 256 to 65,535 bytes. */
const MANIFEST_HEAD = Uint8Array.of(0xa7, 0x61, 0x76, VERSION);
const MAC_HEAD = Uint8Array.of(0x63, 0x6d, 0x61, 0x63, 0x58, 32);
const sealedHead = (length: number): Bytes => Uint8Array.of(0x66, 0x73, 0x65, 0x61, 0x6c, 0x65, 0x64, 0x59, length >> 8, length & 0xff);

/**
 * The manifest of an encoded core. The keys of both maps lie in the order v, mac, salt, erase, sealed, content, stanzas, so that the
 * core is not encoded twice, which would show in the cost of a small message.
 */
export function completeManifest(core: Bytes, { sealed, mac }: Pick<Manifest, 'sealed' | 'mac'>): Block {
  const bytes = concat(MANIFEST_HEAD, MAC_HEAD, mac, core.subarray(V_END, ERASE_END), sealedHead(sealed.length), sealed, core.subarray(ERASE_END));
  return { cid: cidOf(DAG_CBOR, bytes), bytes };
}

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
