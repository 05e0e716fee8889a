/**
 * The keys of one message, all from its message key and its salt. A message key makes one manifest, ever.
 * Spec: docs/PROTOCOL.md, Keys of a message.
 */
import { wipe, type Bytes } from '../base/bytes.ts';
import { deriveKeys, label } from '../crypto/kdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';

export const MESSAGE_KEY_BYTES = 32;
export const MESSAGE_SALT_BYTES = 24;

export interface MessageKeys extends Disposable {
  /** Input key of the content stream. */
  readonly content: Bytes;
  /** Encrypts the sealed metadata. */
  readonly meta: Bytes;
  /** Authenticates the manifest: only who can open it could have made it. */
  readonly mac: Bytes;
  /** Authenticates the packets that announce the message, where there is no session. */
  readonly header: Bytes;
}

const LABELS = [label('key-content'), label('key-meta'), label('key-mac'), label('key-header')];

/** Disposing wipes all four. */
export function deriveMessageKeys(provider: CryptoProvider, messageKey: Bytes, salt: Bytes): MessageKeys {
  if (messageKey.length !== MESSAGE_KEY_BYTES || salt.length !== MESSAGE_SALT_BYTES) throw new RangeError('a message has a 32-byte key and a 24-byte salt');
  const keys = deriveKeys(provider, messageKey, salt, LABELS);
  const [content, meta, mac, header] = keys as [Bytes, Bytes, Bytes, Bytes];
  return { content, meta, mac, header, [Symbol.dispose]: () => wipe(...keys) };
}
