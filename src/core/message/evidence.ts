/**
 * Evidence: a manifest with its message key, so that a third person can check, offline, who signed what and for how many.
 * Whoever holds it can open that one message, and it must be meant to be shown: for a receipt that is harmless.
 * What it does not promise: when it was signed, but for the signer's own word. Spec: docs/PROTOCOL.md, Evidence.
 */
import { type Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR } from '../base/cid.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { limits } from '../base/limits.ts';
import { Secret } from '../base/secret.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { MESSAGE_KEY_BYTES } from './keys.ts';
import { openManifest, type OpenedMessage, type OpenOptions } from './open.ts';

const VERSION = 1;

export interface Evidence {
  readonly manifest: Bytes;
  readonly messageKey: Secret;
}

export const encodeEvidence = (manifest: Bytes, messageKey: Secret): Bytes => encode({ v: VERSION, manifest, key: messageKey.expose() });

/** Hostile input. Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER. The manifest inside is not yet looked at. */
export function decodeEvidence(bytes: Bytes): Evidence {
  const reader = new Reader('evidence', decode('evidence', bytes));
  reader.version(VERSION);
  const evidence = { manifest: reader.bytes('manifest', undefined, limits.blockBytesMax), messageKey: new Secret(reader.bytes('key', MESSAGE_KEY_BYTES).slice()) };
  reader.done();
  return evidence;
}

/**
 * Checks evidence as `openManifest` checks a message, but for the stanzas: none is opened, for the key is given. An expired message is
 * still evidence. The result's `sender` says who signed; a receipt is read from it with `readReceipt`.
 */
export async function verifyEvidence(provider: CryptoProvider, bytes: Bytes, options: Pick<OpenOptions, 'resolveSender' | 'readIntroduction'>): Promise<OpenedMessage> {
  const { manifest, messageKey } = decodeEvidence(bytes);
  using key = messageKey;
  return openManifest(provider, cidOf(DAG_CBOR, manifest), manifest, { messageKey: key }, options);
}
